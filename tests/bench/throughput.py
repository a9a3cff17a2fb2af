"""Throughput from a client through the server: sessions in user and kernel mode, against routing without PPP.

What the server's processor spends on a gigabyte is what can be compared: Mbit/s also depend on the guests at both ends.
Offloads let routing pass bundles of packets on, which no session can do, so routing is measured with and without them.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

import stage
from guest import Guest
from measure import say, table
from network import NAME, Network, network

SECONDS = 6
FAR = "192.168.5.1"
#: The offloads of interfaces that count here; linux/ethtool.h: what asks for each, and what sets it.
OFFLOADS = {"tso": (0x1E, 0x1F), "gso": (0x23, 0x24), "gro": (0x2B, 0x2C)}
#: Prints which of them are on, after setting them all to its argument, if it has one.
ETHTOOL = """
import array, fcntl, json, socket, struct, sys
wire, found = socket.socket(), {}
def call(interface, command, value=0):
    data = array.array("B", struct.pack("II", command, value))
    fcntl.ioctl(wire, 0x8946, struct.pack("16sP", interface.encode(), data.buffer_info()[0]))
    return struct.unpack("II", data)[1]
for interface in ("eth0", "eth1"):
    for name, (get, change) in json.loads(sys.argv[1]).items():
        try:
            if sys.argv[2:]:
                call(interface, change, int(sys.argv[2]))
            if call(interface, get):
                found.setdefault(name, []).append(interface)
        except OSError:
            pass
print(json.dumps(sorted(found)))
"""


@dataclass(frozen=True)
class Figure:
    """``processor``: seconds of the server's processor for a gigabyte."""

    name: str
    megabits: float
    processor: float


def offloads(lab: Network, value: str = "") -> str:
    """The server's offloads that are on; ``value``: set them all to 0 or 1 before.

    At the ends of the wires, too: a bundle of packets that one of them sends is too large for a server without.
    """
    for host in ("client", "internet", "server") if value else ("server",):
        said = lab.on(host, f"python3 -c {shlex.quote(ETHTOOL)} {shlex.quote(json.dumps(OFFLOADS))} {value}")
    return " ".join(json.loads(said.strip().splitlines()[-1])) or "none"


def measured(lab: Network, name: str, route: str) -> Figure:
    """What a TCP connection to the far host carries, by this route."""
    lab.on("client", f"ip route replace {FAR} {route}")
    server = Guest(NAME, "server")
    began = server.seconds()
    said = lab.on("client", f"iperf3 -J -t {SECONDS} -c {FAR}")
    took = server.seconds() - began
    try:
        sums = json.loads(said)["end"]["sum_received"]
    except (ValueError, KeyError):
        raise stage.StageError(f"iperf3 measured nothing: {said[-300:]}") from None
    return Figure(name, sums["bits_per_second"] / 1e6, took / (sums["bytes"] / 1e9))


def session(lab: Network, name: str, kernel_mode: str) -> Figure:
    lab.serve(pppoe_server_kernel_mode=kernel_mode, pppoe_server_nat=False)
    if not lab.dial(1, 1):
        raise stage.StageError(f"no session with kernel_mode {kernel_mode}")
    found = measured(lab, name, "dev ppp0")
    lab.hang_up()
    return found


def main() -> None:
    with network() as lab:
        # Without NAT, which the route without PPP would not have: the way back has to be known.
        lab.on("internet", "ip route replace 192.168.10.0/24 via 192.168.5.109; iperf3 -s -D")
        own = offloads(lab)
        plain = [measured(lab, f"routing without PPP, offloads: {own}", "via 192.168.10.109")]
        without = offloads(lab, "0")
        plain.append(measured(lab, f"routing without PPP, offloads: {without}", "via 192.168.10.109"))
        offloads(lab, "1")
        sessions = [session(lab, "kernel mode", "always"), session(lab, "user mode", "never")]
    base = plain[1]
    say(f"\nTCP from the client through the server, {SECONDS} s each; of sessions offloads: {own}")
    rows = [
        (each.name, f"{each.megabits:.0f}", f"{each.processor:.2f}", f"{each.processor / base.processor:.2f}")
        for each in (*plain, *sessions)
    ]
    say(table([("", "Mbit/s", "CPU s a GB", "beside routing without offloads"), *rows]))
