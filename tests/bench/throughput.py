"""Throughput from a client through the server: sessions in user and kernel mode, against routing without PPP."""

from __future__ import annotations

import json

import stage
from measure import say, table
from network import Network, network

SECONDS = 6
FAR = "192.168.5.1"


def megabits(lab: Network, route: str) -> float:
    """What a TCP connection to the far host carries, by this route."""
    lab.on("client", f"ip route replace {FAR} {route}")
    said = lab.on("client", f"iperf3 -J -t {SECONDS} -O 1 -c {FAR}")
    try:
        return json.loads(said)["end"]["sum_received"]["bits_per_second"] / 1e6
    except (ValueError, KeyError):
        raise stage.StageError(f"iperf3 measured nothing: {said[-300:]}") from None


def session(lab: Network, kernel_mode: str) -> float:
    lab.serve(pppoe_server_kernel_mode=kernel_mode, pppoe_server_nat=False)
    if not lab.dial(1, 1):
        raise stage.StageError(f"no session with kernel_mode {kernel_mode}")
    found = megabits(lab, "dev ppp0")
    lab.hang_up()
    return found


def main() -> None:
    with network() as lab:
        # Without NAT, which the route without PPP would not have: the way back has to be known.
        lab.on("internet", "ip route replace 192.168.10.0/24 via 192.168.5.109; iperf3 -s -D")
        figures = {
            "routing without PPP": megabits(lab, "via 192.168.10.109"),
            "kernel mode": session(lab, "always"),
            "user mode": session(lab, "never"),
        }
    whole = figures["routing without PPP"]
    say("\nTCP from the client through the server")
    rows = [(name, f"{value:.0f}", f"{value / whole:.2f}") for name, value in figures.items()]
    say(table([("", "Mbit/s", "ratio"), *rows]))
