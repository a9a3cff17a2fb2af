# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Those who dial and wait for their turn. Private to this collection."""

from __future__ import annotations

import os
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _kernel

#: Sessions for each processor that may be on their way at once, and the seconds after which one does not count.
AT_ONCE, ON_ITS_WAY = 12, 5.0
#: Seconds between two looks whether a processor has nothing to do, while somebody waits.
TICK = 0.01
#: The precedence of those who may go on over those whose turn has not come, until they are up.
PRECEDENCE = -10
#: The seconds for which those who wait go in the order in which they came, and after which a client has given up.
PATIENT, GIVEN_UP = 5.0, 25.0


@dataclass(frozen=True)
class Dial:
    """A pppd to be that waits for an address."""

    pid: int
    session: str
    instance: str
    suggested: str
    since: float


class Dials:
    """Who waits, in the order in which they came."""

    def __init__(self) -> None:
        self.waiting: list[Dial] = []
        self.processors = len(os.sched_getaffinity(0))

    def ask(self, dial: Dial) -> None:
        if all(dial.pid != other.pid for other in self.waiting):
            self.waiting.append(dial)

    def next(self, coming: t.Collection[_book.Session]) -> Dial | None:
        """The next one who may go on. ``coming``: the sessions that are on their way."""
        if not self.waiting or not self.may_begin(coming):
            return None
        dial = next_dial(self.waiting, {one.mac for one in coming}, time.monotonic())
        self.waiting.remove(dial)
        return dial

    def late(self) -> list[tuple[Dial, str]]:
        """Those who have waited for so long that their clients have given up would take the time of others."""
        late = time.monotonic() - GIVEN_UP
        found = [dial for dial in self.waiting if dial.since < late]
        self.waiting = [dial for dial in self.waiting if dial.since >= late]
        return [
            (dial, f"this host was busy for {GIVEN_UP:.0f} seconds, after which the client has given up")
            for dial in found
        ]

    def may_begin(self, coming: t.Iterable[_book.Session]) -> bool:
        """Whether the host has time for one more: beyond a few at once, only if a processor has nothing to do."""
        since = time.monotonic() - ON_ITS_WAY
        on_their_way = sum(session.since > since and not session.ended for session in coming)
        return on_their_way < AT_ONCE * self.processors or _kernel.runnable() <= self.processors


def precede(pid: int, nice: int) -> None:
    """Have a process run before others, but not what it starts; 0 takes that back."""
    with suppress(OSError):
        if nice:
            os.sched_setscheduler(pid, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
        elif os.getpriority(os.PRIO_PROCESS, pid) != PRECEDENCE:
            return
        os.setpriority(os.PRIO_PROCESS, pid, nice)


def next_dial(waiting: t.Sequence[Dial], coming: t.Collection[str], now: float) -> Dial:
    """Who goes on next. ``coming``: the MACs of sessions that are on their way.

    The first, as long as nobody waits for long; then the last, since the first may have given up by now, and so would
    everybody before his turn. A client who has asked twice, since he got no answer in time, takes the first one: the
    others come after everybody else's.
    """
    seen = set(coming)
    once = []
    for dial in waiting:
        mac = dial.session.partition(":")[2]
        if mac not in seen:
            seen.add(mac)
            once.append(dial)
    choice = once or waiting
    return choice[0] if now - choice[0].since < PATIENT else choice[-1]
