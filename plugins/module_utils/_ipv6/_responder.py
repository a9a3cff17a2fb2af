# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said to customers of their prefixes, and when. Private to this collection. Pure, but for the wire.

A link is served as long as it has a route of ours. Memory is bounded by the number of links: nothing is kept of a
question, and each link has so many answers a second.
"""

from __future__ import annotations

import heapq
import ipaddress
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _advertisement as _ipv6_advertisement
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _dhcp as _ipv6_dhcp
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes as _ipv6_routes

#: Answers to a link: so many at once, and then so many a second.
BURST, RATE = 20, 5.0
#: An advertisement of something new comes so many times more, after so many seconds: one may be lost, or come before
#: the customer listens.
EARLY, AGAIN = 2, 3.0
#: Former prefixes of a link that are still taken back.
_MOST_FORMER = 4
ALL_NODES = "ff02::1"


class Wire(t.Protocol):
    """What the responder says and does outside."""

    def advertise(self, index: int, to: str, message: bytes) -> None: ...

    def answer(self, index: int, to: tuple[str, int], message: bytes) -> None: ...

    def join(self, index: int) -> None: ...

    def leave(self, index: int) -> None: ...

    def mtu(self, index: int) -> int: ...


@dataclass
class _Link:
    mtu: int = 0
    routes: dict[int, _ipv6_routes.Route] = field(default_factory=dict)
    former: list[_ipv6_prefixes.Prefix] = field(default_factory=list)
    tokens: float = BURST
    counted: float = 0.0
    #: When its next advertisement is due; an entry of the queue with another time is void. ``early``: how many come
    #: soon after each other.
    due: float = 0.0
    early: int = 0

    def prefix(self, protocol: int) -> _ipv6_prefixes.Prefix | None:
        route = self.routes.get(protocol)
        return route.prefix if route else None


class Responder:
    """``dns``: the servers of each instance, by its slot. ``duid``: ours."""

    def __init__(self, wire: Wire, dns: t.Mapping[int, tuple[ipaddress.IPv6Address, ...]], duid: bytes) -> None:
        self._wire, self._dns, self._duid = wire, dns, duid
        self._links: dict[int, _Link] = {}
        self._queue: list[tuple[float, int]] = []

    def begin(self, found: t.Iterable[_ipv6_routes.Route], now: float) -> None:
        """Know what there is, and forget what there is not any more."""
        routes = [one for one in found if one.index]
        for index in set(self._links) - {one.index for one in routes}:
            self._gone(index)
        for link in self._links.values():
            link.routes.clear()
        for one in routes:
            self._routed(one, now)

    def change(self, events: t.Iterable[_ipv6_routes.Event], now: float) -> None:
        """Something has come or gone."""
        for new, what in events:
            if isinstance(what, _ipv6_routes.Route) and what.index:
                if new:
                    self._routed(what, now)
                else:
                    self._unrouted(what, now)
            elif isinstance(what, _ipv6_routes.Link):
                link = self._links.get(what.index)
                if link is not None and new:
                    link.mtu = what.mtu
                elif link is not None:
                    self._gone(what.index)

    def _routed(self, route: _ipv6_routes.Route, now: float) -> None:
        link = self._links.get(route.index)
        if link is None:
            link = self._links[route.index] = _Link(self._wire.mtu(route.index), counted=now)
            self._wire.join(route.index)
        link.routes[route.protocol] = route
        self._schedule(route.index, link, now)

    def _unrouted(self, route: _ipv6_routes.Route, now: float) -> None:
        link = self._links.get(route.index)
        if link is None:
            return
        # Another one may have taken its place already.
        if link.routes.get(route.protocol) == route:
            del link.routes[route.protocol]
        if route.protocol == _ipv6_routes.FRAMED:
            link.former = [*(one for one in link.former if one != route.prefix), route.prefix][-_MOST_FORMER:]
        self._schedule(route.index, link, now)

    def _gone(self, index: int) -> None:
        del self._links[index]
        self._wire.leave(index)

    # Advertisements.

    def _schedule(self, index: int, link: _Link, when: float, early: int = EARLY) -> None:
        link.due, link.early = when, early
        heapq.heappush(self._queue, (when, index))

    def next(self) -> float | None:
        """When ``advertise`` has something to do; ``None`` if never."""
        return self._queue[0][0] if self._queue else None

    def advertise(self, now: float) -> None:
        """Send what is due."""
        while self._queue and self._queue[0][0] <= now:
            when, index = heapq.heappop(self._queue)
            link = self._links.get(index)
            if link is None or link.due != when:
                continue
            self._advertise(index, link, ALL_NODES)
            if link.early:
                self._schedule(index, link, now + AGAIN, link.early - 1)
            elif link.routes:
                link.former = []
                # Not all at once, after a start among many.
                self._schedule(index, link, now + _ipv6_advertisement.INTERVAL - index % 64, 0)
            else:
                self._gone(index)

    def _advertise(self, index: int, link: _Link, to: str) -> None:
        message = _ipv6_advertisement.advertisement(
            link.prefix(_ipv6_routes.FRAMED),
            link.mtu,
            self._dns_of(link),
            link.former,
            router=bool(link.routes),
        )
        self._wire.advertise(index, to, message)

    def _dns_of(self, link: _Link) -> tuple[ipaddress.IPv6Address, ...]:
        slot = next((route.slot for route in link.routes.values()), -1)
        return tuple(self._dns.get(slot, ()))

    # What customers say.

    def solicited(self, index: int, source: str, hop_limit: int, message: bytes, now: float) -> None:
        """An ICMPv6 message has come."""
        link = self._allowed(index, now)
        if link is not None and _ipv6_advertisement.is_solicitation(message, source, hop_limit):
            self._advertise(index, link, ALL_NODES if source == "::" else source)

    def asked(self, index: int, source: tuple[str, int], multicast: bool, message: bytes, now: float) -> None:
        """A DHCPv6 message has come."""
        link = self._allowed(index, now)
        if link is None or not ipaddress.IPv6Address(source[0].partition("%")[0]).is_link_local:
            return
        question = _ipv6_dhcp.question(message)
        if question is None:
            return
        of_link = _ipv6_dhcp.Link(
            link.prefix(_ipv6_routes.DELEGATED), link.prefix(_ipv6_routes.FRAMED), self._dns_of(link)
        )
        answer = _ipv6_dhcp.answer(question, of_link, self._duid, multicast)
        if answer is not None:
            self._wire.answer(index, source, answer)

    def _allowed(self, index: int, now: float) -> _Link | None:
        """The link, if it may have an answer now."""
        link = self._links.get(index)
        if link is None or not link.routes:
            return None
        link.tokens = min(BURST, link.tokens + (now - link.counted) * RATE)
        link.counted = now
        if link.tokens < 1:
            return None
        link.tokens -= 1
        return link
