"""Ends of sessions by cause: the manager says that they have ended, pppd says why, not always in this order."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager._counters import Counts
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _exposition as _server_exposition
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _totals as _server_totals
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import SessionStatus, Status
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._totals import JournalMessage, Totals
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

PEER, DEAD, OVER = "LCP terminated by peer", "No response to 4 echo-requests", "Connection terminated."
SIGNAL, HANGUP = "Terminating on signal 15", "Modem hangup"


def counts(*ends, since=5, total=None):
    return Counts(since, ends=len(ends) if total is None else total, last_ends=[list(one) for one in ends])


def after(*runs):
    """The totals after some runs: each is what the manager has counted, and the messages."""
    totals = Totals()
    for counted, messages in runs:
        totals = _server_totals.with_ends(totals, counted, [JournalMessage(*one) for one in messages])
    return totals


@pytest.mark.parametrize(
    ("runs", "ends"),
    [
        # The manager's own cause counts at once, pppd's in the next run.
        ([(counts((7, "NAS-Request"), (8, None)), [(8, PEER), (8, OVER)])], {"NAS-Request": 1}),
        ([(counts((8, None)), [(8, PEER), (8, OVER)])] * 2, {"User-Request": 1}),
        # What pppd says may be read before its end is counted, or after.
        ([(counts(), [(8, DEAD)]), (counts((8, None)), [(8, OVER)]), (counts((8, None)), [])], {"Lost-Carrier": 1}),
        ([(counts((8, None)), [(8, SIGNAL)]), (counts((8, None)), [(8, HANGUP), (8, OVER)])], {"User-Request": 1}),
        # Neither has said why: killed.
        ([(counts((8, None)), []), (counts((8, None)), [])], {"Unknown": 1}),
        # More than the manager keeps.
        ([(counts((8, "NAS-Request"), total=4), [])], {"NAS-Request": 1, "Unknown": 3}),
        # A boot: the manager counts from nothing, even if it is as far as before.
        (
            [(counts((8, "NAS-Request")), []), (counts((8, "NAS-Request"), since=9), [])],
            {"NAS-Request": 2},
        ),
        # A second run with nothing new.
        ([(counts((8, "NAS-Request")), [])] * 3, {"NAS-Request": 1}),
        # What a client has for a name is no cause.
        ([(counts((8, None)), [(8, "rcvd [PAP AuthReq id=1 user=LCP terminated by peer]")])] * 2, {"Unknown": 1}),
    ],
)
def test_ends(runs, ends):
    assert after(*runs).ends == ends


def test_what_is_kept_names_nobody_and_stays_small():
    """The file of the totals can be read by everybody."""
    totals = after((counts((8, None)), [(8, "Peer cmz failed CHAP authentication"), (9, DEAD)]))
    assert totals.said == {"8": ["CHAP peer authentication"], "9": ["No response to "]}
    later = _server_totals.with_ends(totals, counts((8, None)), [])
    assert (later.said, later.unknown, later.ends) == ({}, [], {"Service-Unavailable": 1})


STATUS = Status("default", 615, (), ("10.0.0.2",), (SessionStatus("ppp0", "10.0.0.2", 5, 7, "home"),), since=1700000000)
COUNTS = Counts(
    5, starts=3, seconds=1.25, dials=[1, 1, 0, 0, 1, 0, 0, 0, 0, 0], ends=2, under_way=4, prefixes={"framed": 7}
)
TOTALS = Totals(plans={"home": [1, 2, 3, 4]}, ends={"User-Request": 2}, radius_failed={"192.0.2.1:1812": 3})
READINGS = _server_exposition.Readings(COUNTS, {"192.0.2.1:1812": None, "[2001:db8::1]:1812": 0.0021})


def values(text):
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_exposition_of_the_managers_counts_and_of_radius():
    found = values(_server_exposition.exposition(STATUS, TOTALS, drained=False, readings=READINGS))
    for name, value in {
        'session_starts_total{server="default"}': "3",
        'session_ends_total{server="default",cause="User-Request"}': "2",
        'dials_under_way{server="default"}': "4",
        'ipv6_prefixes{server="default",kind="framed"}': "7",
        'dial_duration_seconds_bucket{server="default",le="0.05"}': "1",
        'dial_duration_seconds_bucket{server="default",le="0.5"}': "2",
        'dial_duration_seconds_bucket{server="default",le="+Inf"}': "3",
        'dial_duration_seconds_sum{server="default"}': "1.25",
        'dial_duration_seconds_count{server="default"}': "3",
        'radius_up{server="default",radius="192.0.2.1:1812"}': "0",
        'radius_up{server="default",radius="[2001:db8::1]:1812"}': "1",
        'radius_response_seconds{server="default",radius="[2001:db8::1]:1812"}': "0.0021",
        'radius_failed_requests_total{server="default",radius="192.0.2.1:1812"}': "3",
    }.items():
        assert found["pppoe_server_" + name] == value, name
    assert 'pppoe_server_radius_response_seconds{server="default",radius="192.0.2.1:1812"}' not in found


def test_every_metric_has_a_sample_where_all_is_known():
    text = _server_exposition.exposition(STATUS, TOTALS, drained=False, readings=READINGS)
    names = {line.split("{")[0] for line in values(text)}
    names |= {line.split("{")[0] for line in values(of_l2tpns((1, 2, 1)))}
    names = {name.removesuffix("_bucket") for name in names} - {
        f"pppoe_server_dial_duration_seconds_{part}" for part in ("sum", "count")
    }
    assert names == {f"pppoe_server_{name}" for name, _kind, _text in _server_exposition.METRICS}


def of_l2tpns(member):
    readings = _server_exposition.Readings(cluster=_server_exposition.Cluster(7, member))
    return _server_exposition.exposition(STATUS, Totals(bytes_in=5), drained=False, readings=readings)


def test_what_l2tpns_does_not_count_is_not_said_to_be_0():
    found = values(of_l2tpns((1, 2, 1)))
    server = '{server="default"}'
    assert (found[f"pppoe_server_cluster_master{server}"], found[f"pppoe_server_cluster_members{server}"]) == ("1", "2")
    assert found[f"pppoe_server_session_starts_total{server}"] == "7"
    # The alert for sessions that are lost asks for it.
    assert found[f"pppoe_server_drained{server}"] == "0"
    assert not [name for name in found if "refused" in name or "ends" in name]
    assert not [name for name in values(of_l2tpns(None)) if "cluster" in name]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
@pytest.mark.parametrize("readings", [None, READINGS])
def test_prometheus_accepts_them(readings):
    text = _server_exposition.exposition(STATUS, TOTALS, drained=False, readings=readings)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", ["docs/fleet.md", "plugins/modules/pppoe_server_metrics.py"])
def test_every_metric_is_documented(path):
    text = (REPOSITORY / path).read_text()
    assert [name for name, _kind, _text in _server_exposition.METRICS if f"pppoe_server_{name}" not in text] == []
