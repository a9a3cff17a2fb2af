"""Random steps of everything that can give one address or session ID to two sessions, on the real manager and scripts.

Sessions are those of tun_pppd.py, in a network of their own.
"""

from __future__ import annotations

import collections
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.dialtone.pppoe.tests.support.server_scripts import (
    PPPD,
    end_daemons,
    environment,
    inside,
    run,
    starter,
)

ADDRESSES = [f"10.0.0.{number}" for number in range(2, 14)]
BODY = Path(__file__).with_name("tun_pppd.py")
#: Of a daemon: so many sessions it may have.
SLOTS = 16


@dataclass
class Session:
    """One that a daemon has begun, the ``generation``-th."""

    account: str
    number: int
    generation: int
    process: subprocess.Popen


class Host:
    """A server whose customers are ``a0``, ``a1`` and so on."""

    def __init__(self, folder: Path, program: Callable[[str, str], str], chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.sessions: list[Session] = []
        self.fixed: dict[str, str] = {}
        self.generation, self.ids = 0, range(0)
        self.start = starter(folder, program)
        (folder / "fixed").mkdir()
        pppd = folder / "bin" / "tun"
        pppd.write_text(
            f'#!/bin/bash\nexec -a pppd {sys.executable} -IS {BODY} "{folder}/fixed/$ACCOUNT" "{folder}/run" "$@"\n'
        )
        pppd.chmod(0o755)
        self.pool = ADDRESSES[:]
        self.set_pool()
        self.replace_daemon()

    def set_pool(self) -> None:
        text = "".join(address + "\n" for address in self.pool if address not in self.fixed.values())
        for place in ("etc", "run"):
            (self.folder / place).mkdir(exist_ok=True)
            part = self.folder / place / "default.part"
            part.write_text(text)
            part.rename(self.folder / place / "default.pool")

    # The steps. Each returns what it has done, in words.

    def dial(self, account: str | None = None) -> str:
        account = account or f"a{self.chance.randrange(8)}"
        (self.folder / "fixed" / account).write_text(self.fixed.get(account, ""))
        # A daemon knows of its own sessions and of no others.
        own = {session.number for session in self.sessions if session.generation == self.generation}
        free = [number for number in self.ids if number not in own]
        if not free:
            return "the daemon has no more"
        number = self.chance.choice(free)
        session = f"{number}:02:00:00:00:00:{number % 256:02x}"
        options = f"{self.folder}/etc/default.options"
        suggested = self.chance.choice(ADDRESSES)
        words = ["plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", session, "file", options, f"10.0.0.1:{suggested}"]
        begun = subprocess.Popen(
            inside(self.folder, "sh", str(self.folder / PPPD), *words),
            env=environment(self.folder) | {"PPPOE_SERVER_PPPD": str(self.folder / "bin" / "tun"), "ACCOUNT": account},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.sessions.append(Session(account, number, self.generation, begun))
        return f"{account} dials as {number} (suggested {suggested})"

    def dials(self) -> str:
        return "; ".join(self.dial() for _each in range(self.chance.randrange(2, 5)))

    def _end(self, number: signal.Signals) -> str:
        if not self.sessions:
            return "nobody is there"
        session = self.chance.choice(self.sessions)
        session.process.send_signal(number)
        return f"{number.name} to session {session.number} of {session.account}"

    def hang_up(self) -> str:
        return self._end(signal.SIGTERM)

    def kill(self) -> str:
        return self._end(signal.SIGKILL)

    def kill_manager(self) -> str:
        try:
            os.kill(int((self.folder / "run" / "manager.pid").read_text().split()[0]), signal.SIGKILL)
        except (OSError, IndexError):
            return "no manager"
        return "the manager is killed"

    def stop_manager(self) -> str:
        run(self.folder, "scripts/pppoe-server-manager", "stop", shell=sys.executable)
        return "the manager is stopped"

    def replace_daemon(self) -> str:
        done = self.start(SLOTS)
        assert done.returncode == 0, done.stderr
        first, last = map(int, (self.folder / "run" / "default.ids").read_text().split())
        self.generation, self.ids = self.generation + 1, range(first, last + 1)
        return f"a daemon for sessions {first} to {last}"

    def remove(self) -> str:
        what = self.chance.choice(["manager.pid", "ask", "answers", "default.pool", "default.ids"])
        subprocess.run(["rm", "-rf", str(self.folder / "run" / what)], check=True)
        return f"{what} is removed"

    def give(self) -> str:
        """A fixed address, perhaps one that is in use."""
        account = f"a{self.chance.randrange(8)}"
        self.fixed[account] = self.chance.choice(ADDRESSES)
        self.set_pool()
        return f"{account} gets {self.fixed[account]}; {self.dial(account)}"

    def take(self) -> str:
        if not self.fixed:
            return "nobody has a fixed address"
        account = self.chance.choice(sorted(self.fixed))
        address = self.fixed.pop(account)
        self.set_pool()
        return f"{address} is taken from {account}"

    def resize(self) -> str:
        self.pool = sorted(self.chance.sample(ADDRESSES, self.chance.randrange(3, len(ADDRESSES) + 1)))
        self.set_pool()
        return f"the pool has {len(self.pool)} addresses"

    STEPS = (
        "dial",
        "dial",
        "dials",
        "hang_up",
        "kill",
        "kill_manager",
        "stop_manager",
        "replace_daemon",
        "remove",
        "give",
        "take",
        "resize",
    )

    def share(self) -> str:
        """A session has an address that another account is given: one of the two has to go."""
        self.replace_daemon()
        self.dial("a0")
        deadline = time.monotonic() + 20
        while not self.peers():
            assert time.monotonic() < deadline, "nobody is up"
            time.sleep(0.05)
        self.fixed["a1"] = next(iter(self.peers().values()))
        return self.dial("a1")

    def step(self) -> str:
        """One of them at random."""
        return getattr(self, self.chance.choice(self.STEPS))()

    def peers(self) -> dict[str, str]:
        """The addresses of living sessions by their interfaces."""
        words = inside(self.folder, "ip", "-4", "-o", "addr")
        lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return dict(re.findall(r"^\d+: (\S+) .* peer ([0-9.]+)/32", lines, re.MULTILINE))

    def settle(self, patience: float = 20) -> dict[str, list[str]]:
        """Wait until each session is up or has ended, and none has another's address; what has several sessions."""
        deadline = time.monotonic() + patience
        while True:
            self.sessions = [session for session in self.sessions if session.process.poll() is None]
            peers = self.peers()
            by_address = collections.defaultdict(list)
            for name, address in peers.items():
                by_address[address].append(name)
            for session in self.sessions:
                by_address[f"session {session.number}"].append(session.account)
            twice = {what: names for what, names in by_address.items() if len(names) > 1}
            coming = [session for session in self.sessions if f"t{session.process.pid}" not in peers]
            if not (twice or coming) or time.monotonic() > deadline:
                return twice
            time.sleep(0.05)

    def close(self) -> None:
        for session in self.sessions:
            session.process.kill()
            session.process.wait()
        end_daemons(self.folder)


def walk(folder: Path, program: Callable[[str, str], str], chance: random.Random, more: Callable[[int], bool]) -> int:
    """Steps for as long as ``more`` says; after each, no two living sessions have one address or ID."""
    host = Host(folder, program, chance)
    done: list[str] = []
    try:
        while more(len(done)):
            done.append(host.step())
            left = host.settle()
            assert not left, f"{left} after {len(done)} steps: " + "\n".join(done[-20:])
        done.append(host.share())
        time.sleep(0.5)
        left = host.settle()
        assert not left, f"{left} after {len(done)} steps: " + "\n".join(done[-20:])
    finally:
        host.close()
    return len(done) - 1
