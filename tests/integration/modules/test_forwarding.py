"""forwarding for real, on a host made of namespaces."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

KERNEL = "cat /proc/sys/net/ipv4/ip_forward"
pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")


@pytest.fixture(params=["0", "1"])
def host(request):
    made = lab.Router(COLLECTIONS, "forwarding")
    made.host.sh(f"mkdir -p /etc/sysctl.d /etc/udev/rules.d; sysctl -qw net.ipv4.ip_forward={request.param}")
    made.former = request.param
    yield made
    made.close()


def outcome(result: dict) -> tuple:
    """What a prediction and a run have to tell alike; the rest is how a file is, which is there only after the run."""
    return result["changed"], result["diff"], result["value"]


def test_there_and_back(host):
    before = host.etc()
    predicted = host.module(check=True)
    assert (host.etc(), host.host.sh(KERNEL).strip()) == (before, host.former)
    assert outcome(host.module()) == outcome(predicted)
    assert predicted["changed"] is True
    assert host.host.sh(KERNEL) == "1\n"
    assert "\nnet.ipv4.ip_forward = 1\n" in host.host.sh(f"cat {predicted['path']}")
    assert host.module()["changed"] is False

    # Somebody switches it off by hand: the next run fixes it, and still knows what it was at first.
    host.host.sh("sysctl -qw net.ipv4.ip_forward=0")
    assert host.module(check=True)["changed"] is True
    assert host.module()["value"] == 1

    predicted = host.module(check=True, state="absent")
    assert outcome(host.module(state="absent")) == outcome(predicted)
    assert (host.etc(), host.host.sh(KERNEL).strip()) == (before, host.former)
    assert host.module(state="absent")["changed"] is False


RP_FILTER = "cat /proc/sys/net/ipv4/conf/ppp0/rp_filter /proc/sys/net/ipv6/conf/ppp0/disable_ipv6"


def test_links_of_customers(host):
    """The router's ppp0 is half of a veth pair: a setting of a link is the same for every kind."""
    before, links = host.etc(), host.host.sh(RP_FILTER)
    host.host.sh("ip link add ppp-uplink type veth peer name uplink0")
    predicted = host.module(check=True, rp_filter="strict", ipv6=False)
    assert (host.host.sh(RP_FILTER), predicted["links"]) == (links, ["ppp0"])
    assert outcome(host.module(rp_filter="strict", ipv6=False)) == outcome(predicted)
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


UNTRUSTED = """cd /proc/sys/net; for link in ppp0 ppp1; do
cat ipv6/conf/$link/accept_ra ipv6/conf/$link/accept_redirects ipv6/conf/$link/accept_source_route
cat ipv4/conf/$link/accept_redirects ipv4/conf/$link/accept_source_route; done | tr -d '\\n'"""


def file_and_rules(host):
    return host.host.sh("cat /etc/sysctl.d/60-dialtone-pppoe.conf /etc/udev/rules.d/60-dialtone-pppoe.rules")


def test_customers_links_trust_nobody_and_other_links_are_as_they_were(host):
    host.host.sh("ip link add ppp1 type veth peer name client1; ip link add ppp-uplink type veth peer name uplink0")
    settings = host.host.sh(UNTRUSTED)
    uplink = host.host.sh("cat /proc/sys/net/ipv6/conf/ppp-uplink/accept_ra /proc/sys/net/ipv6/conf/default/accept_ra")
    predicted = host.module(check=True, name="server", rp_filter="strict", ipv6=True, uplink="eth0")
    assert host.host.sh(UNTRUSTED) == settings
    made = host.module(name="server", rp_filter="strict", ipv6=True, uplink="eth0")
    assert outcome(made) == outcome(predicted)
    assert made["settings"] == predicted["settings"]
    assert host.host.sh(UNTRUSTED) == "0" * 10
    assert host.host.sh("cat /proc/sys/net/ipv6/conf/ppp0/disable_ipv6") == "0\n"
    for key in ("accept_ra", "accept_redirects", "accept_source_route"):
        assert f"\n-net.ipv6.conf.ppp[0-9]*.{key} = 0\n" in file_and_rules(host)
        assert f'SYSCTL{{net/ipv6/conf/$name/{key}}}="0"\n' in file_and_rules(host)
    now = host.host.sh("cat /proc/sys/net/ipv6/conf/ppp-uplink/accept_ra /proc/sys/net/ipv6/conf/default/accept_ra")
    assert now == uplink
    host.module(name="server", state="absent")
    assert host.host.sh(UNTRUSTED) == settings


