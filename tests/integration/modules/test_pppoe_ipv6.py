"""pppoe_ipv6 for real, on a host made of namespaces: its program, its customers, and that nothing of it stays."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.tests.support import router as lab
from ansible_collections.dialtone.pppoe.tests.support.dropping import DROPPING, LISTING
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=f"no router can be made here: {lab.why_not()}")

GIVEN = {
    "prefixes": ["2001:db8:1::/48"],
    "delegated_prefixes": ["2001:db8:100::/40"],
    "dns_servers": ["2001:db8::53"],
    "accounts": [{"name": "cmz", "delegated_ipv6_prefix": "2001:db8:9::/48"}],
}
ROUTE = "ip -6 route {} {} dev ppp0 proto {} metric 1024"

#: A customer's router: it asks for a prefix, and prints what it is given.
ASK = """
import os, socket, struct, sys
kind, prefix = int(sys.argv[1]), sys.argv[2:]
wire = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
wire.bind(("::", 546))
wire.settimeout(2)
named = b""
if prefix:
    address, length = prefix[0].split("/")
    named = struct.pack("!HHIIB", 26, 25, 0, 0, int(length)) + socket.inet_pton(socket.AF_INET6, address)
duid = bytes.fromhex(os.environ.get("DUID", "00030001"))
head = struct.pack("!HH", 1, len(duid)) + duid + struct.pack("!HHIII", 25, 12 + len(named), 1, 0, 0)
wire.sendto(bytes([kind]) + b"abc" + head + named, ("ff02::1:2", 547, 0, socket.if_nametoindex("client0")))
answer = wire.recv(1500)
at = answer.index(struct.pack("!HH", 26, 25))
while answer[at : at + 4] == struct.pack("!HH", 26, 25):
    valid, length = struct.unpack_from("!IB", answer, at + 8)
    print(answer[0], socket.inet_ntop(socket.AF_INET6, answer[at + 13 : at + 29]) + "/" + str(length), valid)
    at += 29
"""


@pytest.fixture
def host():
    made = lab.Router(COLLECTIONS, "pppoe_ipv6")
    made.host.sh(
        "mkdir -p /etc/ppp/pppoe-server; sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0"
        " net.ipv6.conf.ppp0.accept_dad=0"
    )
    yield made
    for name in ("default", "second"):
        made.module(name=name, state="absent")
    made.close()


@pytest.fixture
def customer(host):
    client, _outside = host.ends()
    client.sh("sysctl -qw net.ipv6.conf.client0.accept_ra=2")
    for _attempt in range(100):
        if "tentative" not in client.sh("ip -6 addr show dev client0") + host.host.sh("ip -6 addr show dev ppp0"):
            break
        time.sleep(0.1)
    return client


def outcome(result):
    return {key: result.get(key) for key in ("changed", "diff", "sessions", "delegations", "accounts")}


def pids(host):
    """The program's parent and the program, while both are there."""
    parent = host.host.sh("cat /run/pppoe-server/ipv6.pid || :", check=False).strip()
    return [parent, *host.host.sh(f"cat /proc/{parent or 1}/task/*/children", check=False).split()] if parent else []


def running(host):
    """Their users."""
    return host.host.sh(f"stat -c %U {' '.join(f'/proc/{pid}' for pid in pids(host))}", check=False).split()


def until(what):
    for _attempt in range(100):
        if what():
            return True
        time.sleep(0.1)
    return False


