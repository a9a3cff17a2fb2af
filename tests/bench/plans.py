"""What plans cost: a look-up among 100,000 accounts, and 200 sessions with rates beside 200 without.

PLANS_SESSIONS=50 chooses another number. The guests and their customers are those of the part storm.
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

import stage
import storm
from guest import Guest
from measure import HERE, play, record, say, table

SESSIONS = int(os.environ.get("PLANS_SESSIONS", "200"))
ACCOUNTS, LOOKUPS = 100_000, 2000
#: How many dial at the same time, and for how many seconds the sessions are idle.
AT_ONCE, IDLE = 20, 15
PLANS = {"home": {"rate": {"download": "20M", "upload": "5M"}}}


@dataclass(frozen=True)
class Cost:
    """``seconds``: until all were up. ``dial``: the guest's processor time of each; ``idle``: of a second with all."""

    server: str
    up: int
    seconds: float
    dial: float
    memory: float
    idle: float
    programs: dict[str, int]

    def row(self) -> tuple[str, ...]:
        each = sum(number for name, number in self.programs.items() if name != "forks") / max(self.up, 1)
        return (
            self.server, str(self.up), f"{self.up / self.seconds:.1f} /s", f"{self.dial * 1000:.0f} ms",
            f"{self.memory:.0f} kB", f"{self.idle * 100:.1f} %", f"{each:.2f}",
        )  # fmt: skip


HEAD = ("server", "up", "dials", "CPU of a dial", "memory of a session", "CPU while idle", "programs of a dial")


def look_up() -> None:
    """Figures of the look-up of an account, on this machine."""
    sys.path.insert(0, str(stage.REPOSITORY / ".build" / "collections"))
    from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant

    text = _grant.accounts_text({f"account{number}": _grant.PlanAccount("home") for number in range(ACCOUNTS)})
    tables = _grant.tables(_grant.plans_text({"home": {}}, None, None), text)
    began = time.perf_counter()
    for number in range(LOOKUPS):
        tables.grant(f"account{number * 37}")
    took = (time.perf_counter() - began) / LOOKUPS
    record("look_up_seconds", took)
    say(f"a look-up among {ACCOUNTS:,} accounts: {took * 1e6:.0f} µs")


@contextmanager
def servers(names: tuple[str, str], ours: dict, more: dict | None = None) -> Iterator[list[storm.Side]]:
    """Two servers of ours, the second with the variables `ours`, both with `more`; the lab is removed in the end."""
    if stage.hosts_of(storm.NAME) is not None:
        raise stage.StageError(f"a lab {storm.NAME} is there already: tests/lab/lab down {storm.NAME}")
    topology = str((HERE / "storm_topology.yml").relative_to(stage.REPOSITORY))
    stage.lab("up", topology, "--name", storm.NAME, "--image", storm.IMAGE)
    try:
        configure(ours, more or {})
        yield [storm.Side(names[0], "hand"), storm.Side(names[1], "ours")]
    finally:
        stage.lab("down", storm.NAME)


def configure(ours: dict, more: dict, hand: dict | None = None) -> None:
    common = {
        "pppoe_server_interfaces": ["eth1"],
        "pppoe_server_outside_interface": "eth0",
        "pppoe_server_local_address": "192.168.10.109",
        "pppoe_server_pool": [f"{storm.POOL}+{SESSIONS + 50}"],
        "pppoe_server_accounts": [{"name": "cmz", "secret": "cmz"}],
        "pppoe_server_nat": False,
        **more,
    }
    hosts = {"hand": hand or {}, "ours": ours}
    groups = {"pppoe_servers": {"hosts": hosts, "vars": common}, "pppoe_clients": {"hosts": {}}}
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        inventory = Path(folder) / "hosts.json"
        inventory.write_text(json.dumps({"all": {"children": groups}}))
        play([str(inventory), str(stage.connections(storm.NAME))], str(stage.SITE))


def cost(side: storm.Side) -> Cost:
    guest = side.guest
    free, began = available(guest), guest.seconds()
    guest.begin_accounting()
    started = time.monotonic()
    side.customers.dial(count=SESSIONS, at_once=AT_ONCE, redial=1)
    end = started + storm.PATIENCE
    while True:
        time.sleep(0.5)
        up = side.customers.ask("status", count=SESSIONS)["states"].get("up", 0)
        if up == SESSIONS or time.monotonic() > end:
            break
    seconds, processor = time.monotonic() - started, guest.seconds() - began
    programs = guest.programs()
    time.sleep(3)
    memory = (free - available(guest)) / max(up, 1)
    began = guest.seconds()
    time.sleep(IDLE)
    idle = (guest.seconds() - began) / IDLE
    side.hang_up()
    return Cost(side.name, up, seconds, processor / max(up, 1), memory, idle, programs)


def available(guest: Guest) -> int:
    return int(guest.on("awk '/^MemAvailable/ {print $2}' /proc/meminfo").split()[0])


def main() -> None:
    look_up()
    plans = {"pppoe_server_plans": PLANS, "pppoe_server_default_plan": "home"}
    names = "without plans", "with plans"
    with servers(names, plans) as sides:
        # Once before, so that the kernel's modules are loaded and nothing is new.
        for side in sides:
            side.alone()
        found = [cost(side) for side in sides]
        # Guests that are alike are not as quick as each other, so both are measured both ways.
        configure({}, {}, hand=plans)
        for side, name in zip(sides, reversed(names), strict=True):
            side.name = name
            side.alone()
        found += [cost(side) for side in reversed(sides)]
    record("sessions", [vars(one) for one in found])
    say(f"\n{SESSIONS} customers, {AT_ONCE} at a time, each server with and without; the sessions idle for {IDLE} s")
    say(table([HEAD, *(one.row() for one in found)]))
    rates = [sum(one.up / one.seconds for one in found if one.server == name) for name in names]
    say(f"dials with plans against without: {rates[1] / rates[0]:.2f}")
