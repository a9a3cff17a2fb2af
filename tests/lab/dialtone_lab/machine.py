"""Running commands on this machine, and finding out what runs on it."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from .errors import LabError


def run(*command: object, check: bool = True, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Run a command quietly; when it fails and `check`, say what it was and what it said."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment)
    if check and done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split()) or f"exit code {done.returncode}"
        raise LabError(f"{' '.join(words)}: {said}")
    return done


def in_namespace(namespace: str, *command: object) -> list[str]:
    """The command, to be run in a network namespace; other than `ip netns exec` it leaves the mounts alone."""
    return ["nsenter", f"--net=/run/netns/{namespace}", *(str(word) for word in command)]


def processes_with(*arguments: str) -> list[int]:
    """The processes whose command line has all these arguments, each whole; the oldest first."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended since
        if all(os.fsencode(argument) in words for argument in arguments):
            found.append(int(folder.name))
    return sorted(found, key=_started)


def _started(pid: int) -> tuple[int, int]:
    try:
        # Field 22 of /proc/PID/stat; field 2, the name, may itself hold blanks and ')'.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]), pid
    except OSError:
        return 0, pid


def end(find, seconds: float = 10) -> int:
    """Kill -9 every process that `find()` lists, by pid, until it lists none; returns how many there were."""
    ended: set[int] = set()
    deadline = time.monotonic() + seconds
    while pids := find():
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        ended.update(pids)
        if time.monotonic() > deadline:
            raise LabError(f"processes {', '.join(map(str, pids))} do not end, though killed")
        time.sleep(0.05)
    return len(ended)


class Progress:
    """Lines on standard output, each with the seconds since the start. Safe to use from several threads."""

    def __init__(self):
        self._start = time.monotonic()
        self._last = self._start
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """One line, now."""
        with self._lock:
            self._last = time.monotonic()
            print(f"[{self._last - self._start:4.0f} s] {text}", flush=True)

    def still(self, text: str, every: float = 4) -> None:
        """One line, if nothing was said for `every` seconds: to be called often from a loop that waits."""
        if time.monotonic() - self._last > every:
            self.say(text)
