"""The module on real files and processes, with a pppd that only pretends to dial. Real dials are the lab's business."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from ansible.module_utils import basic
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _apply as _client_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dial as _client_dial
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _observe as _client_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.tests.support.repository import SUPPORT

SECRET = "open sesame"
ACCOUNT = {"name": "t3st", "interface": "eth9", "username": "cmz", "secret": SECRET}

FAKE_IP = """#!/bin/sh
exit 0
"""
HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
THROUGH_PPP0 = "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
THROUGH_ETH0 = "eth0\t00000000\tFE0200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
FAKE_SYSTEMCTL = """#!/bin/sh
echo "$*" >>@HERE@/systemctl-calls
[ "$1" = show ] || exit 0
shift 2
for unit in "$@"; do
    case $unit in pppoe-client*) folder=@HERE@ ;; *) folder=/nonexistent ;; esac
    printf 'Id=%s\nActiveState=%s\nUnitFileState=%s\nNeedDaemonReload=%s\n\n' "$unit" \
        "$(cat $folder/is-active 2>/dev/null)" "$(cat $folder/is-enabled 2>/dev/null)" \
        "$(cat $folder/needs-reload 2>/dev/null)"
done
"""


class Host:
    """Where the module finds everything, and what is there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chap = path / "chap-secrets"
        self.pap = path / "pap-secrets"
        self.peers = path / "peers" / "t3st"
        self.unit = path / "units" / "pppoe-client@t3st.service"
        self.rc_local = path / "rc.local"
        self.up_script = path / "libexec" / "pppoe-client-up"
        self.routes = path / "routes"
        self.routes.write_text(HEAD)
        self.behave("up")

    def behave(self, behaviour: str) -> None:
        (self.path / "behaviour").write_text(behaviour)

    def program(self, name: str, text: str) -> None:
        path = self.path / name
        path.write_text(text.replace("@HERE@", str(self.path)))
        path.chmod(0o755)

    def calls(self) -> list[str]:
        path = self.path / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def told_systemd(self) -> list[str]:
        path = self.path / "systemctl-calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith("show ")]

    def ends(self, _name: str) -> _interfaces.Address | None:
        """The addresses of the link that the pretended pppd has."""
        if not (self.path / "link").exists():
            return None
        link = json.loads((self.path / "link").read_text())
        return _interfaces.Address("inet", link["local"], 32, link["peer"])

    def files(self) -> dict[str, bytes]:
        """All that is configuration."""
        found = {}
        for folder in ("peers", "units", "libexec", "hooks", "rules"):
            found.update({str(path): path.read_bytes() for path in (self.path / folder).glob("*")})
        for path in (self.chap, self.pap, self.rc_local):
            if path.exists():
                found[str(path)] = path.read_bytes()
        return found


