"""Random steps of everything that could give two sessions one address or one ID, with real pppd on a host of the lab.

The customers of `addresses.py` are stand-ins and a hundred times as quick; here pppd, pppoe-server and systemd are what
they are everywhere. Process IDs come again soon, since there are few of them.
"""

from __future__ import annotations

import random
import time

from dialtone_lab.errors import LabError
from server import Server

COUNT, FREE = 40, 8
ADDRESSES = [f"192.168.10.{number}" for number in range(110, 110 + COUNT + FREE)]
#: How long two sessions may have one address, seconds: until one of them is hung up.
PATIENCE = 20
UNIT = "pppoe-server@default"
STATE = "/run/pppoe-server"


class Steps:
    """What can happen; each returns what it has done, in words."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self.server, self.customers, self.chance, self.on = server, server.customers, chance, server.on
        self.fixed: dict[int, str] = {}
        self.size = len(ADDRESSES)

    def dial(self, number: int | None = None) -> str:
        number = number or self.chance.randint(1, COUNT)
        self.customers.dial(first=number, username=f"c{number}", secret="cmz")
        return f"c{number} dials"

    def dials(self) -> str:
        return "; ".join(self.dial() for _each in range(self.chance.randint(2, 8)))

    def hang_up(self) -> str:
        first, how = self.chance.randint(1, COUNT), self.chance.choice(["terminate", "padt", "vanish"])
        count = self.chance.randint(1, 4)
        self.customers.hang_up(first=first, count=count, how=how)
        return f"c{first} and {count - 1} after it hang up: {how}"

    def hang_up_and_dial(self) -> str:
        return f"{self.hang_up()}; {self.dials()}"

    def kill_pppd(self) -> str:
        name, count = self.chance.choice(["TERM", "KILL"]), self.chance.randint(1, 3)
        self.on(f"pgrep -x pppd | shuf -n {count} | xargs -r kill -{name}")
        return f"{name} for {count} pppd"

    def kill_manager(self) -> str:
        self.on(f"kill -9 $(cut -d ' ' -f 1 {STATE}/manager.pid)")
        return "the manager is killed"

    def kill_daemon(self) -> str:
        self.on(f"kill -9 $(cat {STATE}/default.pid)")
        return "the daemon is killed"

    def reload(self) -> str:
        self.on(f"systemctl reload {UNIT}")
        return "reload"

    def reload_that_is_killed(self) -> str:
        seconds = self.chance.uniform(0, 0.5)
        # The script alone: systemd ends whatever else a killed reload has begun.
        self.on(f"systemctl reload {UNIT} & sleep {seconds:.3f}; pkill -9 -f '^sh? .*pppoe-server-instance'; wait")
        return f"a reload is killed after {seconds:.3f} s"

    def remove(self) -> str:
        what = self.chance.choice(["manager.pid", "ask", "answers", "default.pool", "default.ids", "default.pid"])
        self.on(f"rm -rf {STATE}/{what}")
        return f"{what} is removed"

    def change_the_clock(self) -> str:
        hours = self.chance.choice([-30, -1, 1, 30])
        self.on(f"date -s '{hours} hours' >/dev/null")
        return f"the clock goes {hours} hours"

    def give(self) -> str:
        number = self.chance.randint(1, COUNT)
        self.fixed[number] = self.chance.choice(ADDRESSES)
        self._write()
        return f"c{number} gets {self.fixed[number]}; {self.dial(number)}"

    def take(self) -> str:
        if not self.fixed:
            return "nobody has a fixed address"
        number = self.chance.choice(sorted(self.fixed))
        address = self.fixed.pop(number)
        self._write()
        return f"{address} is taken from c{number}"

    def resize(self) -> str:
        self.size = self.chance.randint(10, len(ADDRESSES))
        self._write()
        return f"the pool has {self.size} addresses"

    def flood(self) -> str:
        self.customers.ask("flood", rate=300, seconds=1)
        return "flood"

    def _write(self) -> None:
        """Accounts and pool as the role writes them, and what it does then."""
        lines = [f"c{number} * cmz {self.fixed.get(number, '*')}" for number in range(1, COUNT + 1)]
        pool = [address for address in ADDRESSES[: self.size] if address not in self.fixed.values()]
        for path, text in (("chap-secrets", lines), ("pppoe-server/default.pool", pool)):
            body = "\n".join(text)
            self.on(f"cd /etc/ppp && umask 077 && cat >{path}.part <<'END' && mv {path}.part {path}\n{body}\nEND\n")
        self.reload()

    COMMON = ("dial", "dials", "hang_up", "hang_up_and_dial", "kill_pppd", "give", "take")
    RARE = ("kill_manager", "kill_daemon", "reload", "reload_that_is_killed", "remove", "change_the_clock", "resize")

    def step(self) -> str:
        """One of them at random."""
        return getattr(self, self.chance.choice([*self.COMMON, *self.COMMON, *self.RARE, "flood"]))()

    def settle(self) -> str:
        """Wait until no two have the same; what they have after that."""
        deadline = time.monotonic() + PATIENCE
        while (twice := self.server.sessions().twice) and time.monotonic() < deadline:
            time.sleep(0.2)
        return twice

    def everybody(self) -> None:
        """In the end there is room for all, and all get in."""
        self.fixed, self.size = {}, len(ADDRESSES)
        self._write()
        self.customers.hang_up()
        self.customers.wait("ended", seconds=30)
        for number in range(1, COUNT + 1):
            self.customers.dial(first=number, username=f"c{number}", secret="cmz", redial=2)
        try:
            self.customers.wait(seconds=180)
        except LabError as error:
            raise AssertionError(str(error)) from error
        assert not self.settle()


def main(seconds: float, chance: random.Random) -> None:
    accounts = [{"name": f"c{number}", "secret": "cmz"} for number in range(1, COUNT + 1)]
    pool = [f"{ADDRESSES[0]}+{len(ADDRESSES)}"]
    with Server(pppoe_server_pool=pool, pppoe_server_accounts=accounts) as server:
        server.set_up()
        server.on("sysctl -qw kernel.pid_max=400")
        steps, done, most = Steps(server, chance), [], 0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            done.append(steps.step())
            left = steps.settle()
            assert not left, f"{left} after {len(done)} steps: " + "\n".join(done[-20:])
            most = max(most, len(server.sessions().macs))
        steps.everybody()
    print(f"dials: {len(done)} steps, at most {most} sessions at once")
