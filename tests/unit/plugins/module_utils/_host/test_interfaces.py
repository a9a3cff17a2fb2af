from __future__ import annotations

import json

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Address, Interface

# From `ip -j addr` of iproute2 6.1.
ETH0 = {
    "ifindex": 2, "ifname": "eth0", "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"], "mtu": 1500,
    "operstate": "UP", "link_type": "ether", "address": "02:00:00:00:00:01", "broadcast": "ff:ff:ff:ff:ff:ff",
    "addr_info": [
        {"family": "inet", "local": "192.0.2.5", "prefixlen": 24, "broadcast": "192.0.2.255", "label": "eth0"},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
    ],
}  # fmt: skip
PPP0 = {
    "ifindex": 5, "ifname": "ppp0", "flags": ["POINTOPOINT", "MULTICAST", "NOARP", "UP", "LOWER_UP"], "mtu": 1492,
    "link_type": "ppp",
    "addr_info": [{"family": "inet", "local": "192.0.2.77", "address": "192.0.2.1", "prefixlen": 32, "label": "ppp0"}],
}  # fmt: skip
DOWN = {"ifname": "eth1", "flags": ["BROADCAST"], "mtu": 1500, "link_type": "ether", "address": "02:00:00:00:00:02"}

CASES = [
    ([], {}),
    ([{}], {}),
    ([ETH0], {"eth0": Interface("eth0", 1500,
                                (Address("inet", "192.0.2.5", 24), Address("inet6", "fe80::1", 64)))}),
    ([PPP0], {"ppp0": Interface("ppp0", 1492, (Address("inet", "192.0.2.77", 32, "192.0.2.1"),))}),
    ([DOWN], {"eth1": Interface("eth1", 1500, ())}),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "expected"), CASES)
def test_parse_addresses(entries, expected):
    assert _interfaces.parse_addresses(json.dumps(entries)) == expected


def test_nothing_printed_is_no_interface():
    assert _interfaces.parse_addresses("") == {}


def test_ipv4_is_the_first_ipv4_address():
    found = _interfaces.parse_addresses(json.dumps([ETH0, DOWN]))
    assert found["eth0"].ipv4() == Address("inet", "192.0.2.5", 24)
    assert found["eth1"].ipv4() is None


@pytest.mark.parametrize(
    ("existing", "message"),
    [
        (["eth0", "eth1"], "interfaces: this host has no interface 'eth7'. It has: eth0, eth1."),
        (["ppp0", "eth0", "pppoe-hold4"], "interfaces: this host has no interface 'eth7'. It has: eth0, ppp0."),
        (
            [*(f"ppp{number}" for number in range(30)), "eth0"],
            "interfaces: this host has no interface 'eth7'. It has: eth0, "
            + ", ".join(f"ppp{number}" for number in range(19))
            + " and 11 more.",
        ),
        ([], "interfaces: this host has no interface 'eth7'. It has none but the loopback."),
    ],
)
def test_require_names_what_there_is(monkeypatch, existing, message):
    monkeypatch.setattr(_interfaces, "names", lambda: existing)
    with pytest.raises(Refused) as refused:
        _interfaces.require("interfaces", "eth7")
    assert str(refused.value) == message


def test_require_takes_an_interface_that_exists(monkeypatch):
    monkeypatch.setattr(_interfaces, "names", lambda: ["eth0"])
    _interfaces.require("interfaces", "eth0")


HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n"
LAN = "eth1\t000AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0    \n"
DEFAULT = "{}\t00000000\t0105A8C0\t{}\t0\t0\t{}\t00000000\t0\t0\t0    \n"


@pytest.mark.parametrize(
    ("text", "routes"),
    [
        (HEAD, []),
        ("", []),
        (HEAD + LAN, []),
        (
            HEAD + LAN + DEFAULT.format("wlan0", "0003", 600) + DEFAULT.format("wan7", "0003", 100),
            [("wan7", "192.168.5.1", 100), ("wlan0", "192.168.5.1", 600)],
        ),
        (HEAD + DEFAULT.format("eth0", "0002", 0) + DEFAULT.format("ppp-uplink", "0001", 9), [("ppp-uplink", None, 9)]),
        # One that refuses packets leads nowhere.
        (HEAD + DEFAULT.format("*", "0201", 0), []),
        # Half of everything, as a VPN has it, is not the default route.
        (HEAD + DEFAULT.format("tun0", "0003", 0).replace("\t00000000\t0\t0\t0", "\t00000080\t0\t0\t0"), []),
    ],
)
def test_default_routes(text, routes):
    assert [(one.device, one.gateway, one.metric) for one in _interfaces.parse_routes(text)] == routes


def test_a_route_in_words():
    assert str(_interfaces.Route("eth0", "192.0.2.1", 0)) == "via 192.0.2.1 on eth0"
    assert str(_interfaces.Route("ppp0", None, 0)) == "on ppp0"


VLANS = """VLAN Dev name\t | VLAN ID
Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD
vlan7          | 7  | eth0
eth1.20        | 20  | eth1
"""


def test_vlans():
    assert _interfaces.parse_vlans(VLANS) == {"vlan7": ("eth0", 7), "eth1.20": ("eth1", 20)}
    assert _interfaces.parse_vlans("") == {}


def test_ends_of_what_is_no_link():
    assert _interfaces.ends("nothing9") is None
    assert _interfaces.ends("lo") == _interfaces.Address("inet", "127.0.0.1", 32, "127.0.0.1")
