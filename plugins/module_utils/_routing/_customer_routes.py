# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the kernel from which the routing daemon learns customers' routes. Private to this collection.

It has what the main table has for the links of sessions, with a metric by their age. A route goes with its link, so
nothing is announced that is not routed.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink

Prefix = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

#: The protocol of these routes (rtnetlink(7)).
PROTOCOL = 142
MAIN = 254
#: Groups of routes of IPv4 and IPv6.
_GROUPS = 0x40 | 0x400
_NEW, _DELETED, _GET = 24, 25, 26
_ROUTE = struct.Struct("=BBBBBBBBI")
_TO, _OUT, _PRIORITY, _TABLE = 1, 4, 6, 15
_UNICAST, _UNIVERSE, _LINK_SCOPE = 1, 0, 253
_CLONED = 0x200
_LENGTHS = {socket.AF_INET: 4, socket.AF_INET6: 16}
#: No customer has a shorter prefix.
_SHORTEST = 8


@dataclass(frozen=True)
class Route:
    """``index``: of the link."""

    prefix: Prefix
    index: int
    metric: int = 0


class Event(t.NamedTuple):
    """A route of the main table has come, or gone."""

    new: bool
    route: Route


class Kernel:
    """What the main table has, and what ``table`` is to have."""

    def __init__(self, table: int) -> None:
        self.table = table
        self._events, self._asked = _netlink.opened(_GROUPS), _netlink.opened()

    def close(self) -> None:
        self._events.close()
        self._asked.close()

    def fileno(self) -> int:
        return self._events.fileno()

    def routes(self, table: int) -> list[Route]:
        """What a table has. Of ours, only what this has put there."""
        protocol = PROTOCOL if table == self.table else 0
        found = []
        for family in _LENGTHS:
            body = _ROUTE.pack(family, 0, 0, 0, 0, protocol, 0, 0, 0) + _netlink.packed(
                _TABLE, struct.pack("=I", table)
            )
            found += [parsed(one.body, table) for one in _netlink.dump(_GET, body) if one.kind == _NEW]
        return [one for one in found if one is not None]

    def changes(self) -> list[Event] | None:
        """What has changed in the main table; ``None`` if some of it is lost."""
        found = _netlink.changes(self._events)
        if found is None:
            return None
        routes = [(one.kind == _NEW, parsed(one.body, MAIN)) for one in found if one.kind in (_NEW, _DELETED)]
        return [Event(new, route) for new, route in routes if route is not None]

    def add(self, route: Route) -> None:
        """A route that is there already is no error."""
        with suppress(FileExistsError):
            _netlink.change(self._asked, _NEW, _netlink.CREATE | _netlink.APPEND, message(route, self.table))

    def delete(self, route: Route) -> None:
        """One without a metric: whichever it has. A route that is gone already, as with its link, is no error."""
        with suppress(OSError):
            _netlink.change(self._asked, _DELETED, 0, message(route, self.table))


def message(route: Route, table: int) -> bytes:
    """The body of a request about a route of a table."""
    family = socket.AF_INET if route.prefix.version == 4 else socket.AF_INET6
    scope = _LINK_SCOPE if family == socket.AF_INET else _UNIVERSE
    body = _ROUTE.pack(family, route.prefix.prefixlen, 0, 0, 0, PROTOCOL, scope, _UNICAST, 0)
    body += _netlink.packed(_TO, route.prefix.network_address.packed)
    body += _netlink.packed(_OUT, struct.pack("=I", route.index))
    body += _netlink.packed(_TABLE, struct.pack("=I", table))
    return body + _netlink.packed(_PRIORITY, struct.pack("=I", route.metric)) if route.metric else body


def parsed(body: bytes, wanted: int) -> Route | None:
    """A route that a customer may have; ``None`` for others, and for those of another table."""
    family, length, _from, _tos, table, protocol, _scope, kind, flags = _ROUTE.unpack_from(body)
    if family not in _LENGTHS or kind != _UNICAST or flags & _CLONED or length < _SHORTEST:
        return None
    attributes = _netlink.attributes(body, _ROUTE.size)
    index = _netlink.number(attributes.get(_OUT))
    table = _netlink.number(attributes.get(_TABLE)) or table
    if not index or table != wanted or (table != MAIN and protocol != PROTOCOL):
        return None
    packed = attributes.get(_TO, bytes(_LENGTHS[family]))
    prefix: Prefix = (
        ipaddress.IPv4Network((packed, length)) if family == socket.AF_INET else ipaddress.IPv6Network((packed, length))
    )
    if prefix.is_link_local or prefix.is_multicast or prefix.is_loopback:
        return None
    return Route(prefix, index, _netlink.number(attributes.get(_PRIORITY)))
