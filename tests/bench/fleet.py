"""site.yml over 1, 20 and 200 hosts, against an empty play of as many module runs, and a playbook of plain modules.

FLEET_SIZES=1,20 chooses other sizes. One that would probably end later than FLEET_SECONDS is left out, and said to be.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from measure import say, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support" / "fleet"))

import hosts

import playbooks

SIZES = [int(size) for size in os.environ.get("FLEET_SIZES", "1,20,200").split(",")]
PLAIN = Path(__file__).resolve().parent / "plain_server.yml"
FORKS = 20
MOST_SECONDS = int(os.environ.get("FLEET_SECONDS", "330"))
#: The plain playbook is run on no more hosts than so many, to stay within minutes.
MOST_PLAIN = 20


class Bench:
    """A fleet, and what was measured on it."""

    def __init__(self, folder: Path, count: int) -> None:
        self.began = time.monotonic()
        self.fleet = hosts.Fleet(folder, count)
        self.inventory = self.fleet.inventory(playbooks.SERVER)
        self.folder = folder
        self.rows = [("hosts", "play", "seconds", "a host", "module runs a host", "to empty")]
        say(f"\n{count} hosts are up after {time.monotonic() - self.began:.1f} s")

    def play(self, playbook: Path, size: int) -> playbooks.Run:
        limit = ",".join(sorted(self.fleet.processes)[:size])
        done = playbooks.play(self.inventory, playbook, f"--limit={limit}", forks=FORKS)
        if done.status != 0:
            raise RuntimeError(f"{playbook.name} failed:\n{done.output[-3000:]}")
        return done

    def empty(self, count: int) -> Path:
        """A playbook with so many runs of a module that does nothing."""
        path = self.folder / "empty.yml"
        tasks = [{"name": "Nothing", "ansible.builtin.ping": {}} for _ in range(count)]
        path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "become": True, "tasks": tasks}]))
        return path

    def row(self, size: int, what: str, done: playbooks.Run, empty: playbooks.Run) -> None:
        each = max(done.modules.values())
        ratio = done.seconds / empty.seconds * max(empty.modules.values()) / each
        cells = (str(size), what, f"{done.seconds:.1f}", f"{done.seconds / size:.2f}", str(each), f"{ratio:.2f}")
        self.rows.append(cells)
        say(f"  {size} hosts, {what}: {done.seconds:.1f} s")

    def measure(self, size: int) -> float:
        """All plays on so many hosts, first and again; seconds that they took."""
        began = time.monotonic()
        first = self.play(playbooks.SITE, size)
        again = self.play(playbooks.SITE, size)
        empty = self.play(self.empty(max(again.modules.values())), size)
        self.row(size, "site.yml, first", first, empty)
        self.row(size, "site.yml, again", again, empty)
        self.row(size, "empty", empty, empty)
        return time.monotonic() - began

    def measure_plain(self, size: int) -> None:
        """The plain playbook, on hosts that it has not met."""
        empty = None
        for what in ("plain, first", "plain, again"):
            done = self.play(PLAIN, size)
            empty = empty or self.play(self.empty(max(done.modules.values())), size)
            self.row(size, what, done, empty)


def main() -> None:
    with hosts.short_folder() as folder:
        bench = Bench(Path(folder), max(SIZES))
        try:
            last = 0.0
            for index, size in enumerate(SIZES):
                # Hosts are at work side by side, so that few of them take as long as one.
                expected = last * max(1, size / max(SIZES[index - 1], os.cpu_count() or 1)) if index else 0.0
                if time.monotonic() - bench.began + expected > MOST_SECONDS:
                    say(f"  {size} hosts: left out, as it would take about {expected:.0f} s here (FLEET_SECONDS)")
                    continue
                last = bench.measure(size)
        finally:
            bench.fleet.close()
    if sizes := [size for size in SIZES if size <= MOST_PLAIN]:
        with hosts.short_folder() as folder:
            plain = Bench(Path(folder), max(sizes))
            plain.rows = bench.rows
            try:
                for size in sizes:
                    plain.measure_plain(size)
            finally:
                plain.fleet.close()
    say(f"\nplaybooks over a fleet on {os.cpu_count()} processors, {FORKS} hosts at a time, ssh with pipelining")
    say("to empty: against a play that does nothing, for each module run")
    say(table(bench.rows))
