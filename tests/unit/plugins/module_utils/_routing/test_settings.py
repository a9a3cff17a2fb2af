"""Parameters that cannot be, each named with its fix."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.tests.unit.plugins.module_utils._routing.test_bird import (
    BGP,
    NEIGHBOR,
    OSPF,
    made,
)


def bgp(**more):
    return {"bgp": {**BGP, "neighbors": [{**NEIGHBOR, **more}]}}


REFUSED = [
    ({"engine": "none"}, "engine: none does nothing without proxy_arp."),
    ({"engine": "none", "proxy_arp": ["eth0"], "ospf": OSPF}, "ospf: nothing is announced with engine=none."),
    ({"proxy_arp": ["ppp7"]}, "proxy_arp[0]: ppp7 is a link of a customer."),
    ({"table": 254}, "table: 254 is no table for routes of customers."),
    ({"table": 1 << 32}, "table: 4294967296 is no table"),
    ({"router_id": "gate"}, "router_id: 'gate' is not an IPv4 address."),
    ({"ospf": {**OSPF, "interfaces": []}}, "ospf.interfaces: there are none."),
    ({"ospf": {**OSPF, "interfaces": ["eth0", "ppp0"]}}, "ospf.interfaces[1]: ppp0 is a link of a customer."),
    ({"ospf": {**OSPF, "interfaces": ['eth0" {}']}}, "ospf.interfaces[0]: 'eth0\" {}' is not the name"),
    ({"ospf": {**OSPF, "hello": 0}}, "ospf.hello: 0 is out of range."),
    ({"ospf": {**OSPF, "dead": 10}}, "ospf.dead: 10 is not longer than hello."),
    ({"ospf": {**OSPF, "area": "backbone"}}, "ospf.area: 'backbone' is not an area."),
    ({"ospf": {**OSPF, "area": "4294967296"}}, "ospf.area: '4294967296' is not an area."),
    ({"ospf": {**OSPF, "password": "x" * 17}}, "ospf.password: it holds a character that is not allowed, or is too"),
    ({"ospf": {**OSPF, "password": 'a" {'}}, "ospf.password: it holds"),
    ({"bgp": {**BGP, "as_number": 0}}, "bgp.as_number: 0 is out of range."),
    ({"bgp": {**BGP, "neighbors": []}}, "bgp.neighbors: there are none."),
    ({"bgp": {**BGP, "neighbors": [NEIGHBOR, NEIGHBOR]}}, "bgp.neighbors[1].address: 192.0.2.1 is named twice."),
    (bgp(address="router.example"), "bgp.neighbors[0].address: 'router.example' is not an address."),
    (bgp(address="224.0.0.5"), "bgp.neighbors[0].address: 224.0.0.5 is not the address of a router."),
    (bgp(address="2001:db8::1"), "bgp.neighbors[0].address: 2001:db8::1 would get IPv6 routes, but ipv6 is false."),
    (bgp(as_number=-1), "bgp.neighbors[0].as_number: -1 is out of range."),
    (bgp(password="a b"), "bgp.neighbors[0].password: it holds"),
    ({"aggregates": ["192.0.2.1/24"]}, "aggregates[0]: '192.0.2.1/24' is not a network."),
    ({"aggregates": ["192.0.2.0/24", "192.0.2.0/25"]}, "aggregates[1]: 192.0.2.0/25 overlaps another one."),
    ({"aggregates": ["2001:db8::/32"]}, "ipv6: is false, but there are IPv6 networks in aggregates."),
]


@pytest.mark.parametrize(("more", "text"), REFUSED, ids=[text for _more, text in REFUSED])
def test_refused(more, text):
    with pytest.raises(Refused) as refused:
        made(**more)
    assert str(refused.value).startswith(text)
    assert "s3cret" not in str(refused.value)


def test_what_is_not_given():
    given = made(ospf={**OSPF, "hello": 2, "area": "10"}, bgp=BGP)
    assert (given.ospf.dead, given.ospf.area) == (8, "0.0.0.10")
    assert given.bgp.neighbors[0].as_number == 65001
