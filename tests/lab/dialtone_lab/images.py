"""The root file systems that hosts start from, built from Debian's mirror and kept in the cache.

An image is a folder SUITE-HASH: `tree`, what containers run on, and `root.ext4`, the same for UML. HASH covers the
recipe, so a changed recipe is a new image.
"""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from . import debian
from .machine import Progress, run

RECIPE = Path(__file__).resolve().parent.parent / "image"
# Raised when this file or render.mmdebstrap_command changes what is in an image.
VERSION = 2
DISK_SIZE = "2G"


def read_packages(path: Path) -> list[str]:
    """The words of a package list, without its comments."""
    return " ".join(line.partition("#")[0] for line in path.read_text().splitlines()).split()


def recipe_hash(suite: str, recipe: Path) -> str:
    """A short name for all that determines an image, but for the state of Debian's archive."""
    digest = hashlib.sha256(f"{VERSION} {suite}\n".encode())
    for path in sorted(p for p in recipe.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(recipe)} {path.stat().st_mode & 0o111}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def locate(suite: str, cache: Path) -> Path:
    """The folder that the image of this suite has, or will have once it is built."""
    return cache / f"{suite}-{recipe_hash(suite, RECIPE)}"


def ensure(suites: tuple[str, ...], cache: Path, progress: Progress) -> dict[str, Path]:
    """The images of these suites, built side by side where the cache has them not."""
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
    name = f"image {suite}"
    if image.exists():
        progress.say(f"{name}: {image.name}, from the cache")
        return
    with debian.under_construction(image, name, stop, progress) as folder:
        if folder:
            _build(suite, folder, image.parent, stop, progress)


def _build(suite: str, folder: Path, cache: Path, stop: threading.Event, progress: Progress) -> None:
    options = [
        "--variant=minbase",
        "--components=main",
        "--skip=cleanup/apt/lists",
        f"--include={','.join(read_packages(RECIPE / 'base-packages.txt'))}",
        f"--customize-hook={RECIPE / 'customize'}",
    ]
    debian.bootstrap(
        f"image {suite}",
        suite,
        options,
        folder / "tree",
        cache / f"{suite}.log",
        stop,
        progress,
        LAB_IMAGE=str(RECIPE),
    )
    progress.say(f"image {suite}: making the file system")
    # The kernel of `uml` hosts and this machine's mke2fs may disagree on the newest features; these two they agree on.
    options = ["-q", "-t", "ext4", "-L", suite, "-O", "^orphan_file,^metadata_csum_seed"]
    run("mke2fs", *options, "-d", folder / "tree", folder / "root.ext4", DISK_SIZE)
