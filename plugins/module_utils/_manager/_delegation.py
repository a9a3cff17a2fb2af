# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IPv6 routes of sessions. Private to this collection.

A session has its routes as soon as IPv6CP is up on its link, which is when the link gets its link-local address. So no
program runs for it, and a session without IPv6CP has none. What is said to customers follows from the routes alone
(``_ipv6``).
"""

from __future__ import annotations

import glob
import os
import re
import socket
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes as _ipv6_routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _settings as _ipv6_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book, _kernel, _names, _table
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes

#: How often the account of a session is looked for, which pppd may not have said yet, and the seconds between.
ATTEMPTS, SOON = 5, 1.0
_NUMBERED = re.compile(r"ppp[0-9]+\Z")


@dataclass
class _Link:
    """A link with a link-local address, of which it is not known yet what it is to have."""

    attempts: int = 0
    again: float = 0.0


class _Found(t.NamedTuple):
    """A link by its name, and its session if the instance of that has prefixes. ``unknown``: it may still have one."""

    name: str
    session: _book.Session | None
    unknown: bool = False


class Delegation:
    """The routes of this host's sessions. ``configuration``, ``run``: folders; ``tables``: that of the tables.

    ``record``: called with a session, a prefix, and whether it has it from now on. ``walled``: whether a session is in
    the walled garden, where there is no IPv6.
    """

    def __init__(
        self,
        configuration: str,
        tables: str,
        run: str,
        record: t.Callable[[_book.Session, t.Any, bool], None],
        walled: t.Callable[[_book.Session], bool] = lambda _session: False,
    ) -> None:
        self._configuration, self._tables_folder, self._run = configuration, tables, run
        self._record, self._walled = record, walled
        self._sessions: dict[int, _book.Session] = {}
        self._tables: dict[str, _table.Table] = {}
        self._kernel: _ipv6_routes.Kernel | None = None
        self._waiting: dict[int, _Link] = {}
        self._routes: dict[int, list[_ipv6_routes.Route]] = {}
        self._accounts: dict[int, tuple[str, str]] = {}
        #: Links that do not have all that their accounts have.
        self._lacking: set[int] = set()
        #: Those for which none was left.
        self._short: set[int] = set()

    def fileno(self) -> int | None:
        """Where news of links come, once an instance has prefixes."""
        return None if self._kernel is None else self._kernel.fileno()

    def load(self) -> None:
        """Read the settings of all instances, and look at all links anew."""
        self._tables = dict(self._read())
        if not self._tables and self._kernel is None:
            return
        try:
            if self._kernel is None:
                groups = _ipv6_routes.LINK_GROUP | _ipv6_routes.ADDRESS_GROUP
                self._kernel = _ipv6_routes.Kernel(groups)
            self._observe(self._kernel)
        except OSError as error:
            _basics.say(f"sessions have no IPv6 routes: {error}", None)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many prefixes of each kind sessions have, and how many sessions lack one, by instance."""
        found = {name: {"framed": 0, "delegated": 0, "missing": 0} for name in self._tables}
        for index, (name, _account) in self._accounts.items():
            if name in found:
                for route in self._routes.get(index, ()):
                    found[name]["framed" if route.protocol == _ipv6_routes.FRAMED else "delegated"] += 1
                found[name]["missing"] += index in self._lacking or index in self._short
        return found

    def _read(self) -> t.Iterator[tuple[str, _table.Table]]:
        for path in sorted(glob.glob(f"{self._configuration}/*{_ipv6_settings.ENDING}")):
            name = os.path.basename(path)[: -len(_ipv6_settings.ENDING)]
            own = _basics.text(f"{self._configuration}/{name}{_ipv6_settings.ACCOUNTS_ENDING}")
            try:
                settings = _ipv6_settings.read(_basics.text(path).encode())
            except ValueError as error:
                _basics.say(f"the IPv6 settings of {name} cannot be read: {error}", name)
                continue
            yield name, _table.Table(settings, own, f"{self._tables_folder}/{name}.prefixes", name)

    def _observe(self, kernel: _ipv6_routes.Kernel) -> None:
        found = kernel.routes()
        self._routes = {}
        for route in found:
            if route.index:
                self._routes.setdefault(route.index, []).append(route)
        self._waiting = {index: _Link() for index in {*kernel.with_address(), *self._routes}}
        wanted = {prefix for table in self._tables.values() for prefix in table.unused()}
        there = {route.prefix for route in found if not route.index}
        for prefix in there - wanted:
            kernel.delete(_ipv6_routes.Route(prefix, 0, _ipv6_routes.UNUSED))
        for prefix in wanted - there:
            kernel.add(_ipv6_routes.Route(prefix, 0, _ipv6_routes.UNUSED))

    def look(self, sessions: t.Mapping[int, _book.Session]) -> bool:
        """Set the routes of links that have come; whether to look again soon."""
        if self._kernel is None:
            return False
        events = self._kernel.changes()
        try:
            if events is None:
                self._observe(self._kernel)
            for new, what in events or ():
                self._changed(self._kernel, new, what)
            self._serve(self._kernel, sessions)
        except OSError as error:
            _basics.say(f"sessions have no IPv6 routes: {error}", None)
        return bool(self._waiting)

    def again(self, index: int) -> None:
        """Decide about a link once more: its session has got another address since."""
        if self._kernel is not None:
            self._waiting[index] = _Link()

    def _changed(self, kernel: _ipv6_routes.Kernel, new: bool, what: t.Any) -> None:
        if isinstance(what, int):
            if new:
                self._waiting.setdefault(what, _Link())
            else:
                self._waiting.pop(what, None)
                self._remove(kernel, what, ())
                self._forget(what)
        elif isinstance(what, _ipv6_routes.Link) and not new:
            self._waiting.pop(what.index, None)
            self._routes.pop(what.index, None)
            self._forget(what.index)

    def _forget(self, index: int) -> None:
        """A link is nobody's any more: somebody who lacks a prefix may have it now."""
        self._lacking.discard(index)
        self._short.discard(index)
        self._sessions.pop(index, None)
        if self._accounts.pop(index, None) is not None:
            for other in self._lacking:
                self._waiting.setdefault(other, _Link())

    def _serve(self, kernel: _ipv6_routes.Kernel, sessions: t.Mapping[int, _book.Session]) -> None:
        """Decide about the links that wait. What is not theirs any more goes before anything is added."""
        wanted = self._decide(sessions)
        for index, routes in wanted.items():
            self._remove(kernel, index, routes)
        for index, routes in wanted.items():
            self._add(kernel, index, routes)

    def _decide(self, sessions: t.Mapping[int, _book.Session]) -> dict[int, list[_ipv6_routes.Route]]:
        now = time.monotonic()
        found = {index: self._session(index, sessions) for index, one in self._waiting.items() if one.again <= now}
        strange = {one.session.pid for one in found.values() if one.session and not one.session.account}
        names = _names.accounts(strange, self._run) if strange else {}
        wanted: dict[int, list[_ipv6_routes.Route]] = {}
        for index, one in found.items():
            account = one.session.account or names.get(one.session.pid) if one.session else None
            if one.unknown or (one.session and account is None):
                waiting = self._waiting[index]
                waiting.attempts, waiting.again = waiting.attempts + 1, now + SOON
                if waiting.attempts < ATTEMPTS:
                    continue
                instance = one.session.instance if one.session else None
                _basics.say(f"{one.name} gets no IPv6 prefix: pppd has not said whose session it is", instance)
            del self._waiting[index]
            wanted[index] = []
            self._accounts.pop(index, None)
            if one.session and account is not None:
                self._sessions[index] = one.session
                self._accounts[index] = (one.session.instance or "", account)
                wanted[index] = self._wanted(one.session, account, index, one.name)
        return wanted

    def _session(self, index: int, sessions: t.Mapping[int, _book.Session]) -> _Found:
        try:
            name = socket.if_indextoname(index)
        except OSError:
            return _Found("", None)
        pid = _kernel.pid_of(name, self._run) if name.startswith("ppp") else None
        session = sessions.get(pid) if pid is not None else None
        if session is not None and (session.instance not in self._tables or self._walled(session)):
            return _Found(name, None)
        return _Found(name, session, unknown=pid is None and _NUMBERED.match(name) is not None)

    def _wanted(self, session: _book.Session, account: str, index: int, name: str) -> list[_ipv6_routes.Route]:
        table = self._tables[session.instance or ""]
        try:
            given = _table.radius(self._attributes(session, name))
        except ValueError as error:
            _basics.say(f"{name}: {error}; {account} has what the table says", session.instance)
            given = (None, None)
        if None in given:
            own = table.of(account)
            given = (given[0] or own[0], given[1] or own[1])
        lacks = table.lacks(given)
        (self._short.add if lacks else self._short.discard)(index)
        for kind in lacks:
            said = f"{name}: no {kind} is left in the IPv6 prefixes of {session.instance}, so {account} has none"
            _basics.say(said, session.instance)
        # The delegated one first: a router asks for it as soon as it hears of the other.
        return [
            _ipv6_routes.Route(prefix, index, protocol, table.settings.slot)
            for protocol, prefix in zip((_ipv6_routes.DELEGATED, _ipv6_routes.FRAMED), reversed(given))
            if prefix is not None
        ]

    def _attributes(self, session: _book.Session, interface: str) -> dict[str, str]:
        """What RADIUS has said; a file from before this session is one that a killed pppd has left."""
        path = f"{self._run}/radattr.{interface}"
        with suppress(OSError):
            if time.time() - os.stat(path).st_mtime <= _kernel.age(session.started) + 2:
                return _plans_attributes.read(_basics.text(path))
        return {}

    def _remove(self, kernel: _ipv6_routes.Kernel, index: int, wanted: t.Collection[_ipv6_routes.Route]) -> None:
        """Remove what a link is not to have."""
        stays = []
        for route in self._routes.pop(index, ()):
            if route in wanted:
                stays.append(route)
            else:
                self._delete(kernel, route)
        if stays:
            self._routes[index] = stays

    def _add(self, kernel: _ipv6_routes.Kernel, index: int, wanted: t.Iterable[_ipv6_routes.Route]) -> None:
        self._lacking.discard(index)
        for route in wanted:
            there = self._routes.setdefault(index, [])
            if route in there:
                self._record(self._sessions[index], route.prefix, True)
                continue
            try:
                if self._take(kernel, route):
                    kernel.add(route)
                    there.append(route)
                    self._record(self._sessions[index], route.prefix, True)
                else:
                    self._lacking.add(index)
            except OSError as error:
                _basics.say(f"the IPv6 route to {route.prefix} cannot be set: {error}", self._accounts[index][0])

    def _take(self, kernel: _ipv6_routes.Kernel, route: _ipv6_routes.Route) -> bool:
        """Whether a prefix may lead here: the newest session of an account takes it from a former one.

        A prefix that somebody else has stays his, as when RADIUS gives it twice.
        """
        own = self._accounts[route.index]
        for index, routes in self._routes.items():
            others = [one for one in routes if index != route.index and one.prefix.overlaps(route.prefix)]
            if others and self._accounts.get(index) != own:
                holder = self._accounts.get(index, ("", "another link"))[1]
                _basics.say(f"{own[1]} does not get the IPv6 prefix {route.prefix}, since {holder} has it", own[0])
                return False
            for one in others:
                self._delete(kernel, one)
                routes.remove(one)
                self._lacking.add(index)
        return True

    def _delete(self, kernel: _ipv6_routes.Kernel, route: _ipv6_routes.Route) -> None:
        kernel.delete(route)
        session = self._sessions.get(route.index)
        if session is not None:
            self._record(session, route.prefix, False)
