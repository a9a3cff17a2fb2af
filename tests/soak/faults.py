"""A server with forty customers, to whom things happen at random: no address twice, and everybody comes back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import stage
from dialtone_lab.errors import LabError
from server import NAME, Server

COUNT = 40
#: How long a customer may take to be back, seconds: a power cut with a boot, and 30 seconds until an echo is missed.
PATIENCE = 180
PID = "/run/pppoe-server/default.pid"
DIAL = {"username": "cmz", "secret": "cmz", "redial": 1, "at_once": 20}


class Faults:
    """What can happen; each method is one kind of fault, and returns when it has happened."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.server, self.customers, self.chance, self.on = server, server.customers, chance, server.on

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
        kind = self.chance.choice(["padi", "echo"])
        self.customers.ask("flood", rate=300 if kind == "padi" else 3000, seconds=3, kind=kind)

    def cut_the_wire(self) -> None:
        stage.lab("cut", NAME, "server", "eth1")
        time.sleep(self.chance.choice([1, 5, 40]))
        stage.lab("join", NAME, "server", "eth1")

    def cut_the_power(self) -> None:
        stage.lab("kill", NAME, "server")
        stage.lab("start", NAME, "server")


def kinds(faults: Faults) -> list[Callable[[], None]]:
    own = [name for name in vars(Faults) if not name.startswith("_") and name not in ("some", "again")]
    return [getattr(faults, name) for name in own]


def check(server: Server) -> float:
    """Wait until everybody is back and server and customers agree on it; how many seconds that took."""
    began = time.monotonic()
    # A customer hears of a power cut only when his echoes are missed, the server likewise of one who has vanished.
    while wrong := difference(server):
        assert time.monotonic() - began < PATIENCE, wrong
        time.sleep(1)
    return time.monotonic() - began


def difference(server: Server) -> str:
    """What is not as it should be, in words; empty if server and customers agree that all are there."""
    try:
        customers = server.customers.wait(seconds=PATIENCE)["customers"]
    except LabError as error:
        return str(error)
    seen, state = server.sessions(), server.on("systemctl is-active pppoe-server@default").strip()
    macs = {each["session_id"]: [each["mac"]] for each in customers}
    addresses = {each["address"] for each in customers}
    if (len(macs), len(addresses)) != (COUNT, COUNT) or seen.twice:
        return f"session IDs or addresses twice: {seen.twice}; {customers}"
    if seen.macs != macs or seen.interfaces.keys() != addresses:
        return f"the server has {seen}, the customers {customers}"
    # systemd waits a moment before it starts one that has died.
    return "" if state == "active" else f"the unit is {state}"


def main(seconds: float, chance: random.Random) -> None:
    accounts = [{"name": DIAL["username"], "secret": DIAL["secret"]}]
    deadline, steps = time.monotonic() + seconds, 0
    with Server(pppoe_server_pool=["192.168.10.110+90"], pppoe_server_accounts=accounts) as server:
        server.set_up()
        faults = Faults(server, chance)
        server.customers.dial(count=COUNT, **DIAL)
        check(server)
        while time.monotonic() < deadline:
            fault = chance.choice(kinds(faults))
            print(f"  {fault.__name__}", flush=True)
            fault()
            print(f"  all are back after {check(server):.0f} s", flush=True)
            steps += 1
    print(f"faults: {steps} steps")
