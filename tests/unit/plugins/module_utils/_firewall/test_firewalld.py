from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._firewalld import (
    direct_rules,
    parse_policy,
    policy_name,
    rich_rules,
    runtime_only,
    same_settings,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import (
    client_request,
    delegation_request,
    ipv6_request,
    request,
)

# As firewall-cmd 1.3 and 2.3 print it.
POLICY = """\
dialtone-default (active)
  priority: -1
  target: CONTINUE
  ingress-zones: ANY
  egress-zones: public
  services:
  rich rules:
	rule family="ipv4" source address="192.168.10.0/24" accept
"""
ZONES = """\
home
  target: default
  interfaces:
  services: ssh mdns
  rich rules:

public (default, active)
  target: default
  interfaces: {interfaces}
  services: {services}
  ports: {ports}
  rich rules:
{rules}"""
RICH = '\trule family="ipv4" source address="10.0.0.0/8" drop\n'


def zones(interfaces="", services="ssh dhcpv6-client", ports="", rules=""):
    return ZONES.format(interfaces=interfaces, services=services, ports=ports, rules=rules)


def test_direct_rules():
    assert direct_rules(request("x", "eth0", ["10.0.0.2-10.0.0.5"], False)) == [
        "ipv4 nat POSTROUTING 0 -o eth0 -m iprange --src-range 10.0.0.2-10.0.0.5 -m comment "
        "--comment 'dialtone.pppoe x firewalld' -j MASQUERADE"
    ]
    six = [line for line in direct_rules(client_request("x", "ppp-up", "standalone")) if line.startswith("ipv6 ")]
    assert len(six) == 5


@pytest.mark.parametrize(
    ("wanted", "rules"),
    [
        (request("x", "eth0", [], True), ['rule family="ipv4" accept']),
        (
            request("x", "eth0", ["10.0.0.0/24", "192.168.1.2-192.168.1.4"], True),
            [
                f'rule family="ipv4" source address="{network}" accept'
                for network in ("10.0.0.0/24", "192.168.1.2/31", "192.168.1.4/32")
            ],
        ),
        (
            request("x", "eth0", [], True, port_forwards=[{"protocol": "tcp", "port": "1", "to_address": "10.0.0.1"}]),
            ['rule family="ipv4" accept'],
        ),
        (client_request("x", "ppp-up", "masquerade"), ['rule family="ipv4" accept']),
        (client_request("x", "ppp-up", "standalone"), []),
        (delegation_request("x", "ppp-up"), ['rule family="ipv6" accept']),
        (
            ipv6_request("x", ["2001:db8:1::/48", "2001:db8:100::/40"]),
            [f'rule family="ipv6" source address="{one}" accept' for one in ("2001:db8:1::/48", "2001:db8:100::/40")],
        ),
        (ipv6_request("x"), []),
    ],
)
def test_rich_rules(wanted, rules):
    assert rich_rules(wanted) == rules


def test_parse_policy():
    found = parse_policy(POLICY)
    assert (found["ingress-zones"], found["egress-zones"], found["services"]) == (["ANY"], ["public"], [])
    assert found["rules"] == ['rule family="ipv4" source address="192.168.10.0/24" accept']


@pytest.mark.parametrize(
    ("runtime", "permanent", "lost"),
    [
        (zones(), zones(), []),
        (zones(services="dhcpv6-client ssh"), zones(), []),
        # NetworkManager tells firewalld of its interfaces at each start.
        (zones(interfaces="eth0"), zones(), []),
        (zones(), zones(ports="80/tcp"), ["public ports: "]),
        (zones(ports="80/tcp"), zones(), ["public ports: 80/tcp"]),
        (zones(rules=RICH), zones(), ["public " + RICH.strip()]),
        (zones(rules=RICH), zones(rules=RICH), []),
        (zones() + "\nnew (active)\n  target: DROP\n", zones(), ["new target: DROP"]),
    ],
)
def test_runtime_only(runtime, permanent, lost):
    assert runtime_only(runtime, permanent) == lost


@pytest.mark.parametrize("owner", ["default", "x" * 9, "x" * 10, "client.uplink", "x" * 32])
def test_policy_name_is_short_enough(owner):
    assert len(policy_name(owner)) <= 18
    assert policy_name(owner) != policy_name(owner + "y")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (b'<zone>\n<forward/>\n  <service  name="ssh"/></zone>', True),
        (b'<zone><service name="ssh"/></zone>', False),
        (b'<zone><service name="ssh"/><forward/><interface name="eth0"/></zone>', False),
    ],
)
def test_same_settings(other, same):
    assert same_settings(b'<?xml version="1.0"?><zone><service name="ssh"/><forward/></zone>', other) == same
