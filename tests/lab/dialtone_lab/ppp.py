"""The packets of PPPoE and PPP that a customer sends and hears, as bytes. Pure.

Sources: RFC 2516 (discovery), RFC 1661 (LCP), RFC 1334 (PAP), RFC 1994 (CHAP), RFC 1332 and RFC 1877 (IPCP), RFC 791
and RFC 792 (ping).
"""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from typing import NamedTuple

BROADCAST = b"\xff" * 6
#: Ethernet types.
DISCOVERY, SESSION = 0x8863, 0x8864
#: Codes of discovery.
PADI, PADO, PADR, PADS, PADT = 0x09, 0x07, 0x19, 0x65, 0xA7
#: Tags of discovery, and those that carry an error.
SERVICE_NAME, AC_NAME, HOST_UNIQ, AC_COOKIE, RELAY_SESSION_ID = 0x0101, 0x0102, 0x0103, 0x0104, 0x0110
ERRORS = (0x0201, 0x0202, 0x0203)
#: Protocols of PPP.
IPV4, IPCP, LCP, PAP, CHAP = 0x0021, 0x8021, 0xC021, 0xC023, 0xC223
#: Codes that LCP and IPCP share, and those of LCP alone.
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED = 1, 2, 3, 4, 5, 6
PROTOCOL_REJECT, ECHO_REQUEST, ECHO_REPLY = 8, 9, 10
#: Codes of CHAP. PAP has REQUEST, ACK and NAK.
CHALLENGE, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4
#: Options of LCP.
MRU, AUTHENTICATION, MAGIC = 1, 3, 5
#: Options of IPCP.
ADDRESS, DNS, DNS2 = 3, 129, 131
#: What the authentication option asks for.
METHODS = {"pap": struct.pack("!H", PAP), "chap": struct.pack("!HB", CHAP, 5)}

#: Tags and options alike: which one it is, and its value.
Pairs = list[tuple[int, bytes]]


class Frame(NamedTuple):
    """A frame of either kind; `code` is 0 in a session."""

    to: bytes
    source: bytes
    kind: int
    code: int
    session: int
    payload: bytes


class Control(NamedTuple):
    """A packet of LCP, IPCP, PAP or CHAP."""

    code: int
    identifier: int
    data: bytes


class Echo(NamedTuple):
    """An ICMP echo request, or the answer to one; addresses as text."""

    source: str
    to: str
    answer: bool
    identifier: int
    sequence: int
    data: bytes = b""


def frame(to: bytes, source: bytes, kind: int, code: int, session: int, payload: bytes) -> bytes:
    """A frame of Ethernet, no shorter than one may be."""
    header = struct.pack("!HBBHH", kind, 0x11, code, session, len(payload))
    return (to + source + header + payload).ljust(60, b"\0")


def parse(data: bytes) -> Frame | None:
    """What a frame is, without padding; None for what is no frame of PPPoE, or is cut off."""
    if len(data) < 20:
        return None
    kind, version, code, session, length = struct.unpack_from("!HBBHH", data, 12)
    if kind not in (DISCOVERY, SESSION) or version != 0x11 or len(data) < 20 + length:
        return None
    return Frame(data[:6], data[6:12], kind, code, session, data[20 : 20 + length])


def tags(pairs: Pairs) -> bytes:
    """The payload of discovery."""
    return b"".join(struct.pack("!HH", kind, len(value)) + value for kind, value in pairs)


def parse_tags(payload: bytes) -> Pairs:
    """Its tags, up to the end of the list (tag 0) or to one that is cut off."""
    found = []
    while len(payload) >= 4:
        kind, length = struct.unpack_from("!HH", payload)
        if kind == 0 or len(payload) < 4 + length:
            break
        found.append((kind, payload[4 : 4 + length]))
        payload = payload[4 + length :]
    return found


def control(code: int, identifier: int, data: bytes = b"") -> bytes:
    """A control packet."""
    return struct.pack("!BBH", code, identifier, 4 + len(data)) + data


def parse_control(payload: bytes) -> Control | None:
    """What a control packet is; None if it is cut off."""
    if len(payload) < 4:
        return None
    code, identifier, length = struct.unpack_from("!BBH", payload)
    return Control(code, identifier, payload[4:length]) if 4 <= length <= len(payload) else None


def options(pairs: Pairs) -> bytes:
    """The data of a Configure-Request and of the answers to it."""
    return b"".join(bytes([kind, 2 + len(value)]) + value for kind, value in pairs)


def parse_options(data: bytes) -> Pairs:
    """Its options, up to one that is cut off."""
    found = []
    while len(data) >= 2 and 2 <= data[1] <= len(data):
        found.append((data[0], data[2 : data[1]]))
        data = data[data[1] :]
    return found


def chap_response(identifier: int, challenge: bytes, name: bytes, secret: bytes) -> bytes:
    """The data of the answer by CHAP with MD5 to the data of a challenge."""
    value = hashlib.md5(bytes([identifier]) + secret + challenge[1 : 1 + challenge[0]], usedforsecurity=False).digest()
    return bytes([len(value)]) + value + name


def pap_request(name: bytes, secret: bytes) -> bytes:
    """The data of an Authenticate-Request; both at most 255 bytes."""
    return bytes([len(name)]) + name + bytes([len(secret)]) + secret


def echo(packet: Echo) -> bytes:
    """An echo as an IPv4 packet."""
    icmp = struct.pack("!BBHHH", 0 if packet.answer else 8, 0, 0, packet.identifier, packet.sequence) + packet.data
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
    addresses = ipaddress.IPv4Address(packet.source).packed + ipaddress.IPv4Address(packet.to).packed
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0) + addresses
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + icmp


def parse_echo(packet: bytes) -> Echo | None:
    """What an IPv4 packet is, if it is an echo."""
    if len(packet) < 28 or packet[0] >> 4 != 4 or packet[9] != 1:
        return None
    start, length = (packet[0] & 15) * 4, struct.unpack_from("!H", packet, 2)[0]
    if not start + 8 <= length <= len(packet) or packet[start] not in (0, 8):
        return None
    identifier, sequence = struct.unpack_from("!HH", packet, start + 4)
    source, to = (str(ipaddress.IPv4Address(packet[place : place + 4])) for place in (12, 16))
    return Echo(source, to, packet[start] == 0, identifier, sequence, packet[start + 8 : length])


def text(address: bytes) -> str:
    """An IPv4 address as text; 0.0.0.0 for what is none."""
    return str(ipaddress.IPv4Address(address if len(address) == 4 else b"\0" * 4))


def packed(address: str) -> bytes:
    """The bytes of an IPv4 address."""
    return ipaddress.IPv4Address(address).packed


def checksum(data: bytes) -> int:
    """The checksum of the internet protocols (RFC 1071)."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF
