"""Runs every part of the tests, several side by side, shows their output line by line, and ends with a table.

Each part is a target of the Makefile and can be run alone. The output of each is kept in .build/test.
Names of parts as arguments choose some of them.
A part that failed is run once more when all others have ended. The table counts its runs, and what failed in the
first one is shown too: a part that passes only with the machine to itself has a fault, in its waits if nowhere else.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from steps import Steps

REPOSITORY = Path(__file__).resolve().parent.parent
LOGS = REPOSITORY / ".build" / "test"
#: A person who watches is told what is running when nothing has been said for so many seconds.
QUIET = 10.0
#: Scenarios wait a part of their time, for dials, echoes and reboots: one more than processors keeps these busy.
LANES = 1 + (os.cpu_count() or 1)
#: One lane more has the parts without guests, with what time these leave.
SPARE_NICE = 5
#: What an interrupted part may take to end by itself, seconds.
PATIENCE = 20.0
#: The parts that take longest, in that order: they begin first, so that none of them is left alone in the end.
LONGEST = (
    "live",
    "dial",
    "client",
    "radius",
    "plans",
    "nat",
    "integration",
    "adopt",
    "default",
    "ipv6",
    "pair",
    "installed",
    "matrix",
    "cluster",
    "unit",
    "pythons",
    "lint",
    "sanity",
)
OTHERS = ("installed", "sanity", "lint", "integration", "pythons", "galaxy", "unit")
#: Coverage is for whoever asks for it.
SETTINGS = {"unit": ("COVERAGE=",)}
#: A test that has passed or failed, as the programs of the parts count them.
COUNTED = re.compile(r"\b(\d+) (passed|failed|skipped|errors?)\b")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
#: Where the output of a part says what failed, and how many lines after it belong to it.
WRONG, AFTER = re.compile(r"fatal: |FAILED(?! - RETRYING)|^E  |\[ERROR\]|Error: "), 9
#: More failed parts than these are no accident, and are not run again.
RERUNS = 3
#: The most lines that are shown again of a part that failed.
SHOWN = 40


@dataclass
class Part:
    """A part of the tests, and what became of it."""

    name: str
    command: list[str]
    seconds: float = 0.0
    status: int | None = None
    runs: int = 0
    #: What failed, as the output of a run says it.
    wrong: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen | None = None
    steps: Steps = field(default_factory=Steps)

    @property
    def lab(self) -> str:
        """The name that the part's lab has, if it makes one."""
        return self.name.replace(" ", "-")

    def count(self, line: str) -> None:
        """Add the counts of a line that sums up some tests."""
        if line.startswith("Running sanity test"):
            self.counts["checks"] = self.counts.get("checks", 0) + 1
        if re.match(r"(=+ |\[\w+\] )?\d+ (passed|failed|skipped|error)", line):
            for number, what in COUNTED.findall(line):
                self.counts[what] = self.counts.get(what, 0) + int(number)

    @property
    def summary(self) -> tuple[str, str, str, str]:
        """The part's line of the table."""
        result = {0: "passed", None: "not run"}.get(self.status, "FAILED")
        if self.runs > 1:
            result += f" in run {self.runs}"
        counted = ", ".join(f"{number} {what}" for what, number in self.counts.items())
        return self.name, result, f"{self.seconds:.0f} s", counted


def wrong(lines: list[str]) -> list[str]:
    """The lines of a failed part's output that say what failed, the last ones if there are many."""
    hits = [number for number, line in enumerate(lines) if WRONG.search(line)]
    kept = {number for hit in hits for number in range(hit, min(hit + AFTER + 1, len(lines)))}
    return [lines[number] for number in sorted(kept or range(len(lines)))][-SHOWN:]


def parts() -> list[Part]:
    """All of them, those that take longest first."""
    scenarios = sorted(path.parent.name for path in REPOSITORY.glob("molecule/*/molecule.yml"))
    everything = [
        *(Part(f"molecule {name}", ["make", "molecule", f"SCENARIO={name}"]) for name in scenarios),
        *(Part(name, ["make", name, *SETTINGS.get(name, ())]) for name in OTHERS),
    ]

    def place(part: Part) -> int:
        name = part.name.removeprefix("molecule ")
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)

    return sorted(everything, key=place)


