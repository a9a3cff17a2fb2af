"""masquerade: which backend is taken, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.masquerade import (
    IPTABLES_UNSUPPORTED,
    UNSUPPORTED,
    everything,
    foretold,
)
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


def test_auto_takes_what_works(router):
    assert router.module(check=True, out_interface="eth0")["backend"] == "nftables"
    router.replace("nft", UNSUPPORTED)
    assert router.module(check=True, out_interface="eth0")["program"].endswith("/iptables")
    router.replace("iptables-nft", IPTABLES_UNSUPPORTED)
    assert router.module(check=True, out_interface="eth0")["program"].endswith("/iptables-legacy")
    assert router.machine("cat /proc/net/ip_tables_names") == ""
    router.replace("iptables-legacy", UNSUPPORTED)
    for check in (True, False):
        failed = router.module(check=check, out_interface="eth0")
        assert failed["failed"]
        assert [(one["backend"], one["answer"]) for one in failed["tried"]] == [
            ("nftables", "Error: Could not process rule: Operation not supported"),
            ("iptables", "iptables v1.8.9 (nf_tables):  TABLE_ADD failed (Operation not supported): table nat"),
            ("iptables", "Error: Could not process rule: Operation not supported"),
        ]
        assert "/usr/sbin/nft: Error: Could not process rule: Operation not supported" in failed["msg"]


@pytest.mark.parametrize("backend", ["auto", "nftables", "iptables"])
def test_a_bare_host_is_foretold_and_then_fails(router, backend):
    for program in ("nft", "iptables-nft", "iptables-legacy"):
        router.replace(program, None)
    etc = router.etc()
    foreseen = router.module(check=True, out_interface="eth0", backend=backend)
    assert (foreseen["changed"], foreseen["backend"]) == (True, None)
    assert "not installed" in foreseen["msg"]
    failed = router.module(out_interface="eth0", backend=backend)
    assert failed["failed"]
    assert {one["answer"] for one in failed["tried"]} == {"not installed"}
    assert not router.module(state="absent")["changed"]
    assert router.etc() == etc


def test_a_backend_in_force_stays(router):
    assert foretold(router, out_interface="eth0", backend="iptables", persistent=False)["backend"] == "iptables"
    assert foretold(router, out_interface="eth0", persistent=False)["changed"] is False
    assert foretold(router, out_interface="eth0")["backend"] == "iptables"
    # Even if its rules have been flushed, the files of boot tell.
    router.machine("iptables -t nat -F; iptables -t mangle -F")
    assert foretold(router, out_interface="eth0")["backend"] == "iptables"


def test_never_two_backends(router):
    for backend, there in (("iptables", ".sh"), ("nftables", ".nft"), ("iptables", ".sh")):
        moved = foretold(router, out_interface="eth0", backend=backend)
        assert (moved["changed"], moved["backend"]) == (True, backend)
        assert ("table ip dialtone_pppoe_default" in everything(router)) == (backend == "nftables")
        assert ('"dialtone.pppoe default"' in everything(router)) == (backend == "iptables")
        assert router.host.sh("ls /etc/dialtone-pppoe") == f"masquerade-default{there}\n"
    # The kernel has lost nf_tables, as by booting another one: what works is taken, and the traces of the other go.
    router.replace("iptables-nft", IPTABLES_UNSUPPORTED)
    assert router.module(out_interface="eth0")["backend"] == "nftables"


@pytest.mark.parametrize("backend", ["nftables", "iptables"])
def test_instances_stand_side_by_side(router, backend):
    foretold(router, out_interface="eth0", backend=backend)
    alone, etc = everything(router), router.etc()
    foretold(router, name="-Second_1", out_interface="ppp0", backend=backend)
    assert not foretold(router, out_interface="eth0", backend=backend)["changed"]
    assert not foretold(router, name="-Second_1", out_interface="ppp0", backend=backend)["changed"]
    foretold(router, name="-Second_1", state="absent")
    assert (everything(router), router.etc()) == (alone, etc)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"out_interface": "eth7"}, ["out_interface", "'eth7'", "client0, eth0, outside0, ppp0"]),
        ({"out_interface": "eth0; id"}, ["out_interface", "'eth0; id'"]),
        ({"out_interface": "eth0", "name": "a b"}, ["name: 'a b'"]),
        ({"out_interface": "eth0", "inside_interfaces": ["ppp0", "eth0"]}, ["clients dial in on 'eth0'", "no default"]),
        ({"state": "absent", "name": "../../x"}, ["name: '../../x'"]),
        ({"out_interface": "eth0", "source": ["10.0.0.0/8", "10.0.0.1/8"]}, ["source[1]", "10.0.0.0/8"]),
        ({"out_interface": "eth0", "startup": "systemd"}, ["startup", "systemd is not running"]),
        ({}, ["out_interface"]),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_refused_before_anything_is_written(router, check, parameters, words):
    before = (everything(router), router.etc())
    refused = router.module(check=check, **parameters)
    assert refused["failed"]
    assert [word for word in words if word not in refused["msg"]] == []
    assert (everything(router), router.etc()) == before


def test_one_interface_for_inside_and_outside(router):
    router.host.sh(f"ip route add default via {lab.OUTSIDE}")
    made = foretold(router, out_interface="eth0", inside_interfaces=["eth0"])
    assert "eth0 is also an interface that clients dial in on" in str(made["warnings"])


def test_an_uplink_that_is_not_dialled_yet(router):
    made = foretold(router, out_interface="ppp-uplink")
    assert made["changed"]
    assert "warnings" not in made
    assert "ppp7" in str(foretold(router, out_interface="ppp7")["warnings"])
