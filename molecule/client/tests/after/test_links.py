"""Two connections of one host side by side, as one checks them by hand."""

import re

import pytest

testinfra_hosts = ["ansible://pppoe_clients"]
LINKS = [("one", "ppp-one", "192.168.10.109", 10), ("two", "ppp7", "192.168.20.109", 20)]


@pytest.mark.parametrize(("name", "interface", "peer", "metric"), LINKS)
def test_link(host, name, interface, peer, metric):
    address = host.check_output(f"ip -4 -o addr show dev {interface}")
    assert f"peer {peer}/32" in address
    assert f"default dev {interface} scope link metric {metric}" in host.check_output("ip -4 route show default")
    assert "ttl=64" in host.check_output(f"ping -c 1 -W 5 -I {interface} {peer}")
    assert "ttl=63" in host.check_output(f"ping -c 1 -W 5 -I {interface} 192.168.5.1")


@pytest.mark.parametrize(("name", "interface", "peer", "metric"), LINKS)
def test_systemd_shows_it(host, name, interface, peer, metric):
    unit = host.service(f"pppoe-client@{name}")
    assert unit.is_running
    assert unit.is_enabled
    shown = host.check_output(f"systemctl show --property StatusText pppoe-client@{name}")
    address = re.search(r"inet (\S+) peer", host.check_output(f"ip -4 -o addr show dev {interface}"))[1]
    assert shown == f"StatusText=Up on {interface} with {address}, the other end is {peer}."


def test_the_first_has_the_traffic(host):
    assert " dev ppp-one " in host.check_output("ip -4 route get 192.168.5.1")


def test_name_servers_of_the_first(host):
    servers = re.findall(r"^nameserver (\S+)$", host.file("/etc/resolv.conf").content_string, re.MULTILINE)
    assert servers == ["202.106.0.20", "8.8.8.8"]


def test_ipv6_where_it_was_asked_for(host):
    assert "inet6" not in host.check_output("ip -6 -o addr show dev ppp-one")
    peer = re.search(r"peer (fe80:\S+)/", host.check_output("ip -6 -o addr show dev ppp7"))[1]
    assert host.run(f"ping -6 -c 1 -W 5 -I ppp7 {peer}").succeeded


def test_one_pppd_each(host):
    assert len(host.check_output("pgrep -x pppd").split()) == 2


def test_the_hook_has_run(host):
    address = re.search(r"inet (\S+) peer", host.check_output("ip -4 -o addr show dev ppp-one"))[1]
    assert host.file("/run/hooks").content_string.splitlines()[-1] == f"ppp-one up with {address}"


def test_no_unit_has_failed(host):
    assert host.check_output("systemctl --failed --no-legend") == ""
