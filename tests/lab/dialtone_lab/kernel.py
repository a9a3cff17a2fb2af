"""The kernel of UML hosts: Debian's user-mode-linux, kept in the cache beside the images.

It is that of one Debian release, whatever the machine's is: newer ones run programs in far less time, and the newest
have dropped what NAT takes. The kernel is a program, and comes with the C library it was built for, since older
machines have an older one.
"""

import os
import platform
import shutil
import threading
from pathlib import Path

from . import debian
from .errors import LabError
from .machine import Progress, run

#: The Debian release it is taken from.
SUITE = os.environ.get("DIALTONE_LAB_KERNEL") or "trixie"
# Raised when this file changes what is in the folder.
VERSION = 1


def locate(cache: Path) -> Path:
    """The folder that it has, or will have once it is there: `linux.uml`, `modules`, `lib`."""
    return cache / f"kernel-{SUITE}-{VERSION}"


def version(cache: Path) -> str:
    """The version of the kernel that is there, or 'none'."""
    modules = locate(cache) / "modules"
    return " ".join(sorted(os.listdir(modules))) if modules.is_dir() else "none"


def ensure(cache: Path, progress: Progress, machine=platform.machine) -> None:
    """Have it in the cache, if there is one for this machine."""
    if machine() not in ("x86_64", "i386", "i686") or locate(cache).exists():
        return
    stop = threading.Event()
    with debian.under_construction(locate(cache), "kernel", stop, progress) as folder:
        if folder is None:
            return
        tree = folder / "tree"
        options = ["--variant=extract", "--include=user-mode-linux"]
        debian.bootstrap("kernel", SUITE, options, tree, cache / "kernel.log", stop, progress)
        try:
            _assemble(tree, folder, locate(cache))
        except OSError as error:
            raise LabError(f"kernel: user-mode-linux of {SUITE} is not what was expected: {error}") from error


def _assemble(tree: Path, folder: Path, place: Path) -> None:
    """Take out of the tree what a kernel at `place` needs."""
    program = folder / "linux.uml"
    shutil.move(tree / "usr/bin/linux.uml", program)
    shutil.move(tree / "usr/lib/uml/modules", folder / "modules")
    loader = Path(run("patchelf", "--print-interpreter", program).stdout.strip()).name
    (folder / "lib").mkdir()
    for library in (loader, "libc.so.6"):
        found = next((path for path in sorted(tree.rglob(library)) if not path.is_symlink()), None)
        if found is None:
            raise LabError(f"kernel: {library} of {SUITE} was not found among its packages")
        shutil.copy2(found, folder / "lib" / library)
    run("patchelf", "--set-interpreter", place / "lib" / loader, "--set-rpath", place / "lib", program)
    shutil.rmtree(tree)
