"""The IPv6 of a customer who needs no host: IPv6CP, and then a prefix by DHCPv6, as a router at home asks for one.

No input or output of its own: packets go in, and out by `send`. Sources: RFC 5072 (IPv6CP), RFC 8415 (DHCPv6), RFC 4861
(router advertisements), RFC 8200 and RFC 768 (packets).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import ppp

#: Protocols of PPP.
IPV6, IPV6CP = 0x0057, 0x8057
_INTERFACE_ID = 1
_UDP, _ICMP6, _ADVERTISEMENT = 17, 58, 134
_CLIENT, _SERVER = 546, 547
_SOLICIT, _REBIND, _REPLY = 1, 6, 7
_CLIENT_ID, _RAPID_COMMIT, _IA_PD, _IA_PREFIX = 1, 14, 25, 26
_EVERYBODY = ipaddress.IPv6Address("ff02::1:2").packed
#: Seconds until something is sent again.
_AGAIN = 1.0
#: And until a customer asks again that got no prefix.
_LATER = 5.0
_LINK_LOCAL = bytes.fromhex("fe80000000000000")


@dataclass
class Ipv6:
    """Of one session. `send` takes a protocol of PPP and a payload; `duid` says who asks.

    `framed` is the prefix that was advertised, `delegated` the one that DHCPv6 has given, `seconds` how long after
    `begin` the latter came. `answers` counts those of DHCPv6.
    """

    mac: bytes
    send: Callable[[int, bytes], None]
    duid: bytes = b""
    began: float = 0.0
    due: float | None = None
    own: bytes = b""
    agreed: set[str] = field(default_factory=set)
    identifier: int = 0
    transaction: int = 0
    framed: str | None = None
    delegated: str | None = None
    seconds: float | None = None
    answers: int = 0

    @property
    def is_open(self) -> bool:
        """Whether both ends have agreed on IPv6CP."""
        return self.agreed == {"ours", "theirs"}

    @property
    def report(self) -> dict[str, Any]:
        """All about it that a test asks for."""
        values = {name: getattr(self, name) for name in ("framed", "delegated", "seconds", "answers")}
        return {"open": self.is_open, **values}

    def begin(self, now: float) -> None:
        """Speak IPv6CP."""
        self.began, self.duid = now, self.duid or struct.pack("!HH", 3, 1) + self.mac
        self.own = self.mac[:3] + b"\xff\xfe" + self.mac[3:]
        self._ask(now)

    def ask_again(self, now: float, duid: bytes = b"") -> None:
        """Forget the delegated prefix and ask whoever answers for it, as a router does that has it from before."""
        self.duid = duid or self.duid
        self.delegated = None
        self._question(_REBIND, now)

    def solicit(self, now: float, duid: bytes) -> None:
        """Ask under another name."""
        self.duid = duid
        self._question(_SOLICIT, now)

    def end(self) -> None:
        """Stop IPv6CP, and nothing else of the session."""
        self.identifier = self.identifier % 255 + 1
        self.send(IPV6CP, ppp.control(ppp.TERMINATE, self.identifier))
        self.agreed, self.due, self.framed, self.delegated = set(), None, None, None

    def tick(self, now: float) -> None:
        """Say again what nobody has answered."""
        if self.due is not None and now >= self.due:
            if self.is_open:
                self._question(_SOLICIT, now)
            else:
                self._ask(now)

    def hear(self, protocol: int, payload: bytes, now: float) -> None:
        """Take a packet of IPv6CP or IPv6."""
        if protocol == IPV6CP:
            packet = ppp.parse_control(payload)
            if packet is not None:
                self._negotiate(packet, now)
        elif len(payload) >= 40:
            if payload[6] == _UDP and len(payload) >= 52 and struct.unpack_from("!H", payload, 42)[0] == _CLIENT:
                self._answered(payload[48:], now)
            elif payload[6] == _ICMP6 and payload[40] == _ADVERTISEMENT:
                self._advertised(payload[56:])
                # That there is a router to ask (RFC 7084, WPD-4).
                if self.is_open and not self.answers:
                    self._question(_SOLICIT, now)

    # IPv6CP.

    def _ask(self, now: float) -> None:
        self.identifier = self.identifier % 255 + 1
        self.send(IPV6CP, ppp.control(ppp.REQUEST, self.identifier, ppp.options([(_INTERFACE_ID, self.own)])))
        self.due = now + _AGAIN

    def _negotiate(self, packet: ppp.Control, now: float) -> None:
        pairs = ppp.parse_options(packet.data)
        before = self.is_open
        if packet.code == ppp.REQUEST:
            unknown = [pair for pair in pairs if pair[0] != _INTERFACE_ID]
            code, answer = (ppp.REJECT, unknown) if unknown else (ppp.ACK, pairs)
            self.send(IPV6CP, ppp.control(code, packet.identifier, ppp.options(answer)))
            if not unknown:
                self.agreed.add("theirs")
        elif packet.identifier == self.identifier and packet.code == ppp.ACK:
            self.agreed.add("ours")
        elif packet.identifier == self.identifier and packet.code == ppp.NAK:
            self.own = dict(pairs).get(_INTERFACE_ID, self.own)
            self._ask(now)
        if self.is_open and not before:
            self._question(_SOLICIT, now)

    # DHCPv6.

    def _question(self, kind: int, now: float) -> None:
        self.transaction = (self.transaction + 1) & 0xFFFFFF
        options = _option(_CLIENT_ID, self.duid) + _option(_IA_PD, struct.pack("!III", 1, 0, 0))
        options += _option(_RAPID_COMMIT, b"") if kind == _SOLICIT else b""
        message = struct.pack("!I", kind << 24 | self.transaction) + options
        self.send(IPV6, udp(_LINK_LOCAL + self.own, _EVERYBODY, _CLIENT, _SERVER, message))
        self.due = now + _AGAIN

    def _answered(self, message: bytes, now: float) -> None:
        if len(message) < 4 or struct.unpack_from("!I", message)[0] != _REPLY << 24 | self.transaction:
            return
        self.answers += 1
        self.due = None
        for kind, value in _options(message[4:]):
            for inner, prefix in _options(value[12:]) if kind == _IA_PD else ():
                if inner == _IA_PREFIX and len(prefix) >= 25 and any(prefix[4:8]):
                    self.delegated = str(ipaddress.IPv6Network((prefix[9:25], prefix[8])))
                    self.seconds = now - self.began if self.seconds is None else self.seconds
        if self.delegated is None:
            self.due = now + _LATER

    def _advertised(self, options: bytes) -> None:
        while len(options) >= 8 and options[1]:
            if options[0] == 3 and len(options) >= 32 and any(options[4:8]):
                self.framed = str(ipaddress.IPv6Network((options[16:32], options[2])))
            options = options[8 * options[1] :]


def udp(source: bytes, to: bytes, port: int, to_port: int, data: bytes) -> bytes:
    """A packet of IPv6 with a datagram in it."""
    length = 8 + len(data)
    head = struct.pack("!HHH", port, to_port, length)
    pseudo = source + to + struct.pack("!II", length, _UDP)
    checksum = ppp.checksum(pseudo + head + b"\0\0" + data) or 0xFFFF
    return struct.pack("!IHBB", 6 << 28, length, _UDP, 1) + source + to + head + struct.pack("!H", checksum) + data


def _option(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value


def _options(data: bytes) -> ppp.Pairs:
    found = []
    while len(data) >= 4:
        kind, length = struct.unpack_from("!HH", data)
        found.append((kind, data[4 : 4 + length]))
        data = data[4 + length :]
    return found
