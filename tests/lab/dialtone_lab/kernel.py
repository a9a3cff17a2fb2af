"""The kernels of UML hosts: Debian's user-mode-linux, kept in the cache beside the images.

A host names the Debian release that its kernel is of, whatever the machine's is: newer ones run programs in far less
time. The newest have dropped what NAT takes; its modules are built here, from Debian's source of the same version.
A kernel is a program, and comes with the C library it was built for, since older machines have an older one.
"""

import shutil
import threading
from pathlib import Path

from . import debian
from .errors import LabError
from .machine import Progress, run

# Raised when this file changes what is in the folder.
VERSION = 2
IPTABLES = Path(__file__).resolve().parent.parent / "kernel" / "iptables"
# Releases whose kernels have no iptables-legacy.
WITHOUT_IPTABLES = ("forky",)


def locate(suite: str, cache: Path) -> Path:
    """The folder that it has, or will have once it is there: `linux.uml`, `lib` with its library, and `lib/modules`."""
    return cache / f"kernel-{suite}-{VERSION}"


def ensure(suites: tuple[str, ...], cache: Path, progress: Progress) -> None:
    """Have the kernels of these releases in the cache."""
    for suite in suites:
        if not locate(suite, cache).exists():
            _fetch(suite, locate(suite, cache), progress)


def _fetch(suite: str, place: Path, progress: Progress) -> None:
    name, stop = f"kernel {suite}", threading.Event()
    with debian.under_construction(place, name, stop, progress) as folder:
        if folder is None:
            return
        tree = folder / "tree"
        with_source = suite in WITHOUT_IPTABLES
        options = ["--variant=extract", f"--include=user-mode-linux{',linux-source' if with_source else ''}"]
        debian.bootstrap(name, suite, options, tree, place.parent / f"kernel-{suite}.log", stop, progress)
        try:
            _assemble(tree, folder, place)
            if with_source:
                progress.say(f"{name}: building the modules of iptables-legacy")
                _build_iptables(tree, folder)
        except OSError as error:
            raise LabError(f"{name}: user-mode-linux of {suite} is not what was expected: {error}") from error
        shutil.rmtree(tree)


def _assemble(tree: Path, folder: Path, place: Path) -> None:
    """Take out of the tree what a kernel at `place` needs."""
    program = folder / "linux.uml"
    (folder / "lib").mkdir()
    shutil.move(tree / "usr/bin/linux.uml", program)
    shutil.move(tree / "usr/lib/uml/modules", folder / "lib/modules")
    loader = Path(run("patchelf", "--print-interpreter", program).stdout.strip()).name
    for library in (loader, "libc.so.6"):
        found = next((path for path in sorted(tree.rglob(library)) if not path.is_symlink()), None)
        if found is None:
            raise LabError(f"{library} was not found among the packages that user-mode-linux asks for")
        shutil.copy2(found, folder / "lib" / library)
    run("patchelf", "--set-interpreter", place / "lib" / loader, "--set-rpath", place / "lib", program)


def _build_iptables(tree: Path, folder: Path) -> None:
    """Add them to the kernel's modules. Modules fit only a kernel of their version."""
    (kernel,) = (path.name.rpartition(".")[0] for path in (folder / "lib/modules").iterdir())
    if not (tree / f"usr/src/linux-source-{kernel}.tar.xz").exists():
        raise LabError(
            f"Debian's user-mode-linux is {kernel} and its linux-source is not, so that it gets no iptables-legacy; "
            "give the hosts of the topology another kernel"
        )
    run("sh", IPTABLES, tree, folder)
