from __future__ import annotations

import json

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _boot as _adopt_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe_nat as _adopt_describe_nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _nat as _adopt_nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _saved as _adopt_saved
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings

M = "-j MASQUERADE"


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        # interface, sources, plain, for customers only
        ([f"-A POSTROUTING -o eth0 {M}"], [("eth0", (), True, False)]),
        ([f"-A POSTROUTING -s 10.9.0.0/24 -o eth0 {M} --random-fully"], [("eth0", ("10.9.0.0/24",), True, False)]),
        ([f'-A POSTROUTING -o eth0 -m comment --comment "a -j b" {M}'], [("eth0", (), True, False)]),
        ([f"-A POSTROUTING -i ppp+ -o eth0 {M}"], [("eth0", (), True, True)]),
        ([f"-A POSTROUTING ! -o eth0 {M}"], [(None, (), False, False)]),
        ([f"-A POSTROUTING {M}"], [(None, (), False, False)]),
        ([f"-A POSTROUTING -o eth+ {M}"], [(None, (), False, False)]),
        ([f"-A POSTROUTING ! -s 10.0.0.0/8 -o eth0 {M}"], [("eth0", (), False, False)]),
        ([f"-A POSTROUTING -s 10.9.0.0/24 ! -d 10.9.0.0/24 -o eth0 {M}"], [("eth0", ("10.9.0.0/24",), False, False)]),
        ([f"-A POSTROUTING -o eth0 -p tcp -m tcp --dport 80 {M}"], [("eth0", (), False, False)]),
        ([f"-A POSTROUTING -o eth0 -m mark --mark 0x1 {M}"], [("eth0", (), False, False)]),
        ([f"-A POSTROUTING -o eth0 -m set --match-set x src {M}"], [("eth0", (), False, False)]),
        ([f"-A POSTROUTING -o eth0 -m socket --transparent {M}"], [("eth0", (), False, False)]),
        ([f"-A POSTROUTING -o eth0 {M} --to-ports 1024-2000"], [("eth0", (), False, False)]),
        (["-A POSTROUTING -o eth0 -j SNAT --to-source 203.0.113.2"], [("eth0", (), False, False)]),
        # in a chain of its own, behind exceptions
        (["-A POSTROUTING -o eth0 -j WAN", f"-A WAN {M}"], [("eth0", (), True, False)]),
        (["-A POSTROUTING -j A", "-A A -o eth0 -j B", f"-A B -s 10.0.0.0/8 {M}"],
         [("eth0", ("10.0.0.0/8",), True, False)]),
        (["-A POSTROUTING -j A", "-A A -j A", f"-A A -o eth0 {M}"], [("eth0", (), True, False)]),
        (["-A POSTROUTING -d 10.0.0.0/8 -j ACCEPT", f"-A POSTROUTING -o eth0 {M}"], [("eth0", (), False, False)]),
        ([f"-A UNUSED -o eth0 {M}"], []),
        (['-A POSTROUTING -o eth0 -m comment --comment "ours x" -j MASQUERADE'], []),
        (["-P POSTROUTING ACCEPT", "-A PREROUTING -j ACCEPT"], []),
    ],
)  # fmt: skip
def test_iptables(rules, found):
    listed = _adopt_nat.of_iptables("\n".join(rules), "ours ")
    assert [(nat.out_interface, nat.sources, nat.plain, nat.customers) for nat in listed] == found


def match(key: str, value, op: str = "==") -> dict:
    left = {"payload": {"protocol": "ip", "field": key}} if key in ("saddr", "daddr") else {"meta": {"key": key}}
    return {"match": {"op": op, "left": left, "right": value}}


NET = {"prefix": {"addr": "10.9.0.0", "len": 24}}
MASQUERADE: dict = {"masquerade": None}
OUT = match("oifname", "eth0")


