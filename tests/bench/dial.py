"""Dials: how long one takes, one after the other, and how many a second if 50 come at once."""

from __future__ import annotations

from measure import median, say, table
from network import Network, network

ALONE = 5
AT_ONCE = 50


def alone(lab: Network) -> float:
    """Seconds from the start of pppd to its address, the median of some dials."""
    seconds = []
    for number in range(1, ALONE + 1):
        seconds += lab.dial(number, number)
        lab.hang_up()
    return median(seconds)


def main() -> None:
    with network() as lab:
        one = alone(lab)
        many = lab.dial(1, AT_ONCE)
        lab.hang_up()
    say(f"\ndials of one client, seconds until there is an address; {AT_ONCE} at once, of which {len(many)} came up")
    say(
        table(
            [
                ("", "seconds", "ratio"),
                (f"alone, median of {ALONE}", f"{one:.2f}", "1"),
                ("at once, the first", f"{many[0]:.2f}", f"{many[0] / one:.1f}"),
                ("at once, median", f"{median(many):.2f}", f"{median(many) / one:.1f}"),
                ("at once, the last", f"{many[-1]:.2f}", f"{many[-1] / one:.1f}"),
            ]
        )
    )
    say(f"  {len(many) / many[-1]:.1f} dials a second, of a client and a server with one processor each")
