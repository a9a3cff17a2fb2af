"""What customers and the centre say in the demo of a provider, held against what was done. Pure."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from grid import Cell, Row

#: The concentrator that each account dials at first; dora moves to the other one.
HOMES = {"anna": "gate1", "ben": "gate1", "carla": "gate2", "dora": "gate2"}
MOVES = {"dora": "gate1"}
STAYING = ("anna", "carla", "dora")
FIXED = {"carla": "10.20.0.5"}
POOL = (IPv4Address("10.20.1.10"), IPv4Address("10.20.1.250"))
#: Pings that may be lost in a row on a machine that is busy, and seconds that a record's time may be off.
MOST_LOST, MOST_OFF = 2, 5
ENDS = {"ben": "User-Request", "carla": "Admin-Reset", "dora": "Admin-Reset"}

Report = dict[str, Any]


def dialled(reports: dict[str, Report]) -> list[Row]:
    """The rows after the first dial, from each customer's report (`lab customers … status`)."""
    addresses = [report["address"] for report in reports.values()]

    def right(account: str, address: str) -> bool:
        if account in FIXED:
            return address == FIXED[account]
        return POOL[0] <= IPv4Address(address) <= POOL[1] and addresses.count(address) == 1

    return [
        Row("server", {name: Cell(each["ac_name"], each["ac_name"] == HOMES[name]) for name, each in reports.items()}),
        Row("address", {name: Cell(each["address"], right(name, each["address"])) for name, each in reports.items()}),
    ]


def moved(former: Report, latter: Report) -> list[Row]:
    """The rows after dora has dialled at the other concentrator, by another device."""
    here = f"{latter['state']} at {latter['ac_name']}"
    there = f"{former['state']} at {former['ac_name']}"
    return [
        Row("new session", {"dora": Cell(here, here == f"up at {MOVES['dora']}")}),
        Row("former session", {"dora": Cell(there, there == f"ended at {HOMES['dora']}")}),
    ]


def outage(reports: dict[str, Report]) -> list[Row]:
    """The rows after the centre's absence: what became of everybody who did not hang up."""

    def pings(report: Report) -> Cell:
        sent, answered, row = (report["pings"][key] for key in ("sent", "answered", "row"))
        return Cell(f"{answered} of {sent} answered", bool(sent) and row <= MOST_LOST)

    def session(report: Report) -> Cell:
        same = report["state"] == "up" and report["ups"] == 1
        return Cell("the same" if same else f"{report['state']}, session {report['ups']}", same)

    return [
        Row("pings", {name: pings(reports[name]) for name in STAYING}),
        Row("session", {name: session(reports[name]) for name in STAYING}),
    ]


def books(sessions: list[dict[str, Any]], hung_up: float) -> list[Row]:
    """The rows on what the centre has recorded; `hung_up` is when ben did so, while the centre was away."""
    of_account = {name: [each for each in sessions if each["account"] == name] for name in HOMES}
    wanted = {name: ["open"] if name not in ENDS else [ENDS[name]] for name in HOMES}
    wanted["dora"].append("open")
    found = {name: sorted(each["cause"] if each["stop"] else "open" for each in of_account[name]) for name in HOMES}
    ends = [datetime.fromisoformat(each["stop"]).timestamp() for each in of_account["ben"] if each["stop"]]
    off = f"{abs(ends[0] - hung_up):.0f} s off" if len(ends) == 1 else "not recorded once"
    return [
        Row(
            "recorded sessions",
            {name: Cell(", ".join(each) or "none", each == sorted(wanted[name])) for name, each in found.items()},
        ),
        Row("time of the end", {"ben": Cell(off, len(ends) == 1 and abs(ends[0] - hung_up) <= MOST_OFF)}),
    ]
