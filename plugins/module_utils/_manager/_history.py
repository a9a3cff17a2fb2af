# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who had which address when, kept on the server itself. Private to this collection.

Each session is a row from its start on, and gets its end and its bytes when the kernel removes its interface. SQLite
writes in a thread of its own, so that nobody who dials waits for the disk; a commit has reached the disk when it
returns (synchronous=FULL). The cause of an end is the manager's own, or what pppd has said of it (``_exits``). Of a
power cut the sessions that were open are closed at the last minute that was marked.
"""

from __future__ import annotations

import os
import queue
import socket
import struct
import syslog
import threading
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _book,
    _exits,
    _kernel,
    _names,
    _prefix_records,
)

if t.TYPE_CHECKING:
    # Only where a history is kept, since it is large.
    import sqlite3

#: Seconds between two marks of the time, to a new attempt after an error of the disk, and between two deletions.
MARK, AGAIN, DELETE = 60.0, 5.0, 3600.0
#: Seconds after the end of an interface, until its pppd has said why.
LOOK = 2.0
#: How often the account of a session is looked for, which pppd may not have said yet.
ATTEMPTS = 3
#: The causes that neither the manager nor a pppd has given.
BOOT, UNSEEN = "boot", "unseen"
SCHEMA = """\
CREATE TABLE IF NOT EXISTS session (
  boot TEXT NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL, instance TEXT NOT NULL,
  account TEXT, address TEXT NOT NULL, mac TEXT, device TEXT, interface TEXT NOT NULL, session_id INTEGER,
  start INTEGER NOT NULL, stop INTEGER, bytes_in INTEGER, bytes_out INTEGER, cause TEXT,
  UNIQUE (boot, pid, started, address)
);
CREATE INDEX IF NOT EXISTS session_address ON session (address, start);
CREATE INDEX IF NOT EXISTS session_account ON session (account, start);
CREATE INDEX IF NOT EXISTS session_mac ON session (mac, start);
CREATE INDEX IF NOT EXISTS session_open ON session (interface) WHERE stop IS NULL;
CREATE INDEX IF NOT EXISTS session_stop ON session (instance, stop);
CREATE TABLE IF NOT EXISTS mark (boot TEXT NOT NULL, time INTEGER NOT NULL);
"""
# linux/rtnetlink.h, linux/if_link.h
_GROUP_LINK, _DELETED, _NAME, _STATISTICS = 1, 17, 3, 23
_LINK, _COUNTS = struct.Struct("=BxHiII"), struct.Struct("=4Q")


class Gone(t.NamedTuple):
    """An interface that the kernel has removed, and the bytes that it received and sent."""

    interface: str
    received: int | None
    sent: int | None


class Links:
    """The interfaces that go."""

    def __init__(self) -> None:
        self._socket = _netlink.opened(_GROUP_LINK)

    def fileno(self) -> int:
        return self._socket.fileno()

    def gone(self) -> list[Gone] | None:
        """Those that went since the last call; ``None`` if some are not known."""
        found = _netlink.changes(self._socket)
        return None if found is None else removed(found)


def removed(messages: t.Iterable[_netlink.Message]) -> list[Gone]:
    """The links that messages say are removed."""
    found = []
    for kind, body in messages:
        # A link that only leaves a bridge is reported in the bridge's own family.
        if kind == _DELETED and body[:1] == bytes([socket.AF_UNSPEC]):
            attributes = _netlink.attributes(body, _LINK.size)
            name = attributes.get(_NAME, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
            counts = attributes.get(_STATISTICS, b"")
            known = len(counts) >= _COUNTS.size
            received, sent = _COUNTS.unpack_from(counts)[2:] if known else (None, None)
            found.append(Gone(name, received, sent))
    return found


@dataclass
class _Beginning:
    """A session that is up, while its account is looked for."""

    session: _book.Session
    interface: str
    address: str
    start: int
    attempts: int = 0


class History:
    """What the manager tells of sessions, for the store. Nothing is opened until an instance keeps a history."""

    def __init__(self, path: str, run: str, days: t.Callable[[str | None], int]) -> None:
        self._path, self._run, self._days = path, run, days
        self._beginnings: list[_Beginning] = []
        self._prefixes: list[_prefix_records.PrefixChange] = []
        self._causes: dict[str, str] = {}
        self._store: Store | None = None
        self._links: Links | None = None

    def fileno(self) -> int | None:
        """Where news of interfaces come, once a history is kept."""
        return None if self._links is None else self._links.fileno()

    def up(self, session: _book.Session) -> None:
        """A session has an address. One from before this process began when its pppd did."""
        if not self._days(session.instance) or session.interface is None or session.address is None:
            return
        if self._links is None:
            self._links = Links()
        start = max(int(time.time() - _kernel.age(session.started)), 0)
        self._beginnings.append(_Beginning(session, session.interface, session.address, start))

    def prefix(self, session: _book.Session, prefix: t.Any, new: bool) -> None:
        """A session has got an IPv6 prefix, or lost it while it is up."""
        if not self._days(session.instance):
            return
        if self._links is None:
            self._links = Links()
        change = _prefix_records.PrefixChange(boot(), session.pid, session.started, prefix, int(time.time()), new)
        self._prefixes.append(change)

    def ends(self, session: _book.Session, cause: str) -> None:
        """The manager hangs a session up."""
        if session.interface is not None and self._store is not None:
            self._causes[session.interface] = cause

    def flush(self, living: t.Callable[[], t.Collection[tuple[int, int]]]) -> bool:
        """Hand on what is new; whether to be called again soon. ``living``: pid and start of sessions that are up."""
        if self._links is None:
            return False
        if self._store is None:
            self._store = Store(self._path)
            self._store.put(_Reconcile(living()))
        gone = self._links.gone()
        self._store_beginnings(self._store, {one.interface for one in gone or ()})
        for change in self._prefixes:
            self._store.put(change)
        self._prefixes = []
        if gone is None:
            self._store.put(_Reconcile(living()))
        now = int(time.time())
        for one in gone or ():
            self._store.put(_End(one, now, self._causes.pop(one.interface, None)))
        # What is turned off is not deleted.
        self._store.keep = {name: days for name in set(self._store.instances) if (days := self._days(name))}
        return bool(self._beginnings)

    def _store_beginnings(self, store: Store, over: t.Collection[str]) -> None:
        pids = {one.session.pid for one in self._beginnings if one.session.account is None}
        names = _names.accounts(pids, self._run) if pids else {}
        waiting = []
        for one in self._beginnings:
            account = one.session.account or names.get(one.session.pid)
            one.attempts += 1
            if account is None and one.attempts < ATTEMPTS and one.interface not in over:
                waiting.append(one)
            else:
                store.instances.add(one.session.instance or "")
                store.put(_begin(one, account))
        self._beginnings = waiting

    def close(self) -> None:
        """Wait until all that is known is on the disk."""
        if self._store is not None:
            self._store.close()


class Store:
    """The database, and the thread that writes into it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._changes: queue.SimpleQueue[t.Any] = queue.SimpleQueue()
        self.instances: set[str] = set()
        self.keep: dict[str, int] = {}
        self._deleted = 0.0
        self._unknown: list[_Ended] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def put(self, change: t.Any) -> None:
        self._changes.put(change)

    def close(self) -> None:
        self._changes.put(None)
        self._thread.join()

    def _work(self) -> None:
        import sqlite3

        database: sqlite3.Connection | None = None
        batch: list[t.Any] = []
        reported = False
        while True:
            ended = self._collect(batch)
            try:
                if database is None:
                    database = open_database(self._path)
                    self.instances |= {row[0] for row in database.execute("SELECT DISTINCT instance FROM session")}
                self._write(database, batch)
                batch, reported = [], False
                self._write_causes(database)
            except (sqlite3.Error, OSError) as error:
                if not reported:
                    syslog.syslog(syslog.LOG_ERR, f"{self._path}: {error}; what is to be written there is kept")
                reported = True
                database = None
                if not ended:
                    time.sleep(AGAIN)
            if ended:
                return

    def _collect(self, batch: list[t.Any]) -> bool:
        """Wait for something to write, at most until the next mark; whether this is the end."""
        try:
            one = self._changes.get(timeout=None if batch else LOOK if self._unknown else MARK)
            while one is not None:
                batch.append(one)
                one = self._changes.get_nowait()
            return True
        except queue.Empty:
            return False

    def _write(self, database: sqlite3.Connection, batch: t.Iterable[t.Any]) -> None:
        """All of it in one transaction, which is on the disk when this returns."""
        with database:
            for change in batch:
                ended = change.write(database)
                if ended is not None:
                    self._unknown.append(ended)
            now = time.time()
            database.execute("UPDATE mark SET boot = ?, time = ?", (boot(), int(now)))
            if now - self._deleted > DELETE:
                self._deleted = now
                for instance, days in self.keep.items():
                    limit = int(now - days * 86400)
                    database.execute("DELETE FROM session WHERE instance = ? AND stop < ?", (instance, limit))
                _prefix_records.delete(database)

    def _write_causes(self, database: sqlite3.Connection) -> None:
        """The causes of ends that pppd has logged, of many by one look."""
        if not self._unknown or self._unknown[0].time > time.time() - LOOK:
            return
        ended, self._unknown = self._unknown, []
        found = _exits.look({one.pid for one in ended}, ended[0].time)
        with database:
            database.executemany(
                "UPDATE session SET cause = ? WHERE rowid = ? AND cause IS NULL",
                [(found[one.pid], one.row) for one in ended if one.pid in found],
            )


