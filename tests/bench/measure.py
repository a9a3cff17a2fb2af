"""Running playbooks and modules, and what it took."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "demo"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support" / "fleet"))

import stage

from playbooks import LOCAL

HERE = Path(__file__).resolve().parent
#: Where the figures of each part go as JSON.
RESULTS = stage.REPOSITORY / ".build" / "bench"
#: Whether all parts run, some of them with less than when they run alone.
whole = False
#: The tables of the part that runs, and what else it records.
_tables: list[list[dict[str, str]]] = []
_figures: dict[str, Any] = {}


@dataclass(frozen=True)
class Result:
    """A result of a task on a host: `seconds` is counted from the task's start, `runs` are items of its loop."""

    task: str
    action: str
    host: str
    seconds: float
    changed: bool
    runs: int

    @property
    def is_module_run(self) -> bool:
        return self.action.rpartition(".")[2] not in LOCAL


def play(inventory: list[str], playbook: str) -> tuple[float, list[Result]]:
    """Run a playbook; its wall time in seconds, and the result of each task on each host."""
    with tempfile.NamedTemporaryFile(prefix="bench-", suffix=".jsonl") as times:
        environment = stage.environment(
            ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callbacks"),
            ANSIBLE_CALLBACKS_ENABLED="task_times",
            ANSIBLE_LOCALHOST_WARNING="false",
            TASK_TIMES=times.name,
        )
        began = time.monotonic()
        words = [word for source in inventory for word in ("-i", source)]
        done = subprocess.run(
            [stage.program("ansible-playbook"), *words, playbook],
            cwd=stage.REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.monotonic() - began
        if done.returncode != 0:
            raise stage.StageError(f"{playbook} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        return wall, [Result(**json.loads(line)) for line in Path(times.name).read_text().splitlines()]


def peak_memory(module: str, parameters: dict) -> tuple[float, int]:
    """Run a module in a process of its own; its seconds of processor time, and its peak memory in bytes."""
    with tempfile.NamedTemporaryFile("w", prefix="bench-", suffix=".json") as arguments:
        json.dump(parameters, arguments)
        arguments.flush()
        environment = {**os.environ, "PYTHONPATH": str(stage.REPOSITORY / ".build" / "collections")}
        done = subprocess.run(
            [stage.program("python"), str(HERE / "one_module.py"), module, arguments.name],
            cwd=stage.REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise stage.StageError(f"{module} failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    answer = json.loads(done.stderr.splitlines()[-1])
    return answer["seconds"], answer["peak"]


def chosen(variable: str, alone: str, in_whole: str) -> str:
    """How much a part measures: what the environment says, or else what it does alone, or less in a whole run."""
    return os.environ.get(variable) or (in_whole if whole else alone)


def median(values: list[float]) -> float:
    return statistics.median(values)


def say(text: str) -> None:
    print(text, flush=True)


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows in columns, the first row being the head; all but the first column to the right.

    They are among the results of the part that runs, too.
    """
    _tables.append([dict(zip(rows[0], row, strict=True)) for row in rows[1:]])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  "
        + "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def record(name: str, figures: Any) -> None:
    """Have figures among the results of the part that runs."""
    _figures[name] = figures


def write_results(part: str, seconds: float, processor: float | None) -> Path:
    """The results of a part that has run, which took so many seconds, and of processors; where they are."""
    path = RESULTS / f"{part}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {"processors": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0], "time": int(time.time())}
    found = {
        "part": part,
        "seconds": round(seconds, 1),
        "processor_seconds": processor,
        "machine": machine,
        "tables": _tables,
        "figures": _figures,
    }
    path.write_text(json.dumps(found, indent=1) + "\n")
    _tables.clear()
    _figures.clear()
    return path