@pytest.fixture
def host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    for module, name, value in (
        (_layout_client, "PEERS", f"{tmp_path}/peers"),
        (_layout_client, "UNITS", f"{tmp_path}/units"),
        (_layout_client, "RUN", str(tmp_path)),
        (_layout_client, "HOOKS", f"{tmp_path}/hooks"),
        (_layout_client, "POLKIT_RULES", f"{tmp_path}/rules"),
        (_client_observe, "POLKIT_ACTIONS", str(tmp_path)),
        (_client_host_options, "PATH", f"{tmp_path}/options"),
        (_client_accounts, "SECRET_FILES", f"{tmp_path}/hooks"),
        (_layout_client, "ATTEMPT", f"{tmp_path}/libexec/pppoe-client-attempt"),
        (_client_accounts, "PATHS", (str(host.chap), str(host.pap))),
        (_layout_client, "DIRECTORY", f"{tmp_path}/libexec"),
        (_layout_client, "UP", str(host.up_script)),
        (_layout_client, "DOWN", f"{tmp_path}/libexec/pppoe-client-down"),
        (_layout_client, "INIT", f"{tmp_path}/libexec/pppoe-client-init"),
        (_interfaces, "ROUTES", f"{tmp_path}/routes"),
        (_interfaces, "ends", host.ends),
        (_interfaces, "vlans", lambda: {"vlan8": ("eth9", 8), "eth9.9": ("eth0", 9)}),
        (_pppd_pid_files, "FOLDERS", (str(tmp_path),)),
        (_client_apply, "RESOLV_CONF", f"{tmp_path}/resolv.conf"),
        (_client_dial, "ROUTE_SECONDS", 0.2),
        (_rc_local, "PATHS", (f"{tmp_path}/rc.d/rc.local", str(host.rc_local))),
        (_interfaces, "names", lambda: ["eth0", "eth8", "eth9", "wg0"]),
        (_interfaces, "mtu", lambda name: 1492 if name == "ppp0" else 1500),
        (_interfaces, "is_ethernet", lambda name: name != "wg0"),
        (_interfaces, "bridge_or_bond", lambda name: "br0" if name == "eth8" else None),
        (_interfaces, "alias", lambda _name: ""),
        (_pppd_capabilities, "command", lambda _module: f"{tmp_path}/pppd"),
        (_pppd_capabilities, "plugin_path", lambda: "/usr/lib/pppd/2.5.2/pppoe.so"),
        (_pppd_capabilities, "kernel_ppp", lambda _module: None),
        (_systemd, "running", lambda: False),
    ):
        monkeypatch.setattr(module, name, value)
    fake = (SUPPORT / "fake_pppd.py").read_text()
    host.program("pppd", f"#!{sys.executable}\n{fake}")
    host.program("call", fake)
    host.program("ip", FAKE_IP)
    monkeypatch.setenv("FAKE_PPPD", str(tmp_path))
    for name, place in (("PATH", f"{tmp_path}:/usr/bin:/bin"), ("RUN", tmp_path), ("PEERS", tmp_path / "peers")):
        monkeypatch.setenv(f"DIALTONE_{name}", str(place))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    yield host
    for pid in _client_link.pids("t3st"):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def with_systemd(host, monkeypatch):
    """A systemd that records its calls; ``is-enabled``, ``is-active`` and ``needs-reload`` have its answers."""
    monkeypatch.setattr(_systemd, "running", lambda: True)
    host.program("systemctl", FAKE_SYSTEMCTL)
    return host


@pytest.fixture
def client(run_module):
    def run(check=False, **changes):
        result = run_module("pppoe_client", dict(ACCOUNT, **changes), check=check)
        assert SECRET not in json.dumps(result)
        return result

    return run


def test_a_connection_from_nothing_to_nothing(host, client):
    predicted = client(check=True)
    assert host.files() == {}
    assert host.calls() == []
    assert (predicted["changed"], predicted["applied"], predicted["address"]) == (True, "dialled", None)

    made = client()
    assert made["diff"] == predicted["diff"]
    expected = {"changed": True, "applied": "dialled", "interface": "ppp0", "address": "192.0.2.7", "mtu": 1492}
    expected.update({"peer_address": "192.0.2.1", "startup": "rc_local"})
    assert {name: made[name] for name in expected} == expected
    assert host.calls() == ["call t3st persist maxfail 0 holdoff 60"]
    assert host.chap.read_bytes() == b'cmz pppoe-client-t3st "open sesame"\n'
    assert host.pap.read_bytes() == host.chap.read_bytes()
    assert SECRET.encode() not in host.peers.read_bytes()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (host.chap, host.pap, host.peers, host.rc_local)]
    assert modes == [0o600, 0o600, 0o600, 0o755]

    for check in (True, False):
        again = client(check=check)
        assert (again["changed"], again["applied"], again["address"]) == (False, "none", "192.0.2.7")
    assert len(host.calls()) == 1

    predicted = client(check=True, state="absent")
    assert (predicted["changed"], predicted["applied"]) == (True, "hung_up")
    assert len(_client_link.pids("t3st")) == 1
    gone = client(state="absent")
    assert (gone["changed"], gone["applied"]) == (True, "hung_up")
    assert host.files() == {str(host.chap): b"", str(host.pap): b""}
    assert _client_link.pids("t3st") == []
    assert client(state="absent")["changed"] is False


REDIALS = [
    ({"username": "other"}, "redialled"),
    ({"secret": "another secret"}, "redialled"),
    ({"mtu": 1400}, "redialled"),
    ({"service_name": "x"}, "redialled"),
    ({"dns": "198.51.100.1"}, "redialled"),
    ({"boot": False}, "none"),
    ({"secret": None}, "none"),
    ({"link_interface": "ppp-x"}, "redialled"),
    ({"authentication": ["chap"]}, "redialled"),
    ({"ipv6": True}, "redialled"),
    ({"redial_pause": 7}, "none"),
    ({"on_up": "true", "on_down": "true"}, "none"),
]


