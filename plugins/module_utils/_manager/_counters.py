# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is counted of the sessions of a host, for its metrics. Private to this collection.

While sessions come and go, these are numbers in memory. They are written when somebody asks, by the line ``count
NUMBER`` in the manager's queue; the answer is the file, with that number as ``asked``. A manager goes on from the file
of the one before it, in the same boot.
"""

from __future__ import annotations

import collections
import json
import os
import time
import typing as t
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book, _kernel

#: The upper limits, in seconds, of how long it takes from the start of a pppd to its address.
LIMITS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: The ends of sessions whose cause can still be asked for.
KEPT = 5000
#: The causes that are the manager's own, named as in RADIUS's Acct-Terminate-Cause.
NAS, PREEMPTED = "NAS-Request", "Port-Preempted"


@dataclass
class Counts:
    """The counts of an instance. ``since``: when they began, in ms since 1970.

    ``dials``: how many dials took as long as each of ``LIMITS``, and the last one longer. ``seconds``: of all of them.
    ``prefixes``: how many IPv6 prefixes sessions have, by kind. ``last_ends``: pid and cause of the last
    ends, the cause ``None`` if it is not the manager's own.
    """

    since: int
    starts: int = 0
    seconds: float = 0.0
    dials: list[int] = field(default_factory=lambda: [0] * (len(LIMITS) + 1))
    ends: int = 0
    last_ends: list[tuple[int, str | None]] = field(default_factory=list)
    under_way: int = 0
    prefixes: dict[str, int] = field(default_factory=dict)


class Counters:
    """The counts of all instances. ``state``: the folder of the file."""

    def __init__(self, state: str) -> None:
        self._path = f"{state}/counters"
        self._of = read(_basics.text(self._path))
        self.counting = False

    def start(self, session: _book.Session) -> None:
        """A session has its address. One that was there before this manager is counted already, or as good as that."""
        if self.counting and session.counted != 1 and session.instance is not None:
            counts, seconds = self._counts(session.instance), _kernel.age(session.started)
            counts.starts += 1
            if not session.counted:
                counts.seconds += seconds
                counts.dials[sum(seconds > limit for limit in LIMITS)] += 1
        session.counted = 1

    def ends(self, book: _book.Book) -> None:
        """Count those that have ended. Some went down and are up again, when everything was compared anew."""
        over, book.over = book.over, []
        for session in over:
            if session.counted == 1 and not (session.up and book.sessions.get(session.pid) is session):
                session.counted = 2
                if session.instance is not None:
                    counts = self._counts(session.instance)
                    counts.ends += 1
                    counts.last_ends.append((session.pid, session.cause))
                    if len(counts.last_ends) > 2 * KEPT:
                        del counts.last_ends[:-KEPT]

    def answer(
        self, asked: int, book: _book.Book, waiting: t.Iterable[str], prefixes: t.Mapping[str, dict[str, int]]
    ) -> None:
        """Write the file. ``waiting``: the instances of those that wait for their turn to dial.

        ``prefixes``: the number of IPv6 prefixes by instance and kind.
        """
        self.ends(book)
        coming = [one.instance for one in book.coming.values() if not (one.counted or one.ended)]
        under_way = collections.Counter(filter(None, [*coming, *waiting]))
        for name in {*book.pools, *under_way}:
            self._counts(name)
        for name, counts in self._of.items():
            counts.under_way = under_way[name]
            counts.prefixes = prefixes.get(name, {})
            del counts.last_ends[:-KEPT]
        content = {"asked": asked, "instances": {name: asdict(counts) for name, counts in self._of.items()}}
        with suppress(OSError):
            descriptor = os.open(self._path + ".part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as handle:
                json.dump(content, handle)
            os.replace(self._path + ".part", self._path)

    def _counts(self, instance: str) -> Counts:
        if instance not in self._of:
            self._of[instance] = Counts(int(time.time() * 1000))
        return self._of[instance]


def read(text: str) -> dict[str, Counts]:
    """The counts in the text of the file; none if it has none, or is of another version."""
    try:
        return {name: Counts(**counts) for name, counts in json.loads(text)["instances"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def asked(text: str) -> int:
    """The question that the text of the file answers; -1 if it answers none."""
    try:
        return int(json.loads(text)["asked"])
    except (ValueError, TypeError, KeyError):
        return -1