def ruleset(*rules: list, family: str = "ip", hook: str = "postrouting", more: tuple = ()) -> str:
    chain = {"family": family, "table": "t", "name": "c", "type": "nat", "hook": hook}
    entries = [{"metainfo": {}}, {"chain": chain}]
    entries += [{"rule": {"family": family, "table": "t", "chain": "c", "expr": list(rule)}} for rule in rules]
    return json.dumps({"nftables": [*entries, *more]})


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ([OUT, MASQUERADE], ("eth0", (), True, False)),
        ([match("oif", "eth0"), MASQUERADE], ("eth0", (), True, False)),
        ([match("saddr", NET), OUT, MASQUERADE], ("eth0", ("10.9.0.0/24",), True, False)),
        ([match("saddr", {"set": [NET, "10.8.0.1"]}), OUT, MASQUERADE],
         ("eth0", ("10.9.0.0/24", "10.8.0.1"), True, False)),
        ([{"counter": {"packets": 0}}, OUT, MASQUERADE], ("eth0", (), True, False)),
        ([match("nfproto", "ipv4"), OUT, MASQUERADE], ("eth0", (), True, False)),
        ([match("iifname", "ppp*"), OUT, MASQUERADE], ("eth0", (), True, True)),
        ([OUT, {"masquerade": {"flags": ["fully-random"]}}], ("eth0", (), True, False)),
        ([OUT, {"log": {"prefix": "x"}}, MASQUERADE], ("eth0", (), True, False)),
        # restrictions
        ([MASQUERADE], (None, (), False, False)),
        ([match("oifname", "lo", "!="), MASQUERADE], (None, (), False, False)),
        ([match("oifname", {"set": ["eth0", "wwan0"]}), MASQUERADE], (None, (), False, False)),
        ([match("oifname", "eth*"), MASQUERADE], (None, (), False, False)),
        ([match("saddr", NET), MASQUERADE], (None, ("10.9.0.0/24",), False, False)),
        ([match("saddr", "@customers"), OUT, MASQUERADE], ("eth0", (), False, False)),
        ([match("saddr", NET, "!="), OUT, MASQUERADE], ("eth0", (), False, False)),
        ([match("daddr", NET, "!="), OUT, MASQUERADE], ("eth0", (), False, False)),
        ([match("mark", 1), OUT, MASQUERADE], ("eth0", (), False, False)),
        ([match("iifname", "eth1"), OUT, MASQUERADE], ("eth0", (), False, False)),
        ([OUT, {"masquerade": {"port": {"range": [1024, 2000]}}}], ("eth0", (), False, False)),
        ([OUT, {"limit": {"rate": 1}}, MASQUERADE], ("eth0", (), False, False)),
        ([OUT, {"snat": {"addr": "203.0.113.2"}}], ("eth0", (), False, False)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("family", ["ip", "inet"])
def test_nft(family, rule, found):
    (nat,) = _adopt_nat.of_nft(ruleset(rule, family=family), lambda table: False)
    assert (nat.out_interface, nat.sources, nat.plain, nat.customers) == found


def test_nft_chains():
    jump = ruleset([OUT, {"jump": {"target": "d"}}], more=(
        {"rule": {"family": "ip", "table": "t", "chain": "d", "expr": [MASQUERADE]}},))  # fmt: skip
    assert [(nat.out_interface, nat.plain) for nat in _adopt_nat.of_nft(jump, lambda table: False)] == [("eth0", True)]
    # By a verdict map, the way to it is not known.
    wan = {"vmap": {"key": {"meta": {"key": "oifname"}}, "data": {"set": [["eth0", {"jump": {"target": "d"}}]]}}}
    mapped = ruleset([wan], more=({"rule": {"family": "ip", "table": "t", "chain": "d", "expr": [MASQUERADE]}},))
    assert [(nat.out_interface, nat.plain) for nat in _adopt_nat.of_nft(mapped, lambda table: False)] == [(None, False)]
    around = ruleset([{"jump": {"target": "c"}}], [OUT, MASQUERADE])
    assert [nat.plain for nat in _adopt_nat.of_nft(around, lambda table: False)][-1] is True
    assert _adopt_nat.of_nft(ruleset([OUT, MASQUERADE]), lambda table: table == "t") == []
    assert _adopt_nat.of_nft(ruleset([OUT, MASQUERADE], hook="prerouting"), lambda table: False) == []
    assert _adopt_nat.of_nft(ruleset([OUT, MASQUERADE], family="ip6"), lambda table: False) == []
    behind = ruleset([match("daddr", NET), {"accept": None}], [OUT, MASQUERADE])
    assert [nat.plain for nat in _adopt_nat.of_nft(behind, lambda table: False)] == [False]
    assert _adopt_nat.of_nft("", lambda table: False) == []


def nat(out: str | None, *sources: str, plain: bool = True) -> _adopt_nat.Nat:
    return _adopt_nat.Nat(f"rule {out} {sources}", out, sources, plain, None)


@pytest.mark.parametrize(
    ("rules", "outside", "sources"),
    [
        ([nat("tun0", "10.50.0.0/24"), nat("eth0", "10.9.0.0/24")], "eth0", ["10.9.0.0/24"]),
        ([nat("ppp0"), nat("eth0")], "eth0", ["0.0.0.0/0"]),
        ([nat("eth0", "10.50.0.0/24"), nat("eth1", "10.9.0.0/24")], "eth1", ["10.9.0.0/24"]),
        ([nat("eth0", "10.9.0.0/24"), nat("eth0", "10.8.0.0/24")], "eth0", ["10.9.0.0/24"]),
        ([nat("eth0", "10.0.0.0/8"), nat("eth0")], "eth0", ["0.0.0.0/0"]),
        ([nat("tun0", "10.50.0.0/24")], None, None),
        ([nat("eth0", plain=False)], None, None),
        ([_adopt_nat.Nat("r", "eth0", (), True, None, True)], "eth0", None),
    ],
)
def test_the_rule_of_the_customers(rules, outside, sources):
    say, variables = Findings(), {}
    assert _adopt_describe_nat.describe(rules, "eth0", ["10.9.0.10"], variables, say) == outside
    assert variables.get("pppoe_server_nat_sources") == sources
    # No rule is passed over.
    assert all(any(one.rule in finding["text"] for finding in say.all) for one in rules)


FILES = {
    "/etc/rules": b"*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n",
    "/etc/nft": b'table ip nat {\n oifname "eth0" masquerade\n}\n',
    "/root/fw": b"#!/bin/bash\niptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n",
}


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", "line 1 of rc"),
        ("WAN=eth0\niptables -t nat -A POSTROUTING -o $WAN -j MASQUERADE", "line 2 of rc"),
        ("sudo /sbin/iptables -t nat -I POSTROUTING 1 -o eth0 -j MASQUERADE", "line 1 of rc"),
        (
            "iptables --table nat -A POSTROUTING --out-interface eth0 -m comment --comment x -j MASQUERADE",
            "line 1 of rc",
        ),
        ("iptables-restore < /etc/rules", "line 1 of rc"),
        ("iptables-restore -n /etc/rules", "line 1 of rc"),
        ("cd /etc; iptables-restore <rules", "line 1 of rc"),
        ("/root/fw", "line 2 of /root/fw"),
        ("bash /root/fw &", "line 2 of /root/fw"),
        ("nft -f /etc/nft", "line 1 of rc"),
        ("nft add rule ip nat post oifname eth0 masquerade", "line 1 of rc"),
        # another rule, or none
        ("iptables -t nat -A POSTROUTING -o tun0 -j MASQUERADE", None),
        ("iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE", None),
        ("iptables -t nat -A POSTROUTING -o eth0 -j SNAT --to 1.2.3.4", None),
        ("exit 0\niptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", None),
        ("# iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", None),
        ("iptables-restore < /none", None),
        ("echo iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", None),
    ],
)
def test_what_loads_a_rule(script, place):
    found = _adopt_boot.Boot()
    _adopt_boot.read("rc", script.encode(), FILES.get, found)
    texts = [(FILES.get(path, b"").decode(), at) for path, at in found.files] + found.nft
    rule = _adopt_nat.Nat("iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", "eth0", (), True, None)
    assert _adopt_saved.loader(rule, _adopt_saved.Files(found.rules, texts)) == place


@pytest.mark.parametrize(
    ("script", "forwards"),
    [
        ("echo 1 > /proc/sys/net/ipv4/ip_forward", True),
        ("echo 1 >/proc/sys/net/ipv4/ip_forward", True),
        ("F=/proc/sys/net/ipv4/ip_forward; echo '1' > $F", True),
        ("sysctl -w net.ipv4.ip_forward=1", True),
        ("sysctl net.ipv4.ip_forward=1 >/dev/null", True),
        ("sudo sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'", True),
        ("echo 0 > /proc/sys/net/ipv4/ip_forward", False),
        ("sysctl -w net.ipv4.ip_forward=0", False),
        ("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter", False),
    ],
)
def test_forwarding_by_a_script(script, forwards):
    found = _adopt_boot.Boot()
    _adopt_boot.read("rc", script.encode(), FILES.get, found)
    assert bool(found.forwards) is forwards
