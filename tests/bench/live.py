"""A server with 100 sessions: their memory, a run over it, and the time without an answer during a live change."""

from __future__ import annotations

import json

from measure import say, table
from network import ACCOUNTS, Network, network

BATCH = 20
#: Seconds of asking, and between two requests.
ASKING, INTERVAL = 8, 0.01
CHANGES = 3

#: Sends a PADI every INTERVAL and prints the longest time without a PADO (RFC 2516, 5.1 and 5.2).
PADI = """
import json, socket, struct, sys, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8863))
wire.bind(("br-lan", 0x8863))
wire.setblocking(False)
frame = b"\\xff" * 6 + wire.getsockname()[4] + struct.pack("!HBBHHHH", 0x8863, 0x11, 9, 0, 4, 0x0101, 0)
began = last = time.monotonic()
sent = answers = longest = 0
while (now := time.monotonic()) - began < float(sys.argv[1]):
    wire.send(frame)
    sent += 1
    time.sleep(float(sys.argv[2]))
    while True:
        try:
            heard = wire.recv(2000)
        except BlockingIOError:
            break
        if heard[12:16] == b"\\x88\\x63\\x11\\x07":
            longest, last, answers = max(longest, time.monotonic() - last), time.monotonic(), answers + 1
print(json.dumps([sent, answers, max(longest, time.monotonic() - last)]))
"""

MEMORY = "awk '/MemAvailable/ { print $2 }' /proc/meminfo"
SHARE = "cat $(pgrep -x pppd | sed 's#.*#/proc/&/smaps_rollup#') | awk '/^Pss:/ { sum += $2 } END { print sum }'"


def fill(lab: Network) -> int:
    """Bring up sessions, some at a time; how many there are."""
    return sum(len(lab.dial(first, first + BATCH - 1)) for first in range(1, ACCOUNTS + 1, BATCH))


def silence(lab: Network, command: str | None) -> float:
    """The longest time in seconds without an answer to a PADI, while the server carries out a command."""
    asking = lab.on_wire("python3", "-c", PADI, str(ASKING), str(INTERVAL))
    if command:
        lab.on("server", "sleep 2; " + command)
    return json.loads(asking.communicate()[0])[2]


def main() -> None:
    with network() as lab:
        before = int(lab.on("server", MEMORY))
        sessions = fill(lab)
        available, share = before - int(lab.on("server", MEMORY)), int(lab.on("server", SHARE))
        idle = silence(lab, None)
        longest = max(silence(lab, "systemctl reload pppoe-server@default") for _ in range(CHANGES))
        wall, results = lab.serve()
        left = int(lab.on("server", "pgrep -cx pppd"))
    say(f"\na server with {sessions} sessions")
    say(
        table(
            [
                ("", "figure"),
                ("memory a session, of what was available", f"{available / sessions / 1024:.2f} MB"),
                ("memory a session, share of its pppd", f"{share / sessions / 1024:.2f} MB"),
                (f"longest time without a PADO, asked every {INTERVAL * 1000:.0f} ms", f"{idle * 1000:.0f} ms"),
                (f"the same, the worst of {CHANGES} live changes", f"{longest * 1000:.0f} ms"),
                ("site.yml over it, nothing to do", f"{wall:.1f} s"),
                ("  of these in the server's module", f"{module_seconds(results):.1f} s"),
                ("sessions after all this", str(left)),
            ]
        )
    )


def module_seconds(results: list) -> float:
    return sum(result.seconds for result in results if result.action.endswith("pppoe_server"))
