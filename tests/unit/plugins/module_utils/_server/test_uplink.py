from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Address, Interface, Route
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _uplink

ROUTES = [Route("eth0", "192.168.5.1", 0)]
UPLINK = Interface("eth0", 1500, (Address("inet", "192.168.5.109", 24),))


def instance(**changed):
    plain = {"interfaces": ("eth1",), "local_address": "10.67.0.1", "addresses": ("10.67.0.2",), "options": ()}
    changed = {**plain, **changed}
    return SimpleNamespace(**changed, every_address=changed["addresses"])


def warnings(changed, interface=UPLINK):
    return _uplink.warnings(instance(**changed), {"eth0": interface}, ROUTES)


def test_a_usual_instance():
    _uplink.refuse_gateway(instance(), ROUTES)
    assert warnings({}) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"local_address": "192.168.5.1"}, "local_address: 192.168.5.1 is the gateway of the default route on eth0."),
        ({"addresses": ("192.168.5.2", "192.168.5.1")}, "pool: it holds 192.168.5.1, the gateway"),
    ],
)
def test_the_gateway_stays_whose_it_is(changed, words):
    with pytest.raises(Refused, match=words):
        _uplink.refuse_gateway(instance(**changed), ROUTES)
    _uplink.refuse_gateway(instance(**changed), [])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"interfaces": ("eth1", "eth0")}, "interfaces: eth0 is also the interface of the default route"),
        ({"addresses": ("10.0.0.1", "192.168.5.200")}, "pool: it has addresses of 192.168.5.0/24, the network of eth0"),
    ],
)
def test_what_is_rarely_meant(changed, words):
    assert [words in warning for warning in warnings(changed)] == [True]


def test_addresses_of_the_uplinks_network_that_are_answered_for():
    inside = {"addresses": ("192.168.5.200",)}
    assert warnings({**inside, "options": ((b"proxyarp",),)}) == []
    link = Interface("eth0", 1492, (Address("inet", "192.168.5.109", 32, "192.168.5.1"),))
    assert warnings(inside, link) == []
