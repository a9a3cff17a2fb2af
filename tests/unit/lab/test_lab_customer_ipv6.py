"""The IPv6 of a customer who needs no host, against the program that answers on a server."""

from __future__ import annotations

import ipaddress
import struct

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _advertisement as _ipv6_advertisement
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _dhcp as _ipv6_dhcp
from dialtone_lab import customer_ipv6, ppp

MAC = b"\x02\xc5\0\0\0\7"
SERVER = ipaddress.IPv6Address("fe80::1").packed
FRAMED, DELEGATED = ipaddress.IPv6Network("2001:db8:1:2::/64"), ipaddress.IPv6Network("2001:db8:100::/56")


class Server:
    def __init__(self, delegated=DELEGATED):
        self.sent: list[tuple[int, bytes]] = []
        self.link = _ipv6_dhcp.Link(delegated, FRAMED)
        self.customer = customer_ipv6.Ipv6(MAC, lambda protocol, payload: self.sent.append((protocol, payload)))

    def control(self, code: int, identifier: int, value: bytes) -> None:
        packet = ppp.control(code, identifier, ppp.options([(1, value)]))
        self.customer.hear(customer_ipv6.IPV6CP, packet, 1.0)

    def agree(self) -> None:
        """As pppd: it names the identifier that the customer is to have."""
        self.control(ppp.REQUEST, 9, b"\0" * 7 + b"\1")
        first = ppp.parse_control(self.sent[0][1])
        self.control(ppp.NAK, first.identifier, b"\0" * 7 + b"\2")
        second = ppp.parse_control(self.sent[-1][1])
        assert ppp.parse_options(second.data) == [(1, b"\0" * 7 + b"\2")]
        self.control(ppp.ACK, second.identifier, b"\0" * 7 + b"\2")

    def question(self) -> _ipv6_dhcp.Question:
        protocol, packet = self.sent[-1]
        assert protocol == customer_ipv6.IPV6
        source, to = (str(ipaddress.IPv6Address(packet[place : place + 16])) for place in (8, 24))
        assert (source, to) == ("fe80::2", _ipv6_dhcp.GROUP)
        # Whoever hears it adds up the same.
        length = struct.unpack_from("!H", packet, 44)[0]
        assert ppp.checksum(packet[8:40] + struct.pack("!II", length, 17) + packet[40:]) == 0
        found = _ipv6_dhcp.question(packet[48:])
        assert found is not None
        return found

    def answer(self, now: float) -> None:
        message = _ipv6_dhcp.answer(self.question(), self.link, b"\0\4" + b"s" * 16, True)
        packet = customer_ipv6.udp(SERVER, ipaddress.IPv6Address("fe80::2").packed, 547, 546, message)
        self.customer.hear(customer_ipv6.IPV6, packet, now)


def begun(**changes) -> Server:
    server = Server(**changes)
    server.customer.begin(0.0)
    server.agree()
    return server


def test_a_prefix():
    server = begun()
    assert server.question().kind == _ipv6_dhcp.SOLICIT
    server.answer(2.0)
    assert server.customer.report == {
        "open": True, "framed": None, "delegated": str(DELEGATED), "seconds": 2.0, "answers": 1,
    }  # fmt: skip
    message = _ipv6_advertisement.advertisement(FRAMED, 1492)
    head = struct.pack("!IHBB", 6 << 28, len(message), 58, 255)
    server.customer.hear(customer_ipv6.IPV6, head + SERVER + b"\0" * 16 + message, 3.0)
    assert server.customer.framed == str(FRAMED)


def test_an_advertisement_has_it_ask_at_once():
    server = begun()
    first = server.question()
    head = struct.pack("!IHBB", 6 << 28, 16, 58, 255)
    server.customer.hear(customer_ipv6.IPV6, head + SERVER + b"\0" * 16 + b"\x86" + b"\0" * 15, 0.1)
    assert server.question().transaction != first.transaction
    server.answer(0.2)
    count = len(server.sent)
    server.customer.hear(customer_ipv6.IPV6, head + SERVER + b"\0" * 16 + b"\x86" + b"\0" * 15, 0.3)
    assert len(server.sent) == count


def test_it_asks_again():
    server = begun()
    first = server.question()
    server.customer.tick(1.5)
    assert server.question() == first
    server.customer.tick(2.1)
    assert server.question().transaction != first.transaction
    server.answer(2.2)
    server.customer.ask_again(5.0, b"\0\3\0\1another")
    asked = server.question()
    assert (asked.kind, asked.client, server.customer.delegated) == (
        _ipv6_dhcp.REBIND, b"\0\3\0\1another", None,
    )  # fmt: skip
    server.answer(5.1)
    assert (server.customer.delegated, server.customer.seconds) == (str(DELEGATED), 2.2)


def test_it_stops():
    server = begun()
    server.answer(2.0)
    server.customer.end()
    protocol, packet = server.sent[-1]
    assert (protocol, ppp.parse_control(packet).code) == (customer_ipv6.IPV6CP, ppp.TERMINATE)
    assert (server.customer.is_open, server.customer.delegated) == (False, None)
    count = len(server.sent)
    server.customer.tick(10.0)
    assert len(server.sent) == count


def test_no_prefix_is_left():
    server = begun(delegated=None)
    server.answer(2.0)
    assert (server.customer.delegated, server.customer.answers) == (None, 1)
    first = server.question()
    server.customer.tick(6.0)
    assert server.question() == first
    server.customer.tick(7.1)
    assert server.question().transaction != first.transaction


def test_nobody_speaks_it():
    server = Server()
    server.customer.begin(0.0)
    server.customer.tick(1.1)
    server.customer.hear(customer_ipv6.IPV6, b"\x60", 1.2)
    server.customer.hear(customer_ipv6.IPV6CP, b"", 1.2)
    assert [protocol for protocol, _payload in server.sent] == [customer_ipv6.IPV6CP] * 2
    assert not server.customer.is_open
