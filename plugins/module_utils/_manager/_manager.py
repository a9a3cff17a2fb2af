# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the session manager does: it answers those who dial. Private to this collection.

It has no state of its own: whatever it knows, it has from the kernel, so that it can end and begin at any moment.
"""

from __future__ import annotations

import os
import signal
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _announcement,
    _basics,
    _book,
    _configuration,
    _counters,
    _delegation,
    _dials,
    _farewell,
    _grants,
    _history,
    _hooks,
    _kernel,
    _names,
    _pado_delay,
    _pools,
    _refusals,
    _replies,
    _room,
)

#: Seconds between two looks for plans.
LOOK = 1.0
#: What a session is given while its instance has no address left, but RADIUS may have one for it (RFC 7600).
PLACEHOLDER = "192.0.0.8"


class Manager:
    """The sessions of this host."""

    def __init__(self, places: _configuration.Places, new_pppd: bool) -> None:
        self.places = places
        self._configuration = _configuration.Configuration(places, new_pppd)
        self.book = _book.Book()
        self.dials = _dials.Dials()
        self.named = _pools.Pools(self.book, places.configuration, f"{places.state}/pools", self._configuration.read)
        self._grants = _grants.Grants(places.configuration, places.run, self.named)
        self.history = _history.History(places.history, places.run, lambda name: self.options(name).history_days)
        self.delegation = _delegation.Delegation(
            places.configuration, os.path.dirname(places.history), places.run, self.history.prefix, self._is_walled
        )
        self.announcement = _announcement.Announcement(places.announced, places.run)
        self.pado_delay = _pado_delay.PadoDelay()
        self.farewells = _farewell.Farewells(places.scripts, places.run)
        self.counters = _counters.Counters(places.state)
        self._plans_seen = 0.0
        self._have_plans = False
        self.room = _room.Room(self.book, places.run, self._end)

    # What comes from the kernel.

    def observe(self, events: t.Iterable[_kernel.Event]) -> None:
        """Begin with what there is."""
        now = time.monotonic()
        before = {process for process in self._processes() if process.waiting}
        if before:
            # One that has just got its answer from another manager goes on now.
            time.sleep(0.1)
        for process in self._processes():
            if process in before:
                session = f"{process.session_id}:{process.mac}"
                self.dials.ask(_dials.Dial(process.pid, session, process.instance or "", process.address or "", now))
            elif not process.waiting:
                self._add(process, now)
        for event in sorted(events, key=self._age):
            self.address(event)
        self.counters.counting = True
        self.learn_accounts()
        self.delegation.load()
        self.announcement.load(self.book.sessions)

    def _age(self, event: _kernel.Event) -> int:
        """Of two that have one address, the older one was first."""
        pid = _kernel.pid_of(event.name, self.places.run) if event.peer else None
        return (_kernel.started(pid) or 0) if pid else 0

    def _processes(self) -> list[_kernel.SessionProcess]:
        return _kernel.processes(self.places.configuration, f"{self.places.scripts}/pppoe-server-pppd")

    def _add(self, process: _kernel.SessionProcess, now: float) -> None:
        session = _book.Session(
            process.pid, process.started, now, process.instance, process.session_id, process.mac, process.address
        )
        self.book.add(session)
        self.named.restore(session)

    def again(self, events: t.Iterable[_kernel.Event]) -> None:
        """Some changes are lost: compare everything."""
        for pid in [pid for pid in self.book.sessions if not self.alive(pid)]:
            self.book.gone(pid)
        for pid in [*self.book.interfaces.values()]:
            self.book.went_down(pid)
            self.farewells.down(pid)
        self.book.forget_interfaces()
        for event in events:
            self.address(event)

    def address(self, event: _kernel.Event) -> None:
        """An interface has got an address, or lost it."""
        if event.peer is None:
            change = self.book.interface_has if event.new else self.book.interface_lost
            change(event.number, event.local)
            return
        pid = self._pid_of(event)
        if pid is None:
            change = self.book.interface_has if event.new else self.book.interface_lost
            change(event.number, event.peer)
        elif event.new:
            if event.peer == PLACEHOLDER or self.book.is_of_interface(event.peer):
                self._end_unfit(pid, event)
                return
            _dials.precede(pid, 0)
            other = self.book.came_up(pid, event.name, event.peer)
            while other is not None and not self.alive(other.pid):
                self.book.gone(other.pid)
                other = self.book.came_up(pid, event.name, event.peer)
            self.history.up(self.book.sessions[pid])
            self.farewells.up(self.book.sessions[pid], event.local)
            self.counters.start(self.book.sessions[pid])
            if self._is_walled(self.book.sessions[pid]):
                # Its IPv6CP may have been up before, when it had the address of the pool of the instance.
                self.delegation.again(event.number)
            if other is not None:
                self._conflict(other, self.book.sessions[pid], event.peer)
        else:
            self.book.interface_lost(event.number, event.peer)
            self.book.went_down(pid)
            self.farewells.down(pid)

    def _is_walled(self, session: _book.Session) -> bool:
        return self.named.holder(session) == _pools.GARDEN

    def _pid_of(self, event: _kernel.Event) -> int | None:
        """The session of an interface."""
        known = self.book.interfaces.get(event.name)
        if not event.new or (known is not None and self.book.sessions[known].address == event.peer):
            return known
        pid = _kernel.pid_of(event.name, self.places.run)
        if pid is not None and pid not in self.book.sessions:
            process = self._process(pid)
            if process is None:
                return None
            self._add(process, time.monotonic())
        return pid

    def _process(self, pid: int) -> _kernel.SessionProcess | None:
        started = _kernel.started(pid)
        if started is None:
            return None
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as handle:
                words = handle.read().decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
        except OSError:
            return None
        return _kernel.described(pid, started, words, self.places.configuration, waiting=False)

    def living(self) -> set[tuple[int, int]]:
        """Pid and start of every session that is up."""
        return {(one.pid, one.started) for one in self.book.sessions.values() if one.up and self.alive(one.pid)}

    def alive(self, pid: int) -> bool:
        return self.room.alive(pid)

    def count(self, asked: int) -> None:
        """Write what is counted, as the answer to a question."""
        self.room.sweep()
        waiting = [dial.instance for dial in self.dials.waiting]
        self.counters.answer(asked, self.book, waiting, self.delegation.counts())

    def _end_unfit(self, pid: int, event: _kernel.Event) -> None:
        """End a session that has got an address which no session can have."""
        session = self.book.sessions[pid]
        if session.instance is None or session.ended:
            return
        reason = f"{event.peer} is an address of this host"
        if event.peer == PLACEHOLDER:
            who = "RADIUS has" if self.options(session.instance).radius else "its plan has"
            reason = f"{who} given it no address, and living sessions hold every address of the pool"
        self._end(session, reason)

    # Two sessions with one address, or of one account.

    def _conflict(self, first: _book.Session, second: _book.Session, address: str) -> None:
        """One of them is hung up: the second, or the first where a new session replaces the former."""
        if first.ended or second.ended:
            return
        replace = self.options(second.instance).single_session == "replace"
        ends, stays = (first, second) if replace else (second, first)
        if ends.instance is None:
            said = f"{ends.interface}: it has {address} like {stays.interface}, but is no session of an instance"
            _basics.say(said, stays.instance)
            return
        new = f"{address} has gone to the new session {stays.interface} (pid {stays.pid})"
        old = f"{address} belongs to the session {stays.interface} (pid {stays.pid}) that is up"
        self._end(ends, new if replace else old, cause=_counters.PREEMPTED)

    def _end(self, session: _book.Session, reason: str, logged: str = "", cause: str = _counters.NAS) -> None:
        """Hang a session up; the log says ``logged``, or else the reason."""
        session.ended, session.cause = True, cause
        self.history.ends(session, reason)
        name = session.interface or session.session_id
        _basics.say(logged or f"{name} of {session.instance} is hung up: {reason}", session.instance)
        account = session.account or _names.accounts({session.pid}, self.places.run).get(session.pid)
        _refusals.keep(self.places.state, session, account, reason)
        with suppress(ProcessLookupError):
            os.kill(session.pid, signal.SIGTERM)

    def learn_accounts(self) -> None:
        """The accounts of sessions that have not said theirs, where an account has one session only."""
        unknown = {
            pid
            for pid, session in self.book.sessions.items()
            if session.account is None and self.options(session.instance).single_session != "allow"
        }
        for pid, account in _names.accounts(unknown, self.places.run).items() if unknown else ():
            self.book.set_account(self.book.sessions[pid], account)
        for session in filter(lambda one: one.up, self.book.sessions.values()):
            self.history.up(session)

    def account(self, pid: int, choice: str, account: str) -> bool:
        """A session says its account; whether it may stay."""
        session = self.book.sessions.get(pid)
        if session is None or not session.up or session.ended:
            return False
        self.book.set_account(session, account)
        others = [other for other in self.book.of_account(account, pid) if self.alive(other.pid)]
        pids = "".join(f" {other.pid}" for other in others)
        if others and choice == "deny":
            said = f"{session.interface}: {account} is refused, since there is a session of this account already"
            reason = f"there is a session of the account {account} already"
            self._end(session, f"{reason} (pid{pids})", f"{said} (pid{pids})", _counters.PREEMPTED)
            return False
        for other in others:
            said = f"{session.interface}: {account} has dialled again, so the former session of this account is hung up"
            reason = f"{account} has dialled again (pid {pid})"
            self._end(other, reason, f"{said} (pid {other.pid})", _counters.PREEMPTED)
        return True

    def begins(self, pid: int, interface: str, account: str) -> bool:
        """A session has authenticated and waits for its rates; whether it may stay."""
        session = self.book.sessions.get(pid)
        if session is None or session.ended:
            return session is None
        try:
            reason = self._grants.begin(session, account, interface)
        except (OSError, ValueError, TypeError) as error:
            _basics.say(f"{interface} has no rates: {error}", session.instance)
            return True
        if reason is not None:
            session.interface = session.interface or interface
            self._end(session, reason)
        return reason is None

    def look_at_plans(self) -> bool:
        """End the sessions that have reached a limit; whether to look again soon."""
        now = time.monotonic()
        if now - self._plans_seen < LOOK:
            return self._have_plans
        self._plans_seen = now
        for session, reason in self._grants.look(list(self.book.sessions.values())):
            self._end(session, reason)
        instances = {*self.book.pools, *(session.instance for session in self.book.sessions.values())}
        self._have_plans = any(self._grants.has_plans(name) for name in instances)
        return self._have_plans

    # What is asked.

    def answer(self) -> float | None:
        """Answer those who may go on; the seconds after which to look again, ``None`` if nobody waits."""
        for dial, reason in self.dials.late():
            _replies.reply(self.places.state, dial.session.partition(":")[0], f"{dial.pid} - {reason}")
        while (next_one := self.dials.next(self.book.coming.values())) is not None:
            if _kernel.started(next_one.pid) is not None:
                self._answer(next_one)
        return _dials.TICK if self.dials.waiting else None

    def _answer(self, dial: _dials.Dial) -> None:
        started = _kernel.started(dial.pid)
        session_id, _colon, mac = dial.session.partition(":")
        if started is None or self.alive(dial.pid):
            return  # it has ended, or has its answer
        queue = _replies.queue(self.places.state, session_id)
        if queue is None:
            return  # it has not asked yet
        _dials.precede(dial.pid, _dials.PRECEDENCE)
        try:
            os.write(queue, f"{dial.pid} {self._answer_to(dial, started, session_id, mac)}\n".encode())
        except OSError:
            self.book.gone(dial.pid)
        finally:
            os.close(queue)

    def _answer_to(self, dial: _dials.Dial, started: int, session_id: str, mac: str) -> str:
        """An address and pppd's options for scripts, or ``-`` and why there is none."""
        self.book.gone(dial.pid)
        self._read_pool(dial.instance)
        for user in self.book.users(dial.suggested):
            if not self.alive(user.pid):
                self.book.gone(user.pid)
        coming = self.room.over_share(dial.instance, mac)
        if coming:
            return f"- {mac} has {coming} sessions that are not up, and gets no address for more of them now"
        session = _book.Session(dial.pid, started, time.monotonic(), dial.instance, session_id, mac)
        address = self.book.take(session, dial.suggested)
        if address is None:
            self.room.sweep()
            address = self.book.take(session, dial.suggested)
        if address is None:
            if dial.instance not in self.book.pools:
                return f"- there is no pool of {dial.instance} in {self.places.state} or {self.places.configuration}"
            self.room.make(dial.instance)
            # One that RADIUS or the pool of a plan may have an address for.
            if self.options(dial.instance).radius or self.named.of(dial.instance):
                self.book.take_none(session)
                return self._begun(session, PLACEHOLDER)
            return f"- living sessions hold every address of the pool of {dial.instance}"
        return self._begun(session, address)

    def _begun(self, session: _book.Session, address: str) -> str:
        """The answer to a session that may begin: its address, and pppd's words."""
        self._grants.expect(session.instance)
        offered = self.named.offer(session)
        folder = [f"pools={self.places.state}/pools/{session.session_id}"] if offered else []
        words = [address, *folder, *self.script_words(session.instance or "")]
        if offered and self.options(session.instance).radius:
            # Behind the name of the access concentrator, for RADIUS as well.
            words.append("offers=" + ",".join(f"{name}:{one or '-'}" for name, one in offered.items()))
        return " ".join(words)

    def script_words(self, instance: str) -> list[str]:
        """pppd's options for scripts; of many who wait, each is given the same."""
        plans = self._grants.has_plans(instance)
        return self._configuration.script_words(instance, plans, alike=bool(self.dials.waiting))

    def _read_pool(self, name: str) -> None:
        """The pool of an instance, if it has changed."""
        addresses = self._configuration.pool(name, again=name not in self.book.pools)
        if addresses is not None:
            self.book.set_pool(name, addresses)

    def options(self, instance: str | None) -> _hooks.InstanceOptions:
        """What an instance's options say of scripts."""
        return self._configuration.options(instance)
