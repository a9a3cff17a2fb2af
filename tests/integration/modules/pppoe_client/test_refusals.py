"""What is refused before anything is written, and what is warned of."""

from __future__ import annotations

import pytest
from ansible.module_utils import basic
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.tests.support.client_host import (
    HEAD,
    THROUGH_ETH0,
)

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
    ({"user_control": True}, "user_control: only root can stop what rc.local has started."),
    ({"user_control_group": "a b"}, "user_control_group: 'a b' is not the name of a group."),
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
