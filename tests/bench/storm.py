"""After a power cut: many customers dial at once, at a server made by hand and at ours, in guests that are alike.

STORM_SIZES=50,200 chooses other sizes, STORM_IMAGE=bookworm another release, STORM_CHART=FILE.svg where the chart of
the storm of 200 goes. A customer
asks again as a router does: a PADI after 3 s, a PADR after 5 s, and from the beginning a second after it was hung up.

Each guest has one processor of this machine, and it is the guest's time on that which is compared: less noisy than the
clock, and what a larger server has more of. The kernel of these guests is 7.2 (`kernel: forky`): that of Debian 13 can
panic when many pppd end at once and each starts its scripts, which is what happens by hand (copy_process, mmput,
flush_tlb_mm).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import chart
import stage
from guest import Guest
from measure import HERE, chosen, play, record, say, table

sys.path.insert(0, str(stage.REPOSITORY / "tests" / "lab"))

from dialtone_lab import cli, labs, machine

NAME = "bench-storm"
IMAGE = os.environ.get("STORM_IMAGE", "trixie")
SIZES = [int(size) for size in chosen("STORM_SIZES", alone="50,200,500", in_whole="50,200").split(",")]
CHARTED = 200
CHART = Path(os.environ.get("STORM_CHART", stage.REPOSITORY / ".build" / "bench" / "storm.svg"))
#: Dials one after the other.
ALONE = 15
#: The longest that a storm may take, and the end of its sessions, seconds.
PATIENCE, GOODBYE = 120, 30
POOL = "10.67.0.1"
#: As the guide has it, but in kernel mode, with the plugin's path that this build of pppoe-server does not know.
BY_HAND = """
DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
apt-get -qq update && apt-get -qq install pppoe ppp >/dev/null 2>&1
printf '%%s\\n' auth require-chap 'lcp-echo-interval 10' 'lcp-echo-failure 3' 'ms-dns 8.8.8.8' \\
    >/etc/ppp/pppoe-server-options
