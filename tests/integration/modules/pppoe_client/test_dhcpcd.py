"""A delegated prefix by dhcpcd and radvd."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _lan as _client_lan
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces

DELEGATION = {"interfaces": ["wg0"], "client": "dhcpcd"}
ASKED = {"state": "present", "ipv6": True, "ipv6_delegation": DELEGATION}
PREFIX, ADVERTISE = UNITS = _client_dhcpcd.units("t3st")
NAMES = {"t3st.dhcpcd", "t3st.radvd", *UNITS}


@pytest.fixture
def router(with_systemd, monkeypatch):
    host = with_systemd
    monkeypatch.setattr(_client_dhcpcd, "PID_FILE", f"{host.path}/pid")
    monkeypatch.setattr(_client_networkd, "FOLDER", f"{host.path}/network")
    monkeypatch.setattr(_interfaces, "number", lambda _name: "99999")
    host.program("dhcpcd", "#!/bin/sh\necho 'dhcpcd 10.1.0'\n")
    host.program("radvd", "#!/bin/sh\n")
    return host


def files(host):
    return NAMES & {path.rpartition("/")[2] for path in host.files()}


def test_it_is_there_with_its_connection_and_goes_with_it(router, client):
    host = router
    predicted = client(check=True, **ASKED)
    assert files(host) == set()
    made = client(**ASKED)
    assert (made["changed"], made["diff"]) == (predicted["changed"], predicted["diff"])
    assert files(host) == NAMES
    assert f"Wants={PREFIX} {ADVERTISE}\n" in host.unit.read_text()
    # Those that the unit wants are started with the link.
    assert host.told_systemd() == ["daemon-reload", "enable pppoe-client@t3st.service"]
    assert _client_lan.inside_of("t3st") == ["wg0"]
    (host.path / "is-enabled").write_text("enabled\n")
    assert client(**ASKED)["changed"] is False

    (host.path / "is-active").write_text("active\n")
    before = len(host.told_systemd())
    without = {**ASKED, "ipv6_delegation": None, "link_interface": "ppp-t3st"}
    assert client(check=True, **without)["changed"] is True
    assert client(**without)["changed"] is True
    said = [f"stop {ADVERTISE}", f"stop {PREFIX}", "daemon-reload"]
    assert host.told_systemd()[before:] == [*said, f"reset-failed {PREFIX}", f"reset-failed {ADVERTISE}"]
    assert files(host) == set()
    assert client(**without)["changed"] is False

    client(**ASKED)
    client(state="absent")
    assert files(host) == set()
    assert not (host.path / "hooks").exists()


def test_a_link_that_is_up_gets_what_has_changed(router, client):
    host = router
    client(startup="rc_local")
    for name, text in (("is-active", "active\n"), ("is-enabled", "enabled\n")):
        (host.path / name).write_text(text)
    assert client(**ASKED)["changed"] is True
    assert host.told_systemd()[-2:] == [f"restart {unit}" for unit in UNITS]
    assert client(**ASKED)["changed"] is False
    assert client(**{**ASKED, "ipv6_delegation": {**DELEGATION, "length": 60}})["changed"] is True
    assert host.told_systemd()[-2:] == [f"restart {unit}" for unit in UNITS]


def test_whatever_the_host_has(router, client, monkeypatch):
    host = router
    auto = {**ASKED, "ipv6_delegation": {**DELEGATION, "client": "auto"}}
    monkeypatch.setattr(_client_networkd, "PROGRAMS", ("/nonexistent",))
    client(**auto)
    assert files(host) == NAMES
    (host.path / "dhcpcd").unlink()
    refused = client(**auto)["msg"]
    assert refused.startswith("ipv6_delegation.client: neither systemd-networkd nor dhcpcd is installed")
    monkeypatch.setattr(_client_networkd, "PROGRAMS", (str(host.path),))
    client(**auto)
    assert files(host) == set()


def test_another_one_that_manages_all_interfaces(router, client):
    host = router
    (host.path / "other").mkdir()
    shutil.copy("/bin/sleep", host.path / "other" / "dhcpcd")
    with subprocess.Popen([host.path / "other" / "dhcpcd", "60"]) as other:
        (host.path / "pid").write_text(f"{other.pid}\n")
        refused = client(**ASKED)["msg"]
        other.kill()
    assert f"a dhcpcd that manages all interfaces runs here (process {other.pid})" in refused
    assert files(host) == set()
    assert client(**ASKED)["changed"] is True
