"""A second run of site.yml over 1, 20 and 200 hosts, against an empty play of as many module runs.

FLEET_SIZES=1,20 chooses other sizes, FLEET_FORKS=10 how many hosts are at work at once (20). The first host is set up
by site.yml; all others are copies of it, which boot as it would, since 200 first runs would take an hour here.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import hosts
import processor
from measure import chosen, record, say, table  # first: it finds tests/support/fleet

import playbooks

SIZES = [int(size) for size in chosen("FLEET_SIZES", alone="1,20,200", in_whole="1,20").split(",")]
FORKS = int(os.environ.get("FLEET_FORKS", "20"))
PLAIN = Path(__file__).resolve().parent / "plain_server.yml"
HEAD = ("hosts", "play", "seconds", "to empty", "CPU s", "to empty, CPU", "module runs a host")


class Bench:
    """A fleet of one host at first, and what was measured on it."""

    def __init__(self, folder: Path) -> None:
        self.fleet = hosts.Fleet(folder, 1)
        self.folder = folder
        self.rows = [HEAD]

    def play(self, playbook: Path, size: int) -> tuple[playbooks.Run, float]:
        """A run, and the processor time of the controller and the hosts together."""
        limit = ",".join(sorted(self.fleet.processes)[:size])
        before = processor.seconds()
        done = playbooks.play(self.inventory, playbook, f"--limit={limit}", forks=FORKS)
        if done.status != 0:
            raise RuntimeError(f"{playbook.name} failed:\n{done.output[-3000:]}")
        return done, processor.since(before) or 0.0

    @property
    def inventory(self) -> Path:
        return self.fleet.inventory(playbooks.SERVER)

    def empty(self, count: int) -> Path:
        """An empty play: `ping`, which does nothing, so many times."""
        path = self.folder / "empty.yml"
        tasks = [{"name": "Nothing", "ansible.builtin.ping": {}} for _ in range(count)]
        path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "become": True, "tasks": tasks}]))
        return path

    def measure(self, size: int, what: str, playbook: Path, changes: bool = False) -> None:
        """A play on so many hosts, and an empty one of as many module runs."""
        done, cpu = self.play(playbook, size)
        if not changes and (changed := done.having("changed")):
            raise RuntimeError(f"{what} changed {', '.join(changed)}:\n{done.output[-3000:]}")
        each = max(done.modules.values())
        empty, idle = self.play(self.empty(each), size)
        ratio = f"{cpu / idle:.2f}" if idle else "-"
        cells = [f"{done.seconds:.1f}", f"{done.seconds / empty.seconds:.2f}", f"{cpu:.1f}", ratio, str(each)]
        self.rows.append((str(size), what, *cells))
        self.rows.append((str(size), "empty", f"{empty.seconds:.1f}", "1", f"{idle:.1f}", "1", str(each)))
        say(f"  {size} hosts, {what}: {done.seconds:.1f} s, empty {empty.seconds:.1f} s, by CPU {ratio}")


def main() -> None:
    with hosts.short_folder() as folder:
        bench = Bench(Path(folder))
        try:
            bench.measure(1, "site.yml, first", playbooks.SITE, changes=True)
            # Once more, since connections and caches are warm from now on.
            bench.play(playbooks.SITE, 1)
            for size in SIZES:
                bench.fleet.copy("host001", size, ready="/run/pppoe-server/default.pid")
                bench.measure(size, "site.yml, again", playbooks.SITE)
        finally:
            bench.fleet.close()
    with hosts.short_folder() as folder:
        plain = Bench(Path(folder))
        plain.rows = bench.rows
        try:
            plain.measure(1, "plain, first", PLAIN, changes=True)
            plain.measure(1, "plain, again", PLAIN)
        finally:
            plain.fleet.close()
    say(f"\nplaybooks over a fleet on {os.cpu_count()} processors, {FORKS} hosts at a time, ssh with pipelining")
    say("to empty: against a play that runs a module which does nothing as often on the same hosts")
    say(table(bench.rows))
    record("fleet", [dict(zip(HEAD, row)) for row in bench.rows[1:]])
