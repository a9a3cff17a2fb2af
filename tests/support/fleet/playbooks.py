"""Runs of playbooks over a fleet, and what became of each host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
SITE = REPOSITORY / "playbooks" / "site.yml"
CALLBACKS = REPOSITORY / "tests" / "bench" / "callbacks"
#: Actions that send nothing to a host.
#: Actions that send nothing to a host.
LOCAL = (
    "assert", "check_role", "debug", "fail", "include_tasks", "include_vars", "meta", "print_text", "set_fact",
    "validate_argument_spec",
)  # fmt: skip
#: What a server of the fleet needs; it has no systemd, and the kernel of the machine.
SERVER = {
    "pppoe_server_interfaces": ["eth1"],
    "pppoe_server_outside_interface": "eth0",
    "pppoe_server_local_address": "192.168.10.109",
    "pppoe_server_pool": ["192.168.10.2+20"],
    "pppoe_server_dns_servers": ["202.106.0.20", "8.8.8.8"],
    "pppoe_server_lcp_echo_failure": 2,
    "pppoe_server_startup": "rc_local",
    "pppoe_server_require_kernel_ppp": False,
    "pppoe_server_accounts": [
        {"name": "cmz", "secret": "cmz"},
        {"name": "cmz2", "secret": "cmz2", "addresses": ["192.168.10.3"]},
    ],
}


@dataclass
class Run:
    """``recap``: the counts of each host, such as ok, changed, failed; ``modules``: how many modules ran on each."""

    seconds: float
    status: int
    output: str
    recap: dict[str, dict[str, int]]
    modules: Counter[str]
    tasks: Counter[str]

    def having(self, count: str) -> list[str]:
        """The hosts with such a count in the recap."""
        return sorted(host for host, counts in self.recap.items() if counts[count])


def play(inventory: Path, playbook: Path, *arguments: str, forks: int = 10, **environment: str) -> Run:
    """Run a playbook."""
    with tempfile.NamedTemporaryFile(prefix="fleet-", suffix=".jsonl") as times:
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / ".build" / "collections"),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "task_times",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(inventory.parent / "cp"),
            "ANSIBLE_PYTHON_INTERPRETER": "/usr/bin/python3",
            "TASK_TIMES": times.name,
            **environment,
        }
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONDONTWRITE"))
        }
        began = time.monotonic()
        done = subprocess.run(
            ["ansible-playbook", "-i", inventory, playbook, *arguments],
            env={**kept, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - began
        results = [json.loads(line) for line in Path(times.name).read_text().splitlines()]
    runs = [result for result in results if result["action"].rpartition(".")[2] not in LOCAL]
    modules: Counter[str] = Counter()
    for result in runs:
        modules[result["host"]] += result["runs"]
    tasks = Counter(result["host"] for result in results)
    return Run(seconds, done.returncode, done.stdout, recap(done.stdout), modules, tasks)


def recap(output: str) -> dict[str, dict[str, int]]:
    """The counts that Ansible prints at the end, by host."""
    found = {}
    for line in output.partition("PLAY RECAP")[2].splitlines():
        host, colon, counts = line.partition(":")
        if colon:
            found[host.strip()] = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", counts)}
    return found
