from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _chains,
    _chains_iptables,
    _chains_nft,
    _passage,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._chains import Packet
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import request

WANTED = request("default", "eth0", ["10.9.0.0/24"], True)
CUSTOMER = Packet("ppp*", "eth0", "10.9.0.0/24", "93.184.215.14", port="443")
META = {key: {"meta": {"key": key}} for key in ("iifname", "oifname", "nfproto", "l4proto", "mark", "protocol")}
STATE = {"ct": {"key": "state"}}
ANY = "0.0.0.0"  # noqa: S104
FLAGS = {"payload": {"protocol": "tcp", "field": "flags"}}
SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}
DROP = {"drop": None}


SADDR6 = {"payload": {"protocol": "ip6", "field": "saddr"}}
CUSTOMER6 = Packet("ppp*", "eth0", destination="2606:2800::1", port="443", family="ip6")


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


def listed(*rules, policy="accept", **chains):
    """What ``nft -j list table`` prints of a chain ``forward`` with these rules, and of others."""
    entries = [{"set": {"name": "lan", "elem": ["br0", "br9"]}}, {"map": {"name": "m", "elem": [["eth0", DROP]]}}]
    for name, of_chain in {"forward": rules, **chains}.items():
        entries.append({"chain": {"family": "inet", "table": "t", "name": name}})
        entries += [{"rule": {"chain": name, "handle": n, "expr": expr}} for n, expr in enumerate(of_chain, 10)]
    return _chains_nft.ruleset(json.dumps({"nftables": entries}), {"forward": policy})


@pytest.mark.parametrize(
    ("expr", "holds", "broad"),
    [
        ([DROP], True, True),
        ([{"counter": {"packets": 1}}, {"log": {"prefix": "x"}}, DROP], True, True),
        ([{"counter": "named"}, {"reject": {"type": "icmpx", "expr": "port-unreachable"}}], True, True),
        ([{"limit": {"rate": 5}}, DROP], None, False),
        ([{"quota": {"val": 1}}, DROP], None, False),
        ([{"xt": {"type": "match", "name": "u32"}}, DROP], None, False),
        ([{"xt": {"type": "target", "name": "LOG"}}, DROP], True, True),
        ([match(META["nfproto"], "ipv4"), DROP], True, True),
        ([match(META["nfproto"], "ipv6"), DROP], False, True),
        ([match(META["protocol"], {"set": ["ip", "ip6"]}), DROP], True, True),
        ([match(META["iifname"], "br0"), DROP], False, False),
        ([match(META["iifname"], "br0", "!="), DROP], True, True),
        ([match(META["iifname"], "@lan"), DROP], False, False),
        ([match(META["iifname"], "@lan", "!="), DROP], True, True),
        ([match(META["iifname"], "@gone", "!="), DROP], None, False),
        ([match(META["iifname"], {"set": ["br0", "ppp*"]}), DROP], True, False),
        ([match(META["iifname"], "ppp7"), DROP], None, False),
        ([match(META["iifname"], "ppp-uplink"), DROP], False, False),
        ([match(META["iifname"], "*"), DROP], True, True),
        ([match(META["oifname"], "eth0"), DROP], True, False),
        ([match(SADDR, {"prefix": {"addr": "10.0.0.0", "len": 8}}), DROP], True, False),
        ([match(SADDR, {"prefix": {"addr": ANY, "len": 0}}), DROP], True, True),
        ([match(SADDR, {"range": ["10.9.0.0", "10.9.0.99"]}), DROP], None, False),
        ([match(SADDR, {"set": ["10.9.1.1", {"prefix": {"addr": "172.16.0.0", "len": 12}}]}, "!="), DROP], True, True),
        ([match(SADDR, {"elem": {"val": "10.9.1.1", "timeout": 9}}), DROP], False, False),
        ([match(META["l4proto"], "tcp"), DROP], True, False),
        ([match(META["l4proto"], 17), DROP], False, False),
        ([match({"payload": {"protocol": "tcp", "field": "dport"}}, {"range": [1, 1023]}), DROP], True, False),
        ([match({"payload": {"protocol": "udp", "field": "dport"}}, 53), DROP], False, False),
        ([match(STATE, ["new", "invalid"], "in"), DROP], True, True),
        ([match(STATE, "established", "in"), DROP], False, True),
        ([match(STATE, ["established", "related"], "!"), DROP], True, True),
        ([match({"&": [FLAGS, ["fin", "syn"]]}, "syn"), DROP], True, False),
        ([match(FLAGS, "syn", "in"), DROP], True, False),
        ([match(FLAGS, "rst"), DROP], None, False),
        ([match(META["l4proto"], {"set": ["icmp", "tcp", "udp"]}), DROP], True, True),
        ([match({"ct": {"key": "status"}}, "dnat", "in"), DROP], False, False),
        ([match({"&": [META["mark"], 255]}, 0), DROP], True, True),
        ([match({"&": [META["mark"], 255]}, 1), DROP], False, True),
        ([match({"payload": {"protocol": "ip", "field": "ttl"}}, 2, "<"), DROP], False, True),
        ([match({"fib": {"result": "type", "flags": ["daddr"]}}, "local", "!="), DROP], True, True),
        ([match({"meta": {"key": "hour"}}, "09:00", ">"), DROP], None, False),
        ([match({"concat": [META["iifname"], SADDR]}, {"set": [{"concat": ["ppp*", "10.9.0.1"]}]}), DROP], None, False),
        ([match({"concat": [META["iifname"], SADDR]}, {"set": [{"concat": ["br0", "10.9.0.1"]}]}), DROP], False, False),
        ([match({"concat": [META["iifname"], SADDR]}, {"set": []}, "!="), DROP], None, False),
    ],
)
def test_what_a_rule_of_nft_says_of_a_customers_packet(expr, holds, broad):
    rule = listed(expr).chains["forward"][0]
    assert (_chains.holds(rule, CUSTOMER), _chains.broad(rule)) == (holds, broad)
    assert rule.verdict == "drop"


