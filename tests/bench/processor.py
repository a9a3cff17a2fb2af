"""The processor time of a bench and of all that it starts, guests included, by a control group of its own.

Other work on the machine makes a clock meaningless, but hardly changes this.
"""

from __future__ import annotations

import atexit
import os
from contextlib import suppress
from pathlib import Path

#: cgroups(7): where a group can be made, its file with the time, and how many parts of a second that counts.
PLACES = (("/sys/fs/cgroup/cpuacct", "cpuacct.usage", 1e9), ("/sys/fs/cgroup", "cpu.stat", 1e6))
_group: tuple[Path, float] | None = None


def begin() -> None:
    """Count from now on. Where no group can be made, nothing is counted."""
    global _group
    for place, name, parts in PLACES:
        folder = Path(place) / f"dialtone-bench-{os.getpid()}"
        with suppress(OSError):
            if (Path(place) / "cgroup.procs").exists():
                folder.mkdir()
                (folder / "cgroup.procs").write_text(str(os.getpid()))
                _group = folder / name, parts
                atexit.register(_end, folder)
                return


def _end(folder: Path) -> None:
    # What still runs, such as a connection of ssh's that is kept, keeps the group.
    with suppress(OSError):
        (folder.parent / "cgroup.procs").write_text(str(os.getpid()))
        folder.rmdir()


def seconds() -> float | None:
    """Processor time since ``begin``; ``None`` if it is not counted."""
    if _group is None:
        return None
    path, parts = _group
    return float(path.read_text().replace("usage_usec", "").split()[0]) / parts


def since(before: float | None) -> float | None:
    """The time since it was ``before``."""
    now = seconds()
    return None if before is None or now is None else now - before
