"""site.yml: its first run stage by stage, and its second run against plays that do nothing."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import processor
import stage
from measure import Result, median, play, record, say, table

NAME = "bench"
PAIRS = 3
SLOWEST = 6
#: The most module runs that a host may take while nothing changes.
BUDGET = 7


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


def empty(folder: Path, runs: Mapping[str, int]) -> str:
    """An empty play: `ping`, which does nothing, so many times on each host, in the same two plays as in site.yml."""
    plays = []
    for group in ("pppoe_servers", "pppoe_clients"):
        hosts = [host for host in runs if host.startswith("server") == (group == "pppoe_servers")]
        tasks = [{"name": "Nothing", "ansible.builtin.ping": {}} for _ in range(max(runs[host] for host in hosts))]
        plays.append({"hosts": group, "gather_facts": False, "become": True, "tasks": tasks})
    path = folder / "empty.yml"
    path.write_text(json.dumps(plays))
    return str(path)


def timed(inventory: list[str], playbook: str) -> tuple[float, float, list[Result]]:
    """A run: its seconds, the processor time of the controller and all guests, and its results."""
    before = processor.seconds()
    wall, results = play(inventory, playbook)
    return wall, processor.since(before) or 0.0, results


def second(inventory: list[str]) -> None:
    """Runs that find everything done, each beside empty plays: of as many module runs, and of `BUDGET`."""
    took: dict[str, list[tuple[float, float]]] = {"site.yml": [], "as many": [], "budget": []}
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        for number in range(PAIRS):
            wall, cpu, results = timed(inventory, str(stage.SITE))
            if number == 0:
                counts("second", results)
                runs = module_runs(results)
            took["site.yml"].append((wall, cpu))
            for name, wanted in (("as many", runs), ("budget", dict.fromkeys(runs, BUDGET))):
                took[name].append(timed(inventory, empty(Path(folder), wanted))[:2])
    say(f"\nsecond run of site.yml, median of {PAIRS}, and plays that do nothing on the same hosts")
    figures = {name: [median([pair[which] for pair in pairs]) for which in (0, 1)] for name, pairs in took.items()}
    words = {
        "site.yml": "site.yml",
        "as many": "empty play, as many module runs",
        "budget": f"empty play, {BUDGET} module runs a host",
    }
    mine = figures["site.yml"]
    rows = [
        (words[name], f"{wall:.1f}", f"{mine[0] / wall:.2f}", f"{cpu:.1f}", f"{mine[1] / cpu:.2f}" if cpu else "-")
        for name, (wall, cpu) in figures.items()
    ]
    say(table([("", "seconds", "site.yml to it", "CPU s", "site.yml to it, CPU"), *rows]))
    record("second", figures)


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