@pytest.mark.parametrize(
    ("rule", "holds", "broad", "verdict"),
    [
        ("-j DROP", True, True, "drop"),
        ('-m comment --comment "a -j ACCEPT" -j REJECT --reject-with icmp-net-prohibited', True, True, "drop"),
        ('-m limit --limit 5/min -j LOG --log-prefix "a b"', None, False, ""),
        ("-m limit --limit 5/min -j DROP", None, False, "drop"),
        ("-i ppp+ -j DROP", True, False, "drop"),
        ("-i ppp3 -j DROP", None, False, "drop"),
        ("-i + -j DROP", True, True, "drop"),
        ("! -i br0 -j DROP", True, True, "drop"),
        ("! -i ppp+ -j DROP", False, True, "drop"),
        ("-s 10.9.0.0/16 -j DROP", True, False, "drop"),
        ("-s 10.9.0.7/32 -j DROP", None, False, "drop"),
        ("! -s 10.0.0.0/8 -j DROP", False, True, "drop"),
        ("-p tcp -m multiport --dports 80,400:500 -j DROP", True, False, "drop"),
        ("-p tcp -m multiport --dports 80,81 -j DROP", False, False, "drop"),
        ("-p udp -j DROP", False, False, "drop"),
        ("-m conntrack --ctstate INVALID,NEW -j DROP", True, True, "drop"),
        ("-m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP", True, True, "drop"),
        ("-m conntrack --ctstate DNAT -j ACCEPT", False, True, "accept"),
        ("-m state --state ESTABLISHED -j ACCEPT", False, True, "accept"),
        ("-m mark --mark 0x0/0xff -j DROP", True, True, "drop"),
        ("-m mark ! --mark 0x1 -j DROP", True, True, "drop"),
        ("-m addrtype ! --dst-type LOCAL -j DROP", True, True, "drop"),
        ("-m pkttype --pkt-type unicast -j DROP", True, True, "drop"),
        ("-p icmp -m icmp --icmp-type 8 -j DROP", False, False, "drop"),
        ("-f -j DROP", False, True, "drop"),
        ("-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", True, False, "drop"),
        ("-p tcp -m tcp --tcp-flags ALL NONE -j DROP", None, False, "drop"),
        ("-m set --match-set block src -j DROP", None, False, "drop"),
        ("-m time --timestart 09:00:00 --timestop 17:00:00 -j REJECT", None, False, "drop"),
        ('-m u32 --u32 "0x0=0x0" -j DROP', None, False, "drop"),
        ("-m iprange --src-range 10.9.0.0-10.9.0.255 -j RETURN", True, False, "return"),
        ("-j NFQUEUE --queue-num 1", True, True, "queue"),
        ("-j CONNMARK --save-mark", True, True, ""),
        ("-g END", True, True, "goto END"),
    ],
)
def test_what_a_rule_of_iptables_says_of_a_customers_packet(rule, holds, broad, verdict):
    found = _chains_iptables.ruleset(f"-N END\n-A FORWARD {rule}\n").chains["FORWARD"][0]
    assert (_chains.holds(found, CUSTOMER), _chains.broad(found), found.verdict) == (holds, broad, verdict)


