"""The demo of a provider notices what is not as it was done."""

from __future__ import annotations

from datetime import datetime, timezone

import grid
import isp_view
import pytest

HUNG_UP = datetime(2026, 11, 28, 12, 0, 30, tzinfo=timezone.utc).timestamp()
SESSIONS = [
    {"account": "anna", "stop": None, "cause": None},
    {"account": "ben", "stop": "2026-11-28T12:00:31Z", "cause": "User-Request"},
    {"account": "carla", "stop": "2026-11-28T12:01:31Z", "cause": "Admin-Reset"},
    {"account": "dora", "stop": "2026-11-28T12:00:10Z", "cause": "Admin-Reset"},
    {"account": "dora", "stop": None, "cause": None},
]


def report(account: str, address: str, **changes) -> dict:
    pings = {"sent": 120, "answered": 120, "row": 0}
    return {"ac_name": isp_view.HOMES[account], "address": address, "state": "up", "ups": 1, "pings": pings, **changes}


DIALLED = {
    "anna": report("anna", "10.20.1.10"),
    "ben": report("ben", "10.20.1.11"),
    "carla": report("carla", "10.20.0.5"),
    "dora": report("dora", "10.20.1.12"),
}


def wrong(rows: list[grid.Row]) -> list[str]:
    return [line.removeprefix("x: ") for line in grid.failures({"x": rows})]


@pytest.mark.parametrize(
    ("account", "changes", "failures"),
    [
        ("anna", {}, []),
        ("anna", {"ac_name": "gate2"}, ["anna: server: gate2"]),
        ("anna", {"address": "10.20.1.11"}, ["anna: address: 10.20.1.11", "ben: address: 10.20.1.11"]),
        ("dora", {"address": "10.10.0.2"}, ["dora: address: 10.10.0.2"]),
        ("carla", {"address": "10.20.1.13"}, ["carla: address: 10.20.1.13"]),
    ],
)
def test_dial(account, changes, failures):
    assert wrong(isp_view.dialled({**DIALLED, account: {**DIALLED[account], **changes}})) == failures


@pytest.mark.parametrize(
    ("former", "latter", "failures"),
    [
        ("ended", "up", []),
        ("up", "up", ["dora: former session: up at gate2"]),
        ("up", "ended", ["dora: new session: ended at gate1", "dora: former session: up at gate2"]),
    ],
)
def test_move(former, latter, failures):
    rows = isp_view.moved({"state": former, "ac_name": "gate2"}, {"state": latter, "ac_name": "gate1"})
    assert wrong(rows) == failures


@pytest.mark.parametrize(
    ("changes", "failures"),
    [
        ({}, []),
        ({"pings": {"sent": 120, "answered": 118, "row": 2}}, []),
        ({"pings": {"sent": 120, "answered": 90, "row": 30}}, ["anna: pings: 90 of 120 answered"]),
        ({"ups": 2}, ["anna: session: up, session 2"]),
        ({"state": "ended"}, ["anna: session: ended, session 1"]),
    ],
)
def test_outage(changes, failures):
    assert wrong(isp_view.outage({**DIALLED, "anna": {**DIALLED["anna"], **changes}})) == failures


def test_the_books_are_right():
    assert wrong(isp_view.books(SESSIONS, HUNG_UP)) == []


@pytest.mark.parametrize(
    ("sessions", "failures"),
    [
        (SESSIONS[1:], ["anna: recorded sessions: none"]),
        (
            [*SESSIONS, SESSIONS[1]],
            ["ben: recorded sessions: User-Request, User-Request", "ben: time of the end: not recorded once"],
        ),
        (
            [{**one, "stop": "2026-11-28T12:01:35Z"} if one["account"] == "ben" else one for one in SESSIONS],
            ["ben: time of the end: 65 s off"],
        ),
    ],
)
def test_the_books_are_wrong(sessions, failures):
    assert wrong(isp_view.books(sessions, HUNG_UP)) == failures
