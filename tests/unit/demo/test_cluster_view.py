"""The demo of a cluster notices what is not as it should be."""

from __future__ import annotations

import cluster_view
import grid
import pytest

REPORTS = [
    {"ac_name": "cluster", "address": f"10.20.1.{number}", "state": "up", "dials": 1}
    for number in range(10, 10 + cluster_view.COUNT)
]
BOTH = {"gate1": cluster_view.COUNT, "gate2": cluster_view.COUNT}


def wrong(rows: list[grid.Row]) -> list[str]:
    return [line.removeprefix("x: ") for line in grid.failures({"x": rows})]


def changed(**values) -> list[dict]:
    return [{**REPORTS[0], **values}, *REPORTS[1:]]


@pytest.mark.parametrize(
    ("reports", "sessions", "failures"),
    [
        (REPORTS, BOTH, []),
        (changed(ac_name="other"), BOTH, ["customers: concentrator: cluster, other"]),
        (changed(address="10.20.1.11"), BOTH, ["customers: addresses: 29 of RADIUS"]),
        (REPORTS, {**BOTH, "gate2": 29}, ["gate2: sessions: 29"]),
    ],
)
def test_dial(reports, sessions, failures):
    assert wrong(cluster_view.dialled(reports, sessions)) == failures


@pytest.mark.parametrize(
    ("reports", "row", "failures"),
    [
        (REPORTS, 1, []),
        (changed(dials=2), 1, ["customers: sessions: 29 of 30 are the same"]),
        (changed(state="ended"), 1, ["customers: sessions: 29 of 30 are the same"]),
        (REPORTS, 7, ["customers: pings: 7 of 20 lost, at most 7 in a row"]),
    ],
)
def test_power_cut(reports, row, failures):
    pings = [{"sent": 10, "answered": 10 - row, "row": row}, {"sent": 10, "answered": 10, "row": 0}]
    assert wrong(cluster_view.cut(reports, pings, "gate2")) == failures
