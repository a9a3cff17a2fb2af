"""A server with forty customers, to whom things happen at random: no address twice, and everybody comes back."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import measure
import stage
from dialtone_lab import labs
from dialtone_lab.cli import state_root
from dialtone_lab.customers import Customers
from dialtone_lab.errors import LabError

NAME = "soak"
COUNT = 40
#: How long a customer may take to be back, seconds: a power cut with a boot, and 30 seconds until an echo is missed.
PATIENCE = 180
PID = "/run/pppoe-server/default.pid"
DIAL = {"username": "cmz", "secret": "cmz", "redial": 1, "at_once": 20}


class Faults:
    """What can happen; each method is one kind of fault, and returns when it has happened."""

    def __init__(self, customers: Customers, chance: random.Random) -> None:
        self.customers, self.chance = customers, chance

    def on(self, command: str) -> str:
        return stage.on_host(NAME, "server", command)

    def some(self) -> dict[str, int]:
        first = self.chance.randint(1, COUNT)
        return {"first": first, "count": self.chance.randint(1, COUNT - first + 1)}

    def again(self, how: str) -> None:
        some = self.some()
        self.customers.hang_up(how=how, **some)
        time.sleep(self.chance.random())
        self.customers.dial(**some, **DIAL)

    def hang_up(self) -> None:
        self.again("terminate")

    def hang_up_without_terminate(self) -> None:
        self.again("padt")

    def vanish_and_dial_again(self) -> None:
        self.again("vanish")

    def kill_the_daemon_while_some_dial(self) -> None:
        self.again("terminate")
        for _each in range(self.chance.randint(1, 4)):
            self.on(f"kill -9 $(cat {PID})")
            time.sleep(self.chance.uniform(0, 1.5))

    def kill_a_pppd(self) -> None:
        self.on("kill -9 $(pgrep -x pppd | shuf -n 1)")

    def replace_the_daemon(self) -> None:
        self.on("systemctl reload pppoe-server@default")

    def restart(self) -> None:
        self.on("systemctl restart pppoe-server@default")

    def flood(self) -> None:
        self.customers.ask("flood", rate=300, seconds=3)

    def cut_the_wire(self) -> None:
        stage.lab("cut", NAME, "server", "eth1")
        time.sleep(self.chance.choice([1, 5, 40]))
        stage.lab("join", NAME, "server", "eth1")

    def cut_the_power(self) -> None:
        stage.lab("kill", NAME, "server")
        stage.lab("start", NAME, "server")


def kinds(faults: Faults) -> list[Callable[[], None]]:
    own = [name for name in vars(Faults) if not name.startswith("_") and name not in ("on", "some", "again")]
    return [getattr(faults, name) for name in own]


def check(customers: Customers, faults: Faults) -> float:
    """Wait until everybody is back and server and customers agree on it; how many seconds that took."""
    began = time.monotonic()
    try:
        found = customers.wait(seconds=PATIENCE)["customers"]
    except LabError as error:
        raise AssertionError(str(error)) from error
    addresses = [each["address"] for each in found]
    assert len(set(addresses)) == COUNT, f"addresses twice: {sorted(addresses)}"
    assert len({each["session_id"] for each in found}) == COUNT, "session IDs twice"
    # Sessions whose customers have vanished end when their echoes are missed.
    while (
        seen := sorted(faults.on("ip -4 -o addr show | sed -n 's/.* peer \\([0-9.]*\\).*/\\1/p'").split())
    ) != sorted(addresses):
        assert time.monotonic() - began < PATIENCE, f"the server has {seen}, the customers {sorted(addresses)}"
        time.sleep(1)
    assert faults.on("systemctl is-active pppoe-server@default").strip() == "active"
    return time.monotonic() - began


def serve(folder: Path) -> None:
    """Run site.yml."""
    server = {
        "pppoe_server_interfaces": ["eth1"],
        "pppoe_server_local_address": "192.168.10.109",
        "pppoe_server_pool": ["192.168.10.110+90"],
        "pppoe_server_nat": False,
        "pppoe_server_accounts": [{"name": "cmz", "secret": "cmz"}],
    }
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps({"all": {"children": {"pppoe_servers": {"hosts": {"server": {}}, "vars": server}}}}))
    measure.play([str(hosts), str(stage.connections(NAME))], str(stage.SITE))


def main(seconds: float, chance: random.Random) -> None:
    deadline = time.monotonic() + seconds
    stage.lab("up", "tests/soak/topology.yml", "--name", NAME)
    try:
        with tempfile.TemporaryDirectory(prefix="dialtone-soak-") as folder:
            serve(Path(folder))
        customers = labs.customers(labs.find(state_root(), NAME), "lan")
        faults = Faults(customers, chance)
        customers.dial(count=COUNT, **DIAL)
        check(customers, faults)
        while time.monotonic() < deadline:
            fault = chance.choice(kinds(faults))
            print(f"  {fault.__name__}", flush=True)
            fault()
            print(f"  all are back after {check(customers, faults):.0f} s", flush=True)
    finally:
        stage.lab("down", NAME)
