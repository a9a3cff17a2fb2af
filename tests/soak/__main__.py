"""What is random or long by nature, for as long as you like; `make test` has one pass of each kind.

A failure says the seed, with which the same comes again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# This folder first: bench has parts of the same names.
sys.path[:0] = [str(HERE.parent / folder) for folder in ("soak", "demo", "lab", "bench")]

import stage  # noqa: E402

PARTS = ("addresses", "crowd", "dials", "faults", "kills", "pair")


def main() -> int:
    options = argparse.ArgumentParser(prog="make soak", description=__doc__)
    options.add_argument("part", nargs="*", help=f"some of: {', '.join(PARTS)} (default: all)")
    options.add_argument("--minutes", type=float, default=10, help="for each part (default: 10)")
    options.add_argument("--seed", type=int, default=int(time.time()), help="of the random numbers")
    given = options.parse_args()
    unknown = [part for part in given.part if part not in PARTS]
    if unknown:
        options.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    for part in given.part or PARTS:
        print(f"soak: {part} for {given.minutes:g} minutes, seed {given.seed}", flush=True)
        try:
            __import__(part).main(given.minutes * 60, random.Random(given.seed))  # noqa: S311
        except (AssertionError, stage.StageError) as error:
            print(f"soak: {part} failed with seed {given.seed}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("soak: interrupted", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
