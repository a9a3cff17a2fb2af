# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of sessions that have ended, or that only keep one from others, become free. Private to this collection."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _kernel

#: The seconds for which a session without an account may keep an address while there are hardly any left.
UNKNOWN = 5.0
#: The seconds for which its pppd may then wait for a client that does not answer its goodbye either.
GOODBYE = 1.0
#: Seconds between two looks at all sessions, for one that has ended unheard.
SWEEP = 1.0


class Room:
    """Room in the pools of ``book``. ``run``: where pppd has its files. ``end``: hangs a session up for a reason."""

    def __init__(self, book: _book.Book, run: str, end: t.Callable[[_book.Session, str], None]) -> None:
        self._book, self._run, self._end = book, run, end
        self._swept = 0.0
        self._leaving: dict[int, float] = {}

    def alive(self, pid: int) -> bool:
        session = self._book.sessions.get(pid)
        return session is not None and _kernel.started(pid) == session.started

    def sweep(self) -> None:
        """Find out who has ended: always of those that are not up, of the others now and then."""
        now = time.monotonic()
        everyone = now - self._swept > SWEEP
        if everyone:
            self._swept = now
        for pid in list(self._book.sessions if everyone else self._book.coming):
            if not self.alive(pid):
                self._book.gone(pid)

    def make(self, instance: str, mac: str | None = None) -> None:
        """No address is left: end the sessions that have one but no account, if they had the time to say it.

        ``mac``: only those of this client.
        """
        late = time.monotonic() - UNKNOWN
        coming = self._book.coming.values()
        silent = [one for one in coming if one.instance == instance and one.since < late and not one.ended]
        silent = [one for one in silent if (one.address is not None or one.offered) and mac in (None, one.mac)]
        serving = _kernel.serving({one.pid for one in silent}, self._run) if silent else set()
        for session in silent:
            if session.pid not in serving:
                why = "hardly any address is left" if mac is None else "its client has asked for more of them"
                self._end(session, f"it has not said its account, and {why}")
                self._leaving[session.pid] = time.monotonic()

    def keep(self) -> bool:
        """The same as soon as hardly any address is left; whether to look again soon."""
        self._hurry()
        watched = bool(self._leaving)
        named = ((instance, pool) for (instance, _name), pool in self._book.named.items())
        for name, pool in (*self._book.pools.items(), *named):
            scarce = len(pool.free) <= len(pool.members) // 10
            if scarce and any(not one.ended and one.instance == name for one in self._book.coming.values()):
                self.sweep()
                self.make(name)
                watched = True
        return watched

    def _hurry(self) -> None:
        """End those who make room and still wait for their clients, for about six seconds (lcp-max-terminate)."""
        late = time.monotonic() - GOODBYE
        for pid, since in list(self._leaving.items()):
            if not self.alive(pid):
                self._leaving.pop(pid)
            elif since < late and not self._book.sessions[pid].up:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def over_share(self, instance: str, mac: str) -> int:
        """The sessions of a client that are not up, if it is to have no address for another one; otherwise 0.

        Those that had the time to come up are ended then, so that it need not wait for them if it asks again.
        """
        if self._book.over_share(instance, mac):
            self.sweep()
        coming = self._book.over_share(instance, mac)
        if coming:
            self.make(instance, mac)
        return coming