class Show:
    """The one output that all parts share."""

    def __init__(self) -> None:
        self.began = self.last = time.monotonic()
        self.lock = threading.Lock()
        self.running: dict[str, float] = {}

    def line(self, name: str, text: str) -> None:
        with self.lock:
            self.last = time.monotonic()
            print(f"{name:>16} | {text}", flush=True)

    def tick(self) -> None:
        """Say what is running, if nothing was said for a while."""
        now = time.monotonic()
        if self.running and now - self.last > QUIET:
            running = ", ".join(f"{name} for {now - began:.0f} s" for name, began in self.running.items())
            self.line("test", f"running: {running}")


def run(part: Part, show: Show, nice: int = 0) -> None:
    """Run a part to its end."""
    part.runs += 1
    part.counts, part.steps = {}, Steps()
    began = show.running[part.name] = time.monotonic()
    show.line(part.name, f"$ {' '.join(part.command)}")
    log = LOGS / f"{part.lab}{'' if part.runs == 1 else f'-{part.runs}'}.log"
    heard: list[str] = []
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    }
    with (
        log.open("w") as kept,
        subprocess.Popen(
            ["nice", "-n", str(nice), *part.command],
            cwd=REPOSITORY,
            env={**environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):
        part.process = process
        assert process.stdout is not None
        for line in process.stdout:
            kept.write(line)
            plain = ESCAPES.sub("", line)
            heard.append(plain.rstrip())
            part.count(plain)
            part.steps.hear(plain, time.monotonic())
            show.line(part.name, line.rstrip())
    part.status, part.seconds = process.returncode, time.monotonic() - began
    del show.running[part.name]
    if part.status != 0:
        part.wrong += [f"run {part.runs}:", *wrong(heard)]
    show.line(part.name, "passed" if part.status == 0 else f"FAILED with exit code {part.status}, output in {log}")


def lane(queues: tuple[deque[Part], ...], show: Show, nice: int = 0) -> None:
    """Run the parts of some queues one after the other, until these are empty."""
    for queue in queues:
        while True:
            try:
                part = queue.popleft()
            except IndexError:
                break
            run(part, show, nice)


def end(everything: list[Part]) -> None:
    """End the parts that are running, and remove their labs."""
    for number in (signal.SIGINT, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        left = [part.process for part in everything if part.process and part.process.poll() is None]
        for process in left:
            os.killpg(process.pid, number)
        while time.monotonic() < deadline and any(process.poll() is None for process in left):
            time.sleep(0.1)
    for part in everything:
        if part.process:
            subprocess.run(["tests/lab/lab", "down", part.lab], cwd=REPOSITORY, capture_output=True, check=False)


def interrupt(*_signal) -> None:
    raise KeyboardInterrupt


def table(everything: list[Part]) -> str:
    """What became of each part, one a line."""
    rows = [("part", "result", "time", "of these"), *(part.summary for part in everything)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def steps(everything: list[Part]) -> str:
    """What the steps of each scenario took, a line a scenario."""
    return "\n".join(f"{part.name}: {part.steps.summary}" for part in everything if part.steps.times)


def failures(everything: list[Part]) -> str:
    """What failed in each part, a paragraph a part."""
    return "\n\n".join(
        "\n".join((f"{part.name}, {part.wrong[0]}", *part.wrong[1:])) for part in everything if part.wrong
    )


def main(names: list[str]) -> int:
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, interrupt)
    everything, show = [part for part in parts() if not names or part.name in names], Show()
    scenarios = deque(part for part in everything if part.name.startswith("molecule "))
    others = deque(part for part in everything if part not in scenarios)
    with ThreadPoolExecutor(max_workers=LANES + 1) as pool:
        futures = [pool.submit(lane, (scenarios, others), show) for _ in range(LANES)]
        futures.append(pool.submit(lane, (others,), show, SPARE_NICE))
        try:
            while not all(future.done() for future in futures):
                time.sleep(0.5)
                show.tick()
            again = [part for part in everything if part.status != 0]
            for part in again if len(again) <= RERUNS else ():
                run(part, show)
        except KeyboardInterrupt:
            print("test: interrupted; what has begun is ending", file=sys.stderr, flush=True)
            scenarios.clear()
            others.clear()
            end(everything)
            return 130
    for future in futures:
        future.result()
    print(f"\n{table(everything)}\n\n{steps(everything)}\n\n{time.monotonic() - show.began:.0f} s in all")
    print(failures(everything))
    failed = [part.name for part in everything if part.status != 0]
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
