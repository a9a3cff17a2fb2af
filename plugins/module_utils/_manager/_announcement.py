# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routes of sessions that a routing daemon announces to the network. Private to this collection.

They are in a table of the kernel, from which the daemon learns them. The kernel removes them with the link, so nothing
is run when a session begins or ends. On interfaces with proxy ARP, neighbors learn of each new address.
"""

from __future__ import annotations

import re
import socket
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _arp, _basics, _book, _kernel
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import (
    _customer_routes as _routing_customer_routes,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _stamp as _routing_stamp

#: How often the session of a link is looked for, whose pppd may not have written its pid yet, and the seconds between.
ATTEMPTS, SOON = 5, 1.0
_NUMBERED = re.compile(r"ppp[0-9]+\Z")


@dataclass
class _Link:
    """A link with routes, of which it is not known yet whose it is."""

    routes: set[_routing_customer_routes.Route] = field(default_factory=set)
    attempts: int = 0
    again: float = 0.0


class Announcement:
    """The announced routes of this host's sessions. ``path``: of the file with ``table NUMBER``, ``arp INTERFACE``."""

    def __init__(self, path: str, run: str) -> None:
        self._path, self._run = path, run
        self._kernel: _routing_customer_routes.Kernel | None = None
        self._waiting: dict[int, _Link] = {}
        self._arp: list[str] = []
        self._clock = (0, 0.0)

    def fileno(self) -> int | None:
        """Where news of routes come, if any are announced."""
        return None if self._kernel is None else self._kernel.fileno()

    def load(self, sessions: t.Mapping[int, _book.Session]) -> None:
        """Read anew which table it is, and compare all routes."""
        lines = [line.split() for line in _basics.text(self._path).splitlines()]
        table = next((int(words[1]) for words in lines if words[:1] == ["table"]), None)
        self._arp = [words[1] for words in lines if words[:1] == ["arp"]]
        try:
            if self._kernel is not None and self._kernel.table != table:
                for route in self._kernel.routes(self._kernel.table):
                    self._kernel.delete(route)
                self._kernel.close()
                self._kernel = None
            if table is not None:
                self._kernel = self._kernel or _routing_customer_routes.Kernel(table)
                self._observe(self._kernel, sessions)
        except OSError as error:
            _basics.say(f"customers' routes are not announced: {error}", None)

    def _observe(self, kernel: _routing_customer_routes.Kernel, sessions: t.Mapping[int, _book.Session]) -> None:
        self._clock = _clock()
        self._waiting = {}
        main: dict[int, set[_routing_customer_routes.Route]] = {}
        for route in kernel.routes(_routing_customer_routes.MAIN):
            main.setdefault(route.index, set()).add(route)
        wanted: list[_routing_customer_routes.Route] = []
        for index, routes in main.items():
            session, unknown = self._session(index, sessions)
            if session is not None:
                wanted += [_stamped(route, session) for route in routes]
            elif unknown:
                self._waiting[index] = _Link(routes)
        adds, deletes = difference(wanted, kernel.routes(kernel.table))
        for route in deletes:
            kernel.delete(route)
        for route in adds:
            kernel.add(route)

    def look(self, sessions: t.Mapping[int, _book.Session]) -> bool:
        """Announce what has come; whether to look again soon."""
        kernel = self._kernel
        if kernel is None:
            return False
        try:
            events = kernel.changes()
            if events is None or _changed(self._clock, _clock()):
                self._observe(kernel, sessions)
            for new, route in events or ():
                if new:
                    self._waiting.setdefault(route.index, _Link()).routes.add(route)
                else:
                    self._gone(kernel, route)
            self._serve(kernel, sessions)
        except OSError as error:
            _basics.say(f"customers' routes are not announced: {error}", None)
        return bool(self._waiting)

    def _gone(self, kernel: _routing_customer_routes.Kernel, route: _routing_customer_routes.Route) -> None:
        if route.index in self._waiting:
            self._waiting[route.index].routes.discard(route)
        kernel.delete(_routing_customer_routes.Route(route.prefix, route.index))

    def _serve(self, kernel: _routing_customer_routes.Kernel, sessions: t.Mapping[int, _book.Session]) -> None:
        now = time.monotonic()
        for index, link in list(self._waiting.items()):
            if link.again > now:
                continue
            session, unknown = self._session(index, sessions)
            if unknown and link.attempts < ATTEMPTS:
                link.attempts, link.again = link.attempts + 1, now + SOON
                continue
            del self._waiting[index]
            if session is not None:
                for route in link.routes:
                    kernel.add(_stamped(route, session))
                    self._tell_neighbors(route)

    def _tell_neighbors(self, route: _routing_customer_routes.Route) -> None:
        if route.prefix.version == 4 and route.prefix.prefixlen == 32:
            for interface in self._arp:
                with suppress(OSError):  # an interface that is down, or gone
                    _arp.announce(interface, str(route.prefix.network_address))

    def _session(self, index: int, sessions: t.Mapping[int, _book.Session]) -> tuple[_book.Session | None, bool]:
        """The session of a link, if it is one of an instance; and whether it may still become one."""
        try:
            name = socket.if_indextoname(index)
        except OSError:
            return None, False
        pid = _kernel.pid_of(name, self._run) if name.startswith("ppp") else None
        session = sessions.get(pid) if pid is not None else None
        if session is not None:
            return (session, False) if session.instance is not None else (None, False)
        return None, _NUMBERED.match(name) is not None


def _stamped(route: _routing_customer_routes.Route, session: _book.Session) -> _routing_customer_routes.Route:
    now = time.time()
    metric = _routing_stamp.metric(now - _kernel.age(session.started), now)
    return _routing_customer_routes.Route(route.prefix, route.index, metric)


def difference(
    wanted: t.Iterable[_routing_customer_routes.Route], there: t.Iterable[_routing_customer_routes.Route]
) -> tuple[list[_routing_customer_routes.Route], list[_routing_customer_routes.Route]]:
    """What to add, and what to delete. A metric that is off by rounding stays."""
    now: dict[tuple[t.Any, int], list[_routing_customer_routes.Route]] = {}
    for route in there:
        now.setdefault((route.prefix, route.index), []).append(route)
    adds = []
    for route in wanted:
        same = now.get((route.prefix, route.index), [])
        fitting = next((one for one in same if _routing_stamp.alike(one.metric, route.metric)), None)
        if fitting is None:
            adds.append(route)
        else:
            same.remove(fitting)
    return adds, [route for routes in now.values() for route in routes]


def _clock() -> tuple[int, float]:
    """The era, and when this host was booted, which changes if its clock is set."""
    now = time.time()
    return _routing_stamp.era(now), now - time.clock_gettime(time.CLOCK_BOOTTIME)


def _changed(before: tuple[int, float], now: tuple[int, float]) -> bool:
    return before[0] != now[0] or abs(before[1] - now[1]) > 3
