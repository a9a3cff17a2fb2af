from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _chains, _chains_iptables, _chains_nft
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._chains import Packet
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forward_chains import chains
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forward_tables import forward_chains, observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._passage import passage
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import request

LISTED = """\
table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
	chain DOCKER {
	}
}
table inet mine {
	chain input {
		type filter hook input priority filter; policy drop;
	}
	chain forward {
		type filter hook forward priority 10; policy accept;
	}
}
table ip6 filter {
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
}
"""


def test_chains_that_forwarded_ipv4_packets_pass():
    assert forward_chains(LISTED) == [(("ip", "filter", "FORWARD"), "drop"), (("inet", "mine", "forward"), "accept")]


@pytest.mark.parametrize(
    ("rule", "drops"),
    [
        ("drop", True),
        ("counter drop", True),
        ("reject", True),
        ("reject with icmpx admin-prohibited", True),
        ('iifname "eth0" drop', False),
        ("ip saddr 10.0.0.0/8 counter drop", False),
        ("accept", False),
        ("jump drop", False),
    ],
)
def test_a_rule_that_takes_every_packet(rule, drops):
    text = (
        "table inet mine { # handle 1\n\tchain forward { # handle 2\n"
        f"\t\ttype filter hook forward priority 10; policy accept;\n\t\t{rule} # handle 9\n\t\tiif 1 drop # handle 11\n"
        "\t}\n}\n"
    )

    def run(*_):
        return 0, text, ""

    wanted = request("x", "e", [], True)
    tables = observe(run, "nft", [])
    found = chains(run, tables, passage(tables, wanted, loaded=False).places, wanted)
    assert [(one.name, one.compare().missing) for one in found] == [("nft: inet mine forward", True)] * drops


IPTABLES_CHAINS = {
    "drops": ["-A FORWARD -i eth9 -j DROP", "-A FORWARD -j REJECT --reject-with icmp-port-unreachable"],
    "ufw": ["-A FORWARD -j ufw-before", "-A FORWARD -j ufw-reject"],
    "ufw-before": ["-A ufw-before -p icmp -j ACCEPT"],
    "ufw-reject": ["-A ufw-reject -j REJECT --reject-with icmp-port-unreachable"],
    "docker": ["-A FORWARD -j user", "-A FORWARD -o docker0 -j ACCEPT"],
    "user": ["-A user -j RETURN", "-A user -j DROP"],
    "some": ["-A FORWARD -i eth0 -j ufw-reject", "-A FORWARD -m mark --mark 1 -g ufw-reject"],
    "goes": ["-A FORWARD -g deep"],
    "deep": ["-A deep -i lo -j ACCEPT", "-A deep -j ufw", "-A deep -j DROP"],
    "accepts": ["-A FORWARD -j ACCEPT", "-A FORWARD -j DROP"],
    "odd": ["-A FORWARD -j a'b", "-A FORWARD -j LOG"],
    "a'b": ["-A a'b -j DROP"],
}


SOMEBODY = Packet("ppp*", "eth1", "10.9.0.0/24", "93.184.215.14", port="443")


def closing(rules, chain):
    place = _chains.closing(rules, chain, SOMEBODY)
    return place and (place.chain, place.index)


@pytest.mark.parametrize(
    ("chain", "place"),
    [
        ("drops", ("drops", 1)),
        ("ufw", ("ufw-reject", 0)),
        ("docker", None),
        ("some", None),
        ("goes", ("ufw-reject", 0)),
        ("accepts", None),
        ("odd", ("a'b", 0)),
        ("none", None),
    ],
)
def test_where_every_packet_is_dropped(chain, place):
    # Each chain is one that the kernel calls: its own rules are found under its name, whatever its lines say.
    lines = {name: [line.replace("-A FORWARD", f"-A {name}", 1) for line in of] for name, of in IPTABLES_CHAINS.items()}
    text = "".join(f"-N {name}\n" for name in lines) + "".join(line + "\n" for of in lines.values() for line in of)
    assert closing(_chains_iptables.ruleset(text), chain) == place


NFT_CHAINS = {
    "forward": ["jump custom", "counter jump closing"],
    "custom": ['iifname "eth9" goto closing', "counter return"],
    "closing": ["ct state established accept", "reject with icmpx admin-prohibited"],
}


def test_where_nft_without_json_drops_every_packet():
    def rules(listed):
        return _chains_nft.from_text({name: [(rule, "1") for rule in of] for name, of in listed.items()}, {})

    assert closing(rules(NFT_CHAINS), "forward") == ("closing", 1)
    assert closing(rules({**NFT_CHAINS, "custom": ["accept"]}), "custom") is None
