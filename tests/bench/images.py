"""The images of the lab: built anew, and found in the cache."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time

import stage
from measure import say, table


def build(cache: str) -> float:
    """Have the demo's images in this cache; seconds."""
    began = time.monotonic()
    done = subprocess.run(
        [stage.LAB, "images", str(stage.TOPOLOGY)], env={**os.environ, "DIALTONE_LAB_CACHE": cache}, check=False
    )
    if done.returncode != 0:
        raise stage.StageError("tests/lab/lab images failed; see above")
    return time.monotonic() - began


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as cache:
        times = [build(cache), build(cache)]
    say("\nimages of the demo")
    say(
        table(
            [
                ("cache", "seconds"),
                *((name, f"{seconds:.1f}") for name, seconds in zip(("empty", "full"), times, strict=True)),
            ]
        )
    )
