# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The discovery stage of PPPoE: a PADI as bytes, and what a PADO says (RFC 2516). Private to this collection.

Whatever is on the wire, reading it raises nothing: what is wrong with it becomes a sentence in
``Offer.problems``.
"""

from __future__ import annotations

import struct
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

ETHERTYPE = 0x8863
VERSION_AND_TYPE = 0x11
BROADCAST = b"\xff" * 6
PADI, PADO = 0x09, 0x07

# RFC 2516, appendix A; PPP-Max-Payload is RFC 4638.
END_OF_LIST = 0x0000
SERVICE_NAME = 0x0101
AC_NAME = 0x0102
HOST_UNIQ = 0x0103
AC_COOKIE = 0x0104
RELAY_SESSION_ID = 0x0110
MAX_PAYLOAD = 0x0120
ERRORS = {0x0201: "Service-Name-Error", 0x0202: "AC-System-Error", 0x0203: "Generic-Error"}

# Room must be left for a relay's tag (RFC 2516, 5.1).
LONGEST_PADI = 1484
# PPPoE takes 8 of an Ethernet frame's 1500 bytes; more than 1492 needs RFC 4638, and frames are seldom above 9216.
LEAST_MAX_PAYLOAD, MOST_MAX_PAYLOAD = 1493, 9208

_ETHERNET = struct.Struct("!6s6sH")
_PPPOE = struct.Struct("!BBHH")
_TAG = struct.Struct("!HH")


@dataclass(frozen=True)
class Inquiry:
    """What a PADI asks for; ``host_uniq`` tells the answers to it from those to others."""

    host_uniq: bytes
    service_name: str = ""
    max_payload: int | None = None

    @property
    def service(self) -> bytes:
        # Ansible hands on bytes that are no UTF-8 as surrogates.
        return self.service_name.encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Offer:
    """A PADO, or what claims to be one. ``mac`` is where it came from, as ``02:00:00:00:00:01``."""

    mac: str
    ac_name: str | None = None
    services: tuple[str, ...] = ()
    cookie: bool = False
    relayed: bool = False
    max_payload: int | None = None
    errors: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def padi(source: bytes, question: Inquiry) -> bytes:
    """The Ethernet frame that asks everyone on the wire; ``source`` is the interface's own address, 6 bytes."""
    tags = _tag(SERVICE_NAME, question.service) + _tag(HOST_UNIQ, question.host_uniq)
    if question.max_payload is not None:
        tags += _tag(MAX_PAYLOAD, struct.pack("!H", question.max_payload))
    header = _PPPOE.pack(VERSION_AND_TYPE, PADI, 0, len(tags))
    return _ETHERNET.pack(BROADCAST, source, ETHERTYPE) + header + tags


def check(question: Inquiry, timeout: float, attempts: int, stop_after: int) -> None:
    """Refuse what cannot be asked."""
    longest = LONGEST_PADI - 64
    if len(question.service) > longest:
        raise Refused("service_name", "it is too long for a PADI.", f"It has room for {longest} bytes.")
    size = question.max_payload
    if size is not None and not LEAST_MAX_PAYLOAD <= size <= MOST_MAX_PAYLOAD:
        raise Refused(
            "max_payload",
            f"{size} is not a size that RFC 4638 allows.",
            f"Give one from {LEAST_MAX_PAYLOAD} to {MOST_MAX_PAYLOAD}; up to 1492 needs no request.",
        )
    if not 0.1 <= timeout <= 600:
        raise Refused("timeout", f"{timeout} is out of range.", "Give from 0.1 to 600 seconds.")
    if not 1 <= attempts <= 10:
        raise Refused("attempts", f"{attempts} is out of range.", "Send from 1 to 10.")
    if stop_after < 0:
        raise Refused("stop_after", f"{stop_after} is out of range.", "Give 0 for no limit.")


def offer(frame: bytes, question: Inquiry) -> Offer | None:
    """What a frame of the discovery stage offers; ``None`` if it is no answer, or the answer to somebody else.

    The Ethernet header must be there, since the kernel delivers no frame without it.
    """
    if len(frame) < _ETHERNET.size:
        return None
    _destination, source, _ethertype = _ETHERNET.unpack_from(frame)
    mac, body = source.hex(":"), frame[_ETHERNET.size :]
    if len(body) < _PPPOE.size:
        return Offer(mac, problems=(f"The answer has {len(body)} bytes, too few for a PPPoE header.",))
    version, code, session, length = _PPPOE.unpack_from(body)
    if code != PADO:
        return None
    problems = []
    if version != VERSION_AND_TYPE:
        problems.append(f"Version and type are 0x{version:02x} instead of 0x{VERSION_AND_TYPE:02x}.")
    if session != 0:
        problems.append(f"The session id is {session} instead of 0.")
    if source[0] & 1 or not any(source):
        problems.append("The source is not the address of a single station.")
    payload = body[_PPPOE.size : _PPPOE.size + length]
    if len(payload) < length:
        problems.append(f"The length says {length} bytes, and {len(payload)} are there.")
    tags, broken = _tags(payload)
    uniq = _values(tags, HOST_UNIQ)
    # With none at all, it may answer us: some access concentrators lose it. `_read` says so.
    if uniq and question.host_uniq not in uniq:
        return None
    return _read(mac, tags, question, [*problems, *broken])


