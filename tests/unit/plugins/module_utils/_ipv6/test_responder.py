"""The responder, with routes that are made up and a wire that is a list."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _dhcp, _responder
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._prefixes import Prefix
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._routes import (
    DELEGATED,
    FRAMED,
    UNUSED,
    Event,
    Link,
    Route,
)

ONE, TWO = Prefix("2001:db8:0:1::/64"), Prefix("2001:db8:0:2::/64")
DELEGATED_ONE = Prefix("2001:db8:100::/56")
SERVER = ipaddress.IPv6Address("2001:db8::53")
PEER = ("fe80::2", 546)
SOLICITATION = bytes.fromhex("8500000000000000")
SOLICIT = bytes([1]) + b"abc" + bytes.fromhex("0001 0004 00030001 0019 000c 00000001 00000000 00000000")


class Wire:
    def __init__(self):
        self.said = []
        self.links = set()

    def advertise(self, index, to, message):
        self.said.append(("ra", index, to, message))

    def answer(self, index, to, message):
        self.said.append(("dhcp", index, to, message))

    def join(self, index):
        assert index not in self.links
        self.links.add(index)

    def leave(self, index):
        self.links.remove(index)

    def mtu(self, index):
        return 1492

    def take(self):
        said, self.said = self.said, []
        return said


class Host:
    def __init__(self):
        self.wire = Wire()
        self.responder = _responder.Responder(self.wire, {1: (SERVER,)}, b"\x00\x04" + bytes(16))
        self.now = 1000.0

    def route(self, prefix, index=7, protocol=FRAMED, new=True, slot=1):
        self.responder.change([Event(new, Route(prefix, index, protocol, slot))], self.now)

    def later(self, seconds):
        """What is advertised until then: seconds, link, prefixes that live, and prefixes that end."""
        end, said = self.now + seconds, []
        while self.responder.next() is not None and self.responder.next() <= end:
            self.now = max(self.now, self.responder.next())
            self.responder.advertise(self.now)
            said += [
                (round(self.now - end + seconds), index, *shown(text)) for _ra, index, _to, text in self.wire.take()
            ]
        self.now = end
        return said


def shown(message):
    alive, ended = [], []
    at = 16
    while at < len(message):
        if message[at] == 3:
            (alive if any(message[at + 4 : at + 8]) else ended).append(message[at + 16 : at + 32])
        at += 8 * message[at + 1]
    return [str(ipaddress.IPv6Address(one)) for one in alive], [str(ipaddress.IPv6Address(one)) for one in ended]


@pytest.fixture
def host():
    return Host()


def test_what_is_routed_is_advertised_at_once_and_again(host):
    host.route(ONE)
    assert host.wire.links == {7}
    first = ["2001:db8:0:1::"]
    assert host.later(1200) == [(second, 7, first, []) for second in (0, 3, 6, 599, 1192)]


def test_routers_that_ask_are_answered(host):
    host.route(ONE)
    host.later(10)
    for source, to in (("fe80::2%ppp0", "fe80::2%ppp0"), ("::", _responder.ALL_NODES)):
        host.responder.solicited(7, source, 255, SOLICITATION, host.now)
        assert [(index, where) for _kind, index, where, _message in host.wire.take()] == [(7, to)]
    host.responder.solicited(7, "fe80::2", 64, SOLICITATION, host.now)
    host.responder.solicited(8, "fe80::2", 255, SOLICITATION, host.now)
    assert host.wire.take() == []


def test_the_delegated_prefix_of_the_link_is_given(host):
    host.route(ONE)
    host.route(DELEGATED_ONE, protocol=DELEGATED)
    host.route(Prefix("2001:db8:200::/56"), index=8, protocol=DELEGATED)
    host.responder.asked(7, PEER, True, SOLICIT, host.now)
    [(kind, index, to, answer)] = host.wire.take()
    assert (kind, index, to, answer[0]) == ("dhcp", 7, PEER, _dhcp.ADVERTISE)
    assert DELEGATED_ONE.network_address.packed in answer
    assert SERVER.packed in answer


def test_nobody_else_is_answered(host):
    host.route(ONE)
    host.responder.asked(9, PEER, True, SOLICIT, host.now)
    host.responder.asked(7, ("2001:db8::1", 546), True, SOLICIT, host.now)
    host.responder.asked(7, PEER, True, SOLICIT[:-1], host.now)
    assert host.wire.take() == []


def test_a_prefix_that_is_taken_away_ends_at_once(host):
    host.route(ONE)
    host.later(10)
    host.route(TWO)
    host.route(ONE, new=False)
    said = host.later(10)
    assert said[-1] == (6, 7, ["2001:db8:0:2::"], ["2001:db8:0:1::"])
    assert host.later(1200)[0][2:] == (["2001:db8:0:2::"], [])


def test_a_link_without_routes_is_told_so_and_forgotten(host):
    host.route(ONE)
    host.later(10)
    host.route(ONE, new=False)
    host.responder.asked(7, PEER, True, SOLICIT, host.now)
    assert host.wire.take() == [], "no router any more"
    assert host.later(10) == [(second, 7, [], ["2001:db8:0:1::"]) for second in (0, 3, 6)]
    assert host.wire.links == set()
    assert host.later(2000) == []


def test_a_session_that_ends_is_forgotten(host):
    host.route(ONE)
    host.responder.change([Event(False, Link(7, "ppp0", 1492)), Event(False, Route(ONE, 7, FRAMED, 1))], host.now)
    assert host.wire.links == set()
    assert host.later(2000) == []


def test_after_a_loss_of_events_everything_is_compared(host):
    host.route(ONE)
    host.route(TWO, index=8)
    host.later(10)
    host.responder.begin([Route(TWO, 8, FRAMED, 1), Route(ONE, 9, FRAMED, 1), Route(ONE, 0, UNUSED)], host.now)
    assert host.wire.links == {8, 9}
    assert {index for _second, index, *_rest in host.later(1)} == {8, 9}


def test_the_mtu_of_the_link_is_advertised(host):
    host.route(ONE)
    host.responder.advertise(host.now)
    assert bytes.fromhex("05010000000005d4") in host.wire.take()[0][3]
    host.responder.change([Event(True, Link(7, "ppp0", 1500))], host.now)
    host.responder.solicited(7, "fe80::2", 255, SOLICITATION, host.now)
    assert bytes.fromhex("05010000000005dc") in host.wire.take()[0][3]


def test_who_asks_without_end_is_answered_now_and_then(host):
    """And costs neither memory nor the answers of others."""
    host.route(ONE)
    host.route(TWO, index=8)
    host.later(10)
    for _turn in range(10_000):
        host.responder.asked(7, PEER, True, SOLICIT, host.now)
    assert len(host.wire.take()) == _responder.BURST
    host.responder.asked(8, PEER, True, SOLICIT, host.now)
    assert len(host.wire.take()) == 1
    host.now += 2
    for _turn in range(100):
        host.responder.asked(7, PEER, True, SOLICIT, host.now)
    assert len(host.wire.take()) == 10
