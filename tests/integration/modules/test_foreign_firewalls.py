"""masquerade beside firewalls of others, with a real connection through each before and after."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.tests.support import firewalls
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")
PARAMETERS = {"out_interface": "eth0", "source": ["192.168.10.0/24"], "persistent": False}
LEGACY = "/proc/net/ip_tables_names"
EMPTY = f"""nft flush ruleset
for table in $(cat {LEGACY}); do iptables-legacy -t $table -F; iptables-legacy -t $table -X; done
if [ -s {LEGACY} ]; then iptables-legacy -P FORWARD ACCEPT; fi
"""

LISTEN = """
import socket
listener = socket.create_server(("", 7))
print("ready", flush=True)
while True:
    listener.accept()[0].close()
"""
# Connects to the address of each line, for as many seconds as it says.
DIAL = """
import socket, sys
for line in sys.stdin:
    address, patience = line.split()
    try:
        socket.create_connection((address, 7), float(patience)).close()
        print("through", flush=True)
    except OSError:
        print("dropped", flush=True)
"""


class Site:
    """A router with a customer who dials and a host outside that answers, whatever its address is taken for."""

    def __init__(self):
        self.router = lab.Router(COLLECTIONS)
        self.client, self.outside = self.router.ends()
        # Back to the customer's own address, so that what drops is the firewall, not a missing translation.
        self.outside.sh(f"ip route add 192.168.10.0/24 via {lab.ROUTER}")
        pipes = {"stdout": subprocess.PIPE, "text": True}
        self.listener = subprocess.Popen([*self.outside.into, sys.executable, "-c", LISTEN], **pipes)
        self.listener.stdout.readline()
        self.dialler = subprocess.Popen([*self.client.into, sys.executable, "-c", DIAL], stdin=subprocess.PIPE, **pipes)

    def dial(self, patience):
        self.dialler.stdin.write(f"{lab.OUTSIDE} {patience}\n")
        self.dialler.stdin.flush()
        return self.dialler.stdout.readline().strip()

    def rules(self):
        text = self.router.machine(f"nft -s list ruleset; if [ -s {LEGACY} ]; then iptables-legacy-save; fi")
        return re.sub(r"\[\d+:\d+\]", "", "\n".join(line for line in text.splitlines() if not line.startswith("# ")))

    def close(self):
        for process in (self.listener, self.dialler):
            process.kill()
            process.communicate()
        self.router.close()


@pytest.fixture(scope="module")
def site():
    made = Site()
    yield made
    made.close()


@pytest.fixture
def load(site):
    def loaded(script):
        site.router.machine(EMPTY)
        done = subprocess.run([*site.router.host.into[:4], "sh", "-ec", script], capture_output=True, text=True)
        if "not supported" in done.stderr or "Extension" in done.stderr:
            pytest.skip(f"this kernel has no such rules: {done.stderr.splitlines()[0]}")
        assert done.returncode == 0, done.stderr
        return site.rules()

    return loaded


@pytest.mark.parametrize("name", sorted(firewalls.THROUGH))
def test_customers_get_through(site, load, name):
    before = load(firewalls.THROUGH[name])
    assert site.dial(0.2) == "dropped"
    predicted = site.router.module(check=True, **PARAMETERS)
    assert site.rules() == before
    made = site.router.module(**PARAMETERS)
    assert not made.get("failed"), made["msg"]
    assert (predicted["changed"], predicted["accepted_in"], predicted["rules"]) == (
        made["changed"],
        made["accepted_in"],
        made["rules"],
    )
    assert made["accepted_in"]
    assert site.dial(5) == "through"
    assert site.router.module(**PARAMETERS)["changed"] is False
    site.router.module(state="absent")
    assert site.rules() == before or "iptables" in name
    assert site.dial(0.2) == "dropped"


@pytest.mark.parametrize("name", sorted(firewalls.REFUSED))
def test_what_somebody_has_forbidden_is_no_success(site, load, name):
    before = load(firewalls.REFUSED[name])
    assert site.dial(0.2) == "dropped"
    for check in (True, False):
        refused = site.router.module(check=check, **PARAMETERS)
        assert refused["failed"]
        assert "out_interface: with the rules for eth0, the firewall of this host would still drop" in refused["msg"]
        assert site.rules() == before


@pytest.mark.parametrize("name", sorted(firewalls.OPEN))
def test_nothing_is_opened_where_nothing_drops(site, load, name):
    load(firewalls.OPEN[name])
    assert site.dial(5) == "through"
    made = site.router.module(**PARAMETERS)
    assert not made.get("failed"), made["msg"]
    assert made["accepted_in"] == []
    assert ("pings" in str(made.get("warnings"))) == ("pings" in name)
    assert site.dial(5) == "through"


@pytest.mark.parametrize(
    "name",
    [
        "nft, log",
        "nft, comment like a verdict",
        "nft, not from a list",
        "nft, state map",
        "nft with policy drop, reject by protocol",
        "nft in iptables' own place",
        "iptables-nft, comment with a quote",
        "iptables-nft, log chain, entered for others too",
        "iptables-nft, odd chain",
        "iptables-legacy, new only",
        "iptables-legacy, reject by protocol",
    ],
)
def test_they_get_through_after_a_boot(site, load, name):
    load(firewalls.THROUGH[name])
    site.router.module(**{**PARAMETERS, "persistent": True})
    whole = site.rules()
    load(firewalls.THROUGH[name])
    assert site.dial(0.2) == "dropped"
    for _times in range(2):
        site.router.host.sh("/etc/rc.local")
        assert site.rules() == whole
    assert site.dial(5) == "through"
    assert site.router.module(**{**PARAMETERS, "persistent": True})["changed"] is False
    site.router.module(state="absent")
