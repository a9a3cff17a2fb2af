# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of an instance in Prometheus' text format. Private to this collection. Pure."""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _counters as _manager_counters
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _totals as _server_totals

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import Status

#: Name, kind and meaning, in the order in which they are written.
METRICS = (
    ("up", "gauge", "Whether the access concentrator runs."),
    ("start_time_seconds", "gauge", "When its daemon started, in seconds since 1970; 0 if it does not run."),
    ("drained", "gauge", "Whether it starts no new sessions."),
    ("sessions", "gauge", "Live sessions."),
    ("session_starts_total", "counter", "Sessions that have got their address."),
    ("session_ends_total", "counter", "Sessions that have ended, by cause (Acct-Terminate-Cause of RADIUS)."),
    ("dials_under_way", "gauge", "Clients that dial and have no address yet."),
    ("ipv6_prefixes", "gauge", "IPv6 prefixes that sessions have, and sessions that lack one, by kind."),
    ("dial_duration_seconds", "histogram", "Time from the start of a session's pppd to its address."),
    ("plan_sessions", "gauge", "Live sessions, by plan."),
    ("plan_transmit_bytes_total", "counter", "Bytes through the queues to clients, by plan."),
    ("plan_transmit_drops_total", "counter", "Packets that these queues have dropped, by plan."),
    ("plan_receive_bytes_total", "counter", "Bytes through the queues and policers from clients, by plan."),
    ("plan_receive_drops_total", "counter", "Packets that these have dropped, by plan."),
    ("sessions_limit", "gauge", "How many sessions there may be at once."),
    ("pool_addresses", "gauge", "Addresses that are handed out."),
    ("pool_used_addresses", "gauge", "Addresses of the pool that live sessions have."),
    ("receive_bytes_total", "counter", "Bytes that came from clients."),
    ("transmit_bytes_total", "counter", "Bytes that were sent to clients."),
    ("refused_dials_total", "counter", "Dials that did not get a session, by reason, from the journal."),
    ("cluster_master", "gauge", "Whether this member is the master of its cluster."),
    ("cluster_members", "gauge", "Members of the cluster that are there, this one included."),
    ("cluster_up_to_date", "gauge", "Whether this member has all sessions of the cluster."),
    ("radius_up", "gauge", "Whether a RADIUS server answers a Status-Server request."),
    ("radius_response_seconds", "gauge", "How long it took to answer it."),
    ("radius_failed_requests_total", "counter", "Logins and records that it has left without an answer."),
)
_PREFIX = "pppoe_server_"
Samples = list[tuple[str, dict[str, str], t.Any]]


#: What nobody counts with l2tpns.
_NOT_BY_L2TPNS = ("refused_dials_total", "radius_failed_requests_total")


class Cluster(t.NamedTuple):
    """What l2tpns says of itself. ``starts``: of sessions, by this process.

    ``member``: whether it is the master, how many members there are, and whether it has all sessions.
    """

    starts: int
    member: tuple[int, int, int] | None


class Readings(t.NamedTuple):
    """What is not in the status: the manager's counts, and by RADIUS server the seconds until it answered."""

    counts: _manager_counters.Counts | None = None
    radius: t.Mapping[str, float | None] | None = None
    cluster: Cluster | None = None


def names() -> set[str]:
    """The names of all series."""
    found = set()
    for name, kind, _text in METRICS:
        parts = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {_PREFIX + name + part for part in parts}
    return found


def exposition(found: Status, totals: _server_totals.Totals, drained: bool, readings: Readings | None = None) -> str:
    """The metrics. A label's value holds no character that would have to be escaped."""
    readings = readings or Readings()
    samples = _samples(found, totals, drained, readings)
    if readings.cluster:
        samples = {name: each for name, each in samples.items() if name not in _NOT_BY_L2TPNS}
    lines = []
    for metric, kind, text in METRICS:
        lines += [f"# HELP {_PREFIX}{metric} {text}", f"# TYPE {_PREFIX}{metric} {kind}"]
        for suffix, labels, value in samples.get(metric, ()):
            words = ",".join(f'{name}="{each}"' for name, each in {"server": found.name, **labels}.items())
            lines.append(f"{_PREFIX}{metric}{suffix}{{{words}}} {value}")
    return "\n".join(lines) + "\n"


def _samples(found: Status, totals: _server_totals.Totals, drained: bool, readings: Readings) -> dict[str, Samples]:
    plans = totals.plans.items()
    return {
        "up": _one(int(found.pid is not None)),
        "start_time_seconds": _one(found.since),
        "drained": _one(int(drained)),
        "sessions": _one(len(found.sessions)),
        **(_of_manager(readings.counts, totals) if readings.counts else {}),
        "plan_sessions": _by("plan", collections.Counter(one.plan for one in found.sessions if one.plan)),
        "plan_transmit_bytes_total": _by("plan", {plan: counts[0] for plan, counts in plans}),
        "plan_transmit_drops_total": _by("plan", {plan: counts[1] for plan, counts in plans}),
        "plan_receive_bytes_total": _by("plan", {plan: counts[2] for plan, counts in plans}),
        "plan_receive_drops_total": _by("plan", {plan: counts[3] for plan, counts in plans}),
        "sessions_limit": _one(found.most),
        "pool_addresses": _one(len(found.pool)),
        "pool_used_addresses": _one(found.used),
        "receive_bytes_total": _one(totals.bytes_in),
        "transmit_bytes_total": _one(totals.bytes_out),
        "refused_dials_total": _by(
            "reason", {reason: totals.refused.get(reason, 0) for reason in _server_totals.REFUSALS}
        ),
        **(_of_radius(readings.radius, totals) if readings.radius else {}),
        **(_of_cluster(readings.cluster) if readings.cluster else {}),
    }


def _one(value: t.Any) -> Samples:
    return [("", {}, value)]


def _by(label: str, values: t.Mapping[t.Any, t.Any]) -> Samples:
    return [("", {label: key}, value) for key, value in values.items()]


def _of_manager(counts: _manager_counters.Counts, totals: _server_totals.Totals) -> dict[str, Samples]:
    duration: Samples = []
    so_far = 0
    for limit, number in zip((*map(str, _manager_counters.LIMITS), "+Inf"), counts.dials):
        so_far += number
        duration.append(("_bucket", {"le": limit}, so_far))
    duration += [("_sum", {}, round(counts.seconds, 3)), ("_count", {}, so_far)]
    return {
        "session_starts_total": _one(counts.starts),
        "session_ends_total": _by("cause", dict(sorted(totals.ends.items()))),
        "dials_under_way": _one(counts.under_way),
        "ipv6_prefixes": _by("kind", counts.prefixes),
        "dial_duration_seconds": duration,
    }


def _of_cluster(cluster: Cluster) -> dict[str, Samples]:
    names = ("cluster_master", "cluster_members", "cluster_up_to_date")
    return {
        "session_starts_total": _one(cluster.starts),
        **{name: _one(value) for name, value in zip(names, cluster.member or ())},
    }


def _of_radius(seconds: t.Mapping[str, float | None], totals: _server_totals.Totals) -> dict[str, Samples]:
    known = {name: each for name, each in seconds.items() if each is not None}
    return {
        "radius_up": _by("radius", {name: int(name in known) for name in seconds}),
        "radius_response_seconds": _by("radius", {name: round(each, 6) for name, each in known.items()}),
        "radius_failed_requests_total": _by("radius", {name: totals.radius_failed.get(name, 0) for name in seconds}),
    }
