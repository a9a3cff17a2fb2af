#!/usr/bin/env python3
"""Makes a cluster of two PPPoE servers with l2tpns, runs site.yml on it, and cuts the power of its master."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import cluster_view
import crowd
import stage

NAME = "demo-cluster"
TOPOLOGY = stage.REPOSITORY / "tests" / "lab" / "topologies" / "cluster.yml"
INVENTORY = Path("inventory.cluster.example.yml")
STATUS, HISTORY = Path("playbooks/status.yml"), Path("playbooks/history.yml")
GATES, CENTRE = ("gate1", "gate2"), "radius1"
#: How long the cluster may take to agree on something, seconds.
PATIENCE = 60
AROUND = """\
The lab stays up. Look around:
  make lab-ssh LAB=demo-cluster HOST=gate1        a shell on a host (gate1, gate2, radius1)
  tests/lab/lab customers demo-cluster lan status what the customers say; tests/lab/README.md has what else they can do
  make demo-down ENGINE=l2tpns                    ends it, and leaves nothing behind
Run the playbook again, and nothing changes:
  {playbook}"""


def main() -> int:
    return stage.show(Demo().run, "make demo-down ENGINE=l2tpns")


class Demo:
    """One run, with its clock."""

    def __init__(self) -> None:
        self.clock = stage.Clock()

    def run(self) -> int:
        title, count = self.clock.title, cluster_view.COUNT
        title("The network: two members, a RADIUS centre, and customers on the wire; no kernel with PPP")
        stage.bring_up(NAME, TOPOLOGY, None, "demo ENGINE=l2tpns")
        crowd.spare(NAME, INVENTORY)
        title("The playbook, with the sample inventory as it is")
        stage.run_playbook(NAME, "demo ENGINE=l2tpns", "gate1", inventory=INVENTORY)
        title(f"{count} customers dial")
        crowd.ask(NAME, "dial", count=count, username="anna", secret="anna")
        crowd.ask(NAME, "wait", count=count, seconds=PATIENCE)
        master, other = agreed()
        parts = {"dial": cluster_view.dialled(crowd.ask(NAME, "status")["customers"], sessions(GATES))}
        title(f"The power of {master}, the master, is cut; everybody pings")
        crowd.ask(NAME, "ping", interval=0.5)
        stage.lab("kill", NAME, master)
        wait(lambda: role(other) == "master", f"{other} does not become the master")
        time.sleep(2)
        pings = crowd.ask(NAME, "stop_pings")
        parts["power cut"] = cluster_view.cut(crowd.ask(NAME, "status")["customers"], list(pings.values()), other)
        title(f"{master} is back, and has all sessions")
        stage.lab("start", NAME, master)
        wait(lambda: sessions((master,)) == {master: count}, f"{master} does not get the sessions")
        parts["back"] = cluster_view.back(sessions(GATES))
        title("What is said of it")
        for playbook in (STATUS, HISTORY):
            words = ("-e", "limit=3") if playbook == HISTORY else ()
            stage.run_playbook(NAME, "demo ENGINE=l2tpns", "gate1", playbook, INVENTORY, *words)
        title("All of it")
        code = stage.conclude(parts, self.clock)
        print(AROUND.format(playbook=stage.typed(stage.playbook_command(NAME, inventory=INVENTORY))))
        return code


def status(host: str) -> dict:
    """The server of a host, as pppoe_server_info lists it."""
    (found,) = stage.module(NAME, host, "pppoe_server_info")["servers"]
    return found


def role(host: str) -> str | None:
    return status(host)["cluster_role"]


def sessions(hosts: tuple[str, ...]) -> dict[str, int]:
    """How many sessions each of them has; -1 while it cannot be reached."""
    found = {}
    for host in hosts:
        try:
            found[host] = status(host)["sessions"]
        except stage.StageError:
            found[host] = -1
    return found


def agreed() -> tuple[str, str]:
    """The master and the other one, once both have all sessions."""
    count = cluster_view.COUNT
    wait(lambda: set(sessions(GATES).values()) == {count}, "the members do not have the same sessions")
    master = next((gate for gate in GATES if role(gate) == "master"), GATES[0])
    return master, next(gate for gate in GATES if gate != master)


def wait(what, problem: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise stage.StageError(f"{problem} after {PATIENCE} s")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
