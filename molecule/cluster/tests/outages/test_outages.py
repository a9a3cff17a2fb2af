"""No session ends when a member does."""

from __future__ import annotations

import re

COUNT = 30


def lost(cluster) -> str:
    pings = cluster.customers("stop_pings").values()
    sent, answered = (sum(one[key] for one in pings) for key in ("sent", "answered"))
    return f"{sent - answered} of {sent} pings lost, at most {max(one['row'] for one in pings)} in a row"


def test_the_daemon_of_the_master_is_killed(cluster, until):
    """systemd starts it again, and it is a member again."""
    master = until(cluster.master, 30)
    cluster.customers("ping", interval=0.5)
    cluster.members[master].check_output("systemctl kill -s KILL l2tpns")
    assert until(lambda: cluster.master() not in ("", master), 30)
    print(lost(cluster))
    assert cluster.up() == COUNT
    assert until(lambda: cluster.sessions(master) == COUNT, 60)
    assert {one["dials"] for one in cluster.customers("status")["customers"]} == {1}


def test_the_master_loses_its_power(cluster, lab, until):
    master = until(cluster.master, 30)
    cluster.customers("ping", interval=0.5)
    lab("kill", master)
    assert until(lambda: cluster.master() not in ("", master), 30)
    print(lost(cluster))
    assert cluster.up() == COUNT
    cluster.customers("ping", interval=0.5)
    assert re.match("0 of [1-9]", lost(cluster))
    lab("start", master)
    assert until(lambda: cluster.sessions(master) == COUNT, 90)
    assert {one["dials"] for one in cluster.customers("status")["customers"]} == {1}


def test_a_run_afterwards_changes_nothing(site):
    done = site("all")
    assert done.returncode == 0, done.stdout
    assert not re.search(r"changed=[1-9]", done.stdout), done.stdout
