from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import Loading
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _rc_local

WANTED = request("default", "eth0", [], True)
LOADING = Loading(
    "{directory}/masquerade-default.nft", "table ip x\n", ("/usr/sbin/nft", "-f", "F"), ("/usr/sbin/nft", "-x")
)


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(_firewall_boot, "RULES_DIRECTORY", str(tmp_path / "rules"))
    monkeypatch.setattr(_firewall_boot, "UNIT_DIRECTORY", str(tmp_path / "units"))
    monkeypatch.setattr(_rc_local, "PATHS", (str(tmp_path / "none" / "rc.local"), str(tmp_path / "rc.local")))
    return tmp_path


def wanted_files(host, startup):
    loading = Loading(
        str(host / "rules" / "masquerade-default.nft"), *(getattr(LOADING, k) for k in ("text", "start", "stop"))
    )
    return {file.path[len(str(host)) + 1 :]: file for file in _firewall_boot.files(WANTED, startup, [loading])}


UNIT = "units/dialtone-pppoe-masquerade@default.service"


@pytest.mark.parametrize(
    ("startup", "there"),
    [
        ("systemd", ["rules/masquerade-default.nft", UNIT]),
        ("rc_local", ["rc.local", "rules/masquerade-default.nft"]),
        ("none", []),
    ],
)
def test_files_of_the_other_startups_are_not_wanted(host, startup, there):
    files = wanted_files(host, startup)
    ours = [*(f"rules/masquerade-default.{end}" for end in ("forward.sh", "nft", "sh")), UNIT]
    assert sorted(files) == sorted([*(["rc.local"] if startup == "rc_local" else []), *ours])
    assert sorted(path for path, file in files.items() if file.content is not None) == sorted(there)


def test_nothing_is_wanted_without_a_backend(host):
    assert [file.content for file in _firewall_boot.files(WANTED, "none", [])] == [None] * 4


@pytest.mark.parametrize(
    ("before", "after"), [(None, 0o755), (0o644, 0o755), (0o700, 0o700), (0o600, 0o711), (0o755, 0o755)]
)
def test_rc_local_is_made_executable(host, before, after):
    if before is not None:
        (host / "rc.local").write_text("#!/bin/sh\nexit 0\n")
        (host / "rc.local").chmod(before)
    file = wanted_files(host, "rc_local")["rc.local"]
    assert file.mode == after
    assert b"\n/usr/sbin/nft -f F\n" in file.content


def test_rc_local_of_others_keeps_its_bytes_and_its_mode(host):
    (host / "rc.local").write_text("#!/bin/sh -e\n# mine\nexit 0\n")
    assert "rc.local" not in wanted_files(host, "systemd")
    (host / "rc.local").write_bytes(b"#!/bin/sh -e\n# mine\n" + wanted_files(host, "rc_local")["rc.local"].content)
    file = wanted_files(host, "systemd")["rc.local"]
    assert (file.content.splitlines()[:2], file.keep_mode) == ([b"#!/bin/sh -e", b"# mine"], True)
    assert b"nft" not in file.content


def settings(text):
    found = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).extend(value.split())
    return found


def test_unit():
    unit = settings(_firewall_boot.unit_text(WANTED, [LOADING]))
    assert unit["ExecStart"] == unit["ExecReload"] == ["/usr/sbin/nft", "-f", "F"]
    assert unit["ExecStop"] == ["-/usr/sbin/nft", "-x"]
    assert unit["RemainAfterExit"] == ["yes"]
    # Whoever throws our rules away comes before us, and takes us along when it does so again.
    flushing = {"nftables.service", "iptables.service", "netfilter-persistent.service"}
    for key in ("After", "PartOf", "ReloadPropagatedFrom", "WantedBy"):
        assert flushing <= set(unit[key]), key
    assert "network-pre.target" in unit["Before"]
    assert not [value for values in unit.values() for value in values if value.startswith(("sys-", "dev-"))]


def test_links():
    assert (
        _firewall_boot.links(WANTED)[0]
        == "/etc/systemd/system/multi-user.target.wants/dialtone-pppoe-masquerade@default.service"
    )
