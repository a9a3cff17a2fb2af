"""What a host of the lab costs: the processor time of its whole guest, and the programs that it runs."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from contextlib import suppress
from pathlib import Path

import stage

TICKS = os.sysconf("SC_CLK_TCK")
#: Counts programs; it is handed to Python on the host as text.
ACCOUNTING = (stage.REPOSITORY / "tests" / "support" / "accounting.py").read_text()


class Guest:
    """A UML guest of a lab."""

    def __init__(self, lab: str, host: str) -> None:
        self.lab, self.host = lab, host
        shown = subprocess.run([stage.LAB, "status", lab], cwd=stage.REPOSITORY, capture_output=True, text=True)
        lines = (re.split(r"\s{2,}", line) for line in shown.stdout.splitlines()[1:])
        self.pid = next(int(words[3]) for words in lines if words[0] == host)

    def precede(self, *others: int) -> None:
        """Give the guest, and other processes, precedence over all else on this machine, so that walls mean more."""
        threads = [int(path.name) for path in Path(f"/proc/{self.pid}/task").iterdir()]
        for pid in (*threads, *self._children(), *others):
            with suppress(ProcessLookupError, FileNotFoundError):
                os.setpriority(os.PRIO_PROCESS, pid, -15)
                # Where sessions of processes have their shares (sched(7), "autogroup"), these count.
                Path(f"/proc/{pid}/autogroup").write_text("-15")

    def _children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def on(self, command: str) -> str:
        """What a shell command on it says."""
        return stage.on_host(self.lab, self.host, command)

    def seconds(self) -> float:
        """The processor time that the guest has taken on this machine since it was started.

        It is one process of this machine, and a child of it for each process of the guest's.
        """
        user, system, ended_user, ended_system = _times(self.pid)
        living = sum(sum(_times(child)[:2]) for child in self._children())
        return (user + system + ended_user + ended_system + living) / TICKS

    def begin_accounting(self) -> None:
        self.on(f"python3 -c {shlex.quote(ACCOUNTING)} begin")

    def programs(self) -> dict[str, int]:
        """How often each program has ended since accounting began, and how many processes ran none of their own."""
        found = json.loads(self.on(f"python3 -c {shlex.quote(ACCOUNTING)} end"))
        return {**found["programs"], "forks": found["forks"]}


def _times(pid: int) -> tuple[int, ...]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0, 0, 0
    return tuple(int(field) for field in fields[11:15])
