# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans of the sessions of a host: rates and limits. Private to this collection.

A session gets its rates before its first IPv4 packet, since pppd waits for the script that asks. Whatever is missed
there, as by sessions from before this process, is found by a look at all sessions.
"""

from __future__ import annotations

import os
import time
import typing as t
from contextlib import suppress
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book, _kernel, _names, _pools
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping

#: Seconds between two looks at the limits of sessions, and until a session that did not ask gets its rates.
LOOK, SOON = 5.0, 1.0
_LINKS = "/sys/class/net"


class Grants:
    """What the sessions of this host are allowed. ``configuration``, ``run``: folders, as in ``Places``."""

    def __init__(self, configuration: str, run: str, pools: _pools.Pools) -> None:
        self._configuration, self._run, self._pools = configuration, run, pools
        self._files: dict[str, tuple[t.Any, bytes]] = {}
        self._tables: dict[str, tuple[t.Any, _plans_grant.Tables | None]] = {}
        self._accounts: dict[int, str | None] = {}
        self._counted: dict[int, tuple[int, float]] = {}
        #: The pools that RADIUS has named (Framed-Pool), by pid.
        self._framed: dict[int, str | None] = {}
        self._looked = 0.0

    def has_plans(self, instance: str | None) -> bool:
        return self._of(instance) is not None

    def expect(self, instance: str | None) -> None:
        """Before one begins: the accounts that have expired by now go to the walled garden."""
        if self.has_plans(instance):
            self._pools.mature(time.time())

    def begin(self, session: _book.Session, account: str, interface: str) -> str | None:
        """Set the rates of a session; why it may not be, for one that may not."""
        self._accounts[session.pid] = account
        self._framed[session.pid] = self._attributes(session, interface).get("Framed-Pool")
        grant = self._grant(session, account, interface)
        if grant is None:
            return None
        if grant.refusal and not grant.walled:
            return f"the account {account} {grant.refusal}"
        if grant.mac and grant.mac != session.mac.lower():
            return f"the account {account} is for {grant.mac} only, and this is {session.mac}"
        if grant.walled and self._pools.holder(session) != _plans_grant.GARDEN:
            other = f"{session.address} is not an address of the walled garden"
            return f"the account {account} {grant.refusal}, and {other}"
        reason = self._pools.problem(session, grant.pool)
        if reason is not None:
            return reason
        _shape(session, interface, grant.shape)
        return None

    def look(self, sessions: t.Iterable[_book.Session]) -> list[tuple[_book.Session, str]]:
        """Give rates to those that have none, and list those that have reached a limit, and which one."""
        since = time.monotonic() - self._looked
        if since < SOON:
            return []
        sessions = [one for one in sessions if one.up and not one.ended]
        with_plans = {name for name in {one.instance for one in sessions} if self.has_plans(name)}
        up = [one for one in sessions if one.instance in with_plans]
        strange = {one.pid for one in up} - set(self._accounts)
        if since < LOOK and not strange:
            return []
        self._looked = time.monotonic()
        self._pools.mature(time.time())
        self._learn(up, strange)
        _sweep()
        for known in (self._accounts, self._counted, self._framed):
            for pid in set(known) - {one.pid for one in up}:
                known.pop(pid)
        timed = {name for name in with_plans if (tables := self._of(name)) is not None and tables.timed}
        reasons = [(one, self._limit(one)) for one in up if one.instance in timed]
        return [(one, reason) for one, reason in reasons if reason]

    def _learn(self, up: t.Iterable[_book.Session], strange: t.Collection[int]) -> None:
        names = _names.accounts(strange, self._run) if strange else {}
        for session in up:
            if session.pid in strange:
                account = self._accounts[session.pid] = names.get(session.pid)
                interface = session.interface or ""
                self._framed[session.pid] = self._attributes(session, interface).get("Framed-Pool")
                grant = self._grant(session, account, interface)
                if grant is not None and _plans_grant.of_alias(_basics.text(f"{_LINKS}/{interface}/ifalias")) is None:
                    _shape(session, interface, grant.shape)

    def _limit(self, session: _book.Session) -> str | None:
        """The limit that a session has reached."""
        grant = self._grant(session, self._accounts.get(session.pid), session.interface or "")
        if grant is None:
            return None
        in_garden = self._pools.holder(session) == _plans_grant.GARDEN
        if grant.pool != _plans_grant.GARDEN and in_garden:
            return "its account is enabled again, and the next session is outside of the walled garden"
        if grant.expired is not None and not in_garden:
            return f"its account {grant.refusal}"
        if not grant.limited:
            return None
        if grant.session_timeout and _kernel.age(session.started) >= grant.session_timeout:
            return f"it has lasted for {grant.session_timeout} seconds, the limit of its plan"
        count = sum(_number(f"{_LINKS}/{session.interface}/statistics/{way}_bytes") for way in ("rx", "tx"))
        if grant.volume and count >= grant.volume:
            return f"it has transferred {grant.volume} bytes, the limit of its plan"
        before, since = self._counted.get(session.pid, (-1, 0.0))
        if count != before:
            since = time.monotonic()
            self._counted[session.pid] = (count, since)
        if grant.idle_timeout and time.monotonic() - since >= grant.idle_timeout:
            return f"it has been idle for {grant.idle_timeout} seconds, the limit of its plan"
        return None

    def _grant(self, session: _book.Session, account: str | None, interface: str) -> _plans_grant.Grant | None:
        tables = self._of(session.instance)
        if tables is None:
            return None
        rates = None
        if tables.attribute:
            try:
                rates = _plans_attributes.rates(tables.attribute, self._attributes(session, interface))
            except ValueError as error:
                _basics.say(f"{interface}: {error}; the rates of its plan are set", session.instance)
        grant = tables.grant(account, rates, time.time())
        framed = self._framed.get(session.pid)
        return replace(grant, pool=framed) if framed and not grant.walled else grant

    def _attributes(self, session: _book.Session, interface: str) -> dict[str, str]:
        """What RADIUS has said; a file from before this session is one that a killed pppd has left."""
        path = f"{self._run}/radattr.{interface}"
        with suppress(OSError):
            if time.time() - os.stat(path).st_mtime <= _kernel.age(session.started) + 2:
                return _plans_attributes.read(_basics.text(path))
        return {}

    def _of(self, instance: str | None) -> _plans_grant.Tables | None:
        """The tables of an instance, read anew if they have changed."""
        if instance is None:
            return None
        keys, texts = zip(*(self._read(f"{self._configuration}/{instance}.{kind}") for kind in ("plans", "customers")))
        known = self._tables.get(instance)
        if known is None or known[0] != keys:
            tables = None
            if texts[0]:
                try:
                    tables = _plans_grant.tables(*texts)
                except ValueError as error:
                    _basics.say(f"the plans of {instance} cannot be read: {error}", instance)
            self._pools.expect(instance, tables.expiries if tables else (), time.time())
            known = self._tables[instance] = (keys, tables)
        return known[1]

    def _read(self, path: str) -> tuple[t.Any, bytes]:
        try:
            status = os.stat(path)
        except OSError:
            return None, b""
        key = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if path not in self._files or self._files[path][0] != key:
            with open(path, "rb") as handle:
                self._files[path] = (key, handle.read())
        return self._files[path]


def _shape(session: _book.Session, interface: str, shape: _plans_grant.Shape) -> None:
    """Set rates; a session without them is better than none."""
    try:
        _plans_shaping.apply(interface, None, shape)
    except OSError as error:
        _basics.say(f"{interface} has no rates: {error}", session.instance)


def _sweep() -> None:
    """Remove the ifb devices of sessions that have ended."""
    links = set(os.listdir(_LINKS)) if os.path.isdir(_LINKS) else set()
    for link in links:
        of = link[len(_plans_shaping.upload_device("")) :]
        if link == _plans_shaping.upload_device(of) and of.startswith("ppp") and of not in links:
            with suppress(OSError):
                _plans_shaping.remove_device(of)


def _number(path: str) -> int:
    text = _basics.text(path).strip()
    return int(text) if text.isdigit() else 0