def test_a_map_of_verdicts_is_a_rule_for_each_of_its_elements():
    def fate(packet, *rules):
        place = _chains.closing(listed(*rules, deny=[[DROP]]), "forward", packet)
        return place and (place.chain, place.index)

    rule = [{"vmap": {"key": STATE, "data": {"set": [["established", {"accept": None}], ["new", DROP]]}}}]
    assert fate(CUSTOMER, [{"log": None}], rule) == ("forward", 1)
    assert fate(replace(CUSTOMER, state="established"), rule, [DROP]) is None
    rest = [{"vmap": {"key": META["iifname"], "data": {"set": [["*", DROP], ["br0", {"accept": None}]]}}}]
    assert fate(CUSTOMER, rest) == ("forward", 0)
    assert fate(replace(CUSTOMER, iif="br0"), rest, [DROP]) == ("forward", 1)
    jump = {"jump": {"target": "deny"}}
    assert fate(CUSTOMER, [{"vmap": {"key": META["nfproto"], "data": {"set": [["ipv4", jump]]}}}]) == ("deny", 0)
    # A map by what is ours means us: it closes nothing to all.
    assert fate(CUSTOMER, [{"vmap": {"key": META["oifname"], "data": "@m"}}]) is None


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("-P FORWARD DROP\n", None),
        ("-P FORWARD ACCEPT\n-A FORWARD -i ppp+ -j DROP\n", "all that customers (10.9.0.0/24) send"),
        ("-P FORWARD ACCEPT\n-A FORWARD -p tcp -j DROP\n", "TCP that customers (10.9.0.0/24) send"),
        ("-P FORWARD ACCEPT\n-A FORWARD -p icmp -j DROP\n", None),
        ("-P FORWARD ACCEPT\n-A FORWARD -i eth0 -j DROP\n", "the answers to customers"),
        ("-P FORWARD ACCEPT\n-A FORWARD -m limit --limit 1/s -j ACCEPT\n-A FORWARD -i ppp+ -j DROP\n", None),
        ("-P FORWARD ACCEPT\n-A FORWARD -m time --timestart 1 -i ppp+ -j DROP\n", None),
        ("-P FORWARD ACCEPT\n-A FORWARD -s 10.9.0.7/32 -j DROP\n", None),
    ],
)
def test_what_would_still_be_dropped(text, block):
    rules = _chains_iptables.ruleset(text)
    found = _passage.blocked(rules, WANTED, _passage.places(rules, WANTED))
    assert (found and found.label) == block


def test_rules_that_are_there_are_believed_only_if_they_do_what_they_are_for():
    ours = "-A FORWARD -s 10.9.0.0/24 -i ppp+ -o eth0 -j ACCEPT\n-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n"
    for text, dropped in (("-P FORWARD DROP\n" + ours, False), ("-P FORWARD DROP\n-A FORWARD -j DROP\n" + ours, True)):
        assert bool(_passage.blocked(_chains_iptables.ruleset(text), WANTED, {})) == dropped


def test_forwarded_ports_are_looked_at_too():
    forwards = [{"protocol": "tcp", "port": "7000", "to_address": "10.9.0.7", "to_port": "7"}]
    wanted = request("default", "eth0", ["10.9.0.0/24"], True, port_forwards=forwards)
    rules = _chains_iptables.ruleset("-P FORWARD ACCEPT\n-A FORWARD -d 10.9.0.7/32 -p tcp -m tcp --dport 7 -j DROP\n")
    assert _passage.blocked(rules, wanted, {}).label == "the forwarded tcp port 7000"


@pytest.mark.parametrize(
    ("rule", "labels"),
    [
        ("-p icmp -m icmp --icmp-type 8 -j DROP", ["pings of customers"]),
        ("-p icmp -m icmp --icmp-type 3/4 -j DROP", []),
        ("-p udp -j REJECT", ["all UDP of customers"]),
        ("-p udp -m udp --dport 53 -j REJECT", []),
    ],
)
def test_what_is_dropped_in_part(rule, labels):
    rules = _chains_iptables.ruleset(f"-P FORWARD ACCEPT\n-A FORWARD {rule}\n")
    assert [block.label for block in _passage.partly_blocked(rules, WANTED, {})] == labels
    assert _passage.blocked(rules, WANTED, {}) is None


@pytest.mark.parametrize(
    ("expr", "four", "six"),
    [
        ([DROP], True, True),
        ([match(META["nfproto"], "ipv4"), DROP], True, False),
        ([match(META["nfproto"], "ipv6"), DROP], False, True),
        # A match on addresses takes packets of its family only, also one that is turned round.
        ([match(SADDR, "10.0.0.1", "!="), DROP], True, False),
        ([match(SADDR6, "2001:db8::1", "!="), DROP], False, None),
        ([match(SADDR, {"prefix": {"addr": ANY, "len": 0}}), DROP], True, None),
        ([match(META["iifname"], "br0", "!="), DROP], True, True),
    ],
)
def test_packets_of_ipv4_and_of_ipv6(expr, four, six):
    [rule] = listed(expr).chains["forward"]
    assert (_chains.holds(rule, CUSTOMER), _chains.holds(rule, CUSTOMER6)) == (four, six)
