"""pppoe_session_info with 1,000 sessions: real processes, interfaces and files, in namespaces of their own.

The processes only have the command line of a server's pppd, since the kernels of many machines have no PPP. pppd's
database, from which usernames come, is not there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from measure import HERE, median, peak_memory, say, stage, table

SIZES = (1, 100, 1_000)
REPETITIONS = 3
MODULE = "pppoe_session_info"


def begin(folder: Path, count: int, stack: ExitStack) -> None:
    """A process, a PPP interface with an address, and a file with the pid, for each session."""
    lines = []
    for number in range(count):
        lines.append(f"link add ppp{number} type bridge")
        lines.append(f"addr add 10.0.0.1 peer 10.1.{number >> 8}.{number & 255} dev ppp{number}")
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    # sh takes "plugin" for its program, which waits.
    (folder / "plugin").write_text("read nothing\n")
    for number in range(count):
        session = f"{number + 1}:02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        words = ["pppd", "plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", session]
        options = ["file", "/etc/ppp/pppoe-server/default.options", "nodetach"]
        process = subprocess.Popen([*words, *options], executable="/bin/sh", cwd=folder, stdin=subprocess.PIPE)
        stack.callback(process.wait)
        stack.callback(process.kill)
        Path(f"/run/ppp{number}.pid").write_text(f"{process.pid}\n")


def inside(count: int) -> None:
    """In the namespaces: print the seconds and the peak memory of a module run, some times."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    with ExitStack() as stack:
        begin(Path("/run"), count, stack)
        for _number in range(REPETITIONS):
            began = time.monotonic()
            processor, peak = peak_memory(MODULE, {})
            print(processor, time.monotonic() - began, peak)


def main() -> None:
    rows = [("sessions", "processor time", "wall time", "peak memory")]
    for count in SIZES:
        asked = [stage.program("python"), str(HERE / "listing.py"), str(count)]
        words = ["unshare", "--pid", "--fork", "--mount", "--net", "--mount-proc", *asked]
        done = subprocess.run(words, cwd=stage.REPOSITORY, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise stage.StageError(f"listing {count} sessions failed: {done.stderr[-500:]}")
        runs = [tuple(map(float, line.split())) for line in done.stdout.splitlines()]
        processor, wall, peak = (median([run[column] for run in runs]) for column in range(3))
        rows.append((f"{count:,}", f"{processor:.2f} s", f"{wall:.2f} s", f"{peak / 1e6:.0f} MB"))
    say(f"\n{MODULE} by itself, the module's own process, without what Ansible does around it")
    say(table(rows))


if __name__ == "__main__":
    inside(int(sys.argv[1]))
