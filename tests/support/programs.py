"""Programs that stand in for others in tests, and how much work one is."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager


def stand_in(path, text):
    """Write a program; what has no first line of its own is a shell script. Gives the path."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text if text.startswith("#!") else "#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def calls(work):
    """How many functions, of Python and built in, are called while work() runs: the same on any machine."""
    counted = 0

    def count(_frame, event, _argument):
        nonlocal counted
        counted += event in ("call", "c_call")

    former = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(former)
    return counted


@contextmanager
def called(folder, name):
    """A process with the command ``pppd call NAME``."""
    (folder / "call").write_text("import time; time.sleep(60)")
    process = subprocess.Popen(["pppd", "call", name], executable=sys.executable, cwd=folder)
    yield process
    process.kill()
    process.wait()
