"""pppoe_l2tpns with a real l2tpns and a real FreeRADIUS, in network namespaces, with customers who need no host."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.tests.support import l2tpns, router
from ansible_collections.dialtone.pppoe.tests.support.l2tpns import until
from ansible_collections.dialtone.pppoe.tests.support.repository import COLLECTIONS

pytestmark = pytest.mark.skipif(bool(l2tpns.why_not()), reason=f"no l2tpns here: {l2tpns.why_not()}")

COUNT = 50
SETTINGS = {
    "interfaces": ["eth1"],
    "local_address": "10.99.0.1",
    "dns_servers": ["10.99.0.53"],
    "ac_name": "gate",
    "lcp_echo_interval": 3,
    "ipv6": True,
    "ipv6_prefixes": ["2001:db8:1::/64"],
    "radius": {"servers": [{"address": l2tpns.CENTRE, "secret": l2tpns.SECRET}]},
    "cluster": {"interface": "eth0", "members": ["192.168.5.11", "192.168.5.12"]},
}
#: What a running process does not take up, but no member needs of the others. With IPv6, BIRD refuses the first
#: connection of l2tpns 2.4.1, which offers IPv6 alone, and comes again without it after a minute.
OTHER = {
    **SETTINGS,
    "ipv6": False,
    "ipv6_prefixes": [],
    "cluster": {**SETTINGS["cluster"], "bgp": {"as_number": 65001, "neighbors": [{"address": "192.168.5.3"}]}},
}
SINGLE = {**SETTINGS, "cluster": {}, "pool": ["10.51.8.0/29"]}
#: What u7 gets, and his network.
DELEGATED, FRAMED = "2001:db8:100::/56", "10.60.7.0/24"
#: The router of the network; the members are in its AS, and connect to it.
BIRD = """
log stderr { error, fatal };
router id 192.168.5.3;
protocol device {}
protocol kernel { ipv4 { export all; }; }
template bgp mates { local 192.168.5.3 as 65001; direct; passive; ipv4 { import all; export none; }; }
protocol bgp one from mates { neighbor 192.168.5.11 as 65001; }
protocol bgp two from mates { neighbor 192.168.5.12 as 65001; }
"""
METRICS = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_main
_metrics_main.STATE = "/run/metrics-state"
_metrics_main.main("l2tpns", "/run/metrics", "l2tpns")
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    made = l2tpns.Network(COLLECTIONS, tmp_path_factory.mktemp("l2tpns"), COUNT)
    try:
        made.member()
        made.member()
        made.living = COUNT - 1
        made.centre.sql(
            "INSERT INTO radreply (username, attribute, op, value) VALUES"
            f" ('u7', 'Delegated-IPv6-Prefix', ':=', '{DELEGATED}'), ('u7', 'Framed-Route', '=', '{FRAMED} 0.0.0.0 1');"
        )
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def host(network):
    """The router, which has to be there before l2tpns connects to it: it comes again after up to a minute only."""
    made = router.Namespace()
    l2tpns.plug(network.wires, made, "router", "eth0", "core")
    made.sh("ip addr add 192.168.5.3/24 dev eth0; sysctl -qw net.ipv4.ping_group_range='0 0'")
    bird = f"{network.folder}/bird"
    (network.folder / "bird.conf").write_text(BIRD)
    made.sh(f"bird -c {bird}.conf -s {bird}.ctl")
    yield made
    made.sh(f"birdc -s {bird}.ctl down")
    made.close()


def dial(network, first: int, count: int) -> None:
    network.customers.start()
    for number in range(first, first + count):
        # On a busy machine a member may be away for longer than two echoes of a customer.
        settings = {"ipv6": number == 7, "echo_failure": 6}
        network.customers.dial(number, 1, username=f"u{number}", secret=f"pw{number}", **settings)


def status(member) -> dict:
    (found,) = member.module("pppoe_server_info")["servers"]
    return found


def metrics(member) -> dict[str, float]:
    """What the program that a timer runs writes."""
    member.sh("mkdir -p /run/metrics")
    subprocess.run([*member.into, sys.executable, "-c", METRICS, str(COLLECTIONS)], check=True)
    text = member.sh("cat /run/metrics/pppoe_server_l2tpns.prom")
    check = ["promtool", "check", "metrics"]
    assert shutil.which("promtool") is None or subprocess.run(check, input=text, text=True, check=False).returncode == 0
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name.removeprefix("pppoe_server_"): float(value) for name, _blank, value in lines}


def sessions(member, **selectors):
    return member.module("pppoe_session_info", **selectors)["sessions"]


def names(member) -> list[str]:
    return sorted(one["username"] for one in sessions(member))


def test_from_nothing_to_the_same(network):
    member = network.members[0]
    before = member.sh("find /etc -type f | sort")
    predicted = member.module(check=True, **SETTINGS)
    assert (predicted["changed"], predicted["applied"]) == (True, "start")
    assert l2tpns.SECRET not in str(predicted)
    assert member.sh("find /etc -type f | sort") == before
    done = member.module(**SETTINGS)
    assert (done.get("msg"), done["applied"], done["mac"]) == (None, "start", "02:70:0a:63:00:01")
    assert l2tpns.SECRET not in str(done)
    assert member.module(**SETTINGS)["changed"] is False
    assert member.module(check=True, **SETTINGS)["changed"] is False
    modes = member.sh("cd /etc/l2tpns; stat -c '%a %U %n' *")
    assert modes == "644 root access.nft\n644 root ip_pool\n600 root startup-config\n600 root users\n"
    assert "02:70:0a:63:00:01" in member.sh("ip link show eth1")
    assert member.sh("cat /proc/sys/net/ipv6/conf/eth1/disable_ipv6") == "1\n"


def test_what_is_refused_is_not_written(network):
    member = network.members[0]
    before = member.sh("sha256sum /etc/l2tpns/*")
    assert member.module(**{**SETTINGS, "interfaces": ["eth1", "eth2"]})["msg"].startswith("interfaces: 2 are given.")
    assert member.module(**{**SETTINGS, "interfaces": ["eth9"]})["msg"].startswith("interfaces[0]: ")
    assert member.sh("sha256sum /etc/l2tpns/*") == before


def test_customers_dial_by_radius_and_are_listed(network):
    member = network.members[0]
    dial(network, 1, COUNT)
    network.customers.wait(seconds=30)
    reports = network.customers.status()
    assert {each["ac_name"] for each in reports} == {"gate"}
    assert {tuple(each["dns"]) for each in reports} == {("10.99.0.53",)}
    assert len({each["address"] for each in reports}) == COUNT
    found = sessions(member)
    assert sorted((one["username"], one["address"], one["session_id"], one["peer_mac"]) for one in found) == sorted(
        (each["username"], each["address"], each["session_id"], each["mac"]) for each in reports
    )
    one = sessions(member, username="u7")[0]
    assert (one["instance"], one["mode"], one["device"]) == ("l2tpns", "l2tpns", "eth1")
    assert (one["local_address"], one["role"]) == ("10.99.0.1", "server")
    started = until(lambda: int(network.centre.sql("SELECT count(*) FROM radacct")) == COUNT)
    assert started


def test_ipv6(network):
    """All have addresses of one /64; RADIUS gives prefixes by DHCPv6."""
    (found,) = network.customers.wait_for_prefixes(7, 1)
    found = found["ipv6"]
    assert (found["framed"], found["delegated"]) == ("2001:db8:1::/64", DELEGATED)
    assert f"{DELEGATED} dev tun0" in network.members[0].sh("ip -6 route")


def test_its_status_and_metrics(network):
    member = network.members[0]
    found = status(member)
    assert (found["engine"], found["running"], found["sessions"], found["interfaces"]) == (
        "l2tpns", True, COUNT, ["eth1"],
    )  # fmt: skip
    assert (found["cluster_role"], found["version"]) == ("master", "2.4.1")
    assert found["warnings"] == ["It hears no other member of the cluster."]
    read = metrics(member)
    server = '{server="l2tpns"}'
    assert (read[f"up{server}"], read[f"sessions{server}"], read[f"session_starts_total{server}"]) == (1, COUNT, COUNT)
    assert (read[f"cluster_master{server}"], read[f"cluster_members{server}"]) == (1, 1)
    assert read[f'radius_up{{server="l2tpns",radius="{l2tpns.CENTRE}:1812"}}'] == 1
    assert abs(read[f"start_time_seconds{server}"] - time.time()) < 600
    assert 'refused_dials_total{server="l2tpns",reason="no_slot"}' not in read


def test_a_customer_who_hangs_up_by_padt_ends_no_other_session(network):
    """l2tpns takes the ID of session 1 in a PADT for 256."""
    network.customers.dial(1001, 250, username="u1", secret="pw1", at_once=50)
    network.customers.wait(first=1001, count=250)
    by_id = {each["session_id"]: each["number"] for each in network.customers.status() if each["state"] == "up"}
    network.customers.hang_up(by_id[1], 1, how="padt")
    assert len(sessions(network.members[0])) == COUNT + 250
    other = network.customers.status(by_id[256], 1)[0]
    assert (other["state"], other["padts"]) == ("up", [])
    dial(network, by_id[1], 1)
    network.customers.hang_up(1001, 250)
    network.customers.wait("ended", 1001, 250)
    until(lambda: len(sessions(network.members[0])) == COUNT, 60)


def test_a_wrong_secret_is_refused(network):
    network.customers.dial(99, 1, username="u1", secret="wrong")
    network.customers.wait("ended", 99, 1)
    assert len(sessions(network.members[0], username="u1")) == 1


def test_a_name_that_reads_like_a_line_of_its_list_is_nobody_else(network):
    member = network.members[0]
    name = "x\n    9       0    1 admin 10.0.0.9 N N N N 1 1 1 1 1 (P)02:00:00:00:00:01 *\n"
    network.centre.sql(
        f"INSERT INTO radcheck (username, attribute, op, value) VALUES ('{name}', 'Cleartext-Password', ':=', 'evil');"
    )
    network.customers.dial(98, 1, username=name, secret="evil")
    # Whether this FreeRADIUS lets him in or not.
    network.customers.ask("status", first=98, count=1)
    assert sessions(member, username="admin") == []
    network.customers.hang_up(98, 1)


def test_a_change_that_it_takes_up_while_it_runs(network):
    member = network.members[0]
    pid = member.pid
    done = member.module(**{**SETTINGS, "dns_servers": ["10.99.0.54"]})
    assert (done["applied"], done["sessions_dropped"]) == ("reload", 0)
    network.customers.hang_up(50, 1)
    network.customers.wait("ended", 50, 1)
    dial(network, 50, 1)
    network.customers.wait(first=50, count=1)
    assert network.customers.status(50, 1)[0]["dns"][0] == "10.99.0.54"
    assert member.module(**SETTINGS)["applied"] == "reload"
    assert member.pid == pid


def test_a_change_that_would_end_sessions_waits(network):
    member = network.members[0]
    pid = member.pid
    done = member.module(**OTHER)
    assert (done["changed"], done["applied"], done["sessions_dropped"]) == (True, "later", 0)
    assert "sessions would end" in str(done["warnings"])
    assert member.pid == pid
    again = member.module(**OTHER)
    assert (again["changed"], again["applied"]) == (False, "later")
    back = member.module(**SETTINGS)
    assert (back["changed"], back["applied"]) == (True, "none")


def test_one_session_is_ended(network):
    member = network.members[0]
    checked = member.module("pppoe_session", check=True, state="absent", username="u3")
    assert (checked["changed"], checked["count"]) == (True, 1)
    done = member.module("pppoe_session", state="absent", username="u3")
    assert (done.get("msg"), done["changed"], done["count"]) == (None, True, 1)
    network.customers.wait("ended", 3, 1)
    assert sessions(member, username="u3") == []
    # One that its customer has ended, in the test before, is listed for a while.
    until(lambda: names(member) == sorted(f"u{number}" for number in range(1, COUNT + 1) if number != 3))
    assert member.module("pppoe_session", state="absent", username="u3")["changed"] is False
    until(lambda: network.centre.sql("SELECT count(*) FROM radacct WHERE acctstoptime IS NOT NULL") >= "1")


def test_anybody_may_read_its_command_line_but_only_root_end_a_session(network):
    member = network.members[0]
    nobody = "setpriv --reuid 65534 --clear-groups "
    assert "Invalid command" in said(member, "drop session 1", nobody)
    assert len(sessions(member)) == COUNT - 1


def test_the_second_member_has_the_sessions_of_the_first(network):
    first, second = network.members
    done = second.module(**SETTINGS)
    assert (done.get("msg"), done["applied"]) == (None, "start")
    until(lambda: len(sessions(second)) == COUNT - 1)
    ids = {(one["username"], one["address"], one["session_id"]) for one in sessions(first)}
    assert {(one["username"], one["address"], one["session_id"]) for one in sessions(second)} == ids
    ended = second.module("pppoe_session", state="absent", username="u4")
    assert "on the master of the cluster only, 192.168.5.11" in ended["msg"]
    assert f"{DELEGATED} dev tun0" in second.sh("ip -6 route")
    until(lambda: not status(second)["warnings"] and not status(first)["warnings"])
    assert (status(first)["cluster_role"], status(second)["cluster_role"]) == ("master", "member")
    read = metrics(second)
    server = '{server="l2tpns"}'
    names = ("sessions", "cluster_master", "cluster_members", "cluster_up_to_date")
    assert [read[name + server] for name in names] == [COUNT - 1, 0, 2, 1]


@pytest.mark.usefixtures("host")
def test_a_change_restarts_one_member_after_the_other_and_no_session_ends(network):
    first, second = network.members
    for member in (second, first):
        done = member.module(**OTHER)
        assert (done["applied"], done["sessions_dropped"]) == ("restart", 0)
        until(lambda member=member: len(sessions(member)) == COUNT - 1)
    assert up(network) == COUNT - 1


def test_a_router_learns_by_bgp_where_customers_are(network, host):
    customer = network.customers.status(7, 1)[0]["address"]
    for route in (customer, FRAMED, "10.99.0.1"):
        until(lambda route=route: "via 192.168.5.1" in host.sh(f"ip route show {route}"), 60)
    # The one that is not the master announces customers.
    master, other = roles(network)
    until(lambda: f"via {other.address} " in host.sh(f"ip route show {customer}"))
    subprocess.run([*host.into, sys.executable, "-c", router.PING, customer], check=True)
    # Its end takes the routes away, and the master announces them.
    other.kill()
    other.sh("systemctl died")
    until(lambda: f"via {master.address} " in host.sh(f"ip route show {customer}"), 60)
    subprocess.run([*host.into, sys.executable, "-c", router.PING, customer], check=True)
    assert other.module(**OTHER)["applied"] == "start"
    until(lambda: len(sessions(other)) == COUNT - 1)


def up(network) -> int:
    found = network.customers.status(1, COUNT)
    print([each for each in found if each["state"] != "up"])
    return sum(each["state"] == "up" for each in found)


def roles(network) -> tuple[l2tpns.Member, l2tpns.Member]:
    """The master and the other one, which is up to date."""
    first, second = network.members
    master, other = (first, second) if "Master" in state(first) else (second, first)
    until(lambda: "Uptodate         : Yes" in state(other))
    return master, other


def lost(network, seconds: float) -> str:
    """What became of the pings of all customers, which have begun before."""
    time.sleep(seconds)
    pings = network.customers.stop_pings(1, COUNT).values()
    sent, answered = (sum(each[key] for each in pings) for key in ("sent", "answered"))
    return f"{sent - answered} of {sent} pings lost, at most {max(each['row'] for each in pings)} in a row"


@pytest.mark.parametrize("how", ["daemon", "power"])
def test_the_master_dies_and_every_session_stays(network, how):
    master, other = roles(network)
    network.customers.ping(1, COUNT, interval=0.5)
    if how == "power":
        master.cut("acc", "down")
        master.cut("core", "down")
    master.kill()
    if how == "daemon":
        master.sh("systemctl died")
    until(lambda: "Master" in state(other))
    print(how, lost(network, 3))
    assert up(network) == network.living
    assert len(sessions(other)) == network.living
    network.customers.ping(1, COUNT, interval=0.5)
    assert lost(network, 1).startswith("0 of ")
    network.customers.hang_up(3, 1)
    network.customers.wait("ended", 3, 1)
    dial(network, 3, 1)
    network.customers.wait(first=3, count=1)
    network.living = COUNT
    master.cut("acc", "up")
    master.cut("core", "up")
    assert master.module(**OTHER)["applied"] == "start"
    until(lambda: len(sessions(master)) == COUNT)


def state(member) -> str:
    return said(member, "show cluster")


def said(member, command: str, by: str = "") -> str:
    """What l2tpns prints, to whoever asks."""
    code = (
        "import socket; s = socket.create_connection(('127.0.0.1', 23));"
        f"s.sendall(b'{command}' + bytes([13]) + b'quit' + bytes([13]));"
        "print(b''.join(iter(lambda: s.recv(4096), b'')).decode('latin-1'))"
    )
    return member.sh(f'{by}/usr/bin/python3 -c "{code}"', check=False)


def test_a_split_cluster_keeps_its_sessions_and_is_one_again(network):
    first, second = network.members
    second.cut("core", "down")
    until(lambda: all("Master" in state(member) for member in (first, second)), 30)
    assert up(network) == COUNT
    network.customers.ping(1, COUNT, interval=0.5)
    second.cut("core", "up")
    # Of two masters, one gives up and ends; systemd starts it again (Restart=always).
    (ended,) = until(lambda: [member for member in (first, second) if not member.runs])
    ended.sh("systemctl died; sleep 1; systemctl start")
    until(lambda: sorted("Master" in state(member) for member in (first, second)) == [False, True])
    until(lambda: len(sessions(first)) == len(sessions(second)) == COUNT)
    print("split", lost(network, 2))
    assert up(network) == COUNT


def test_nothing_is_left(network):
    first, second = network.members
    done = second.module(state="absent")
    assert (done["changed"], done["sessions_dropped"]) == (True, 0)
    until(lambda: "Master" in state(first), 30)
    assert up(network) == COUNT
    time.sleep(2)
    done = first.module(state="absent")
    assert (done["changed"], done["sessions_dropped"]) == (True, COUNT)
    for member in (first, second):
        assert member.module(state="absent")["changed"] is False
        assert member.sh("ls -d /etc/l2tpns/* /etc/systemd/system/l2tpns.service.d 2>/dev/null", check=False) == ""
        assert "tun0" not in member.sh("ip link")
        assert member.sh("nft list ruleset") == ""


def test_a_single_server_with_a_pool_of_its_own(network):
    member = network.members[0]
    done = member.module(**SINGLE)
    assert (done.get("msg"), done["applied"]) == (None, "start")
    network.centre.sql("DELETE FROM radusergroup")
    dial(network, 1, 6)
    network.customers.wait(first=1, count=6)
    assert {each["address"] for each in network.customers.status(1, 6)} == {f"10.51.8.{last}" for last in range(1, 7)}
    assert len(sessions(member)) == 6
    done = member.module(state="stopped")
    assert (done["changed"], done["sessions_dropped"]) == (True, 6)
    # The clients notice.
    network.customers.wait("ended", 1, 6)
    assert sessions(member) == []
    assert member.module(state="stopped")["changed"] is False
    assert member.module(state="absent")["changed"] is True
