"""Random steps on the real session manager, in a network of their own: no address and no session ID twice."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def main(seconds: float, chance: random.Random) -> None:
    sys.path.insert(0, str(REPOSITORY / ".build" / "collections"))
    from ansible_collections.dialtone.pppoe.tests.support import address_steps, server_scripts

    end = time.monotonic() + seconds
    with (
        tempfile.TemporaryDirectory(prefix="dialtone-addresses-") as folder,
        server_scripts.made(Path(folder)) as program,
    ):
        steps = address_steps.walk(Path(folder), program, chance, lambda _done: time.monotonic() < end)
    print(f"addresses: {steps} steps")
