# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DHCPv6 prefix delegation (RFC 8415) for the one customer of a link. Private to this collection. Pure.

Whatever a customer asks for, the answer is what his session has: one delegated prefix, or none. So there is nothing to
remember of a client, and a DUID that changes or a prefix of somebody else in a question make no difference. Addresses
are not given by DHCPv6: they are made from the advertised prefix.

No library: those of Python that can be had (scapy, dhcppython for IPv4) are no packages of every host's Python, and a
few options of a dozen messages are all that is needed.
"""

from __future__ import annotations

import ipaddress
import struct
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes

SERVER_PORT = 547
#: All_DHCP_Relay_Agents_and_Servers
GROUP = "ff02::1:2"
SOLICIT, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE = range(1, 10)
INFORMATION_REQUEST = 11
CLIENT_ID, SERVER_ID, IA_NA, IA_TA, IA_ADDRESS, ORO, STATUS, RAPID_COMMIT = 1, 2, 3, 4, 5, 6, 13, 14
DNS, IA_PD, IA_PREFIX = 23, 25, 26
SUCCESS, NO_ADDRESSES, NO_BINDING, NOT_ON_LINK, USE_MULTICAST, NO_PREFIX = 0, 2, 3, 4, 5, 6
#: More of them in one message is nobody's honest question.
MOST_IAS, MOST_PREFIXES, MOST_DUID = 16, 8, 130

_KNOWN = (SOLICIT, REQUEST, CONFIRM, RENEW, REBIND, RELEASE, DECLINE, INFORMATION_REQUEST)
#: Messages to one server, which they name; those to all of them must not (RFC 8415, 16).
_TO_ONE = (REQUEST, RENEW, RELEASE, DECLINE)
_SINGLE = (CLIENT_ID, SERVER_ID, ORO, RAPID_COMMIT)

Prefix = _ipv6_prefixes.Prefix
Options = list[tuple[int, bytes]]


@dataclass(frozen=True)
class Link:
    """What the customer of a link has. ``framed``: the prefix that is advertised to him."""

    delegated: Prefix | None
    framed: Prefix | None = None
    dns: tuple[ipaddress.IPv6Address, ...] = ()


@dataclass(frozen=True)
class Association:
    """An identity association in a question. ``named``: the prefixes or addresses in it, of any lifetime."""

    kind: int
    iaid: bytes
    named: tuple[Prefix, ...]


@dataclass(frozen=True)
class Question:
    """A message that is valid by itself."""

    kind: int
    transaction: bytes
    client: bytes | None
    server: bytes | None
    associations: tuple[Association, ...]
    rapid: bool
    asks: frozenset[int] | None


def question(message: bytes) -> Question | None:
    """A message, read; ``None`` for one that is not valid, or not a client's."""
    found = options(message[4:]) if len(message) >= 4 and message[0] in _KNOWN else None
    if found is None or any(sum(kind == one for kind, _value in found) > 1 for one in _SINGLE):
        return None
    single = dict(found)
    client, oro = single.get(CLIENT_ID), single.get(ORO)
    if client is not None and not 3 <= len(client) <= MOST_DUID:
        return None
    if oro is not None and len(oro) % 2:
        return None
    associations = _associations(found)
    if associations is None:
        return None
    asks = None if oro is None else frozenset(number for (number,) in struct.iter_unpack("!H", oro))
    one = Question(message[0], message[1:4], client, single.get(SERVER_ID), associations, RAPID_COMMIT in single, asks)
    return one if _is_complete(one) else None


def _is_complete(one: Question) -> bool:
    """Whether it has what its kind must have, and nothing that it must not (RFC 8415, 16.2 to 16.12)."""
    if one.kind == INFORMATION_REQUEST:
        return not one.associations
    return one.client is not None and (one.server is not None) == (one.kind in _TO_ONE)


def options(data: bytes) -> Options | None:
    """The options of a message or of an option; ``None`` if they do not end where the data does."""
    found: Options = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            return None
        kind, length = struct.unpack_from("!HH", data, at)
        if at + 4 + length > len(data):
            return None
        found.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


def _associations(found: Options) -> tuple[Association, ...] | None:
    heads = {IA_PD: 12, IA_NA: 12, IA_TA: 4}
    result: list[Association] = []
    for kind, value in found:
        if kind not in heads:
            continue
        inner = options(value[heads[kind] :]) if len(value) >= heads[kind] else None
        named = None if inner is None else _named(inner, kind)
        if named is None or len(result) == MOST_IAS:
            return None
        result.append(Association(kind, value[:4], named))
    return tuple(result)