echo 'cmz * cmz *' >>/etc/ppp/chap-secrets
sysctl -qw net.ipv4.ip_forward=1
pppoe-server -k -g /usr/lib/pppd/*/pppoe.so -I eth1 -L 192.168.10.109 -R %s -N %d
"""


class Side:
    """A server, and the customers of its segment."""

    def __init__(self, name: str, host: str) -> None:
        self.name = name
        self.guest = Guest(NAME, host)
        self.customers = labs.customers(labs.find(cli.state_root(), NAME), host).start()
        self.guest.precede(*machine.processes_with(str(self.customers.path)))

    def sessions(self) -> int:
        return int(self.guest.on("pgrep -cx pppd").split()[0])

    def hang_up(self) -> float:
        """All of them hang up; the guest's processor time until no pppd is left."""
        began, end = self.guest.seconds(), time.monotonic() + GOODBYE
        self.customers.hang_up()
        while self.sessions() and time.monotonic() < end:
            time.sleep(1)
        took = self.guest.seconds() - began
        if self.sessions():
            self.guest.on("pkill -9 -x pppd; sleep 2")
        return took

    def alone(self) -> tuple[float, float]:
        """Processor time of a dial and of a hang-up, one after the other."""
        began = self.guest.seconds()
        self.customers.dial(count=ALONE, at_once=1)
        self.customers.wait(count=ALONE, seconds=PATIENCE)
        dials = self.guest.seconds() - began
        # What the guest and its sessions take anyway meanwhile is no part of it.
        began = self.guest.seconds()
        time.sleep(ALONE * 0.3 + 4)
        idle = self.guest.seconds() - began
        began = self.guest.seconds()
        for number in range(1, ALONE + 1):
            self.customers.hang_up(first=number, count=1)
            time.sleep(0.3)
        time.sleep(4)
        return dials / ALONE, (self.guest.seconds() - began - idle) / ALONE


@dataclass(frozen=True)
class Storm:
    """``up``: the seconds after which each customer came up. Times of processors are seconds of all together."""

    side: str
    size: int
    up: list[float]
    dial_processor: float
    hang_up_processor: float
    pppd: int
    programs: dict[str, int]
    dials: int

    def row(self) -> tuple[str, ...]:
        times = sorted(self.up)
        after = [
            f"{times[number - 1]:.1f} s" if len(times) >= number else "-" for number in (self.size // 2, self.size)
        ]
        each = [f"{seconds / self.size * 1000:.0f} ms" for seconds in (self.dial_processor, self.hang_up_processor)]
        return (str(self.size), self.side, str(len(times)), *after, f"{self.pppd / self.size:.2f}", *each)


HEAD = ("customers", "server", "up", "half after", "all after", "pppd started each", "CPU of a dial", "of a hang-up")


def storm(side: Side, size: int) -> Storm:
    """So many dial at once, and hang up."""
    side.guest.begin_accounting()
    began, end = side.guest.seconds(), time.monotonic() + PATIENCE
    side.customers.dial(count=size, redial=1)
    while True:
        time.sleep(0.5)
        found = side.customers.ask("status", count=size)
        if found["states"].get("up") == size or time.monotonic() > end:
            break
    took = side.guest.seconds() - began
    goodbye = side.hang_up()
    programs = side.guest.programs()
    up = [each["seconds"] for each in found["customers"] if each["seconds"] is not None]
    dials = sum(each["dials"] for each in found["customers"])
    return Storm(side.name, size, up, took, goodbye, programs.get("pppd", 0), programs, dials)


@contextmanager
def servers() -> Iterator[list[Side]]:
    """Both servers of a lab, which is removed in the end."""
    if stage.hosts_of(NAME) is not None:
        raise stage.StageError(f"a lab {NAME} is there already; remove it first: tests/lab/lab down {NAME}")
    stage.lab("up", str((HERE / "storm_topology.yml").relative_to(stage.REPOSITORY)), "--name", NAME, "--image", IMAGE)
    try:
        Guest(NAME, "hand").on(BY_HAND % (POOL, max(SIZES) + 100))
        ours()
        yield [Side("by hand", "hand"), Side("ours", "ours")]
    finally:
        stage.lab("down", NAME)


def ours() -> None:
    server = {
        "pppoe_server_interfaces": ["eth1"],
        "pppoe_server_outside_interface": "eth0",
        "pppoe_server_local_address": "192.168.10.109",
        "pppoe_server_pool": [f"{POOL}+{max(SIZES) + 100}"],
        "pppoe_server_accounts": [{"name": "cmz", "secret": "cmz"}],
        "pppoe_server_nat": False,
    }
    groups = {"pppoe_servers": {"hosts": {"ours": {}}, "vars": server}, "pppoe_clients": {"hosts": {}}}
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        hosts = Path(folder) / "hosts.json"
        hosts.write_text(json.dumps({"all": {"children": groups}}))
        play([str(hosts), str(stage.connections(NAME))], str(stage.SITE))


def main() -> None:
    with servers() as sides:
        alone = [side.alone() for side in sides]
        storms = []
        for size in SIZES:
            for side in sides:
                storms.append(storm(side, size))
                say("  " + ", ".join(storms[-1].row()))
    by_hand, mine = alone
    say(f"\n{ALONE} dials one after the other: the guest's processor time of each")
    head = ("", "by hand", "ours", "ratio")
    rows = [
        (what, f"{hand * 1000:.0f} ms", f"{own * 1000:.0f} ms", f"{own / hand:.2f}")
        for what, hand, own in zip(("dial", "hang-up"), by_hand, mine, strict=True)
    ]
    say(table([head, *rows]))
    say("\nall at once")
    say(table([HEAD, *(each.row() for each in storms)]))
    record("storms", [vars(each) for each in storms])
    size = CHARTED if CHARTED in SIZES else SIZES[-1]
    CHART.parent.mkdir(parents=True, exist_ok=True)
    title = f"{size} customers dial at once, on one processor: how many are up"
    CHART.write_text(chart.draw(title, {each.side: each.up for each in storms if each.size == size}, size))
    say(f"\nthe chart: {CHART}")
