"""One rule after another in the words of nft and of iptables, as both programs list them."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import render as iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import render as nft
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import client_request, request
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._rules import admission, rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

SYN = "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
MSS = "tcp flags syn / syn,rst tcp option maxseg size set rt mtu"
NEW = "-m conntrack --ctstate INVALID,NEW"
PORTS = [
    {"protocol": "udp", "port": "8000-8010", "to_address": "192.168.10.3", "to_port": None},
    {"protocol": "tcp", "port": "8080", "to_address": "192.168.10.3", "to_port": "80"},
]


def both(found):
    return [(nft(rule), iptables(rule).line(None)) for rule in found]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (
            request("x", "eth0", ["10.0.0.2-10.0.0.21"], True, True),
            [
                (
                    'oifname "eth0" ip saddr 10.0.0.2-10.0.0.21 masquerade fully-random',
                    "-t nat -A POSTROUTING -o eth0 -m iprange --src-range 10.0.0.2-10.0.0.21 "
                    "-j MASQUERADE --random-fully",
                ),
                (f'iifname "ppp*" {MSS}', f"-t mangle -A FORWARD -i ppp+ {SYN}"),
                (f'oifname "ppp*" {MSS}', f"-t mangle -A FORWARD -o ppp+ {SYN}"),
            ],
        ),
        (
            request("x", "eth0", [], False, port_forwards=PORTS),
            [
                (
                    'iifname "eth0" tcp dport 8080 fib daddr type local dnat to 192.168.10.3:80',
                    "-t nat -A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL "
                    "-j DNAT --to-destination 192.168.10.3:80",
                ),
                (
                    'iifname "eth0" udp dport 8000-8010 fib daddr type local dnat to 192.168.10.3',
                    "-t nat -A PREROUTING -i eth0 -p udp -m udp --dport 8000:8010 -m addrtype --dst-type LOCAL "
                    "-j DNAT --to-destination 192.168.10.3",
                ),
                ('oifname "eth0" masquerade', "-t nat -A POSTROUTING -o eth0 -j MASQUERADE"),
            ],
        ),
        (
            client_request("x", "ppp-up", "standalone", ipv6=False),
            [
                (
                    'iifname "ppp-up" meta l4proto != icmp ct state invalid,new drop',
                    f"-t filter -A INPUT -i ppp-up ! -p icmp {NEW} -j DROP",
                ),
                (
                    'iifname "ppp-up" icmp type != echo-request ct state invalid,new drop',
                    f"-t filter -A INPUT -i ppp-up -p icmp -m icmp ! --icmp-type 8 {NEW} -j DROP",
                ),
                (
                    'iifname "ppp-up" ct state invalid,new ct status ! dnat drop',
                    f"-t filter -A FORWARD -i ppp-up {NEW} -m conntrack ! --ctstate DNAT -j DROP",
                ),
            ],
        ),
    ],
)
def test_rules(wanted, found):
    assert both(rules(wanted)) == found


def test_a_client_s_guard_covers_ipv6():
    found = [rule for rule in rules(client_request("x", "ppp-up", "standalone")) if rule.family == "ip6"]
    assert [iptables(rule).line(None) for rule in found][:2] == [
        f"-6 -t filter -A INPUT ! -d fe80::/10 -i ppp-up ! -p ipv6-icmp {NEW} -j DROP",
        f"-6 -t filter -A INPUT -i ppp-up -p tcp {NEW} -j DROP",
    ]
    assert nft(found[2]) == 'iifname "ppp-up" udp dport != 546 ct state invalid,new drop'


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (
            request("x", "eth0", ["10.0.0.0/24"], True, port_forwards=PORTS[1:]),
            [
                (
                    'iifname "ppp*" oifname "eth0" ip saddr 10.0.0.0/24 accept',
                    "-t filter -A FORWARD -s 10.0.0.0/24 -i ppp+ -o eth0 -j ACCEPT",
                ),
                (
                    'iifname "eth0" oifname "ppp*" ct state established,related accept',
                    "-t filter -A FORWARD -i eth0 -o ppp+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                ),
                (
                    'iifname "eth0" oifname "ppp*" ip daddr 192.168.10.3 tcp dport 80 ct status dnat accept',
                    "-t filter -A FORWARD -d 192.168.10.3/32 -i eth0 -o ppp+ -p tcp -m tcp --dport 80 "
                    "-m conntrack --ctstate DNAT -j ACCEPT",
                ),
            ],
        ),
        (
            client_request("x", "ppp-up", "masquerade"),
            [
                ('oifname "ppp-up" accept', "-t filter -A FORWARD -o ppp-up -j ACCEPT"),
                (
                    'iifname "ppp-up" ct state established,related accept',
                    "-t filter -A FORWARD -i ppp-up -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                ),
            ],
        ),
        (client_request("x", "ppp-up", "standalone"), []),
    ],
)
def test_admission(wanted, found):
    assert both(admission(wanted)) == found


@pytest.mark.parametrize(
    ("forwards", "words"),
    [
        ([{"port": "0", "to_address": "10.0.0.3"}], ["port_forwards[0].port: '0' is not a port"]),
        ([{"port": "80-70", "to_address": "10.0.0.3"}], ["port_forwards[0].port: '80-70'"]),
        ([{"port": "65536", "to_address": "10.0.0.3"}], ["port_forwards[0].port"]),
        ([{"port": "http", "to_address": "10.0.0.3"}], ["port_forwards[0].port: 'http'"]),
        ([{"port": "80", "to_address": "cmz2"}], ["port_forwards[0].to_address: 'cmz2'"]),
        ([{"port": "80", "to_address": "10.0.0.3", "to_port": "x"}], ["port_forwards[0].to_port: 'x'"]),
        ([{"port": "80-90", "to_address": "10.0.0.3", "to_port": "90"}], ["port_forwards[0].to_port: 90", "leave"]),
        (
            [{"port": "80-90", "to_address": "10.0.0.3"}, {"port": "85", "to_address": "10.0.0.4"}],
            ["port_forwards[1].port: tcp port 85 is forwarded to 10.0.0.3 already."],
        ),
    ],
)
def test_refused_port_forwards(forwards, words):
    with pytest.raises(Refused) as caught:
        request("x", "eth0", [], True, port_forwards=[{"protocol": "tcp", **one} for one in forwards])
    assert [word for word in words if word not in str(caught.value)] == []


def test_the_same_port_of_two_protocols():
    forwards = [{"protocol": protocol, "port": "53", "to_address": "10.0.0.3"} for protocol in ("tcp", "udp")]
    assert len(request("x", "eth0", [], True, port_forwards=forwards).port_forwards) == 2
