"""The members of the cluster, and its customers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import testinfra

REPOSITORY = Path(__file__).resolve().parents[3]
LAB = "molecule-cluster"
ASK = (
    "python3 -c \"import socket; s = socket.create_connection(('127.0.0.1', 23));"
    "s.sendall(b'{}' + bytes([13]) + b'quit' + bytes([13]));"
    "print(b''.join(iter(lambda: s.recv(4096), b'')).decode('latin-1'))\""
)


class Cluster:
    """``members``: by name, as testinfra reaches them."""

    def __init__(self, inventory: str) -> None:
        self.members = {
            name: testinfra.get_host(f"ansible://{name}?ansible_inventory={inventory}")
            for name in ("member-bookworm", "member-trixie")
        }

    def customers(self, question: str, **settings) -> dict:
        """Ask the customers on the access wire (tests/lab/README.md)."""
        words = [f"{name}={value}" for name, value in settings.items()]
        command = [sys.executable, str(REPOSITORY / "tests" / "lab" / "lab"), "customers", LAB, "lan", question, *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=200)
        return json.loads(done.stdout or "{}")

    def up(self) -> int:
        return self.customers("status")["states"].get("up", 0)

    def said(self, name: str, command: str) -> str:
        """What l2tpns of a member prints."""
        try:
            return self.members[name].run(ASK.format(command)).stdout.replace("\r", "")
        except RuntimeError:  # it cannot be reached
            return ""

    def master(self) -> str:
        """The name of the master; empty while there is not exactly one."""
        found = [name for name in self.members if "Cluster status   : Master" in self.said(name, "show cluster")]
        return found[0] if len(found) == 1 else ""

    def sessions(self, name: str) -> int:
        return self.said(name, "show session").count(" (P)02:")


@pytest.fixture
def cluster(request):
    return Cluster(request.config.getoption("--ansible-inventory"))