def _named(inner: Options, kind: int) -> tuple[Prefix, ...] | None:
    """The prefixes of an IA_PD, or the addresses of another."""
    result = []
    for option, value in inner:
        if option == IA_PREFIX and kind == IA_PD:
            if len(value) < 25 or value[8] > 128:
                return None
            result.append(Prefix((value[9:25], value[8]), strict=False))
        elif option == IA_ADDRESS and kind != IA_PD:
            if len(value) < 24:
                return None
            result.append(Prefix((value[:16], 128)))
    return tuple(result) if len(result) <= MOST_PREFIXES else None


def answer(one: Question, link: Link, duid: bytes, multicast: bool = True) -> bytes | None:
    """The answer to a question; ``None`` if it gets none. ``duid``: the server's."""
    if one.server is not None and one.server != duid:
        return None
    if not multicast:
        # No client has been allowed to do that (RFC 8415, 18.4).
        return _message(REPLY, one, duid, _status(USE_MULTICAST)) if one.kind in _TO_ONE else None
    if one.kind == CONFIRM:
        return _confirmed(one, link, duid)
    body = b""
    if one.kind in (RELEASE, DECLINE):
        # The route goes with the session, so there is nothing to give up.
        body = _status(SUCCESS) + b"".join(_released(ia, link) for ia in one.associations)
        return _message(REPLY, one, duid, body)
    chosen = _chosen(one.associations, link.delegated)
    body = b"".join(_association(ia, link, ia is chosen, one.kind) for ia in one.associations)
    if link.dns and (one.asks is None or DNS in one.asks):
        body += _option(DNS, b"".join(address.packed for address in link.dns))
    if one.kind == SOLICIT and not one.rapid:
        return _message(ADVERTISE, one, duid, body)
    return _message(REPLY, one, duid, (_option(RAPID_COMMIT, b"") if one.kind == SOLICIT else b"") + body)


def _chosen(associations: t.Sequence[Association], delegated: Prefix | None) -> Association | None:
    """Of several associations, the one that gets the only prefix: that which has it already, or the first."""
    if delegated is None:
        return None
    asked = [ia for ia in associations if ia.kind == IA_PD]
    return next((ia for ia in asked if delegated in ia.named), asked[0] if asked else None)


def _association(ia: Association, link: Link, chosen: bool, kind: int) -> bytes:
    former = b""
    if kind in (RENEW, REBIND):
        own = {link.delegated} if chosen else set()
        # What he believes to have and has not: it ends at once (RFC 8415, 18.3.4).
        former = b"".join(_named_again(ia.kind, one) for one in ia.named if one not in own)
    if ia.kind != IA_PD:
        return _with(ia, 0, 0, former or _status(NO_ADDRESSES))
    if not chosen or link.delegated is None:
        return _with(ia, 0, 0, former or _status(NO_PREFIX))
    lifetimes = _ipv6_prefixes.PREFERRED, _ipv6_prefixes.VALID
    times = _ipv6_prefixes.PREFERRED // 2, _ipv6_prefixes.PREFERRED * 4 // 5
    return _with(ia, *times, _prefix(link.delegated, *lifetimes) + former)


def _released(ia: Association, link: Link) -> bytes:
    if ia.kind == IA_PD and (not ia.named or link.delegated in ia.named):
        return b""
    return _with(ia, 0, 0, _status(NO_BINDING))


def _confirmed(one: Question, link: Link, duid: bytes) -> bytes | None:
    """Confirm is about addresses: whether they are on this link. Without any there is no answer."""
    named = [address for ia in one.associations if ia.kind != IA_PD for address in ia.named]
    if not named:
        return None
    fits = link.framed is not None and all(address.subnet_of(link.framed) for address in named)
    return _message(REPLY, one, duid, _status(SUCCESS if fits else NOT_ON_LINK))


def _message(kind: int, one: Question, duid: bytes, body: bytes) -> bytes:
    client = b"" if one.client is None else _option(CLIENT_ID, one.client)
    return bytes([kind]) + one.transaction + _option(SERVER_ID, duid) + client + body


def _with(ia: Association, renew: int, rebind: int, body: bytes) -> bytes:
    times = b"" if ia.kind == IA_TA else struct.pack("!II", renew, rebind)
    return _option(ia.kind, ia.iaid + times + body)


def _prefix(prefix: Prefix, preferred: int, valid: int) -> bytes:
    head = struct.pack("!IIB", preferred, valid, prefix.prefixlen)
    return _option(IA_PREFIX, head + prefix.network_address.packed)


def _named_again(kind: int, prefix: Prefix) -> bytes:
    """A prefix or address with lifetimes of zero."""
    if kind == IA_PD:
        return _prefix(prefix, 0, 0)
    return _option(IA_ADDRESS, prefix.network_address.packed + struct.pack("!II", 0, 0))


def _status(code: int) -> bytes:
    return _option(STATUS, struct.pack("!H", code))


def _option(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value
