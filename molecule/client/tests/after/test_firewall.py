"""The link with a firewall keeps out what the other one lets in."""

import re

import pytest

testinfra_hosts = ["ansible://pppoe_clients"]


def address_of(host, interface):
    return re.search(r"inet (\S+) peer", host.check_output(f"ip -4 -o addr show dev {interface}"))[1]


@pytest.mark.parametrize(("server", "interface", "let_in"), [("ac-one", "ppp-one", True), ("ac-two", "ppp7", False)])
def test_what_comes_in(host, server, interface, let_in):
    address = address_of(host, interface)
    server = host.get_host(f"ansible://{server}", ansible_inventory=host.backend.ansible_inventory)
    assert server.run(f"ping -c 1 -W 5 {address}").succeeded
    assert server.run(f"timeout 5 bash -c '</dev/tcp/{address}/22'").succeeded is let_in


def test_what_is_behind_it_shares_its_address(host):
    rules = host.check_output("iptables-legacy -t nat -S POSTROUTING").splitlines()
    assert [rule for rule in rules if "MASQUERADE" in rule and "-o ppp7 " in rule]
    assert host.file("/proc/sys/net/ipv4/ip_forward").content_string == "1\n"
