# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IPv6 routes that say which session has which prefix. Private to this collection.

They are all the state that there is: a route goes with its link, so nothing is announced that is not routed, and
nothing outlives a session. Its protocol says which kind of prefix it is, its metric which instance gave it
(rtnetlink(7), linux/rtnetlink.h).
"""

from __future__ import annotations

import socket
import struct
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes

#: Protocols of routes: to the /64 of a session, to what is delegated to it, and to nowhere for what nobody has.
FRAMED, DELEGATED, UNUSED = 139, 140, 141
PROTOCOLS = (FRAMED, DELEGATED, UNUSED)
#: The metric of instance 0. The kernel's own is 1024 as well.
METRIC, MOST_SLOTS = 1024, 1000
#: That of routes to nowhere: whatever else leads there counts more.
_LAST = 0xFFFF_FFFE
LINK_GROUP, ADDRESS_GROUP, ROUTE_GROUP = 0x1, 0x100, 0x400

_NEW_LINK, _DELETED_LINK, _GET_LINK = 16, 17, 18
_NEW_ADDRESS, _DELETED_ADDRESS, _GET_ADDRESS = 20, 21, 22
_NEW_ROUTE, _DELETED_ROUTE, _GET_ROUTE = 24, 25, 26
_EXCLUSIVE = 0x200
_ROUTE, _ADDRESS, _LINK = struct.Struct("=BBBBBBBBI"), struct.Struct("=BBBBI"), struct.Struct("=BxHiII")
_TO, _OUT, _PRIORITY = 1, 4, 6
_NAME, _MTU = 3, 4
_MAIN, _LINK_SCOPE, _UNICAST, _UNREACHABLE = 254, 253, 1, 7


@dataclass(frozen=True)
class Route:
    """A route of ours. ``index``: of its link, 0 for one to nowhere."""

    prefix: _ipv6_prefixes.Prefix
    index: int
    protocol: int
    slot: int = 0


@dataclass(frozen=True)
class Link:
    """An interface."""

    index: int
    name: str
    mtu: int


class Event(t.NamedTuple):
    """Something that has come, or gone. ``what``: a ``Route``, a ``Link``, or the number of a link, for its link-local
    address."""

    new: bool
    what: Route | Link | int


class Kernel:
    """What is there, what changes, and the means to change it. ``groups``: the changes to hear of."""

    def __init__(self, groups: int) -> None:
        self._events = _netlink.opened(groups)
        self._asked = _netlink.opened()

    def close(self) -> None:
        self._events.close()
        self._asked.close()

    def fileno(self) -> int:
        return self._events.fileno()

    def routes(self) -> list[Route]:
        """Our routes, on all links."""
        found: list[Route] = []
        for protocol in PROTOCOLS:
            body = _ROUTE.pack(socket.AF_INET6, 0, 0, 0, 0, protocol, 0, 0, 0)
            found += [one.what for one in self._dump(_GET_ROUTE, body) if isinstance(one.what, Route)]
        # A kernel that cannot filter by protocol lists them all each time.
        return list(dict.fromkeys(found))

    def links(self) -> list[Link]:
        body = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        return [one.what for one in self._dump(_GET_LINK, body) if isinstance(one.what, Link)]

    def with_address(self) -> list[int]:
        """The links that have a link-local address."""
        body = _ADDRESS.pack(socket.AF_INET6, 0, 0, 0, 0)
        return [one.what for one in self._dump(_GET_ADDRESS, body) if isinstance(one.what, int)]

    def _dump(self, kind: int, body: bytes) -> list[Event]:
        return events(_netlink.dump(kind, body))

    def changes(self) -> list[Event] | None:
        """What has changed since the last call; ``None`` if some of it is lost."""
        found = _netlink.changes(self._events)
        return None if found is None else events(found)

    def add(self, route: Route) -> None:
        """``OSError`` if the kernel refuses; a route that is there already is none."""
        with suppress(FileExistsError):
            _netlink.change(self._asked, _NEW_ROUTE, _netlink.CREATE | _EXCLUSIVE, body_of(route))

    def delete(self, route: Route) -> None:
        """A route that is gone already, as with its link, is no error."""
        with suppress(OSError):
            _netlink.change(self._asked, _DELETED_ROUTE, 0, body_of(route))


def of_links() -> dict[tuple[str, int], str]:
    """The prefixes of sessions, by the name of the link and the protocol of the route."""
    found = {}
    with suppress(OSError):
        kernel = Kernel(0)
        for route in kernel.routes():
            with suppress(OSError):
                found[socket.if_indextoname(route.index), route.protocol] = str(route.prefix)
        kernel.close()
    return found


def body_of(route: Route) -> bytes:
    """A request about a route, without its header."""
    nowhere = route.protocol == UNUSED
    scope_and_type = (0, _UNREACHABLE) if nowhere else (0, _UNICAST)
    body = _ROUTE.pack(socket.AF_INET6, route.prefix.prefixlen, 0, 0, _MAIN, route.protocol, *scope_and_type, 0)
    body += _netlink.packed(_TO, route.prefix.network_address.packed)
    body += _netlink.packed(_PRIORITY, struct.pack("=I", _LAST if nowhere else METRIC + route.slot))
    if not nowhere:
        body += _netlink.packed(_OUT, struct.pack("=I", route.index))
    return body


def events(found: t.Iterable[_netlink.Message]) -> list[Event]:
    """What messages say of routes, links and their addresses."""
    readers = {
        _NEW_ROUTE: _route,
        _DELETED_ROUTE: _route,
        _NEW_ADDRESS: _address,
        _DELETED_ADDRESS: _address,
        _NEW_LINK: _link,
        _DELETED_LINK: _link,
    }
    read = ((kind, readers[kind](body)) for kind, body in found if kind in readers)
    return [Event(kind in (_NEW_ROUTE, _NEW_ADDRESS, _NEW_LINK), what) for kind, what in read if what is not None]


def _route(body: bytes) -> Route | None:
    family, length, _from, _tos, table, protocol, _scope, kind, _flags = _ROUTE.unpack_from(body)
    if family != socket.AF_INET6 or protocol not in PROTOCOLS or table != _MAIN:
        return None
    attributes = _netlink.attributes(body, _ROUTE.size)
    prefix = _ipv6_prefixes.Prefix((attributes.get(_TO, bytes(16)), length))
    if protocol == UNUSED:
        return Route(prefix, 0, protocol) if kind == _UNREACHABLE else None
    slot = _netlink.number(attributes.get(_PRIORITY)) - METRIC
    index = _netlink.number(attributes.get(_OUT))
    return Route(prefix, index, protocol, slot) if index and 0 <= slot < MOST_SLOTS else None


def _address(body: bytes) -> int | None:
    family, _length, _flags, scope, index = _ADDRESS.unpack_from(body)
    return int(index) if family == socket.AF_INET6 and scope == _LINK_SCOPE else None


def _link(body: bytes) -> Link | None:
    family, _kind, index, _flags, _change = _LINK.unpack_from(body)
    # A link that only leaves a bridge is reported in the bridge's own family.
    if family != socket.AF_UNSPEC:
        return None
    attributes = _netlink.attributes(body, _LINK.size)
    name = attributes.get(_NAME, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
    return Link(index, name, _netlink.number(attributes.get(_MTU)))
