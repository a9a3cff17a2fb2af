"""A dial while nearly every address of a large pool is taken, against one while all are free.

The real session manager and the real script that asks it, in a network of their own; pppd is a stand-in that ends.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import stage
from measure import say, table

sys.path.insert(0, str(stage.REPOSITORY / ".build" / "collections"))

POOL, LEFT = 4_000, 10
#: Dials of a manager that has just started: not so many that it lets some wait for their turn.
ROUNDS, DIALS = 10, 4


def address(number: int) -> str:
    return f"10.{8 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def measure(folder: Path, taken: int) -> tuple[float, float]:
    """Seconds of a dial: the manager's processor time, and by the clock from the script's start to pppd's."""
    from ansible_collections.dialtone.pppoe.tests.support import server_scripts

    with server_scripts.made(folder):
        server_scripts.pool(folder, *map(address, range(POOL)))
        lines = "".join(f"addr add {address(number)}/32 dev lo\n" for number in range(taken))
        words = server_scripts.inside(folder, "ip", "-batch", "-")
        subprocess.run(words, input=lines, text=True, check=True)

        def dial(number: int) -> None:
            words = ["rp_pppoe_sess", f"{number % 60 + 1}:02:00:00:00:00:{number % 60 + 1:02x}"]
            words += ["file", f"{folder}/etc/default.options", f"10.0.0.1:{address(number * 37 % POOL)}"]
            done = server_scripts.run(folder, server_scripts.PPPD, "plugin", "pppoe.so", "nic-eth1", *words)
            if done.returncode != 0:
                raise stage.StageError(f"a dial with {taken} addresses taken: {done.stderr}")

        processor = clock = 0.0
        for _round in range(ROUNDS):
            # The first one starts the manager.
            dial(0)
            pid = (folder / "run" / "manager.pid").read_text().split()[0]
            before, began = _nanoseconds(pid), time.monotonic()
            for number in range(1, DIALS + 1):
                dial(number)
            processor += (_nanoseconds(pid) - before) / 1e9
            clock += time.monotonic() - began
            server_scripts.run(folder, "scripts/pppoe-server-manager", "stop", shell=sys.executable)
        return processor / ROUNDS / DIALS, clock / ROUNDS / DIALS


def _nanoseconds(pid: str) -> int:
    """What a process has had of a processor (Documentation/scheduler/sched-stats.rst)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def main() -> None:
    found = []
    for taken in (0, POOL - LEFT):
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
            found.append(measure(Path(folder), taken))
    rows = [("addresses taken", "the manager's CPU", "by the clock")]
    for taken, (processor, clock) in zip((0, POOL - LEFT), found, strict=True):
        rows.append((f"{taken:,} of {POOL:,}", f"{processor * 1e3:.2f} ms", f"{clock * 1e3:.1f} ms"))
    rows.append(("ratio", *(f"{full / empty:.2f}" for empty, full in zip(*found, strict=True))))
    say(f"\na dial, mean of {ROUNDS * DIALS} one after the other")
    say(table(rows))
