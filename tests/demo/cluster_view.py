"""What customers and members say in the demo of a cluster, held against what was done. Pure."""

from __future__ import annotations

from typing import Any

from grid import Cell, Row

COUNT = 30
#: Pings in a row that may be lost on a machine that is busy; there are two a second.
MOST_LOST = 6
_CUSTOMERS = "customers"

Report = dict[str, Any]


def dialled(reports: list[Report], sessions: dict[str, int]) -> list[Row]:
    """After the dial: reports of all customers (`lab customers … status`), and how many sessions each member has."""
    names = sorted({str(each["ac_name"]) for each in reports})
    addresses = {each["address"] for each in reports if each["address"]}
    return [
        Row("concentrator", {_CUSTOMERS: Cell(", ".join(names), names == ["cluster"])}),
        Row("addresses", {_CUSTOMERS: Cell(f"{len(addresses)} of RADIUS", len(addresses) == COUNT)}),
        *back(sessions),
    ]


def cut(reports: list[Report], pings: list[dict[str, int]], master: str) -> list[Row]:
    """After the power cut of the master; `master` is the one that has taken over."""
    same = sum(each["state"] == "up" and each["dials"] == 1 for each in reports)
    lost = max((each["row"] for each in pings), default=0)
    sent, answered = (sum(each[key] for each in pings) for key in ("sent", "answered"))
    text = f"{sent - answered} of {sent} lost, at most {lost} in a row"
    return [
        Row("sessions", {_CUSTOMERS: Cell(f"{same} of {COUNT} are the same", same == COUNT)}),
        Row("pings", {_CUSTOMERS: Cell(text, bool(answered) and lost <= MOST_LOST)}),
        Row("master", {master: Cell("yes", True)}),
    ]


def back(sessions: dict[str, int]) -> list[Row]:
    """How many sessions each member has."""
    return [Row("sessions", {name: Cell(str(number), number == COUNT) for name, number in sessions.items()})]
