"""A server in a lab for what happens at random to it, and what it has at a moment."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measure
import stage
from dialtone_lab import labs
from dialtone_lab.cli import state_root
from dialtone_lab.customers import Customers

NAME = "soak"
ASK = "ps -C pppd -o pid=,ppid=,args=; echo; ip -4 -o addr"
#: As rp-pppoe's server tells pppd of a session.
SESSION = re.compile(r"rp_pppoe_sess (\d+):((?:[0-9a-f]{2}:){5}[0-9a-f]{2})(?= |$)")


@dataclass(frozen=True)
class Found:
    """The sessions of the server: MACs of each session ID, and interfaces of each address."""

    macs: dict[int, list[str]]
    interfaces: dict[str, list[str]]

    @property
    def twice(self) -> str:
        """What several have, in words; empty if there is nothing."""
        ids = [f"session ID {number}: {macs}" for number, macs in self.macs.items() if len(macs) > 1]
        return "; ".join(ids + [f"{peer}: {names}" for peer, names in self.interfaces.items() if len(names) > 1])


def parse(text: str) -> Found:
    """What ``ASK`` has printed."""
    processes, _blank, addresses = text.rpartition("\n\n")
    lines = [line.split(None, 2) for line in processes.splitlines()]
    pids = {words[0] for words in lines}
    found = Found({}, {})
    for _pid, parent, arguments in (words for words in lines if len(words) == 3):
        session = SESSION.search(arguments)
        # A child has its parent's command line until it becomes the script that it is to run.
        if session and parent not in pids:
            found.macs.setdefault(int(session[1]), []).append(session[2])
    for name, peer in re.findall(r"^\d+: (ppp\d+) .* peer ([0-9.]+)/32", addresses, re.MULTILINE):
        found.interfaces.setdefault(peer, []).append(name)
    return found


class Server:
    """The host of the lab, and its customers."""

    def __init__(self, **variables: Any) -> None:
        stage.lab("up", "tests/soak/topology.yml", "--name", NAME)
        self.variables = {
            "pppoe_server_interfaces": ["eth1"],
            "pppoe_server_local_address": "192.168.10.109",
            "pppoe_server_nat": False,
            **variables,
        }
        self.customers: Customers = labs.customers(labs.find(state_root(), NAME), "lan")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_error: object) -> None:
        stage.lab("down", NAME)

    def set_up(self) -> None:
        """Run site.yml."""
        group = {"hosts": {"server": {}}, "vars": self.variables}
        with tempfile.TemporaryDirectory(prefix="dialtone-soak-") as folder:
            hosts = Path(folder) / "hosts.json"
            hosts.write_text(json.dumps({"all": {"children": {"pppoe_servers": group}}}))
            measure.play([str(hosts), str(stage.connections(NAME))], str(stage.SITE))

    def on(self, command: str) -> str:
        return stage.on_host(NAME, "server", command)

    def sessions(self) -> Found:
        return parse(self.on(ASK))
