# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who has which address, as the session manager of a host knows it. Private to this collection. Pure.

A session has an address from the moment when it is given one until its pppd has ended. What its interface really has,
such as a fixed address of its account, takes the place of what it was given.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field


@dataclass
class Session:
    """A session of PPP on this host. ``started``: when its process started, in ticks; ``since``: when it came, in s.

    ``instance``: ``None`` for one that no instance of ours began. ``address``: what it was given, or really has.
    ``interface``: ``None`` until it has an address there.
    """

    pid: int
    started: int
    since: float
    instance: str | None = None
    session_id: str = ""
    mac: str = ""
    address: str | None = None
    interface: str | None = None
    account: str | None = None
    ended: bool = False  # hung up by us
    cause: str | None = None  # of that
    counted: int = 0  # 1: its start, 2: its end, too
    #: Addresses of named pools that are kept for it until it is up.
    offered: tuple[str, ...] = ()

    @property
    def up(self) -> bool:
        return self.interface is not None


@dataclass
class Pool:
    """The addresses of an instance; ``free``: those that nobody has, the longest free one first."""

    members: frozenset[str]
    free: dict[str, None] = field(default_factory=dict)


class Book:
    """Sessions and addresses of a host."""

    def __init__(self) -> None:
        self.sessions: dict[int, Session] = {}
        self.pools: dict[str, Pool] = {}
        #: Pools of plans, by instance and name.
        self.named: dict[tuple[str, str], Pool] = {}
        #: Those that are not up, and the interfaces of those that are.
        self.coming: dict[int, Session] = {}
        self.interfaces: dict[str, int] = {}
        #: Those that have gone down since somebody took this list.
        self.over: list[Session] = []
        # Who has an address: pids of sessions, and numbers of interfaces that have it otherwise.
        self._users: dict[str, dict[int, None]] = {}
        self._interfaces: dict[str, set[int]] = {}
        self._of_account: dict[str, dict[int, None]] = {}

    def set_pool(self, name: str, addresses: t.Iterable[str]) -> None:
        self.pools[name] = self._pool(addresses)

    def set_named(self, instance: str, pools: t.Mapping[str, t.Iterable[str]]) -> None:
        """The named pools of an instance, in the place of those that it had."""
        for key in [key for key in self.named if key[0] == instance]:
            del self.named[key]
        for name, addresses in pools.items():
            self.named[instance, name] = self._pool(addresses)

    def _pool(self, addresses: t.Iterable[str]) -> Pool:
        unique = dict.fromkeys(addresses)
        return Pool(frozenset(unique), {address: None for address in unique if self.is_free(address)})

    def _pool_of(self, key: str | tuple[str, str]) -> Pool | None:
        return self.pools.get(key) if isinstance(key, str) else self.named.get(key)

    def has_free(self, key: str | tuple[str, str]) -> bool:
        """Whether a pool, that of an instance or a named one, has an address left."""
        pool = self._pool_of(key)
        return pool is not None and bool(pool.free)

    def over_share(self, instance: str, mac: str) -> int:
        """How many sessions of a client are not up yet, if it is to have no address for another one; otherwise 0.

        They may have half as many addresses as they leave to others, so that nobody takes a whole pool by asking alone.
        Two are always allowed, since a client that has got no answer asks again.
        """
        pool = self.pools.get(instance)
        coming = sum(one.mac == mac and one.instance == instance for one in self.coming.values()) if mac else 0
        return coming if pool is not None and coming >= max(2, len(pool.free) // 2) else 0

    def is_member(self, key: str | tuple[str, str], address: str | None) -> bool:
        pool = self._pool_of(key)
        return pool is not None and address in pool.members

    def offer(self, session: Session, key: tuple[str, str]) -> str | None:
        """Keep the address of a named pool for a session until it is up; ``None`` if none is free."""
        pool = self.named.get(key)
        if pool is None or not pool.free:
            return None
        address = next(iter(pool.free))
        self.keep(session, address)
        return address

    def keep(self, session: Session, address: str) -> None:
        """An address is kept for a session that is not up."""
        session.offered = (*session.offered, address)
        self._use(address, session.pid)

    def _leave_offered(self, session: Session) -> None:
        """What was kept for a session and it has not taken is free again."""
        offered, session.offered = session.offered, ()
        for address in offered:
            if address != session.address:
                self._users.get(address, {}).pop(session.pid, None)
                self._count(address)

    def is_free(self, address: str) -> bool:
        return not self._users.get(address) and not self._interfaces.get(address)

    def users(self, address: str) -> list[Session]:
        """The sessions that have an address, the first one first."""
        return [self.sessions[pid] for pid in self._users.get(address, ())]

    def add(self, session: Session) -> None:
        """A session with the address that it has been given already, or with none."""
        self.sessions[session.pid] = self.coming[session.pid] = session
        if session.address is not None:
            self._use(session.address, session.pid)

    def take(self, session: Session, suggested: str) -> str | None:
        """Give a session an address of its instance's pool, ``suggested`` if it is free; ``None`` if none is."""
        pool = self.pools.get(session.instance or "")
        if pool is None or not pool.free:
            return None
        session.address = suggested if suggested in pool.free else next(iter(pool.free))
        self.add(session)
        return session.address

    def take_none(self, session: Session) -> None:
        """A session that has to get an address elsewhere."""
        session.address = None
        self.add(session)

    def came_up(self, pid: int, interface: str, address: str) -> Session | None:
        """The interface of a session has got an address; the session that was up with it before, if there is one."""
        session = self.sessions[pid]
        if session.address != address:
            self._leave(session)
            session.address = address
            self._use(address, pid)
        self._leave_offered(session)
        session.interface = interface
        self.interfaces[interface] = pid
        self.coming.pop(pid, None)
        return next((other for other in self.users(address) if other.up and other.pid != pid), None)

    def went_down(self, pid: int) -> None:
        """Its interface has no address any more; it keeps what it had until its process has ended."""
        session = self.sessions.get(pid)
        if session is not None and session.interface is not None:
            self.interfaces.pop(session.interface, None)
            session.interface = None
            self.coming[pid] = session
            self.over.append(session)

    def gone(self, pid: int) -> None:
        session = self.sessions.pop(pid, None)
        if session is not None:
            self.coming.pop(pid, None)
            if session.interface is not None:
                self.interfaces.pop(session.interface, None)
                self.over.append(session)
            self._leave(session)
            session.address = None
            self._leave_offered(session)
            self.set_account(session, None)

    def interface_has(self, number: int, address: str) -> None:
        self._interfaces.setdefault(address, set()).add(number)
        self._count(address)

    def is_of_interface(self, address: str) -> bool:
        """Whether an interface without a session has an address."""
        return bool(self._interfaces.get(address))

    def interface_lost(self, number: int, address: str) -> None:
        self._interfaces.get(address, set()).discard(number)
        self._count(address)

    def forget_interfaces(self) -> None:
        """What interfaces without a session have is to be told anew."""
        for address in list(self._interfaces):
            self._interfaces.pop(address)
            self._count(address)

    def set_account(self, session: Session, account: str | None) -> None:
        """A session that is in the book has said its account, or has none any more."""
        if session.account is not None:
            self._of_account[session.account].pop(session.pid)
            if not self._of_account[session.account]:
                del self._of_account[session.account]
        session.account = account
        if account is not None:
            self._of_account.setdefault(account, {})[session.pid] = None

    def of_account(self, account: str, besides: int) -> list[Session]:
        """The sessions of an account that are up, but one; the first one first."""
        found = [self.sessions[pid] for pid in self._of_account.get(account, ())]
        return [session for session in found if session.pid != besides and session.up and not session.ended]

    def _use(self, address: str, pid: int) -> None:
        self._users.setdefault(address, {})[pid] = None
        self._count(address)

    def _leave(self, session: Session) -> None:
        if session.address is not None:
            self._users.get(session.address, {}).pop(session.pid, None)
            self._count(session.address)

    def _count(self, address: str) -> None:
        free = self.is_free(address)
        if free:
            self._users.pop(address, None)
            self._interfaces.pop(address, None)
        for pool in (*self.pools.values(), *self.named.values()):
            if not free:
                pool.free.pop(address, None)
            elif address not in pool.free and address in pool.members:
                pool.free[address] = None
