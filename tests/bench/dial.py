"""Dials: how long one takes, and how many a second if 50 come at once; before what makes them quick, and after.

The lab's kernel is 7.2: that of Debian 13 can panic when many pppd end at once, as they do here (see storm.py).
"""

from __future__ import annotations

from measure import median, say, table
from network import Network, network

ALONE = 5
AT_ONCE = 50
WRAPPER = "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"
#: pppoe-server itself puts the addresses last; our script puts them first.
_EXEC = r"""s|^exec "\$pppd" "\$local:\$address" \(.*\) "\$@"$|exec "$pppd" \1 "$@" "$local:$address"|"""
LAST = f"sed -i.first '{_EXEC}' {WRAPPER}"
FIRST = f"mv {WRAPPER}.first {WRAPPER}"
#: A request that nobody heard is repeated after 3 s if pppd goes by itself; the role has it repeated after 1 s, and
#: ppp 2.5 wait before the first one, as plugins/module_utils/_scripts/_pppoe_client_up.py does.
WAIT = "/run/bench-init"
DIALS = {"3 s": "lcp-restart 3", "1 s": "lcp-restart 1", "waits": f"lcp-restart 1 net-init-script {WAIT}"}


def alone(lab: Network, options: str) -> float:
    """Seconds from the start of pppd to its address, the median of some dials."""
    seconds = []
    for number in range(1, ALONE + 1):
        seconds += lab.dial(number, number, options=options)
        lab.hang_up()
    return median(seconds)


def rows(lab: Network, name: str, options: str) -> list[tuple[str, ...]]:
    """A row of the table: one dial alone, then 50 at once."""
    one = alone(lab, options)
    many = lab.dial(1, AT_ONCE, options=options)
    lab.hang_up()
    rate = len(many) / many[-1]
    return [(name, f"{one:.2f} s", str(len(many)), f"{median(many):.1f} s", f"{many[-1]:.1f} s", f"{rate:.1f}")]


def main() -> None:
    with network() as lab:
        lab.on("client", f"printf '#!/bin/sh\nsleep 0.3\n' >{WAIT}; chmod 755 {WAIT}")
        after = rows(lab, "addresses first, the client waits", DIALS["waits"])
        server = rows(lab, "addresses first, requests each 1 s", DIALS["1 s"])
        lab.on("server", f"{LAST} && ! cmp -s {WRAPPER} {WRAPPER}.first")
        before = rows(lab, "addresses last, requests each 3 s", DIALS["3 s"])
        lab.on("server", FIRST)
    say(f"\ndials of one client, median of {ALONE} alone, and {AT_ONCE} at once; one processor at each end")
    head = ("", "alone", "came up", "median", "the last", "a second")
    say(table([head, *before, *server, *after]))
