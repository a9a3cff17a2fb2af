"""Figures and ratios: how long things take, and against what. Nothing here fails for being slow.

All parts together take about half an hour on two processors, by the sum of what each takes alone. The longest of
them measure less then than alone: see `measure.chosen`.
"""

from __future__ import annotations

import argparse
import sys
import time

import measure  # first: it finds tests/demo
import processor

PARTS = (
    *("accounts", "nat", "runs", "client", "fleet", "images", "listing"),
    *("dial", "storm", "addresses", "throughput", "live", "centre", "radius", "plans", "concentrators", "ipv6"),
    "outages",
)


def main() -> int:
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("part", nargs="*", help=f"some of: {', '.join(PARTS)} (default: all)")
    chosen = options.parse_args().part or list(PARTS)
    measure.whole = len(chosen) == len(PARTS)
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        options.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    began = time.monotonic()
    processor.begin()
    took = []
    try:
        for part in chosen:
            started, before = time.monotonic(), processor.seconds()
            __import__(part).main()
            seconds, cpu = time.monotonic() - started, processor.since(before)
            took.append((part, f"{seconds:.0f}", "-" if cpu is None else f"{cpu:.0f}"))
            path = measure.write_results(part, seconds, cpu)
            measure.say(f"as JSON: {path.relative_to(measure.stage.REPOSITORY)}")
    except measure.stage.StageError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    measure.say(f"\n{time.monotonic() - began:.0f} s in all")
    measure.say(measure.table([("part", "seconds", "CPU s of all processes"), *took]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
