"""Forty customers of a server, who need no host: nobody loses a prefix, whatever becomes of what answers them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]
LAB = Path(__file__).resolve().parents[3] / "tests" / "lab" / "lab"
FORTY = 40
UNIT = "pppoe-server-ipv6"


class Crowd:
    def __init__(self, host) -> None:
        self.host = host
        self.segment = "lan-" + host.backend.get_pytest_id().rpartition("-")[2]

    def ask(self, question: str, **settings):
        words = [f"{name}={value}" for name, value in settings.items()]
        command = [sys.executable, str(LAB), "customers", "molecule-ipv6", self.segment, question, *words]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=200).stdout)

    def prefixes(self) -> dict[int, tuple[str, str]]:
        """What each customer has heard of, once all have a delegated prefix and an advertisement."""
        found = self.ask("wait_for_prefixes", count=FORTY, seconds=90)
        for _attempt in range(20):
            if all(one["ipv6"]["framed"] for one in found):
                break
            time.sleep(1)
            found = self.ask("status", count=FORTY)["customers"]
        return {one["number"]: (one["ipv6"]["framed"], one["ipv6"]["delegated"]) for one in found}

    def memory(self) -> int:
        """That of the program, in KiB."""
        pid = self.host.check_output(f"systemctl show --property=MainPID --value {UNIT}")
        return int(self.host.check_output(f"awk '/^VmRSS/ {{print $2}}' /proc/{pid}/status"))


@pytest.fixture
def crowd(host):
    return Crowd(host)


def delegate(host, networks: list[str] | None = None) -> None:
    """Have routers get their prefixes from other networks, or from those of the inventory."""
    variables = host.ansible.get_variables()
    asked = {name: variables[f"pppoe_server_ipv6_{name}"] for name in ("prefixes", "dns_servers", "delegated_prefixes")}
    asked.update(accounts=variables["accounts"], **({"delegated_prefixes": networks} if networks else {}))
    assert host.ansible("dialtone.pppoe.pppoe_ipv6", json.dumps(asked), check=False)["changed"]


def test_nobody_loses_a_prefix(host, crowd, until):
    crowd.ask("dial", count=FORTY, at_once=20, username="c{number}", secret="pw", ipv6="true")
    before = crowd.prefixes()
    assert len({prefix for both in before.values() for prefix in both}) == 2 * FORTY

    host.check_output(f"systemctl kill --signal=KILL {UNIT}")
    crowd.ask("rebind")
    assert crowd.prefixes() == before

    # A restart, and routers that have become others; all with one name at that.
    host.check_output(f"systemctl restart {UNIT}")
    crowd.ask("rebind", duid="000400112233445566778899aabbccddeeff")
    assert crowd.prefixes() == before

    # A customer who asks without end, under ever new names.
    memory = crowd.memory()
    crowd.ask("flood", kind="solicit", rate=500, seconds=3)
    assert crowd.memory() < memory + 1024
    crowd.ask("rebind", first=2)
    assert crowd.prefixes() == before

    # What is taken away while it is in use: one is left for all of them, who go on by IPv4 and keep their /64.
    delegate(host, ["2001:db8:100::/56"])
    crowd.ask("ping", interval=0.2)
    crowd.ask("rebind", first=2)
    said = r"no prefix to delegate is left in the IPv6 prefixes of default, so c\d+ has none"
    assert re.search(said, host.check_output("journalctl --no-pager --unit=pppoe-server@default"))
    assert until(lambda: len(host.check_output("ip -6 route show proto 140").splitlines()) == 1, 20)
    found = crowd.ask("status", count=FORTY)["customers"]
    assert {one["state"] for one in found} == {"up"}
    assert sum(1 for one in found[1:] if one["ipv6"]["delegated"]) <= 1
    assert all(one["answered"] for one in crowd.ask("stop_pings").values())

    # Back again, each has what it had; who got the one that was left keeps that.
    delegate(host)
    crowd.ask("rebind")
    after = crowd.prefixes()
    assert sum(1 for number in before if after[number] != before[number]) <= 1
    # The table says the same, in one line for each.
    content = host.file("/var/lib/pppoe-server/default.prefixes").content_string
    lines = [line.split() for line in content.splitlines()[1:]]
    table = {account: (framed, delegated) for framed, delegated, account in lines if account[1:].isdigit()}
    assert table == {f"c{number}": both for number, both in after.items()}
    assert len(lines) == len({line[-1] for line in lines})

    # One stops IPv6CP: he has no route any more, and his IPv4 goes on.
    crowd.ask("ping", count=2, interval=0.2)
    crowd.ask("end_ipv6", count=1)
    gone = [f"{prefix} dev" for prefix in after[1]]
    assert until(lambda: not any(map(host.check_output("ip -6 route show").__contains__, gone)), 20)
    assert all(one["answered"] for one in crowd.ask("stop_pings", count=2).values())
    assert crowd.ask("status", count=1)["customers"][0]["state"] == "up"
    crowd.ask("hang_up")
    crowd.ask("wait", state="ended")