def _read(mac: str, tags: list[tuple[int, bytes]], question: Inquiry, problems: list[str]) -> Offer:
    names = _values(tags, AC_NAME)
    services = _values(tags, SERVICE_NAME)
    if len(names) != 1:
        problems.append(f"It has {len(names)} AC-Name tags instead of one.")
    if not services:
        problems.append("It has no Service-Name tag.")
    # Asked for any service, many name only those that they have, without the empty name that RFC 2516, 5.2 wants too.
    elif question.service and question.service not in services:
        problems.append("The service that was asked for is not among its Service-Name tags.")
    if not _values(tags, HOST_UNIQ):
        problems.append("The Host-Uniq tag is missing, so it may be the answer to somebody else.")
    payloads = _values(tags, MAX_PAYLOAD)
    if any(len(value) != 2 for value in payloads):
        problems.append("The PPP-Max-Payload tag has not 2 bytes.")
    return Offer(
        mac=mac,
        ac_name=printable(names[0]) if names else None,
        services=tuple(dict.fromkeys(printable(service) for service in services)),
        cookie=bool(_values(tags, AC_COOKIE)),
        relayed=bool(_values(tags, RELAY_SESSION_ID)),
        max_payload=next((int.from_bytes(value, "big") for value in payloads if len(value) == 2), None),
        errors=tuple(f"{ERRORS[kind]}: {printable(value)}" for kind, value in tags if kind in ERRORS),
        problems=tuple(problems),
    )


def merged(first: Offer, second: Offer) -> Offer:
    """Two answers of one access concentrator: what any of them says counts."""

    def both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*one, *other)))

    return Offer(
        mac=first.mac,
        ac_name=first.ac_name,
        services=both(first.services, second.services),
        cookie=first.cookie or second.cookie,
        relayed=first.relayed or second.relayed,
        max_payload=first.max_payload if first.max_payload is not None else second.max_payload,
        errors=both(first.errors, second.errors),
        problems=both(first.problems, second.problems),
    )


def printable(value: bytes) -> str:
    """Bytes from the wire as text that does no harm on a terminal: what is not printable becomes ``\\xNN``."""
    return _text.escaped(value.decode("utf-8", "backslashreplace"))


def _tag(kind: int, value: bytes) -> bytes:
    return _TAG.pack(kind, len(value)) + value


def _tags(payload: bytes) -> tuple[list[tuple[int, bytes]], list[str]]:
    """The tags of a payload up to the first that is cut off, and what is wrong."""
    tags: list[tuple[int, bytes]] = []
    at = 0
    while at < len(payload):
        if len(payload) - at < _TAG.size:
            return tags, [f"{len(payload) - at} bytes after the last tag are too few for another."]
        kind, length = _TAG.unpack_from(payload, at)
        at += _TAG.size
        if kind == END_OF_LIST:
            break
        value = payload[at : at + length]
        if len(value) < length:
            return tags, [f"The tag 0x{kind:04x} says {length} bytes, and {len(value)} are there."]
        tags.append((kind, value))
        at += length
    return tags, []


def _values(tags: list[tuple[int, bytes]], kind: int) -> list[bytes]:
    return [value for number, value in tags if number == kind]


@dataclass(frozen=True)
class AllowedConcentrator:
    """An access concentrator that may answer: by its name, its MAC, or both."""

    ac_name: str | None
    mac: str | None

    def fits(self, one: Offer) -> bool:
        return self.ac_name in (None, one.ac_name) and self.mac in (None, one.mac)


def known(entries: list[dict[str, t.Any]]) -> list[AllowedConcentrator]:
    """The parameter ``allowed``, checked."""
    found = []
    for number, entry in enumerate(entries):
        name, mac = entry.get("ac_name"), entry.get("mac")
        if name is None and mac is None:
            raise Refused(f"allowed[{number}]", "it has neither ac_name nor mac.", "Give ac_name, mac, or both.")
        found.append(AllowedConcentrator(name, None if mac is None else _names.mac(f"allowed[{number}].mac", mac)))
    return found


def waits(timeout: float, attempts: int) -> list[float]:
    """How long to wait after each PADI: twice as long from one to the next (RFC 2516, 8), ``timeout`` altogether."""
    unit = timeout / (2**attempts - 1)
    return [unit * 2**attempt for attempt in range(attempts)]
