"""pppoe_server_routing with a real FRR: the administrator's configuration, and what FRR runs."""

from __future__ import annotations

import shutil

import pytest
from ansible_collections.dialtone.pppoe.tests.support import concentrators, router
from ansible_collections.dialtone.pppoe.tests.support.concentrators import until
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

_WHY = router.why_not() or ("" if shutil.which("vtysh") else "frr is not installed")
pytestmark = pytest.mark.skipif(bool(_WHY), reason=f"no host: {_WHY}")

OSPF = {"engine": "frr", "ospf": {"interfaces": ["eth0"], "hello": 1, "dead": 4, "password": "s3cret"}}
BGP = {
    "engine": "frr",
    "bgp": {"as_number": 65001, "neighbors": [{"address": router.OUTSIDE, "as_number": 65002}]},
    "aggregates": ["198.51.100.0/24"],
}
MAIN = "frr defaults traditional\nrouter ospf\n passive-interface ppp0\nexit\n"
DAEMONS = ("zebra", "staticd", "ospfd", "bgpd")


@pytest.fixture
def host():
    made = router.Router(COLLECTIONS, "pppoe_server_routing")
    try:
        made.host.sh("mkdir -p /etc/frr /etc/pam.d /run/frr /etc/ppp; touch /etc/frr/vtysh.conf")
        made.host.sh("chown frr:frr /etc/frr /run/frr; ip link set outside0 up")
        made.host.write("/etc/frr/frr.conf", MAIN)
        made.host.write("/etc/pam.d/frr", "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n")
        made.host.write("/etc/frr/daemons", "bgpd=no\nospfd=yes\n")
        for name in DAEMONS:
            made.host.sh(f"/usr/lib/frr/{name} -d -A 127.0.0.1 -P 0 -f /dev/null >/dev/null 2>&1")
        made.host.sh("vtysh -f /etc/frr/frr.conf")
        yield made
    finally:
        made.host.sh("kill $(cat /run/frr/*.pid)", check=False)
        made.close()


def running(host):
    return host.host.sh("vtysh -c 'show running-config'")


def outcome(result):
    return {key: value for key, value in result.items() if key != "invocation"}


def test_there_and_back(host):
    before, began = host.etc(), running(host)
    predicted = host.module(check=True, **OSPF)
    assert host.etc() == before
    made = host.module(**OSPF)
    assert outcome(made) == outcome(predicted)
    assert made["changed"] is True
    assert "s3cret" not in str(made["diff"])
    assert " redistribute connected route-map PPPOE-SERVER\n" in running(host)
    assert " ip ospf message-digest-key 1 md5 s3cret\n" in running(host)
    assert host.host.sh("cat /etc/frr/frr.conf").startswith(MAIN)
    assert host.host.sh("stat -c '%a %G' /etc/frr/frr.conf") == "640 frr\n"
    assert host.module(**OSPF)["changed"] is False
    host.module(**BGP)
    assert "bgpd=yes" in host.host.sh("cat /etc/frr/daemons")
    assert " redistribute connected route-map PPPOE-SERVER\n" in running(host)
    assert "message-digest" not in running(host)
    assert "ip route 198.51.100.0/24 blackhole\n" in running(host)
    assert host.module(**BGP)["changed"] is False
    assert host.module(state="absent")["changed"] is True
    assert host.host.sh("cat /etc/frr/frr.conf") == MAIN
    assert running(host) == began
    assert host.module(state="absent")["changed"] is False


def test_a_configuration_that_was_lost(host):
    """As watchfrr loses it under load: FRR runs, and announces nothing."""
    host.module(**OSPF)
    host.host.sh("vtysh -c 'configure terminal' -c 'no router ospf'")
    assert host.module(check=True, **OSPF)["changed"] is True
    assert host.module(**OSPF)["changed"] is True
    assert " redistribute connected route-map PPPOE-SERVER\n" in running(host)
    assert host.module(**OSPF)["changed"] is False


def test_a_router_learns_where_a_customer_is(host, tmp_path):
    if shutil.which("bird") is None:
        pytest.skip("bird is not installed")
    host.module(**{**OSPF, "ospf": {**OSPF["ospf"], "password": None}})
    _client, outside = host.ends()
    text = concentrators.ROUTER + concentrators.ROUTER_OSPF.replace("eth0", "outside0")
    bird = concentrators.Bird(outside.into, tmp_path, text)
    try:
        host.host.sh("ip addr add 10.0.0.1 peer 10.50.0.7/32 dev ppp0")
        assert until(lambda: f"via {router.ROUTER} " in outside.sh("ip route show 10.50.0.7"))
        host.host.sh("ip link del ppp0")
        assert until(lambda: outside.sh("ip route show 10.50.0.7") == "")
    finally:
        bird.kill()


def test_frr_is_not_there(host):
    host.host.sh("rm /etc/frr/*")
    result = host.module(**OSPF)
    assert result["msg"] == "engine: FRR is not installed on this host. Install it: the package frr of Debian."
