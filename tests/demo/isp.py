#!/usr/bin/env python3
"""Makes a provider's network, runs site.yml on it, and shows what RADIUS does for it: moves, outages, disconnects."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import crowd
import isp_view
import stage

NAME = "demo-isp"
TOPOLOGY = stage.REPOSITORY / "tests" / "lab" / "topologies" / "isp.yml"
INVENTORY = Path("inventory.isp.example.yml")
HISTORY = Path("playbooks/history.yml")
CENTRE = "radius1"
NUMBERS = {account: number for number, account in enumerate(isp_view.HOMES, 1)}
OTHER_DEVICE = len(NUMBERS) + 1
AWAY = 60
DISCONNECT = "echo User-Name=carla | radclient -r 1 -t 10 -x 192.168.5.110:3799 disconnect change-me-too"
AROUND = """\
The lab stays up. Look around:
  make lab-ssh LAB=demo-isp HOST=gate1        a shell on a host (gate1, gate2, radius1)
  tests/lab/lab customers demo-isp lan status what the customers say; tests/lab/README.md has what else they can do
  make demo-isp-down                          ends it, and leaves nothing behind
Run the playbook again, and nothing changes:
  {playbook}"""


def main() -> int:
    return stage.show(Demo().run, "make demo-isp-down")


class Demo:
    """One run, with its clock."""

    def __init__(self) -> None:
        self.clock = stage.Clock()

    def run(self) -> int:
        title = self.clock.title
        title("The network: two concentrators, a RADIUS centre, and customers on the wire")
        stage.bring_up(NAME, TOPOLOGY, None, "demo-isp")
        crowd.spare(NAME, INVENTORY)
        title("The playbook, with the sample inventory as it is")
        stage.run_playbook(NAME, "demo-isp", "gate1", inventory=INVENTORY)
        began = stage.on_host(NAME, CENTRE, "date", "-u", "+%FT%TZ").strip()
        title("Four customers dial")
        parts = {"dial": isp_view.dialled(dial())}
        title("dora moves: another device dials at the other concentrator, by the same account")
        parts["move"] = isp_view.moved(*move())
        title(f"The centre is away for {AWAY} seconds; everybody pings, and ben hangs up meanwhile")
        reports, hung_up = outage()
        parts["outage"] = isp_view.outage(reports)
        title("A billing system ends carla's session")
        print(f"{CENTRE} # {DISCONNECT}\n{disconnect()}", flush=True)
        title("Who had which address when, from the centre")
        sessions = recorded(began, hung_up)
        stage.run_playbook(NAME, "demo-isp", CENTRE, HISTORY, INVENTORY, "-l", CENTRE, "-e", f"since={began}")
        parts["centre"] = isp_view.books(sessions, hung_up)
        title("All of it")
        code = stage.conclude(parts, self.clock)
        print(AROUND.format(playbook=stage.typed(stage.playbook_command(NAME, inventory=INVENTORY))))
        return code


def customers(question: str, **settings: Any) -> dict[str, Any]:
    return crowd.ask(NAME, question, **settings)


def wait(number: int, state: str) -> dict[str, Any]:
    return customers("wait", first=number, count=1, state=state, seconds=30)["customers"][0]


def dial_one(number: int, account: str, server: str) -> None:
    customers("dial", first=number, count=1, username=account, secret=account, ac_name=server)


def dial() -> dict[str, dict[str, Any]]:
    for account, server in isp_view.HOMES.items():
        dial_one(NUMBERS[account], account, server)
    return {account: wait(number, "up") for account, number in NUMBERS.items()}


def move() -> tuple[dict[str, Any], dict[str, Any]]:
    """The reports of dora's first device and of the other one."""
    dial_one(OTHER_DEVICE, "dora", isp_view.MOVES["dora"])
    latter = wait(OTHER_DEVICE, "up")
    return wait(NUMBERS["dora"], "ended"), latter


def outage() -> tuple[dict[str, dict[str, Any]], float]:
    """The reports of those who stay, and when ben hung up."""
    numbers = {**NUMBERS, "dora": OTHER_DEVICE}
    for account in isp_view.STAYING:
        customers("ping", first=numbers[account], count=1, interval=0.5)
    began = time.monotonic()
    stage.on_host(NAME, CENTRE, "systemctl", "stop", "freeradius")
    customers("hang_up", first=NUMBERS["ben"], count=1)
    hung_up = time.time()
    wait(NUMBERS["ben"], "ended")
    time.sleep(max(0.0, AWAY - (time.monotonic() - began)))
    stage.on_host(NAME, CENTRE, "systemctl", "start", "freeradius")
    customers("stop_pings")
    return {name: customers("status", first=numbers[name], count=1)["customers"][0] for name in numbers}, hung_up


def disconnect() -> str:
    """What the concentrator of carla's session answers; she is gone afterwards."""
    answer = stage.on_host(NAME, CENTRE, DISCONNECT)
    wait(NUMBERS["carla"], "ended")
    return "\n".join(line for line in answer.splitlines() if line.startswith(("Sent", "Received")))


def recorded(began: str, hung_up: float) -> list[dict[str, Any]]:
    """The sessions of this run, once the concentrators have delivered what they kept."""
    deadline = time.monotonic() + 60
    while True:
        question = f"pppoe_session_history_info since={began}"
        sessions: list[dict[str, Any]] = stage.module(NAME, CENTRE, question)["sessions"]
        right = all(cell.right for row in isp_view.books(sessions, hung_up) for cell in row.cells.values())
        if right or time.monotonic() > deadline:
            return sessions
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
