from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import BackendError
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import (
    Nftables,
    canonical,
    rules,
    script,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import ipv6_request, request

CLAMPED = request("default", "eth0", [], True)
# What `nft -s list table` prints after loading script(CLAMPED), by version.
NFT_1_0_6 = """\
table ip dialtone_pppoe_default {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "eth0" masquerade
	}

	chain forward {
		type filter hook forward priority mangle; policy accept;
		iifname "ppp*" tcp flags syn / syn,rst tcp option maxseg size set rt mtu
		oifname "ppp*" tcp flags syn / syn,rst tcp option maxseg size set rt mtu
	}
}
"""
NFT_1_1_3 = NFT_1_0_6.replace("tcp flags syn / syn,rst", "tcp flags & (syn | rst) == syn")
NFT_NUMBERS = NFT_1_1_3.replace("srcnat;", "100;").replace("mangle;", "-150;")


@pytest.mark.parametrize("printed", [NFT_1_0_6, NFT_1_1_3, NFT_NUMBERS, "# Warning: a comment\n" + NFT_1_0_6])
def test_what_nft_prints_of_our_rules_is_recognised(printed):
    assert canonical(printed) == rules(CLAMPED)


@pytest.mark.parametrize(
    ("ours", "foreign"),
    [
        ('"eth0"', '"eth1"'),
        ("masquerade\n", "masquerade random\n"),
        ("masquerade\n", "masquerade\n\t\tip daddr 10.0.0.1 drop\n"),
        ('\t\toifname "eth0" masquerade\n', ""),
        ("srcnat;", "srcnat + 1;"),
        ("srcnat;", "1001;"),
        ("policy accept;", "policy drop;"),
        ("syn / syn,rst", "syn,fin / syn,rst"),
        ("set rt mtu", "set 1360"),
    ],
)
def test_what_is_not_ours_is_seen(ours, foreign):
    assert ours in NFT_1_0_6
    assert canonical(NFT_1_0_6.replace(ours, foreign)) != rules(CLAMPED)


def test_sources_without_clamp():
    assert rules(request("b", "wan", ["10.0.0.9", "192.168.10.0/24"], False)) == (
        "table ip dialtone_pppoe_b {",
        "\tchain postrouting {",
        "\t\ttype nat hook postrouting priority srcnat; policy accept;",
        '\t\toifname "wan" ip saddr 10.0.0.9 masquerade',
        '\t\toifname "wan" ip saddr 192.168.10.0/24 masquerade',
        "\t}",
        "}",
    )


def test_script_replaces_the_table_and_nothing_else():
    lines = script(CLAMPED).splitlines()
    assert lines[1:3] == ["table ip dialtone_pppoe_default", "delete table ip dialtone_pppoe_default"]
    assert canonical("\n".join(lines[3:])) == rules(CLAMPED)
    assert "flush" not in script(CLAMPED)


def answering(answers):
    """A ``Run`` that gives ``answers`` by the words of the command, and remembers what it was asked."""
    asked = []

    def run(command, data):
        asked.append((list(command[1:]), data))
        return answers[command[1]]

    return run, asked


def test_probe_asks_the_kernel_and_commits_nothing():
    run, asked = answering({"-c": (1, "", "netlink: Error: cache initialization failed: Operation not supported\n")})
    backend = Nftables(run, "/usr/sbin/nft", CLAMPED, "/etc/x")
    assert backend.probe() == "netlink: Error: cache initialization failed: Operation not supported"
    assert asked == [(["-c", "-f"], script(CLAMPED))]


def test_probe_of_nothing():
    assert Nftables(None, None, CLAMPED, "/etc/x").probe() == "not installed"
    assert Nftables(None, None, CLAMPED, "/etc/x").present() == ()


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ((0, NFT_1_1_3, ""), False),
        ((1, "", "Error: No such file or directory"), True),
        ((0, "table ip x {\n}\n", ""), True),
    ],
)
def test_compare(answer, missing):
    run, asked = answering({"-s": answer, "list": (0, "", "")})
    comparison = Nftables(run, "/usr/sbin/nft", CLAMPED, "/etc/x").compare()
    assert (comparison.missing, comparison.differs, comparison.after) == (missing, missing, rules(CLAMPED))
    assert asked[0] == (["-s", "list", "table", "ip", "dialtone_pppoe_default"], None)


def test_failed_load_has_the_words_of_nft():
    run, _asked = answering({"-f": (1, "", "Error: Operation not permitted")})
    with pytest.raises(BackendError, match="Operation not permitted"):
        Nftables(run, "/usr/sbin/nft", CLAMPED, "/etc/x").load()


def test_loading():
    loading = Nftables(None, "/usr/sbin/nft", CLAMPED, "/etc/x").loading()
    assert loading.start == ("/usr/sbin/nft", "-f", "/etc/x/masquerade-default.nft")
    assert loading.stop == ("/usr/sbin/nft", "delete table ip dialtone_pppoe_default")
    assert loading.text == script(CLAMPED)


def test_ipv6_of_customers():
    """Only from addresses that are routed back, however a version of nft spells it; and the MSS, by IPv6."""
    request = ipv6_request("default")
    lines = rules(request)
    assert lines[0] == "table ip6 dialtone_pppoe_ipv6.default {"
    assert '\t\tiifname "ppp*" fib saddr . iif oif 0 drop' in lines
    assert '\t\toifname "ppp*" tcp flags syn / syn,rst tcp option maxseg size set rt mtu' in lines
    printed = "\n".join(lines).replace("oif 0", "oif missing").replace("priority raw", "priority -300")
    assert canonical(printed) == lines
    assert "delete table ip6 dialtone_pppoe_ipv6.default" in script(request)
    assert "table ip dialtone" not in script(request)
