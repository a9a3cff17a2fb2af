"""masquerade on a host that was booted with systemd."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.masquerade import FOREIGN, everything, foretold
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS, SUPPORT

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")
# One that works in its own namespace, and for lists, but adds nothing to the table mangle of the router.
IPTABLES_HALF = """#!/bin/sh
case "$*" in
*"mangle -A"*) grep -q eth0: /proc/net/dev && exit 4 ;;
esac
exec /run/tools/iptables-real iptables "$@"
"""
UNIT = "dialtone-pppoe-masquerade@default.service"


@pytest.fixture
def router():
    made = lab.Router(COLLECTIONS)
    yield made
    made.close()


@pytest.fixture
def booted(router):
    router.boot_with_systemd(SUPPORT / "fake_systemctl.py")
    return router


def said(router):
    """The calls of systemctl that change something, since the last look."""
    log = router.host.sh("cat /run/fake-systemd/log; : > /run/fake-systemd/log").splitlines()
    return [line.split()[0] for line in log if not line.startswith(("is-", "status"))]


@pytest.mark.parametrize("backend", ["nftables", "iptables"])
def test_systemd_loads_the_rules(booted, backend):
    start, etc = everything(booted), booted.etc()
    made = foretold(booted, out_interface="eth0", backend=backend)
    assert made["persistence"] == f"/etc/systemd/system/{UNIT}"
    assert said(booted) == ["daemon-reload", "enable", "start"]
    assert booted.host.sh(f'systemctl() {{ /run/tools/systemctl "$@"; }}; systemctl is-active {UNIT}') == "active\n"
    whole = everything(booted)
    assert not foretold(booted, out_interface="eth0", backend=backend)["changed"]
    assert said(booted) == []

    booted.machine("nft flush ruleset")
    assert foretold(booted, out_interface="eth0", backend=backend)["changed"]
    assert (everything(booted), said(booted)) == (whole, ["reload"])

    booted.host.sh(f"/run/tools/systemctl stop {UNIT}")
    assert "dialtone" not in everything(booted)
    assert said(booted) == ["stop"]
    assert foretold(booted, out_interface="eth0", backend=backend)["changed"]
    assert (everything(booted), said(booted)) == (whole, ["start"])

    foretold(booted, state="absent")
    assert said(booted) == ["disable", "daemon-reload", "stop"]
    assert booted.etc() == etc
    if backend == "nftables":
        assert everything(booted) == start
    assert not foretold(booted, state="absent")["changed"]


def test_startup_can_be_changed(booted):
    foretold(booted, out_interface="eth0")
    whole = everything(booted)
    assert foretold(booted, out_interface="eth0", startup="rc_local")["persistence"] == "/etc/rc.local"
    assert everything(booted) == whole
    assert "dialtone" not in booted.host.sh("find /etc/systemd/system; ls /run/fake-systemd/active")
    foretold(booted, out_interface="eth0", startup="systemd")
    assert everything(booted) == whole
    assert UNIT in booted.host.sh("ls /run/fake-systemd/active")
    assert "rc.local" not in booted.host.sh("ls /etc")
    assert not foretold(booted, out_interface="eth0")["changed"]


def test_backend_can_be_changed_under_the_unit(booted):
    foretold(booted, out_interface="eth0", backend="iptables")
    said(booted)
    foretold(booted, out_interface="eth0", backend="nftables")
    assert said(booted) == ["daemon-reload", "reload"]
    assert '"dialtone.pppoe default"' not in everything(booted)
    assert not foretold(booted, out_interface="eth0")["changed"]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_unit_that_fails_leaves_the_host_as_it_was(booted, earlier):
    booted.machine(FOREIGN)
    if earlier:
        foretold(booted, out_interface="eth0")
    before = (everything(booted), booted.etc())
    # Whatever its probe says, iptables refuses the second table.
    booted.host.sh("cp /usr/sbin/xtables-nft-multi /run/tools/iptables-real")
    booted.replace("iptables-nft", IPTABLES_HALF)
    failed = booted.module(out_interface="eth0", source=["10.0.0.0/8"], backend="iptables")
    assert failed["failed"]
    assert f"the last words of {UNIT}" in failed["msg"]
    assert (everything(booted), booted.etc()) == before
    booted.host.sh("umount /usr/sbin/xtables-nft-multi")
    assert foretold(booted, out_interface="eth0", backend="iptables")["changed"]
