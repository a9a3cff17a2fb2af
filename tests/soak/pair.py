"""What happens to one of two servers of one name, at random: a customer who has the same address at both comes back.

At the end both lose their power, with 200 customers who wait. `make bench PART=outages` has the figures of each.
"""

from __future__ import annotations

import random
import time

import outages


def main(seconds: float, chance: random.Random) -> None:
    deadline, steps = time.monotonic() + seconds, 0
    with outages.made() as lab:
        lab.back_to_first()
        # Each kind once, then at random.
        kinds = chance.sample(outages.EVENTS, len(outages.EVENTS))
        while time.monotonic() < deadline:
            event = kinds.pop() if kinds else chance.choice(outages.EVENTS)
            print(f"  {event.what}: away for {event.happen(lab):.1f} s", flush=True)
            steps += 1
        for what, length in outages.both(lab).items():
            print(f"  both lose their power: {what} after {length:.1f} s", flush=True)
    print(f"pair: {steps} events")
