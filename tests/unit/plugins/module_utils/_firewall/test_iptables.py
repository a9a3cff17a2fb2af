from __future__ import annotations

import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _iptables as _firewall_iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import Iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import (
    compared,
    parse,
    render,
    script,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import ipv6_request, request
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

MARK = "dialtone.pppoe default"
ALL = request("default", "eth0", [], False)
TWO = request("default", "eth0", ["10.0.0.0/8", "192.168.10.3"], True)
POLICIES = "-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-N DOCKER\n"
SYN = "-p tcp -m tcp --tcp-flags SYN,RST SYN"


def rules(wanted):
    return [render(rule) for rule in _firewall_rules.rules(wanted)]


def ours(spec, target="MASQUERADE", mark=MARK):
    return f'-A POSTROUTING {spec} -m comment --comment "{mark}" -j {target}\n'


def test_rules():
    assert [rule.line(None) for rule in rules(TWO)] == [
        "-t nat -A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE",
        "-t nat -A POSTROUTING -s 192.168.10.3/32 -o eth0 -j MASQUERADE",
        f"-t mangle -A FORWARD -i ppp+ {SYN} -j TCPMSS --clamp-mss-to-pmtu",
        f"-t mangle -A FORWARD -o ppp+ {SYN} -j TCPMSS --clamp-mss-to-pmtu",
    ]
    assert [rule.line(MARK) for rule in rules(ALL)] == [
        '-t nat -A POSTROUTING -o eth0 -m comment --comment "dialtone.pppoe default" -j MASQUERADE'
    ]


@pytest.mark.parametrize(
    ("line", "comment", "matches", "target"),
    [
        ("-A POSTROUTING -o eth0 -j MASQUERADE", None, "-o eth0", "MASQUERADE"),
        ('-A POSTROUTING -o eth0 -m comment --comment "a b" -j MASQUERADE', "a b", "-o eth0", "MASQUERADE"),
        ("-A POSTROUTING -o eth0 -m comment --comment word -j MASQUERADE", "word", "-o eth0", "MASQUERADE"),
        # Where the comment stands among the matches depends on who made the rule.
        (f"-A FORWARD -i ppp+ -m comment --comment x {SYN} -j TCPMSS", "x", f"-i ppp+ {SYN}", "TCPMSS"),
        (r'-A FORWARD -m comment --comment "say \"-j\" it\\s" -j ACCEPT', r'say "-j" it\s', "", "ACCEPT"),
        ("-A FORWARD -i ppp+", None, "-i ppp+", ""),
        ("-A FORWARD -o eth0 -g elsewhere", None, "-o eth0 -g elsewhere", ""),
    ],
)
def test_parse(line, comment, matches, target):
    (listed,) = parse("nat", POLICIES + line + "\n")
    assert (listed.comment, " ".join(listed.rule.matches), " ".join(listed.rule.target)) == (comment, matches, target)
    assert listed.rule.chain == line.split()[1]


def test_what_a_listed_rule_is_deleted_by_is_what_was_listed():
    (listed,) = parse("nat", '-A FORWARD -i ppp+ -m comment --comment "a b" -m tcp --dport 1 -j ACCEPT\n')
    assert listed.spec == (
        "-i",
        "ppp+",
        "-m",
        "comment",
        "--comment",
        "a b",
        "-m",
        "tcp",
        "--dport",
        "1",
        "-j",
        "ACCEPT",
    )


@pytest.mark.parametrize(
    ("there", "add", "surplus", "equal"),
    [
        ("", 1, 0, 0),
        (ours("-o eth0"), 0, 0, 0),
        (ours("-o eth0") * 3, 0, 2, 0),
        (ours("-o eth1"), 1, 1, 0),
        (ours("-s 10.0.0.0/8 -o eth0"), 1, 1, 0),
        (ours("-o eth0", target="MASQUERADE --random"), 1, 1, 0),
        (ours("-o eth0").replace("POSTROUTING", "OTHER"), 1, 1, 0),
        # Of another instance, of somebody else, of nobody known.
        (ours("-o eth0", mark="dialtone.pppoe default2"), 1, 0, 0),
        (ours("-o eth0", mark="dialtone.pppoe"), 1, 0, 0),
        (ours("-o eth0", mark="nat for the lan"), 1, 0, 0),
        ("-A POSTROUTING -o eth0 -j MASQUERADE\n", 0, 0, 1),
        ("-A POSTROUTING -o eth0 -j MASQUERADE\n" * 2, 0, 0, 1),
        ("-A POSTROUTING -o eth0 -j MASQUERADE\n" + ours("-o eth0"), 0, 0, 1),
        ("-A POSTROUTING -o eth0 -j MASQUERADE --random\n", 1, 0, 0),
        ("-A POSTROUTING -o eth1 -j MASQUERADE\n", 1, 0, 0),
        ("-A DOCKER -o eth0 -j MASQUERADE\n", 1, 0, 0),
    ],
)
def test_compared(there, add, surplus, equal):
    comparison, added = compared(rules(ALL), parse("nat", POLICIES + there), MARK)
    assert (len(added), len(comparison.surplus), len(comparison.equal)) == (add, surplus, equal)
    assert comparison.differs == bool(add or surplus)
    assert len(comparison.after) == (0 if equal and MARK not in there else 1)


@pytest.mark.parametrize(
    ("there", "add"), [("-o eth0", 0), ("-s 10.0.0.0/8 -o eth0", 1), ("-s 10.0.0.0/9 -o eth0", 2), ("-o eth1", 2)]
)
def test_a_rule_made_by_hand_for_every_source_is_enough(there, add):
    wanted = [rule for rule in rules(TWO) if rule.table == "nat"]
    comparison, added = compared(wanted, parse("nat", f"-A POSTROUTING {there} -j MASQUERADE\n"), MARK)
    assert (len(added), len(comparison.equal)) == (add, 0 if add == 2 else 1)


def test_a_rule_in_the_wrong_table_is_surplus():
    comparison, added = compared(rules(ALL), parse("mangle", ours("-o eth0")), MARK)
    assert (len(added), len(comparison.surplus)) == (1, 1)


def host(tmp_path, monkeypatch, legacy_tables, version="iptables v1.8.9 (legacy)", apart=0):
    """A backend on a host whose programs only remember what they were asked."""
    asked = []
    names = tmp_path / "ip_tables_names"
    if legacy_tables is not None:
        names.write_text(legacy_tables)
    monkeypatch.setattr(_firewall_iptables, "LEGACY_TABLES", {"ip": str(names), "ip6": "/none"})

    def run(command, data):
        asked.append(" ".join(command))
        if command[0] == "unshare" and command[2] == "true":
            return apart, "", ""
        return 0, version if command[1] == "-V" else "", ""

    return Iptables(run, "iptables", "/usr/sbin/iptables", ALL, "/etc/x"), asked


@pytest.mark.parametrize(
    ("legacy_tables", "listed"),
    [
        (None, []),
        ("", []),
        ("filter\n", ["filter"]),
        ("nat\nfilter\n", ["nat", "filter"]),
        ("nat\nmangle\n", ["nat", "mangle"]),
    ],
)
def test_listing_makes_no_legacy_table(tmp_path, monkeypatch, legacy_tables, listed):
    backend, asked = host(tmp_path, monkeypatch, legacy_tables)
    backend.present()
    assert asked[1:] == [f"/usr/sbin/iptables -w -t {table} -S" for table in listed]


def test_probe_makes_the_rules_in_a_namespace_of_its_own(tmp_path, monkeypatch):
    backend, asked = host(tmp_path, monkeypatch, None)
    assert backend.probe() == ""
    assert [line for line in asked if " -A " in line] == [
        f"unshare -n /usr/sbin/iptables -w -t nat -A POSTROUTING -o eth0 -m comment --comment {MARK} -j MASQUERADE"
    ]


def test_probe_only_lists_where_no_namespace_can_be_made(tmp_path, monkeypatch):
    backend, asked = host(tmp_path, monkeypatch, None, apart=1)
    assert backend.probe() == ""
    assert asked[2:] == ["/usr/sbin/iptables -w -t nat -S"]


@pytest.fixture
def shell(tmp_path):
    """Runs the script of boot with an iptables that knows the rules in ``rules``, one a line."""
    program = tmp_path / "iptables"
    known = tmp_path / "rules"
    known.touch()
    stand_in(
        program,
        f"""#!/bin/sh
[ "$1 $2" = "-w -t" ] || exit 9
table=$3; act=$4; shift 4
line="$table $*"
case $act in
-C) grep -qxF -- "$line" {known} ;;
-A) echo "$line" >> {known} ;;
-D) grep -qxF -- "$line" {known} || exit 1
    at=$(grep -nxF -- "$line" {known} | head -n 1 | cut -d : -f 1); sed -i "${{at}}d" {known} ;;
esac
""",
    )
    path = tmp_path / "masquerade.sh"
    path.write_text(script(str(program), rules(TWO), MARK))

    def run(act):
        status = subprocess.run(["/bin/sh", str(path), act], capture_output=True).returncode
        return status, known.read_text().splitlines()

    return run, known


def test_script_adds_once_and_removes_its_own(shell):
    run, known = shell
    wanted = [f"{rule.table} {rule.chain} {' '.join(rule.spec(MARK))}" for rule in rules(TWO)]
    assert run("start") == (0, wanted)
    assert run("start") == (0, wanted)
    known.write_text("nat POSTROUTING -o eth9 -j SNAT\n" + known.read_text() + wanted[0] + "\n")
    assert run("stop") == (0, ["nat POSTROUTING -o eth9 -j SNAT"])


def test_script_leaves_a_rule_made_by_hand(shell):
    run, known = shell
    by_hand = "nat POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE"
    known.write_text(by_hand + "\n")
    assert sum("10.0.0.0/8" in line for line in run("start")[1]) == 1
    assert run("stop") == (0, [by_hand])


def test_script_leaves_one_for_every_source(shell):
    run, known = shell
    known.write_text("nat POSTROUTING -o eth0 -j MASQUERADE\n")
    assert sum("MASQUERADE" in line for line in run("start")[1]) == 1


@pytest.mark.parametrize("act", ["", "restart", "eval"])
def test_script_takes_no_other_word(shell, act):
    run, _known = shell
    assert run(act) == (2, [])


def test_ipv6_of_customers():
    assert [rule.line(None) for rule in rules(ipv6_request("default"))] == [
        f"-6 -t mangle -A FORWARD -i ppp+ {SYN} -j TCPMSS --clamp-mss-to-pmtu",
        f"-6 -t mangle -A FORWARD -o ppp+ {SYN} -j TCPMSS --clamp-mss-to-pmtu",
        "-6 -t raw -A PREROUTING -i ppp+ -m rpfilter --invert -j DROP",
    ]
