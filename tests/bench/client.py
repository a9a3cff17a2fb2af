"""A dial of pppoe_client, from the task's start to `connected`, against pppd by hand on the same host."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import stage
from measure import Result, median, play, say, table

NAME = "bench-client"
DIALS = 5
HOST = "client"
PID_FILE = "/run/ppp-pppoe-client-uplink.pid"


def playbook(folder: Path) -> str:
    """Dials by turns, each from a link that is down."""
    down = {"name": "Down", "dialtone.pppoe.pppoe_client": {"name": "uplink", "state": "disconnected"}}
    # updetach returns once the link has its IPv4 address, IPv6 being off.
    by_hand = {"name": "By hand", "ansible.builtin.command": "pppd call uplink updetach"}
    wait = f"kill $(head -n 1 {PID_FILE}); while pgrep -x pppd; do sleep 0.2; done"
    end = {"name": "End", "ansible.builtin.shell": wait}
    connection = {**CONNECTION, "state": "connected"}
    module = {"name": "Module", "dialtone.pppoe.pppoe_client": connection}
    play = {"hosts": HOST, "gather_facts": False, "become": True, "tasks": [down, by_hand, end, module] * DIALS}
    path = folder / "dials.yml"
    path.write_text(json.dumps([play]))
    return str(path)


# The client of the sample inventory.
CONNECTION = {
    "name": "uplink",
    "interface": "eth0",
    "username": "cmz",
    "secret": "cmz",
    "dns": ["114.114.114.114", "8.8.8.8"],
}


def times(results: list[Result], task: str) -> list[float]:
    return [result.seconds for result in results if result.task.rpartition(" : ")[2] == task]


def main() -> None:
    if stage.hosts_of(NAME) is not None:
        raise stage.StageError(f"a lab {NAME} is there already; remove it first: tests/lab/lab down {NAME}")
    stage.lab("up", str(stage.TOPOLOGY.relative_to(stage.REPOSITORY)), "--name", NAME)
    inventory = [str(stage.INVENTORY), str(stage.connections(NAME))]
    try:
        play(inventory, str(stage.SITE))
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
            _wall, results = play(inventory, playbook(Path(folder)))
    finally:
        stage.lab("down", NAME)
    ours, hand = median(times(results, "Module")), median(times(results, "By hand"))
    say(f"\na dial, from the task's start to the address, median of {DIALS} by turns")
    say(
        table(
            [
                ("", "seconds", "ratio"),
                ("pppoe_client, connected", f"{ours:.2f}", f"{ours / hand:.2f}"),
                ("pppd call, by hand", f"{hand:.2f}", "1"),
            ]
        )
    )