def ask(customer, *words, duid="00030001"):
    command = [*customer.into, sys.executable, "-c", ASK, *words]
    done = subprocess.run(command, env=dict(os.environ, DUID=duid), capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def test_there_and_back(host):
    before = host.etc()
    predicted = host.module(check=True, **GIVEN)
    assert host.etc() == before
    made = host.module(**GIVEN)
    assert outcome(made) == outcome(predicted)
    assert (made["changed"], made["sessions"], made["delegations"], made["accounts"]) == (True, 65536, 65536, 1)
    assert until(lambda: running(host) == ["root", "nobody"]), running(host)
    assert host.module(**GIVEN)["changed"] is False
    host.host.sh(
        ROUTE.format("add", "2001:db8:1:7::/64", 139)
        + "; ip -6 route add unreachable 2001:db8:1::/48 proto 141 metric 4294967294"
    )
    again = host.module(**{**GIVEN, "delegated_length": 60})
    assert (again["changed"], again["delegations"]) == (True, 65536 * 16)
    predicted = host.module(check=True, state="absent")
    assert outcome(host.module(state="absent")) == outcome(predicted)
    assert host.etc() == before
    assert until(lambda: running(host) == [])
    assert "2001:db8:1:" not in host.host.sh("ip -6 route show")
    assert host.module(state="absent")["changed"] is False


def test_a_killed_program_is_started_again(host):
    host.module(**GIVEN)
    assert until(lambda: running(host) == ["root", "nobody"])
    before = pids(host)
    host.host.sh(f"kill -9 {before[1]}")
    assert until(lambda: running(host) == ["root", "nobody"] and pids(host)[1] != before[1])


def test_a_customer_has_an_address_and_his_prefix(host, customer):
    host.module(**GIVEN)
    assert until(lambda: running(host) == ["root", "nobody"])
    host.host.sh(ROUTE.format("add", "2001:db8:1:7::/64", 139))
    assert until(lambda: "2001:db8:1:7:" in customer.sh("ip -6 addr show dev client0 scope global"))
    assert "default via fe80::" in customer.sh("ip -6 route show default")
    assert ask(customer, "1") == [], "nothing is delegated to him"
    host.host.sh(ROUTE.format("add", "2001:db8:100::/56", 140))
    assert ask(customer, "1") == ["2 2001:db8:100::/56 7200"]
    assert ask(customer, "6", "2001:db8:100::/56") == ["7 2001:db8:100::/56 7200"]
    assert ask(customer, "6", "2001:db8:200::/56") == ["7 2001:db8:100::/56 7200", "7 2001:db8:200::/56 0"]
    # Another prefix, while he is there.
    host.host.sh(ROUTE.format("add", "2001:db8:1:8::/64", 139) + "; " + ROUTE.format("del", "2001:db8:1:7::/64", 139))
    assert until(lambda: "2001:db8:1:8:" in customer.sh("ip -6 addr show dev client0 scope global -deprecated"))
    assert until(lambda: "2001:db8:1:7:" not in customer.sh("ip -6 addr show dev client0 scope global -deprecated"))


ROUTER = """
ip link add {0} type veth peer name client0 netns {1}
ip link set {0} master home; ip link set {0} up
"""


def test_two_routers_on_one_link_have_the_prefix_of_the_session(host, customer):
    """Two programs or two machines behind a bridge, each with a name of its own: nothing is kept of either."""
    host.module(**GIVEN)
    assert until(lambda: running(host) == ["root", "nobody"])
    host.host.sh(ROUTE.format("add", "2001:db8:100::/56", 140))
    customer.sh("ip link add home type bridge; ip link set home up; ip link set client0 master home")
    routers = [lab.Namespace(), lab.Namespace()]
    try:
        for number, router in enumerate(routers):
            customer.sh(ROUTER.format(f"port{number}", router.process.pid))
            router.sh("sysctl -qw net.ipv6.conf.client0.accept_dad=0; ip link set client0 up")
        first, second = (f"0003000102000000000{number}" for number in (1, 2))
        assert until(lambda: ask(routers[0], "1", duid=first)), "the bridge forwards"
        for kind, answer in (("1", "2"), ("6", "7")):
            for router, duid in ((routers[0], first), (routers[1], second), (routers[1], first)):
                assert ask(router, kind, duid=duid) == [f"{answer} 2001:db8:100::/56 7200"]
        # One of them believes to have another one.
        assert ask(routers[1], "6", "2001:db8:200::/56", duid=second) == [
            "7 2001:db8:100::/56 7200",
            "7 2001:db8:200::/56 0",
        ]
        assert ask(routers[0], "6", "2001:db8:100::/56", duid=first) == ["7 2001:db8:100::/56 7200"]
        assert len(host.host.sh("ip -6 route show proto 140").splitlines()) == 1
    finally:
        for router in routers:
            router.close()


def test_instances_have_prefixes_of_their_own(host):
    host.module(**GIVEN)
    refused = host.module(**{**GIVEN, "prefixes": ["2001:db8:100:7::/64"], "delegated_prefixes": []}, name="second")
    assert "prefixes[0]: 2001:db8:100:7::/64 overlaps a prefix of instance 'default'." in refused["msg"]
    assert host.module(name="second", prefixes=["2001:db8:7::/64"])["changed"] is True
    assert host.module(state="absent")["changed"] is True
    assert until(lambda: running(host) == ["root", "nobody"])
    assert host.module(name="second", state="absent")["changed"] is True
    assert until(lambda: running(host) == [])


def test_without_any_prefix_it_is_refused(host):
    assert "prefixes: there are none, and no account has one." in host.module()["msg"]
    assert running(host) == []


#: Prints where packets come from, until one says so.
LISTEN = """
import socket
wire = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
wire.bind(("2001:db8:ffff::1", 7))
wire.settimeout(20)
print("ready", flush=True)
while True:
    message, source = wire.recvfrom(100)
    print(source[0], flush=True)
    if message == b"end":
        break
"""
SEND = """
import socket, sys
wire = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
wire.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND
wire.bind((sys.argv[1], 0))
wire.sendto(sys.argv[2].encode(), ("2001:db8:ffff::1", 7))
"""


@pytest.mark.parametrize("filtered", [True, False])
def test_a_customer_sends_from_his_own_prefixes_only(host, customer, filtered):
    host.host.sh("ip -6 addr add 2001:db8:ffff::1/64 dev eth0 nodad")
    assert (host.module(**GIVEN, filter=filtered)["filter"] in ("nftables", "iptables")) is filtered
    for prefix, protocol in (("2001:db8:1:7::/64", 139), ("2001:db8:100::/56", 140)):
        host.host.sh(ROUTE.format("add", prefix, protocol))
    assert until(lambda: "2001:db8:1:7:" in customer.sh("ip -6 addr show dev client0 scope global"))
    listener = subprocess.Popen([*host.host.into, sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, text=True)
    assert listener.stdout.readline() == "ready\n"
    sources = ["2001:db8:1:7::2", "2001:db8:1:8::2", "2001:db8:100:42::9", "2001:db8:200::1", "2001:db8:ffff::53"]
    for source in sources:
        subprocess.run([*customer.into, sys.executable, "-c", SEND, source, "x"], check=True)
    subprocess.run([*customer.into, sys.executable, "-c", SEND, sources[0], "end"], check=True)
    own = ["2001:db8:1:7::2", "2001:db8:100:42::9"]
    assert listener.communicate()[0].split() == [*(own if filtered else sources), sources[0]]


@pytest.mark.parametrize("program", DROPPING)
def test_a_firewall_that_drops_lets_customers_through(host, customer, program):
    """What customers send and the answers pass, and what others begin does not; without prefixes all is as before."""
    outside = host.others[1]
    host.host.sh("ip -6 addr add 2001:db8:ffff::1/64 dev eth0 nodad")
    host.host.sh("ip -6 route add 2001:db8:1:7::/64 dev ppp0 proto 139 metric 1024")
    outside.sh("ip -6 addr add 2001:db8:ffff::53/64 dev outside0 nodad")
    outside.sh("ip -6 route add default via 2001:db8:ffff::1")
    customer.sh("ip -6 addr add 2001:db8:1:7::2/64 dev client0 nodad")
    link = host.host.sh("ip -6 -o addr show dev ppp0 scope link").split()[3].partition("/")[0]
    customer.sh(f"ip -6 route replace default via {link} dev client0")
    host.host.sh(DROPPING[program])
    listing = LISTING[program]
    before = host.host.sh(listing)
    out = (customer, outside, "2001:db8:ffff::53")
    assert lab.dialled(*out) == ""
    predicted = host.module(check=True, **GIVEN)
    made = host.module(**GIVEN)
    assert outcome(made) == outcome(predicted)
    assert made["changed"] is True
    assert lab.dialled(*out) == "2001:db8:1:7::2"
    assert lab.dialled(outside, customer, "2001:db8:1:7::2") == ""
    assert host.module(**GIVEN)["changed"] is False
    assert host.module(state="absent")["changed"] is True
    assert host.host.sh(listing).count("dialtone") == 0
    assert [line for line in before.splitlines() if "eth9" in line] == [
        line for line in host.host.sh(listing).splitlines() if "eth9" in line
    ]
    assert lab.dialled(*out) == ""


def test_hundreds_of_links(host):
    """More than one socket can be a member of groups for (net.core.optmem_max, which is 20 kB on older kernels)."""
    count = 400
    host.host.sh("sysctl -qw net.core.optmem_max=20480 || :")
    links = [f"link add ppp{number} type bridge\nlink set ppp{number} up" for number in range(1000, 1000 + count)]
    routes = [
        f"route add 2001:db8:1:{number}::/64 dev ppp{number} proto 139 metric 1024"
        for number in range(1000, 1000 + count)
    ]
    for lines in (links, routes[: count // 2]):
        subprocess.run([*host.host.into, "ip", "-6", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    host.module(**GIVEN)
    subprocess.run(
        [*host.host.into, "ip", "-6", "-batch", "-"], input="\n".join(routes[count // 2 :]), text=True, check=True
    )
    group = "ff020000000000000000000000010002"
    assert until(lambda: host.host.sh("cat /proc/net/igmp6").count(group) == count)
    memory = host.host.sh(f"grep VmRSS /proc/{pids(host)[1]}/status")
    assert int(memory.split()[1]) < 64 * 1024
    host.host.sh("ip link del ppp1000; ip link del ppp1399")
    assert until(lambda: host.host.sh("cat /proc/net/igmp6").count(group) == count - 2)
