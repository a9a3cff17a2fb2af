# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""forwarding for real, on a host made of namespaces."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab

COLLECTIONS = Path(__file__).resolve().parents[3] / ".build" / "collections"
KERNEL = "cat /proc/sys/net/ipv4/ip_forward"
pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")


@pytest.fixture(params=["0", "1"])
def host(request):
    made = lab.Router(COLLECTIONS, "forwarding")
    made.host.sh(f"mkdir /etc/sysctl.d; sysctl -qw net.ipv4.ip_forward={request.param}")
    made.former = request.param
    yield made
    made.close()


def told(result: dict) -> tuple:
    """What a prediction and a run have to tell alike; the rest is how a file is, which is there only after the run."""
    return result["changed"], result["diff"], result["value"]


def test_there_and_back(host):
    before = host.etc()
    predicted = host.module(check=True)
    assert (host.etc(), host.host.sh(KERNEL).strip()) == (before, host.former)
    assert told(host.module()) == told(predicted)
    assert predicted["changed"] is True
    assert host.host.sh(KERNEL) == "1\n"
    assert "\nnet.ipv4.ip_forward = 1\n" in host.host.sh(f"cat {predicted['path']}")
    assert host.module()["changed"] is False

    # Somebody switches it off by hand: the next run mends it, and still knows what it was at first.
    host.host.sh("sysctl -qw net.ipv4.ip_forward=0")
    assert host.module(check=True)["changed"] is True
    assert host.module()["value"] == 1

    predicted = host.module(check=True, state="absent")
    assert told(host.module(state="absent")) == told(predicted)
    assert (host.etc(), host.host.sh(KERNEL).strip()) == (before, host.former)
    assert host.module(state="absent")["changed"] is False


RP_FILTER = "cat /proc/sys/net/ipv4/conf/ppp0/rp_filter /proc/sys/net/ipv6/conf/ppp0/disable_ipv6"


def test_links_of_customers(host):
    """The router's ppp0 is half of a veth pair: a setting of a link is the same for every kind."""
    before, links = host.etc(), host.host.sh(RP_FILTER)
    host.host.sh("ip link add ppp-uplink type veth peer name uplink0")
    predicted = host.module(check=True, rp_filter="strict", ipv6=False)
    assert (host.host.sh(RP_FILTER), predicted["links"]) == (links, ["ppp0"])
    assert told(host.module(rp_filter="strict", ipv6=False)) == told(predicted)
    assert host.host.sh(RP_FILTER) == "1\n1\n"
    assert host.host.sh(RP_FILTER.replace("ppp0", "ppp-uplink")) == links
    assert host.module(rp_filter="strict", ipv6=False)["changed"] is False
    # Another instance: the first one that goes takes nothing along.
    host.module(name="second", rp_filter="strict", ipv6=False)
    host.module(state="absent")
    assert host.host.sh(KERNEL + "; " + RP_FILTER) == "1\n1\n1\n"
    assert host.module(name="second", state="absent")["links"] == ["ppp0"]
    assert (host.etc(), host.host.sh(RP_FILTER), host.host.sh(KERNEL).strip()) == (before, links, host.former)


def test_a_numbered_uplink_is_left_alone(host):
    links = host.host.sh(RP_FILTER)
    assert host.module(rp_filter="strict", ipv6=False, uplink="ppp0")["links"] == []
    assert host.host.sh(RP_FILTER) == links
    assert "\n-net.ipv4.conf.ppp0.rp_filter\n" in host.host.sh("cat /etc/sysctl.d/60-dialtone-pppoe.conf")
