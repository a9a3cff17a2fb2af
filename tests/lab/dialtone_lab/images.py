"""The root file systems that hosts start from, built from Debian's mirror and kept in the cache.

An image is a folder SUITE-HASH: `tree`, what containers run on, and `root.ext4`, the same for UML. HASH covers the
recipe, so a changed recipe is a new image. A folder of that name is always complete: it gets its name at the end.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from . import render
from .errors import LabError
from .machine import Progress, run

RECIPE = Path(__file__).resolve().parent.parent / "image"
UML_MODULES = Path("/usr/lib/uml/modules")
DEFAULT_MIRROR = "http://deb.debian.org/debian"
# Raised when this file or render.mmdebstrap_command changes what is in an image.
VERSION = 1
DISK_SIZE = "2G"


def read_packages(path: Path) -> list[str]:
    """The words of a package list, without its comments."""
    return " ".join(line.partition("#")[0] for line in path.read_text().splitlines()).split()


def recipe_hash(suite: str, recipe: Path, uml_version: str) -> str:
    """A short name for all that determines an image, but for the state of Debian's archive."""
    digest = hashlib.sha256(f"{VERSION} {suite} {uml_version}\n".encode())
    for path in sorted(p for p in recipe.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(recipe)} {path.stat().st_mode & 0o111}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def locate(suite: str, cache: Path) -> Path:
    """The folder that the image of this suite has, or will have once it is built."""
    asked = run("dpkg-query", "--show", "--showformat=${Version}", "user-mode-linux", check=False)
    return cache / f"{suite}-{recipe_hash(suite, RECIPE, asked.stdout.strip() if asked.returncode == 0 else 'none')}"


def mirror() -> str:
    """The Debian mirror that this machine itself uses."""
    lines = run(
        "apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages", check=False
    ).stdout.splitlines()
    mirrors = [line.removeprefix("Debian ") for line in lines if line.startswith("Debian http")]
    return mirrors[0].rstrip("/") if mirrors else DEFAULT_MIRROR


def ensure(suites: tuple[str, ...], cache: Path, progress: Progress) -> dict[str, Path]:
    """The images of these suites, built side by side where the cache has them not."""
    cache.mkdir(parents=True, exist_ok=True)
    images = {suite: locate(suite, cache) for suite in suites}
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        builds = [pool.submit(_ensure_one, suite, image, stop, progress) for suite, image in images.items()]
        try:
            for build in as_completed(builds):
                build.result()
        finally:
            stop.set()  # one failed, or Ctrl-C: the others must not go on for minutes
    return images


def _ensure_one(suite: str, image: Path, stop: threading.Event, progress: Progress) -> None:
    if image.exists():
        progress.say(f"image {suite}: {image.name}, from the cache")
        return
    with _locked(image.parent / f".{suite}.lock", suite, stop, progress):
        if image.exists():
            progress.say(f"image {suite}: {image.name}, another lab has built it")
        else:
            _build(suite, image, stop, progress)


@contextmanager
def _locked(path: Path, suite: str, stop: threading.Event, progress: Progress):
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.still(f"image {suite}: another lab builds it, waiting")
                if stop.wait(0.5):
                    raise LabError(f"image {suite}: stopped") from None
        yield


def _build(suite: str, image: Path, stop: threading.Event, progress: Progress) -> None:
    for remains in image.parent.glob(f".building-{suite}-*"):
        shutil.rmtree(remains)
    folder = image.parent / f".building-{suite}-{os.getpid()}"
    folder.mkdir()
    log = image.parent / f"{suite}.log"
    try:
        progress.say(f"image {suite}: building from {mirror()}, log in {log}")
        _debootstrap(suite, folder / "tree", log, stop, progress)
        progress.say(f"image {suite}: making the file system")
        # UML 6.1 and this machine's mke2fs may disagree on the newest features; these two they agree on.
        run(
            "mke2fs",
            "-q",
            "-t",
            "ext4",
            "-O",
            "^orphan_file,^metadata_csum_seed",
            "-L",
            suite,
            "-d",
            folder / "tree",
            folder / "root.ext4",
            DISK_SIZE,
        )
        folder.rename(image)
        progress.say(f"image {suite}: ready, {image}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _debootstrap(suite: str, tree: Path, log: Path, stop: threading.Event, progress: Progress) -> None:
    command = render.mmdebstrap_command(
        suite, mirror(), read_packages(RECIPE / "base-packages.txt"), RECIPE / "customize", tree
    )
    environment = {
        **os.environ,
        "LAB_IMAGE": str(RECIPE),
        "LC_ALL": "C.UTF-8",
        "LAB_MODULES": str(UML_MODULES) if UML_MODULES.is_dir() else "",
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    while process.poll() is None:
        if stop.wait(0.3):
            process.kill()
            process.wait()
            raise LabError(f"image {suite}: stopped")
        progress.still(f"image {suite}: {_last_line(log)}")
    if process.returncode != 0:
        raise LabError(f"image {suite}: mmdebstrap failed; {log} ends with: {_tail(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1].strip()[:80] if lines else "starting"


def _tail(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E: ")]
    return " / ".join((errors or lines)[-4:])
