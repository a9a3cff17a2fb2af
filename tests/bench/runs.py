"""site.yml: its first run stage by stage, and its second run against a play that does nothing as often."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from pathlib import Path

import stage
from measure import Result, median, play, say, table

NAME = "bench"
PAIRS = 3
SLOWEST = 6


def module_runs(results: list[Result]) -> Counter[str]:
    """How many modules ran on each host."""
    return Counter(
        {
            host: sum(result.runs for result in results if result.host == host and result.is_module_run)
            for host in sorted({result.host for result in results})
        }
    )


def first(inventory: list[str]) -> None:
    """The run that sets everything up."""
    wall, results = play(inventory, str(stage.SITE))
    say(f"\nfirst run of site.yml: {wall:.1f} s; its slowest tasks")
    slowest = {}
    for result in results:
        slowest[result.task] = max(slowest.get(result.task, 0.0), result.seconds)
    ordered = sorted(slowest.items(), key=lambda item: -item[1])[:SLOWEST]
    say(table([("task", "seconds"), *((task.rpartition(" : ")[2], f"{seconds:.1f}") for task, seconds in ordered)]))
    counts("first", results)


def counts(which: str, results: list[Result]) -> None:
    runs = module_runs(results)
    tasks = Counter(result.host for result in results)
    say(f"\n{which} run, per host")
    rows = [("host", "tasks", "module runs", "changed")]
    rows += [
        (host, str(tasks[host]), str(runs[host]), str(sum(result.changed for result in results if result.host == host)))
        for host in runs
    ]
    say(table(rows))


def empty(folder: Path, runs: Counter[str]) -> str:
    """A playbook with as many runs of a module that does nothing, on the same hosts in the same two plays."""
    plays = []
    for group in ("pppoe_servers", "pppoe_clients"):
        hosts = [host for host in runs if host.startswith("server") == (group == "pppoe_servers")]
        tasks = [{"name": "Nothing", "ansible.builtin.ping": {}} for _ in range(max(runs[host] for host in hosts))]
        plays.append({"hosts": group, "gather_facts": False, "become": True, "tasks": tasks})
    path = folder / "empty.yml"
    path.write_text(json.dumps(plays))
    return str(path)


def second(inventory: list[str]) -> None:
    """Runs that find everything done, each beside an empty play."""
    ours, nothing = [], []
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        for number in range(PAIRS):
            wall, results = play(inventory, str(stage.SITE))
            if number == 0:
                counts("second", results)
                idle = empty(Path(folder), module_runs(results))
            ours.append(wall)
            nothing.append(play(inventory, idle)[0])
    say(
        f"\nsecond run of site.yml, median of {PAIRS}, against an empty play with as many module runs on the same hosts"
    )
    mine, other = median(ours), median(nothing)
    say(
        table(
            [
                ("", "seconds", "ratio"),
                ("site.yml", f"{mine:.1f}", f"{mine / other:.2f}"),
                ("empty play", f"{other:.1f}", "1"),
            ]
        )
    )


def main() -> None:
    if stage.hosts_of(NAME) is not None:
        raise stage.StageError(f"a lab {NAME} is there already; remove it first: tests/lab/lab down {NAME}")
    began = time.monotonic()
    stage.lab("up", str(stage.TOPOLOGY.relative_to(stage.REPOSITORY)), "--name", NAME)
    say(f"\nlab up: {time.monotonic() - began:.1f} s")
    inventory = [str(stage.INVENTORY), str(stage.connections(NAME))]
    try:
        first(inventory)
        second(inventory)
    finally:
        stage.lab("down", NAME)
