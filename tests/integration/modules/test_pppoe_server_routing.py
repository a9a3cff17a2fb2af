"""pppoe_server_routing with a real BIRD: the administrator's configuration, what BIRD runs, and what routers learn."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.tests.support import concentrators, router
from ansible_collections.dialtone.pppoe.tests.support.concentrators import Customer, Network, until
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(concentrators.why_not()), reason=f"no network: {concentrators.why_not()}")

OSPF = {"ospf": {"interfaces": ["eth0"], "hello": 1}}
MAIN = "log syslog all;\nprotocol device {}\nprotocol static mine { ipv4; route 192.0.2.0/24 unreachable; }\n"


@pytest.fixture
def host():
    made = router.Router(COLLECTIONS, "pppoe_server_routing")
    made.host.sh("mkdir -p /etc/bird /run/bird /etc/ppp /etc/sysctl.d; ip link set outside0 up; ip link set client0 up")
    made.host.write("/etc/bird/bird.conf", MAIN)
    yield made
    made.host.sh("birdc down || :", check=False)
    made.close()


def start(host):
    host.host.sh("bird -c /etc/bird/bird.conf -s /run/bird/bird.ctl")


def outcome(result):
    return {key: value for key, value in result.items() if key not in ("protocols", "invocation")}


def shown(host):
    return host.host.sh("birdc -s /run/bird/bird.ctl show protocols")


def test_there_and_back(host):
    start(host)
    before = host.etc()
    predicted = host.module(check=True, **OSPF)
    assert host.etc() == before
    made = host.module(**OSPF)
    assert outcome(made) == outcome(predicted)
    assert (made["changed"], made["router_id"]) == (True, router.ROUTER)
    assert [one["name"] for one in made["protocols"]] == ["pppoe_server_kernel4", "pppoe_server_ospf4"]
    assert host.host.sh("cat /etc/bird/bird.conf").startswith(MAIN)
    assert "mine" in shown(host)
    assert host.module(**OSPF)["changed"] is False
    bgp = {"as_number": 65001, "neighbors": [{"address": router.OUTSIDE, "password": "s3cret"}]}
    made = host.module(bgp=bgp, aggregates=["198.51.100.0/24"])
    assert "s3cret" not in str(made["diff"])
    assert "ospf4" not in shown(host)
    assert [one["name"] for one in made["protocols"]][1:] == ["pppoe_server_static4", "pppoe_server_bgp1"]
    host.host.sh("ip route add 10.50.0.7/32 dev ppp0 table 88 proto 142 metric 5")
    predicted = host.module(check=True, state="absent")
    assert outcome(host.module(state="absent")) == outcome(predicted)
    assert host.etc() == before
    assert "pppoe_server_" not in shown(host)
    assert "mine" in shown(host)
    assert host.host.sh("ip route show table 88", check=False) == ""
    assert host.module(state="absent")["changed"] is False


def test_a_bird_that_runs_something_else(host):
    """Its configuration is as it should be, but it has not read it."""
    start(host)
    host.module(**OSPF)
    host.host.sh(
        "echo 'protocol device {}' >/run/other.conf; birdc -s /run/bird/bird.ctl 'configure \"/run/other.conf\"'"
    )
    assert "pppoe_server_" not in shown(host)
    assert host.module(**OSPF)["changed"] is True
    assert "pppoe_server_ospf4" in shown(host)


REFUSED = [
    ("log syslog all;\n", OSPF, "engine: /etc/bird/bird.conf has no protocol device. Add it"),
    (MAIN, {"ospf": {"interfaces": ["eth7"]}}, "ospf.interfaces[0]: this host has no interface 'eth7'."),
    (MAIN + "protocl static {}\n", OSPF, "BIRD does not take the configuration, and nothing was changed: bird: /etc/b"),
    (MAIN + "ipv4 table pppoe_server_customers4;\n", OSPF, "BIRD does not take the configuration, and nothing was ch"),
    (MAIN, {**OSPF, "table": 254}, "table: 254 is no table for routes of customers."),
]


@pytest.mark.parametrize(("main", "parameters", "text"), REFUSED, ids=[text for _main, _parameters, text in REFUSED])
def test_refused_before_anything_is_written(host, main, parameters, text):
    host.host.write("/etc/bird/bird.conf", main)
    before = host.etc()
    result = host.module(**parameters)
    assert result.get("failed") is True
    assert result["msg"].startswith(text)
    assert host.etc() == before


def test_a_bird_that_does_not_run(host):
    result = host.module(**OSPF)
    assert result.get("failed") is True
    assert result["msg"].startswith("BIRD has not read its configuration: Unable to connect to server control socket")


def test_proxy_arp(host):
    """Without a routing daemon: neighbors reach customers as if they were on the segment."""
    before = host.etc()
    asked = {"engine": "none", "proxy_arp": ["eth0"]}
    predicted = host.module(check=True, **asked)
    made = host.module(**asked)
    assert outcome(made) == outcome(predicted)
    assert made["changed"] is True
    assert host.module(**asked)["changed"] is False
    host.host.sh("ip route add 192.168.5.77/32 dev ppp0")
    _client, outside = host.ends()
    assert "192.168.5.77" not in outside.sh("ip neigh show")
    outside.sh("sysctl -qw net.ipv4.ping_group_range='0 0'")
    subprocess.run([*outside.into, sys.executable, "-c", router.PING, "192.168.5.77"], check=False)
    mac = host.host.sh("ip -br link show eth0").split()[2]
    assert f"192.168.5.77 dev outside0 lladdr {mac}" in outside.sh("ip neigh show")
    assert host.module(state="absent")["changed"] is True
    assert host.etc() == before
    assert host.host.sh("cat /proc/sys/net/ipv4/conf/eth0/proxy_arp") == "0\n"


@pytest.fixture(scope="module", params=["ospf", "bgp"])
def network(request, tmp_path_factory):
    parameters = {"ipv6": True, "aggregates": ["10.60.0.0/24"]}
    if request.param == "bgp":
        parameters.update(ospf=None, bgp=concentrators.AS)
    routing = concentrators.ROUTER_BGP if request.param == "bgp" else concentrators.ROUTER_OSPF
    with Network(tmp_path_factory.mktemp(request.param), 2, routing, **parameters) as made:
        made.ipv6 = request.param == "ospf"
        assert until(lambda: set(made.leads_to("10.60.0.0/24")) <= {"10.99.0.1", "10.99.0.2"})
        yield made


def at(network, address, server):
    """Whether the router sends packets to this server alone."""
    return until(lambda: network.leads_to(address) == [f"10.99.0.{server.number}"])


def test_a_customer_comes_moves_and_goes(network):
    one, two = network.concentrators
    customer = Customer(network, "10.50.0.7")
    customer.dial(one)
    assert at(network, "10.50.0.7", one)
    assert until(lambda: network.reaches(customer))
    time.sleep(1)  # of two sessions that began in one second, neither is the newer one
    customer.dial(two)
    customer.leave(one)
    assert at(network, "10.50.0.7", two), "the newest session wins while the former one is believed in"
    assert until(lambda: network.reaches(customer))
    one.hang_up("ppp7")
    time.sleep(1)
    assert network.leads_to("10.50.0.7") == ["10.99.0.2"]
    two.hang_up("ppp7")
    assert until(lambda: network.leads_to("10.50.0.7") == [])


def test_a_customer_with_sessions_at_two_servers(network):
    """The newer one counts, and when it ends, the former one does again."""
    one, two = network.concentrators
    customer = Customer(network, "10.50.0.6")
    customer.dial(one)
    assert at(network, "10.50.0.6", one)
    time.sleep(1)
    customer.dial(two)
    assert at(network, "10.50.0.6", two)
    two.hang_up("ppp6")
    assert at(network, "10.50.0.6", one)
    one.hang_up("ppp6")
    assert until(lambda: network.leads_to("10.50.0.6") == [])


def test_networks_behind_a_customer(network):
    _one, two = network.concentrators
    customer = Customer(network, "10.50.0.8")
    customer.dial(two)
    two.sh("ip route add 10.70.0.0/24 dev ppp8 proto static metric 1")
    two.sh("ip -6 route add 2001:db8:8::/56 dev ppp8 proto 140 metric 1024")
    assert at(network, "10.70.0.0/24", two)
    if network.ipv6:
        assert until(lambda: len(network.leads_to("2001:db8:8::/56")) == 1)
        two.sh("ip -6 route del 2001:db8:8::/56 dev ppp8")
        assert until(lambda: network.leads_to("2001:db8:8::/56") == [])
    two.hang_up("ppp8")
    assert until(lambda: network.leads_to("10.70.0.0/24") == [])


def test_a_customer_in_a_network_that_is_announced_as_a_whole(network):
    one, _two = network.concentrators
    customer = Customer(network, "10.60.0.9")
    customer.dial(one)
    assert until(lambda: "10.60.0.9" in one.sh("ip route show table 88"))
    time.sleep(1)
    assert network.leads_to("10.60.0.9") == []
    one.hang_up("ppp9")


def test_neither_daemon_has_a_state_of_its_own(network):
    """Killed while customers come and go, session manager and BIRD find what there is."""
    one, _two = network.concentrators
    stays, goes, comes = (Customer(network, f"10.50.0.{number}") for number in (20, 21, 22))
    stays.dial(one)
    goes.dial(one)
    assert at(network, "10.50.0.20", one)
    assert at(network, "10.50.0.21", one)
    one.bird.kill()
    one.manager("stop")
    one.hang_up("ppp21")
    comes.dial(one)
    one.manager()
    one.bird.start()
    assert at(network, "10.50.0.22", one)
    assert at(network, "10.50.0.20", one)
    assert until(lambda: network.leads_to("10.50.0.21") == [])


def test_the_power_of_a_server_fails(network):
    one, two = network.concentrators
    customer = Customer(network, "10.50.0.30")
    customer.dial(two)
    assert at(network, "10.50.0.30", two)
    network.cut(two)
    time.sleep(1)
    customer.dial(one)
    assert until(lambda: network.reaches(customer))
    assert until(lambda: network.leads_to("10.50.0.30") == ["10.99.0.1"])