@pytest.mark.parametrize(("changes", "applied"), REDIALS)
def test_what_needs_a_redial(host, client, changes, applied):
    client()
    predicted = client(check=True, **changes)
    assert len(host.calls()) == 1
    result = client(**changes)
    assert (predicted["applied"], result["applied"]) == (applied, applied)
    assert len(host.calls()) == (2 if applied == "redialled" else 1)
    assert len(_client_link.pids("t3st")) == 1
    assert client(**changes)["changed"] is False


def test_another_username_leaves_nothing_of_the_first(host, client):
    host.chap.write_bytes(b"# mine\ncmz * cmz *\n")
    client()
    client(username="other")
    assert host.chap.read_bytes() == b'# mine\ncmz * cmz *\nother pppoe-client-t3st "open sesame"\n'


@pytest.mark.parametrize("changes", [{"mtu": 1400}, {"secret": "another secret"}])
def test_present_touches_no_live_link(host, client, changes):
    client()
    pids = _client_link.pids("t3st")
    for changed in (True, False):
        predicted = client(check=True, state="present", **changes)
        result = client(state="present", **changes)
        assert (predicted["changed"], predicted["applied"]) == (changed, "pending")
        assert (result["changed"], result["applied"], result["address"]) == (changed, "pending", "192.0.2.7")
    assert _client_link.pids("t3st") == pids
    assert client(**changes)["applied"] == "redialled"
    assert client(state="present", **changes)["applied"] == "none"


def test_disconnected_leaves_the_configuration(host, client):
    client()
    before = host.files()
    assert client(check=True, state="disconnected")["applied"] == "hung_up"
    result = client(state="disconnected")
    assert (result["changed"], result["applied"]) == (True, "hung_up")
    assert host.files() == before
    assert client(state="disconnected")["changed"] is False
    assert client()["applied"] == "dialled"


def test_a_name_alone_dials_what_is_configured(host, client, run_module):
    client(state="present", ac_name="gate", mtu=1480)
    before = host.files()
    assert run_module("pppoe_client", {"name": "t3st"}, check=True)["applied"] == "dialled"
    assert host.calls() == []
    result = run_module("pppoe_client", {"name": "t3st"})
    assert (result["changed"], result["applied"], result["address"]) == (True, "dialled", "192.0.2.7")
    assert host.files() == before
    assert run_module("pppoe_client", {"name": "t3st"})["changed"] is False
    # A link that has another configuration is not dropped for it.
    client(state="present", mtu=1400)
    assert run_module("pppoe_client", {"name": "t3st"})["changed"] is False


def test_a_name_alone_says_why_its_dial_fails(host, client, run_module):
    client(state="present", ac_name="gate")
    host.behave("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n")
    result = run_module("pppoe_client", {"name": "t3st", "timeout": 1})
    assert "No access concentrator answers on eth9 to the request for AC 'gate'" in result["msg"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "interface: it is missing, and there is no connection 't3st' that could be dialled"),
        ({"mtu": 1400}, "mtu: an option of a connection needs its interface. Give interface and username too."),
        ({"secret": SECRET}, "secret: an option of a connection needs its interface."),
        ({"interface": "eth9"}, "parameters are required together: interface, username"),
        ({"state": "present"}, "state is present but all of the following are missing: interface, username"),
    ],
)
def test_a_name_alone_is_not_enough(host, run_module, parameters, message):
    result = run_module("pppoe_client", {"name": "t3st", **parameters})
    assert message in result["msg"]
    assert SECRET not in json.dumps(result)
    assert (host.files(), host.calls()) == ({}, [])


FAILURES = [
    ("CHAP authentication failed: Access denied\nCHAP authentication failed\n", "account_refused",
     "The server refused the account 'cmz' (Access denied)"),
    ("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n", "no_answer",
     "There was no link within 1 seconds. No access concentrator answers on eth9"),
    ("", "no_answer", "There was no link within 1 seconds. No access concentrator has given a session on eth9."),
    ("PPP session is 7\n", "timeout", "There was no link within 1 seconds. There is a session, but its PPP is not"),
    ("broken: unrecognized option 'x'", "not_started", "pppd did not start: unrecognized option 'x'."),
]  # fmt: skip