class _Reconcile:
    """Close what has ended unseen: in another life of the manager, or before the host went down."""

    def __init__(self, living: t.Collection[tuple[int, int]]) -> None:
        self._living = frozenset(living)

    def write(self, database: sqlite3.Connection) -> None:
        last_boot, last = database.execute("SELECT boot, time FROM mark").fetchone()
        rows = database.execute("SELECT rowid, boot, pid, started, start FROM session WHERE stop IS NULL").fetchall()
        for row, booted, pid, started, start in rows:
            if booted == boot() and (pid, started) in self._living:
                continue
            cause = UNSEEN if booted == boot() else BOOT
            # Nobody was there after the last mark; in this boot, until now.
            end = max(start, last if booted == last_boot or cause == BOOT else start)
            database.execute("UPDATE session SET stop = ?, cause = ? WHERE rowid = ?", (end, cause, row))
            _prefix_records.close(database, booted, pid, end)


@dataclass(frozen=True)
class _Begin:
    values: tuple[t.Any, ...]

    def write(self, database: sqlite3.Connection) -> None:
        interface, start, booted = self.values[8], self.values[10], self.values[0]
        # One interface is one session: if another was there, its end was not seen.
        database.execute(
            "UPDATE session SET stop = max(start, ?), cause = coalesce(cause, ?) WHERE interface = ? AND stop IS NULL"
            " AND NOT (boot = ? AND pid = ? AND started = ? AND address = ?)",
            (start, UNSEEN, interface, booted, self.values[1], self.values[2], self.values[5]),
        )
        database.execute(
            "INSERT OR IGNORE INTO session (boot, pid, started, instance, account, address, mac, device, interface,"
            " session_id, start) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.values,
        )


