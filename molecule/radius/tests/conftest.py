"""A concentrator of this scenario, with its customers and its centre."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import testinfra

REPOSITORY = Path(__file__).resolve().parents[3]
LAB = "molecule-radius"
DISCONNECT_SECRET = "testing-disconnect"
PSQL = "PGSERVICEFILE=/etc/freeradius/pppoe-radius/pg_service.conf psql -At service=pppoe_radius"


class Site:
    """``suite``: bookworm or trixie, of the concentrator and of its centre."""

    def __init__(self, host, inventory: str) -> None:
        self.host = host
        self.suite = host.backend.get_pytest_id().rpartition("-")[2]
        self.address = {"bookworm": "192.168.5.109", "trixie": "192.168.5.110"}[self.suite]
        self.centre = testinfra.get_host(f"ansible://centre-{self.suite}?ansible_inventory={inventory}")

    def customers(self, question: str, **settings) -> dict:
        """Ask the customers of the concentrator (tests/lab/README.md)."""
        words = [f"{name}={value}" for name, value in settings.items()]
        command = [sys.executable, str(REPOSITORY / "tests" / "lab" / "lab"), "customers", LAB, f"lan-{self.suite}"]
        done = subprocess.run([*command, question, *words], stdout=subprocess.PIPE, text=True, check=False, timeout=200)
        return json.loads(done.stdout)

    def dial(self, first: int, username: str, count: int = 1, state: str = "up", **settings) -> list[dict]:
        """Have customers dial, and see what they say once they are in a state."""
        self.customers("dial", first=first, count=count, username=username, **{"secret": "pw", **settings})
        return self.wait(first, count, state)

    def wait(self, first: int, count: int = 1, state: str = "up") -> list[dict]:
        found = self.customers("wait", first=first, count=count, state=state, seconds=60)["customers"]
        assert {one["state"] for one in found} == {state}, found
        return found

    def status(self, first: int) -> dict:
        return self.customers("status", first=first, count=1)["customers"][0]

    def hang_up(self, first: int, count: int = 1, **settings) -> None:
        self.customers("hang_up", first=first, count=count, **settings)
        self.customers("wait", first=first, count=count, state="ended", seconds=30)

    def query(self, text: str) -> list[list[str]]:
        """What the centre's database answers, in rows."""
        out = self.centre.check_output(f'{PSQL} -c "{text}"')
        return [line.split("|") for line in out.splitlines()]

    def rows(
        self, username: str, columns: str = "acctsessionid, acctstoptime IS NULL, acctterminatecause"
    ) -> list[list[str]]:
        """The accounting of an account with this concentrator, the oldest session first."""
        where = f"username = '{username}' AND host(nasipaddress) = '{self.address}'"
        return self.query(f"SELECT {columns} FROM radacct WHERE {where} ORDER BY acctstarttime")  # noqa: S608

    def history(self, mac: str) -> list[dict]:
        """What the concentrator itself has recorded of a client, the latest session first."""
        arguments = json.dumps({"mac": [mac]})
        return self.host.ansible("dialtone.pppoe.pppoe_session_history_info", arguments, check=False)["sessions"]

    def radius(self, attributes: str, secret: str = DISCONNECT_SECRET, kind: str = "disconnect") -> str:
        """What the concentrator answers to a billing system."""
        command = f"printf '%s' '{attributes}' | radclient -r 1 -t 8 -x {self.address}:3799 {kind} {secret}"
        return self.centre.run(command).stdout

    def interface(self, address: str) -> str:
        """The interface of the session with an address; a customer who has dialled again may need a moment."""
        for _attempt in range(30):
            for line in self.host.check_output("ip -4 -o addr show").splitlines():
                if f"peer {address}/" in line:
                    return line.split()[1]
            time.sleep(0.5)
        raise AssertionError(f"no session has {address}")

    def log(self, unit: str) -> str:
        return self.host.check_output(f"journalctl --no-pager -u '{unit}'")


@pytest.fixture
def concentrator(host, request):
    return Site(host, request.config.getoption("--ansible-inventory"))
