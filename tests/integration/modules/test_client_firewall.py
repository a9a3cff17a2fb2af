"""The firewall of a dial-up client with real packets: the router's eth0 stands in for its link."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _iptables as _firewall_iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import Iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import Nftables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import client_request
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.dropping import DROPPING, LISTING
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")
SIX_INSIDE, SIX_OUTSIDE = "2001:db8::109", "2001:db8::1"


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


def backend(router, program, firewall):
    """A backend that works in the router's network."""

    def run(command, data):
        with tempfile.NamedTemporaryFile("w", suffix=".nft") as file:
            file.write(data or "")
            file.flush()
            words = [*router.host.into, *command, *([file.name] if data is not None else [])]
            done = subprocess.run(words, capture_output=True, text=True)
            return done.returncode, done.stdout, done.stderr

    wanted = client_request("uplink", "eth0", firewall)
    if program == "nft":
        return Nftables(run, shutil.which("nft"), wanted, "/etc/dialtone-pppoe")
    return Iptables(run, program, shutil.which(program), wanted, "/etc/dialtone-pppoe")


@pytest.mark.parametrize("program", ["nft", "iptables-nft", "iptables-legacy"])
def test_standalone_and_masquerade(router, program, monkeypatch):
    names = {"ip": "ip_tables_names", "ip6": "ip6_tables_names"}
    of_router = {family: f"/proc/{router.host.process.pid}/net/{name}" for family, name in names.items()}
    monkeypatch.setattr(_firewall_iptables, "LEGACY_TABLES", of_router)
    client, outside = router.ends()
    router.host.sh(f"ip -6 addr add {SIX_INSIDE}/64 dev eth0 nodad")
    outside.sh(f"ip -6 addr add {SIX_OUTSIDE}/64 dev outside0 nodad; ip route add 192.168.10.0/24 via {lab.ROUTER}")
    comes_in = [(outside, router.host, lab.ROUTER), (outside, router.host, SIX_INSIDE), (outside, client, lab.CLIENT)]
    goes_out = [
        (router.host, outside, lab.OUTSIDE),
        (router.host, outside, SIX_OUTSIDE),
        (client, outside, lab.OUTSIDE),
    ]
    assert [lab.dialled(*way) for way in comes_in + goes_out].count("") == 0

    standalone = backend(router, program, "standalone")
    assert standalone.probe() == ""
    standalone.load()
    assert not standalone.compare().differs
    assert [lab.dialled(*way) for way in comes_in] == ["", "", ""]
    assert [lab.dialled(*way) for way in goes_out] == [lab.ROUTER, SIX_INSIDE, lab.CLIENT]
    assert [lab.pings(outside, address) for address in (lab.ROUTER, SIX_INSIDE, lab.CLIENT)] == [True, True, False]

    masquerade = backend(router, program, "masquerade")
    assert masquerade.compare().differs
    masquerade.load()
    assert not masquerade.compare().differs
    assert [lab.dialled(*way) for way in comes_in] == ["", "", ""]
    assert [lab.dialled(*way) for way in goes_out] == [lab.ROUTER, SIX_INSIDE, lab.ROUTER]

    masquerade.remove()
    assert masquerade.present() == ()
    assert [lab.dialled(*way) for way in comes_in + goes_out].count("") == 0


#: A run of pppoe_client with a firewall and a delegated prefix, as far as the latter's rules go.
DELEGATION = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply, _plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import delegation_request
with patch_module_args({}):
    module = AnsibleModule(argument_spec={})
planned = _plan.prepare(module, delegation_request("uplink", "eth0"), {"on": "auto"}.get(sys.argv[2]), "none")
_apply.apply(module, planned)
print(planned.changed)
"""


@pytest.mark.parametrize("program", DROPPING)
def test_a_delegated_prefix_passes_a_firewall_that_drops(router, program):
    """What those behind the client send and the answers pass, and what others begin does not."""
    client, outside = router.ends()
    router.host.sh("sysctl -qw net.ipv6.conf.all.forwarding=1; ip -6 addr add 2001:db8:7::1/64 dev ppp0 nodad")
    router.host.sh(f"ip -6 addr add {SIX_INSIDE}/64 dev eth0 nodad")
    outside.sh(f"ip -6 addr add {SIX_OUTSIDE}/64 dev outside0 nodad; ip -6 route add default via {SIX_INSIDE}")
    client.sh("ip -6 addr add 2001:db8:7::2/64 dev client0 nodad; ip -6 route add default via 2001:db8:7::1")
    ends = ((router.host, "ppp0"), (router.host, "eth0"), (client, "client0"), (outside, "outside0"))
    for _attempt in range(100):
        if not any("tentative" in end.sh(f"ip -6 addr show dev {link}") for end, link in ends):
            break
        time.sleep(0.1)
    router.host.sh(DROPPING[program])

    def run(what):
        command = [*router.host.into, sys.executable, "-c", DELEGATION, str(COLLECTIONS), what]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert lab.dialled(client, outside, SIX_OUTSIDE) == ""
    assert run("on") == "True\n"
    assert lab.dialled(client, outside, SIX_OUTSIDE) == "2001:db8:7::2"
    assert lab.dialled(outside, client, "2001:db8:7::2") == ""
    assert run("on") == "False\n"
    assert run("off") == "True\n"
    assert "dialtone" not in router.host.sh(LISTING[program])
    assert lab.dialled(client, outside, SIX_OUTSIDE) == ""