@pytest.mark.parametrize(("behaviour", "reason", "sentence"), FAILURES)
def test_a_dial_that_fails_says_why(host, client, behaviour, reason, sentence):
    host.behave(behaviour)
    result = client(timeout=1)
    assert (result["failed"], result["reason"]) == (True, reason)
    assert result["msg"].startswith(sentence)
    assert "The connection t3st is configured" in result["msg"]
    assert host.peers.exists()
    host.behave("up")
    assert client()["applied"] == "dialled"


def test_a_dial_that_fails_names_the_vlan(host, client):
    host.behave("Timeout waiting for PADO packets\nUnable to complete PPPoE Discovery\n")
    assert "No access concentrator answers on eth9.7 (no PADO" in client(timeout=1, vlan=7)["msg"]


def test_a_link_that_does_not_become_the_default_route(host, client):
    host.behave("up without a route")
    # Another one comes up meanwhile.
    host.program("ip", f"#!/bin/sh\nprintf '%s' '{THROUGH_ETH0}' >>@HERE@/routes\n")
    result = client()
    assert result["reason"] == "default_route"
    assert "with 192.0.2.7, but it is not the default route with metric 0: there is one via" in result["msg"]


REFUSED = [
    ({"interface": "eth7"}, "interface: this host has no interface 'eth7'. It has: eth0, eth8, eth9, wg0."),
    ({"name": "../x"}, "name: '../x' cannot be"),
    ({"username": "*"}, "username: "),
    ({"secret": ""}, "secret: is empty"),
    ({"interface": "eth8"}, "interface: 'eth8' is a port of 'br0'"),
    ({"interface": "wg0"}, "interface: 'wg0' is not an Ethernet interface."),
    ({"link_interface": "eth0"}, "link_interface: this host has an interface 'eth0' already"),
    ({"mtu": 1500}, "mtu: 1500 is out of range"),
    ({"vlan": 8}, "vlan: VLAN 8 of eth9 exists already, as vlan8. Give interface=vlan8, and leave vlan out."),
    ({"demand_idle": 60, "boot": False}, "demand_idle: 60, but with boot=false"),
    ({"user_control": True}, "user_control: what rc.local started, only root can end."),
    ({"user_control_group": "a b"}, "user_control_group: 'a b' is no name of a group."),
    ({"dns": "nobody"}, "dns: 'nobody'"),
    ({"startup": "systemd"}, "startup: systemd is not running on this host."),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
@pytest.mark.parametrize("check", [True, False])
def test_refused_before_anything_is_written(host, client, changes, message, check):
    result = client(check=check, **changes)
    assert result["failed"]
    assert result["msg"].startswith(message)
    assert host.files() == {}
    assert host.calls() == []


BESIDE = [
    ({}, "route_metric: 0 is the metric that the connection 't3st2' has for its default route, too."),
    ({"route_metric": 5}, None),
    ({"default_route": False}, None),
    ({"configured_together": ["t3st", "t3st2"]}, None),
    ({"route_metric": 5, "link_interface": "ppp-x"}, "link_interface: ppp-x is the link of the connection 't3st2'."),
]


@pytest.mark.parametrize(("changes", "message"), BESIDE)
@pytest.mark.parametrize("check", [True, False])
def test_beside_another_connection(host, client, changes, message, check):
    client(name="t3st2", link_interface="ppp-x", state="present")
    before = host.files()
    result = client(state="present", check=check, **changes)
    assert result.get("failed", False) is bool(message)
    if message:
        assert result["msg"].startswith(message)
        assert host.files() == before


def test_a_secret_that_looks_like_a_file(host, client):
    secret = "@/open sesame"
    made = client(secret=secret)
    assert secret not in json.dumps(made)
    file = host.path / "hooks" / "pppoe-client-t3st.secret"
    assert file.read_bytes() == b'"@/open sesame"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert host.chap.read_bytes() == f"cmz pppoe-client-t3st @{file}\n".encode()
    assert client(secret=secret)["changed"] is False
    assert client(secret="@/another")["applied"] == "redialled"
    client(secret=SECRET)
    assert not file.exists()


def test_hooks_are_scripts_of_root(host, client):
    made = client(on_up="hushed $1", on_down="#!/bin/bash\nexit\n")
    # They may have secrets in them.
    assert "hushed" not in json.dumps(made)
    assert "bash" not in json.dumps(made)
    up, down = host.path / "hooks" / "t3st.up", host.path / "hooks" / "t3st.down"
    assert (up.read_text(), down.read_text()) == ("#!/bin/sh\nhushed $1\n", "#!/bin/bash\nexit\n")
    assert stat.S_IMODE(up.stat().st_mode) == 0o700
    assert client(on_up="hushed $1")["changed"] is True
    assert up.exists()
    assert not down.exists()
    client(state="absent")
    assert not up.parent.exists()


def test_users_may_start_it(with_systemd, client, monkeypatch):
    rule = with_systemd.path / "rules" / "60-pppoe-client-t3st.rules"
    monkeypatch.setattr(_client_observe, "POLKIT_ACTIONS", "/nonexistent")
    refused = client(state="present", user_control=True)
    assert refused["msg"].startswith("user_control: polkit, which lets users control units, is not installed")
    assert client(check=True, state="present", user_control=True)["changed"] is True
    monkeypatch.setattr(_client_observe, "POLKIT_ACTIONS", str(with_systemd.path))
    client(state="present", user_control=True, user_control_group="netdev")
    assert "netdev" in rule.read_text()
    client(state="present")
    assert not rule.exists()


def test_another_default_route_is_refused(host, client):
    host.routes.write_text(HEAD + THROUGH_ETH0)
    result = client()
    assert result["msg"].startswith("default_route: this host has a default route via 192.0.2.254 on eth0 already")
    assert host.files() == {}
    assert client(default_route=False)["applied"] == "dialled"


@pytest.mark.parametrize("state", ["connected", "present", "disconnected", "absent"])
def test_a_file_of_somebody_else_is_left_alone(host, client, state):
    host.peers.parent.mkdir()
    host.peers.write_text("# mine\nuser me\n")
    result = client(state=state)
    assert result["msg"].startswith(f"name: {host.peers} exists already")
    assert host.files() == {str(host.peers): b"# mine\nuser me\n"}


def test_a_bare_host_in_check_mode_predicts(host, client, monkeypatch):
    monkeypatch.setattr(_pppd_capabilities, "command", lambda _module: None)
    monkeypatch.setattr(_pppd_capabilities, "plugin_path", lambda: None)
    predicted = client(check=True)
    assert (predicted["changed"], predicted["applied"]) == (True, "dialled")
    result = client()
    assert result["msg"] == "state: pppd is not installed on this host. Install the package ppp."
    assert host.files() == {}


def test_a_pppd_without_the_plugin(host, client, monkeypatch):
    monkeypatch.setattr(_pppd_capabilities, "plugin_path", lambda: None)
    result = client()
    assert result["msg"].startswith("state: pppd has no PPPoE plugin here (pppoe.so or rp-pppoe.so below")
    assert result["msg"].endswith("Install the package that has it: ppp, or ppp-pppoe.")
    assert host.files() == {}


def test_a_kernel_without_ppp(host, client, monkeypatch):
    monkeypatch.setattr(
        _pppd_capabilities, "kernel_ppp", lambda _module: "the kernel 6.18 has no PPP over Ethernet (not found)"
    )
    result = client()
    assert result["msg"].startswith("state: no connection is possible here: the kernel 6.18 has no PPP over Ethernet")
    assert host.files() == {}
    assert client(state="present")["changed"] is True


def test_a_unit_is_written_and_enabled(with_systemd, client):
    host = with_systemd
    predicted = client(check=True, state="present")
    assert host.told_systemd() == []
    result = client(state="present")
    assert result["diff"] == predicted["diff"]
    assert (result["changed"], result["startup"]) == (True, "systemd")
    assert host.told_systemd() == ["daemon-reload", "enable pppoe-client@t3st.service"]
    assert b"Type=notify\n" in host.unit.read_bytes()
    assert not host.rc_local.exists()
    (host.path / "is-enabled").write_text("enabled\n")
    assert client(state="present")["changed"] is False
    assert client(state="present", boot=False)["changed"] is True
    assert host.told_systemd()[2:] == ["disable pppoe-client@t3st.service"]


def test_one_that_ends_in_order_to_dial_again_is_hung_up(with_systemd, client):
    client(state="present")
    (with_systemd.path / "is-active").write_text("deactivating\n")
    assert client(check=True, state="disconnected")["applied"] == "hung_up"
    client(state="disconnected")
    assert "stop pppoe-client@t3st.service" in with_systemd.told_systemd()


def test_from_systemd_to_rc_local_and_away(with_systemd, client):
    host = with_systemd
    client(state="present")
    (host.path / "is-enabled").write_text("enabled\n")
    result = client(state="present", startup="rc_local", dns=["198.51.100.1"])
    assert result["startup"] == "rc_local"
    assert not host.unit.exists()
    assert b"pppoe-client-attempt dial t3st 0 0 eth9 - persist" in host.rc_local.read_bytes()
    assert host.up_script.exists()
    (host.path / "is-enabled").write_text("disabled\n")
    client(state="absent")
    assert not host.rc_local.exists()
    assert not host.up_script.parent.exists()


def test_a_unit_that_did_not_end_well_is_forgotten_with_its_file(with_systemd, client):
    client(state="present")
    client(state="absent")
    assert with_systemd.told_systemd()[-2:] == ["daemon-reload", "reset-failed pppoe-client@t3st.service"]


def test_a_run_that_was_cut_before_systemd_read_the_unit_is_completed(with_systemd, client):
    host = with_systemd
    client(state="present")
    (host.path / "is-enabled").write_text("enabled\n")
    assert client(state="present")["changed"] is False
    (host.path / "needs-reload").write_text("yes\n")
    before = len(host.told_systemd())
    assert client(state="present", check=True)["changed"] is True
    assert client(state="present")["changed"] is True
    assert host.told_systemd()[before:] == ["daemon-reload"]


def test_a_peers_file_from_the_future_is_no_reason_to_redial(host, client):
    client()
    os.utime(host.peers, (2**31, 2**31))
    assert client()["changed"] is False
    assert len(host.calls()) == 1


def test_one_question_to_systemd_and_no_program_more(with_systemd, client):
    host = with_systemd
    client(state="present")
    (host.path / "is-enabled").write_text("enabled\n")
    (host.path / "systemctl-calls").unlink()
    host.program("ip", "#!/bin/sh\necho ip >>@HERE@/systemctl-calls\n")
    assert client(state="present")["changed"] is False
    asked = (host.path / "systemctl-calls").read_text().splitlines()
    assert len(asked) == 1
    assert asked[0].endswith("pppoe-client@t3st.service NetworkManager.service systemd-networkd.service")


OPTIONS = [
    (
        "-chap\nrefuse-mschap-v2\n",
        {"authentication": ["chap", "mschapv2"]},
        "authentication: none of chap, mschapv2",
    ),
    ("nodetach\n", {}, "startup: rc_local needs a pppd that goes to the background, and "),
]


@pytest.mark.parametrize(("options", "changes", "message"), OPTIONS)
def test_options_of_the_host_that_leave_nothing(host, client, options, changes, message):
    (host.path / "options").write_text(options)
    result = client(**changes)
    assert result["msg"].startswith(message)
    assert host.files() == {}


def test_options_of_the_host_that_cannot_be_undone_are_named(host, client, monkeypatch):
    # In a process that has loaded parts of the controller, Ansible prints warnings instead of returning them.
    warnings = []
    monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text, **_more: warnings.append(text))
    (host.path / "options").write_text("# mine\n-chap persist idle 5\ndemand\n")
    assert client()["applied"] == "dialled"
    (warning,) = warnings
    assert "has demand, which holds for this connection too" in warning
    lines = host.peers.read_text().splitlines()
    assert {"nopersist", "idle 0", "maxconnect 0", "noauth"} <= set(lines)
    host.behave("PPP session is 7\nLCP terminated by peer (peer refused to authenticate)\nConnection terminated.\n")
    assert "that /etc/ppp/options leaves out, which has -chap." in client(mtu=1400)["msg"]


def test_what_is_shared_stays_until_the_last_connection_goes(host, client):
    client(state="present", dns=["198.51.100.1"])
    client(state="present", dns=["198.51.100.1"], name="t3st2", default_route=False)
    client(state="absent")
    assert host.up_script.exists()
    client(state="absent", name="t3st2")
    assert not host.up_script.exists()


def test_name_servers_of_a_link_that_was_killed_are_taken_back(host, client, monkeypatch):
    resolv_conf = host.path / "resolv.conf"
    monkeypatch.setenv("DIALTONE_RESOLV_CONF", str(resolv_conf))
    monkeypatch.setenv("DIALTONE_RUN", str(host.path))
    client(state="present", dns=["198.51.100.1"])
    resolv_conf.write_text("# BEGIN dialtone.pppoe t3st\nnameserver 198.51.100.1\n# END dialtone.pppoe t3st\n# mine\n")
    client(state="absent")
    assert resolv_conf.read_text() == "# mine\n"
