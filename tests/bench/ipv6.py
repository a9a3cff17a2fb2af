"""What IPv6 prefixes cost: 200 routers that ask for one, the time until they have it, and memory.

IPV6_SESSIONS=50 chooses another number. The guests are those of the part storm; customers are processes without hosts.
"""

from __future__ import annotations

import os
import statistics
import time
from dataclasses import dataclass

import plans
import storm
from guest import Guest
from measure import record, say, table

SESSIONS = int(os.environ.get("IPV6_SESSIONS", "200"))
AT_ONCE, PATIENCE = 20, 180
SERVER = {
    "pppoe_server_ipv6": True,
    "pppoe_server_ipv6_prefixes": ["2001:db8:1::/48"],
    "pppoe_server_ipv6_delegated_prefixes": ["2001:db8:100::/40"],
}
ACCOUNTS = [
    {"name": "cmz", "secret": "cmz"},
    *({"name": f"c{number}", "secret": "pw"} for number in range(1, SESSIONS + 1)),
]
UNITS = {"answers": "pppoe-server-ipv6", "manager": "pppoe-server-manager"}


@dataclass(frozen=True)
class Cost:
    """``seconds``: until all were up. ``dial``: the guest's processor time of each. ``memory``: of a session, in kB."""

    server: str
    up: int
    seconds: float
    dial: float
    memory: float

    def row(self) -> tuple[str, ...]:
        rate, dial = f"{self.up / self.seconds:.1f} /s", f"{self.dial * 1000:.0f} ms"
        return self.server, str(self.up), rate, dial, f"{self.memory:.0f} kB"


HEAD = ("server", "up", "dials", "CPU of a dial", "memory of a session")


def cost(side: storm.Side, ipv6: bool) -> Cost:
    """All dial; with ``ipv6`` they also ask for a prefix."""
    free, began, started = plans.available(side.guest), side.guest.seconds(), time.monotonic()
    side.customers.dial(count=SESSIONS, at_once=AT_ONCE, username="c{number}", secret="pw", redial=1, ipv6=ipv6)
    up = len(side.customers.wait(count=SESSIONS, seconds=PATIENCE)["customers"])
    seconds = time.monotonic() - started
    if ipv6:
        side.customers.wait_for_prefixes(count=SESSIONS, seconds=PATIENCE)
    time.sleep(3)
    processor = side.guest.seconds() - began
    return Cost(side.name, up, seconds, processor / SESSIONS, (free - plans.available(side.guest)) / SESSIONS)


def prefixes(side: storm.Side) -> None:
    """How long each waited from its first word of IPv6, and all of them for an answer to a question of all."""
    waited = sorted(one["ipv6"]["seconds"] for one in side.customers.status(count=SESSIONS))
    record("prefix_seconds", waited)
    say(
        f"from the first word of IPv6CP to the prefix: median {statistics.median(waited):.2f} s, "
        f"95 % {waited[int(len(waited) * 0.95)]:.2f} s, last {waited[-1]:.2f} s"
    )
    began = time.monotonic()
    side.customers.ask("rebind", count=SESSIONS)
    side.customers.wait_for_prefixes(count=SESSIONS, seconds=PATIENCE)
    record("rebind_seconds", time.monotonic() - began)
    say(f"{SESSIONS} questions at once are answered in {time.monotonic() - began:.2f} s")


def memory(guest: Guest) -> None:
    for name, unit in UNITS.items():
        text = guest.on(f"grep VmRSS /proc/$(pgrep -f 'libexec/dialtone-pppoe/[p]{unit[1:]}' | head -n 1)/status")
        size = int(text.split()[1])
        record(f"memory_of_{name}_kb", size)
        say(f"memory of {unit}: {size / 1024:.1f} MB")


def main() -> None:
    more = {"pppoe_server_accounts": ACCOUNTS}
    with plans.servers(("IPv4", "with IPv6 prefixes"), SERVER, more) as (plain, ours):
        found = []
        for side in (plain, ours):
            # Once before, so that the kernel's modules are loaded and nothing is new.
            side.alone()
            found.append(cost(side, ipv6=side is ours))
        record("sessions", [vars(one) for one in found])
        say(f"\n{SESSIONS} customers, {AT_ONCE} at a time")
        say(table([HEAD, *(one.row() for one in found)]))
        prefixes(ours)
        memory(ours.guest)