class _Ended(t.NamedTuple):
    """A session without a cause yet: its row, its pppd, and the time of its end."""

    row: int
    pid: int
    time: int


@dataclass(frozen=True)
class _End:
    gone: Gone
    time: int
    cause: str | None

    def write(self, database: sqlite3.Connection) -> _Ended | None:
        found = database.execute(
            "SELECT rowid, pid FROM session WHERE interface = ? AND stop IS NULL AND boot = ?",
            (self.gone.interface, boot()),
        ).fetchone()
        if found is None:
            return None
        database.execute(
            "UPDATE session SET stop = max(start, ?), bytes_in = ?, bytes_out = ?, cause = ? WHERE rowid = ?",
            (self.time, self.gone.received, self.gone.sent, self.cause, found[0]),
        )
        _prefix_records.close(database, boot(), found[1], self.time)
        return None if self.cause is not None else _Ended(found[0], found[1], self.time)


def _begin(one: _Beginning, account: str | None) -> _Begin:
    session = one.session
    number = int(session.session_id) if session.session_id.isdigit() else None
    return _Begin(
        (
            *(boot(), session.pid, session.started, session.instance or "", account, one.address),
            *(session.mac.lower() or None, _kernel.device(session.pid), one.interface, number, one.start),
        )
    )


def open_database(path: str) -> sqlite3.Connection:
    """The database, created if need be, readable by root only."""
    import sqlite3

    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=30)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(SCHEMA + _prefix_records.SCHEMA)
    with database:
        database.execute("INSERT INTO mark SELECT '', 0 WHERE NOT EXISTS (SELECT * FROM mark)")
    return database


def boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as handle:
        return handle.read().strip()
