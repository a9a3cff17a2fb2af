# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the metrics of an instance have counted from one run to the next. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _exits as _manager_exits

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._manager._counters import Counts
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import SessionStatus

# What pppd and pppoe-server write when a client does not get in (ppp: auth.c, chap.c, ipcp.c; pppoe-server.c).
REFUSALS = {
    "authentication": re.compile(
        r"failed CHAP authentication|PAP peer authentication failed|[Pp]eer refused to authenticate|login failure"
    ),
    "no_slot": re.compile(r"No client slots available|No free session slots available"),
    "no_address": re.compile(
        r"living sessions hold every address of the pool|gets no address for more of them|"
        r"not authorized to use (?:remote )?address"
    ),
}
# Before what somebody has put on the wire, which pppoe-server logs as it is (pppoe-server.c processPADR, common.c
# pktLogErrs).
HEARD = re.compile(r"Received |PAD[A-Z]: ")
#: An end of which neither the session manager nor pppd has said why, as of a pppd that was killed.
UNKNOWN = "Unknown"


class JournalMessage(t.NamedTuple):
    """A message of the journal, and the process that wrote it."""

    pid: int
    text: str


@dataclass
class Totals:
    """What has been counted since the first run; ``seen``: bytes in and out of each session at the last one."""

    bytes_in: int = 0
    bytes_out: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[int]] = field(default_factory=dict)
    #: By plan: bytes and drops as in ``Session.queues``; and what each session had at the last run.
    plans: dict[str, list[int]] = field(default_factory=dict)
    queued: dict[str, list[int]] = field(default_factory=dict)
    #: Ends of sessions by cause, and of the manager's counters since when they count and how many of them are counted.
    ends: dict[str, int] = field(default_factory=dict)
    counters: list[int] = field(default_factory=lambda: [0, 0])
    #: The pppds of sessions whose end has no cause yet, and what those of the last two runs have said of theirs.
    unknown: list[int] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)
    #: By RADIUS server.
    radius_failed: dict[str, int] = field(default_factory=dict)


def counted(before: Totals, sessions: t.Iterable[SessionStatus], messages: t.Iterable[str]) -> Totals:
    """The totals, with what has come since: the growth of each session, and the refusals among new log messages.

    A counter that has gone back is another session on an interface of the same name. A message counts once, however
    many lines an unknown client has got into it.
    """
    plans = {plan: list(counts) for plan, counts in before.plans.items()}
    after_this = replace(before, refused=dict(before.refused), plans=plans, seen={}, queued={})
    for session in sessions:
        last_in, last_out = before.seen.get(session.interface, [0, 0])
        again = session.bytes_in >= last_in and session.bytes_out >= last_out
        after_this.bytes_in += session.bytes_in - (last_in if again else 0)
        after_this.bytes_out += session.bytes_out - (last_out if again else 0)
        after_this.seen[session.interface] = [session.bytes_in, session.bytes_out]
        if session.plan:
            former = before.queued.get(session.interface, [0] * 4)
            # A queue that has begun anew counts from 0.
            grown = [now - (old if old <= now else 0) for old, now in zip(former, session.queues)]
            so_far = plans.get(session.plan, [0] * 4)
            plans[session.plan] = [old + more for old, more in zip(so_far, grown)]
            after_this.queued[session.interface] = list(session.queues)
    for message in messages:
        if HEARD.match(message):
            continue
        for reason, pattern in REFUSALS.items():
            if pattern.search(message):
                after_this.refused[reason] = after_this.refused.get(reason, 0) + 1
                break
    return after_this


def with_ends(before: Totals, counts: Counts, messages: t.Iterable[JournalMessage]) -> Totals:
    """The totals with the ends of sessions that have come since.

    ``counts``: those of the session manager, which has each end and those causes that are its own. The other causes are
    pppd's, from its messages. An end waits for one more run, as pppd's last messages may come after it.
    """
    said = {int(pid): list(texts) for pid, texts in before.said.items()}
    news: dict[int, list[str]] = {}
    for pid, text in messages:
        words = _manager_exits.words(text)
        if words is not None:
            said.setdefault(pid, []).append(words)
            news.setdefault(pid, []).append(words)
    ends = dict(before.ends)
    for pid in before.unknown:
        cause = _manager_exits.cause(said.pop(pid, ())) or UNKNOWN
        ends[cause] = ends.get(cause, 0) + 1
    new = counts.ends - (before.counters[1] if before.counters[0] == counts.since else 0)
    listed = counts.last_ends[-new:] if new > 0 else []
    lost = new - len(listed)
    for cause in [*(cause for _pid, cause in listed if cause), *[UNKNOWN] * lost]:
        ends[cause] = ends.get(cause, 0) + 1
    unknown = [pid for pid, cause in listed if not cause]
    kept = {str(pid): texts for pid, texts in said.items() if pid in news or pid in unknown}
    return replace(before, ends=ends, counters=[counts.since, counts.ends], unknown=unknown, said=kept)
