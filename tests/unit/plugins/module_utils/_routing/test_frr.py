"""FRR's configuration: our block, what becomes of the administrator's lines, and what FRR does not run."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _frr
from ansible_collections.dialtone.pppoe.tests.unit.plugins.module_utils._routing.test_bird import (
    BGP,
    NEIGHBOR,
    OSPF,
    made,
)

OWN = "frr defaults traditional\nlog syslog\nrouter ospf\n passive-interface eth3\nexit\n"
OTHER = {"as_number": 65001, "neighbors": [{**NEIGHBOR, "as_number": 65002, "password": "s3cret"}]}


def frr(**more):
    return made(engine="frr", **more)


def test_the_whole_block():
    lines = _frr.block(frr(ospf={**OSPF, "password": "s3cret"}, aggregates=["198.51.100.0/24"])).splitlines()
    assert lines[1:-1] == [
        "ip route 198.51.100.0/24 blackhole",
        "ip prefix-list PPPOE-SERVER-NETWORKS seq 5 permit 198.51.100.0/24",
        "ip prefix-list PPPOE-SERVER seq 5 deny 198.51.100.0/24 le 32",
        "ip prefix-list PPPOE-SERVER seq 10 permit 0.0.0.0/0 ge 32",
        "route-map PPPOE-SERVER permit 10",
        " match ip address prefix-list PPPOE-SERVER",
        "exit",
        "route-map PPPOE-SERVER-NETWORKS permit 10",
        " match ip address prefix-list PPPOE-SERVER-NETWORKS",
        "exit",
        "interface eth0",
        " ip ospf area 0.0.0.0",
        " ip ospf authentication message-digest",
        " ip ospf message-digest-key 1 md5 s3cret",
        " ip ospf hello-interval 10",
        " ip ospf dead-interval 40",
        "exit",
        "router ospf",
        " ospf router-id 192.0.2.9",
        " redistribute connected route-map PPPOE-SERVER",
        " redistribute static route-map PPPOE-SERVER-NETWORKS",
        "exit",
    ]


def test_there_and_back():
    first, second = _frr.block(frr(ospf=OSPF)), _frr.block(frr(bgp=BGP))
    text = _frr.with_block(OWN, first)
    assert text == OWN + first
    assert _frr.with_block(text + "end\n", second) == OWN + second + "end\n"
    assert _frr.former(text) == first
    assert _frr.without_block(text) == OWN
    assert _frr.former(OWN) == ""


def test_what_is_taken_back():
    """The administrator's own lines stay, also the context that both have."""
    before = _frr.block(frr(ospf=OSPF))
    assert _frr.removal(before, "", OWN).splitlines() == [
        "router ospf",
        "no redistribute connected route-map PPPOE-SERVER",
        "exit",
        "router ospf",
        "no ospf router-id 192.0.2.9",
        "exit",
        "interface eth0",
        "no ip ospf dead-interval 40",
        "exit",
        "interface eth0",
        "no ip ospf hello-interval 10",
        "exit",
        "interface eth0",
        "no ip ospf area 0.0.0.0",
        "exit",
        "no route-map PPPOE-SERVER permit 10",
        "no ip prefix-list PPPOE-SERVER seq 5 permit 0.0.0.0/0 ge 32",
    ]
    assert "no router ospf" in _frr.removal(before, "", "").splitlines()
    assert _frr.removal(before, before, OWN) == ""


def test_what_frr_does_not_run():
    settings = frr(ospf=OSPF)
    running = "".join(line + "\n" for line in _frr.block(settings).splitlines() if "hello" not in line)
    assert _frr.lacking(settings, _frr.block(settings)) == []
    assert _frr.lacking(settings, running) == ["interface eth0 / ip ospf hello-interval 10"]
    assert _frr.lacking(settings, "")[-1] == "router ospf / redistribute connected route-map PPPOE-SERVER"


def test_a_neighbor_of_another_as_gets_routes():
    block = _frr.block(frr(bgp=OTHER))
    assert "  neighbor 192.0.2.1 route-map PPPOE-SERVER-OUT out\n" in block
    assert "PPPOE-SERVER-OUT" not in _frr.block(frr(bgp=BGP))


def test_daemons():
    text = "bgpd=no\nospfd=no\nospf6d=no\n# ospfd=no\n"
    assert _frr.daemons(text, frr(ospf=OSPF)) == "bgpd=no\nospfd=yes\nospf6d=no\n# ospfd=no\n"
    assert _frr.daemons(text, frr(bgp=BGP)) == "bgpd=yes\nospfd=no\nospf6d=no\n# ospfd=no\n"


REFUSED = [
    ({"ospf": OSPF, "ipv6": True}, "", "ipv6: with FRR, only IPv4 addresses are announced."),
    ({}, "", "engine: frr needs ospf or bgp."),
    ({"bgp": BGP}, "router bgp 64512\n", "bgp.as_number: FRR's own configuration has AS 64512, and this is 65001."),
]


@pytest.mark.parametrize(("more", "own", "text"), REFUSED, ids=[text for _more, _own, text in REFUSED])
def test_refused(more, own, text):
    with pytest.raises(Refused) as refused:
        _frr.check(frr(**more), own)
    assert str(refused.value).startswith(text)