def test_a_call_that_asks_for_less_takes_nothing_away(host):
    server = {"name": "default", "rp_filter": "strict", "ipv6": False, "uplink": "eth0"}
    host.module(**server)
    protected = (file_and_rules(host), host.host.sh(RP_FILTER))
    # The client role, a task that gives nothing, and a second server that is less strict.
    for call in ({"name": "pppoe_client"}, {}, {"name": "second", "rp_filter": "loose", "ipv6": True}):
        predicted = host.module(check=True, **call)
        assert outcome(host.module(**call)) == outcome(predicted)
        assert (host.module(**call)["changed"], host.module(**server)["changed"]) == (False, False)
        assert host.host.sh(RP_FILTER) == protected[1] == "1\n1\n"
    warnings = str(host.module(name="second", rp_filter="loose", ipv6=True)["warnings"])
    assert "rp_filter: loose is asked for, but default asks for more" in warnings
    assert "ipv6: true is asked for, but default asks for more" in warnings
    host.module(name="second", state="absent")
    assert host.module(name="pppoe_client", state="absent")["names"] == ["default"]
    assert (file_and_rules(host), host.host.sh(RP_FILTER)) == protected
    # Once the strictest has gone, what is left holds.
    host.module(name="second", rp_filter="loose")
    assert host.module(name="default", state="absent")["links"] == ["ppp0"]
    assert host.host.sh(RP_FILTER) == "2\n0\n"


@pytest.mark.skipif(shutil.which("udevadm") is None, reason="this machine has no udev")
def test_udev_sets_a_link_that_appears(host):
    host.module(name="server", rp_filter="strict", ipv6=True, uplink="ppp1")
    host.host.sh("ip link add ppp1 type veth peer name client1; ip link add ppp7 type veth peer name client7")
    host.host.sh("ip link add ppp-uplink type veth peer name uplink0")
    for link, written in (("ppp7", True), ("ppp1", False), ("ppp-uplink", False)):
        said = host.host.sh(f"udevadm test --action=add /sys/class/net/{link} 2>&1", check=False)
        for setting, value in (("ipv4/conf/{}/rp_filter", 1), ("ipv6/conf/{}/accept_ra", 0)):
            assert (f"SYSCTL 'net/{setting.format(link)}' writing '{value}'" in said) == written


FORGED = r"""
import socket, struct, sys
link = sys.argv[1]
sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 7200, 7200, 0) + socket.inet_pton(socket.AF_INET6, "2001:db8:bad::")
advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + prefix
sock.sendto(advertisement, ("ff02::1", 0, 0, socket.if_nametoindex(link)))
"""


def taken(host, link):
    """What the host has by router advertisements on a link."""
    routes = host.host.sh(f"ip -6 route show default dev {link}; ip -6 addr show dev {link} scope global")
    return "2001:db8:bad" in routes, "default" in routes


def advertise(host, namespace, far, near):
    """Announce a router to the host's link ``near``, until it counts or after a few times."""
    for _times in range(4):
        subprocess.run([*namespace.into, sys.executable, "-c", FORGED, far], check=True)
        time.sleep(0.3)
        if taken(host, near) != (False, False):
            break
    return taken(host, near)


def test_a_customer_announces_a_router(host):
    customer, provider = host.ends()
    for end, link in ((customer, "client0"), (provider, "outside0")):
        end.sh(f"ip -6 addr add fe80::99/64 dev {link} nodad")
    host.host.sh("ip -6 addr add fe80::1/64 dev ppp0 nodad; ip -6 addr add fe80::2/64 dev eth0 nodad")
    assert advertise(host, provider, "outside0", "eth0") == (True, True)
    host.module(name="server", ipv6=True, uplink="eth0")
    assert advertise(host, customer, "client0", "ppp0") == (False, False)
    # The uplink had its way to the internet by an advertisement: it keeps it when this host forwards IPv6.
    assert host.host.sh("cat /proc/sys/net/ipv6/conf/eth0/accept_ra") == "2\n"
    host.host.sh(
        "sysctl -qw net.ipv6.conf.all.forwarding=1; ip -6 route flush default; ip -6 addr flush dev eth0 scope global"
    )
    assert advertise(host, provider, "outside0", "eth0") == (True, True)
    assert host.module(name="server", ipv6=True, uplink="eth0")["changed"] is False
    host.host.sh("sysctl -qw net.ipv6.conf.all.forwarding=0")
    host.module(name="server", state="absent")
    assert host.host.sh("cat /proc/sys/net/ipv6/conf/eth0/accept_ra") == "1\n"
    assert advertise(host, customer, "client0", "ppp0") == (True, True)


def test_an_uplink_without_advertisements_is_left_as_it_is(host):
    host.module(name="server", ipv6=True, uplink="eth0")
    assert host.host.sh("cat /proc/sys/net/ipv6/conf/eth0/accept_ra") == "1\n"
    assert "eth0/accept_ra" not in file_and_rules(host)


def test_nothing_is_written_for_bad_names(host):
    before = host.etc()
    for bad in ({"name": "a b"}, {"uplink": 'eth0"; id'}):
        refused = host.module(**bad)
        assert refused["failed"]
        assert next(iter(bad)) in refused["msg"]
    assert host.etc() == before
