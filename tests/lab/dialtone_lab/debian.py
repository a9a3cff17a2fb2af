"""Root file systems, and single packages, from Debian's mirror."""

import fcntl
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

from . import render
from .errors import LabError
from .machine import Progress, run

DEFAULT_MIRROR = "http://deb.debian.org/debian"


def mirror() -> str:
    """The Debian mirror that this machine itself uses."""
    lines = run(
        "apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages", check=False
    ).stdout.splitlines()
    mirrors = [line.removeprefix("Debian ") for line in lines if line.startswith("Debian http")]
    return mirrors[0].rstrip("/") if mirrors else DEFAULT_MIRROR


@contextmanager
def under_construction(place: Path, name: str, stop: threading.Event, progress: Progress):
    """A folder to make what will be `place`, which gets its name at the end: it is always complete.

    Yields None if another lab has made it meanwhile. Waits for one that is at it.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f".{name.replace(' ', '-')}.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.still(f"{name}: another lab builds it, waiting")
                if stop.wait(0.5):
                    raise LabError(f"{name}: stopped") from None
        if place.exists():
            progress.say(f"{name}: {place.name}, another lab has built it")
            yield None
            return
        for remains in place.parent.glob(f".building-{place.name}-*"):
            shutil.rmtree(remains)
        folder = place.parent / f".building-{place.name}-{os.getpid()}"
        folder.mkdir()
        try:
            yield folder
            folder.rename(place)
            progress.say(f"{name}: ready, {place}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def bootstrap(
    name: str,
    suite: str,
    options: list[str],
    tree: Path,
    log: Path,
    stop: threading.Event,
    progress: Progress,
    **environment: str,
) -> None:
    """Run mmdebstrap until it has made `tree`, or until `stop`."""
    progress.say(f"{name}: building from {mirror()}, log in {log}")
    with log.open("w") as output:
        process = subprocess.Popen(
            render.mmdebstrap_command(suite, mirror(), tree, options),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
            start_new_session=True,
        )
    try:
        while process.poll() is None:
            if stop.wait(0.3):
                raise LabError(f"{name}: stopped")
            progress.still(f"{name}: {_last_line(log)}")
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise LabError(f"{name}: mmdebstrap failed; {log} ends with: {_tail(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1].strip()[:80] if lines else "starting"


def _tail(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E: ")]
    return " / ".join((errors or lines)[-4:])
