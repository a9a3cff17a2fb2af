# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which IPv6 prefix a session had from when to when, in the record of sessions. Private to this collection.

A session may get a prefix and lose it while it is up, so each prefix has times of its own.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    import sqlite3

#: ``first`` and ``last``: the ends of the prefix as 32 hexadecimal digits, by which an address in it is found.
SCHEMA = """\
CREATE TABLE IF NOT EXISTS prefix (
  boot TEXT NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL, prefix TEXT NOT NULL,
  first TEXT NOT NULL, last TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER
);
CREATE INDEX IF NOT EXISTS prefix_first ON prefix (first, start);
CREATE INDEX IF NOT EXISTS prefix_session ON prefix (boot, pid, started);
CREATE INDEX IF NOT EXISTS prefix_open ON prefix (pid) WHERE stop IS NULL;
"""


@dataclass(frozen=True)
class PrefixChange:
    """A session has got a prefix at ``time``, or does not have it any more. One that it has already is no change."""

    boot: str
    pid: int
    started: int
    prefix: t.Any
    time: int
    new: bool

    def write(self, database: sqlite3.Connection) -> None:
        session = (self.boot, self.pid, self.started, str(self.prefix))
        which = "boot = ? AND pid = ? AND started = ? AND prefix = ? AND stop IS NULL"
        if not self.new:
            database.execute(f"UPDATE prefix SET stop = max(start, ?) WHERE {which}", (self.time, *session))  # noqa: S608
        elif database.execute(f"SELECT 1 FROM prefix WHERE {which}", session).fetchone() is None:  # noqa: S608
            ends = (f"{int(self.prefix[0]):032x}", f"{int(self.prefix[-1]):032x}")
            database.execute("INSERT INTO prefix VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", (*session, *ends, self.time))


def close(database: sqlite3.Connection, boot: str, pid: int, end: int) -> None:
    """A session has ended."""
    database.execute(
        "UPDATE prefix SET stop = max(start, ?) WHERE boot = ? AND pid = ? AND stop IS NULL", (end, boot, pid)
    )


def delete(database: sqlite3.Connection) -> None:
    """Those of sessions that are not kept any more."""
    database.execute(
        "DELETE FROM prefix WHERE stop IS NOT NULL AND NOT EXISTS (SELECT 1 FROM session WHERE"
        " session.boot = prefix.boot AND session.pid = prefix.pid AND session.started = prefix.started)"
    )
