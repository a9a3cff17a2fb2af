# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of others that drop forwarded packets, and our rules in them that let ours through. Private.

A packet that one chain accepts is dropped all the same by another chain at the same hook, so no table of our own can
let it through: the rule has to stand in the chain that drops, before what drops there and after all else. That may be
one that the kernel's chain sends every packet to.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import Iptables, Ruleset
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import comment
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import render as iptables_rule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import render as nft_rule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import table
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import (
    BackendError,
    Comparison,
    Holder,
    Loading,
    Request,
    Run,
    words,
)

HANDLE = re.compile(r"^\s*(?P<rule>.*?) # handle (?P<handle>\d+)$")
TAKES_ALL = re.compile(r"(counter )?((?P<drop>drop|reject( with .*)?)|accept|return|(jump|goto) (?P<chain>\S+))")
# Other names have no place in a shell script.
PLAIN_CHAIN = re.compile(r"[A-Za-z0-9_.-]+")

SCRIPT = r"""#!/bin/sh
# Written by dialtone.pppoe, which replaces this file.
# start: has the chains of others that drop forwarded packets let ours through; stop: takes that away again.
set -f
comment='@COMMENT@'

# The rule that takes every packet, counted from 1; nothing if there is none.
last() {
    "$1" -w -S "$2" | grep "^-A $2 " | grep -nE "^-A $2 -j (DROP|REJECT)" | head -n 1 | cut -d : -f 1
}

# iptables_start IPTABLES CHAIN MATCHES; a chain that is not there drops nothing.
iptables_start() {
    "$1" -w -S "$2" >/dev/null 2>&1 || return 0
    "$1" -w -C "$2" $3 -m comment --comment "$comment" -j ACCEPT 2>/dev/null && return
    before=$(last "$1" "$2")
    if [ -n "$before" ]; then place=-I; else place=-A; fi
    "$1" -w "$place" "$2" $before $3 -m comment --comment "$comment" -j ACCEPT || failed=1
}

iptables_stop() {
    while "$1" -w -D "$2" $3 -m comment --comment "$comment" -j ACCEPT 2>/dev/null; do :; done
}

# nft_start NFT "FAMILY TABLE CHAIN" RULE...
nft_start() {
    nft=$1
    chain=$2
    shift 2
    listing=$("$nft" -a -s list chain $chain 2>/dev/null) || return 0
    before=$(printf '%s\n' "$listing" |
        sed -nE 's/^[[:space:]]*(counter )?(drop|reject[^#]*) # handle ([0-9]+)$/\3/p' | head -n 1)
    place="add rule $chain"
    [ -z "$before" ] || place="insert rule $chain handle $before"
    {
        printf '%s\n' "$listing" |
            sed -n "s/.* comment \"$comment\" # handle \([0-9]*\)\$/delete rule $chain handle \1/p"
        for rule in "$@"; do
            echo "$place $rule comment \"$comment\""
        done
    } | "$nft" -f - || failed=1
}

nft_stop() {
    nft_start "$1" "$2"
}

case "$1" in
start | stop) act=$1 ;;
*) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
failed=0
@LINES@exit "$failed"
"""


class Door(Holder, t.Protocol):
    """A chain that drops what ours need, or that has rules of ours from when it did."""

    def script_lines(self) -> str:
        """Lines of the script that a boot goes by; none where nothing has to be let through."""


def mark(wanted: Request) -> str:
    """The comment of these rules; not that of the backend's, which may stand in the same tables."""
    return comment(wanted.owner) + " forward"


class Place(t.NamedTuple):
    """A rule by its chain and its place there, counted from 0."""

    chain: str
    at: int


def ending(chains: t.Mapping[str, t.Sequence[str]], verdict: t.Callable[[str], str], chain: str) -> Place | None:
    """The rule that drops every packet that gets as far, in ``chain`` or where it sends every packet; or none.

    ``verdict``: what a rule does to every packet: ``drop``, ``jump CHAIN``, ``end``, or nothing if it takes only some.
    """
    for index, rule in enumerate(chains.get(chain, ())):
        word, _space, target = verdict(rule).partition(" ")
        if word == "drop":
            return Place(chain, index)
        # The kernel sees to it that no chain leads back to itself.
        found = ending(chains, verdict, target) if word == "jump" else None
        if found or word == "end":
            return found
    return None


def iptables_verdict(rule: str) -> str:
    """What a line of ``iptables -S`` does to every packet; see ``ending``."""
    words_of_rule = rule.split()
    if words_of_rule[2:3] not in (["-j"], ["-g"]):
        return ""
    target = words_of_rule[3]
    if target in ("DROP", "REJECT"):
        return "drop"
    if target in ("ACCEPT", "RETURN"):
        return "end"
    # Whatever is no chain leads to nothing.
    return f"jump {target}" if PLAIN_CHAIN.fullmatch(target) else ""


def nft_verdict(rule: str) -> str:
    """What a rule that nft printed does to every packet; see ``ending``."""
    match = TAKES_ALL.fullmatch(rule)
    if not match:
        return ""
    return "drop" if match["drop"] else f"jump {match['chain']}" if match["chain"] else "end"


class IptablesDoor(Ruleset):
    """The chain of one iptables command that drops what is forwarded: FORWARD, or one that it sends every packet to."""

    def __init__(self, run: Run, backend: Iptables, wanted: Request) -> None:
        super().__init__(run, backend.label, backend.program, (), mark(wanted))
        self.tables = {"ip": ("filter",)}
        end = self._end()
        self.chain = end.chain if end else "FORWARD"
        self.name = f"{backend.label}: {self.chain}"
        if end or "-P FORWARD DROP" in self._lines():
            self.rules = [replace(iptables_rule(rule), chain=self.chain) for rule in _firewall_rules.admission(wanted)]

    def _lines(self) -> list[str]:
        """The table as ``iptables -S`` prints it; none where there is no such table."""
        if self.program is None or "filter" not in self._existing_tables("ip"):
            return []
        return self._list("ip", "filter").splitlines()

    def _chains(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for line in self._lines():
            if line.startswith("-A "):
                found.setdefault(line.split(None, 2)[1], []).append(line)
        return found

    def _end(self) -> Place | None:
        """The rule that takes every packet; rules after it mean nothing."""
        return ending(self._chains(), iptables_verdict, "FORWARD")

    def compare(self) -> Comparison:
        comparison = super().compare()
        end = self._end()
        late = self._chains()[end.chain][end.at :] if end else []
        misplaced = any(self.mark in line for line in late)
        return Comparison(
            comparison.before, comparison.after, comparison.missing or misplaced, comparison.surplus, comparison.equal
        )

    def load(self) -> None:
        """All anew: one that stands behind what drops is of no use where it is."""
        self.remove()
        end = self._end()
        for number, rule in enumerate(self.rules, 1):
            place = ["-A", rule.chain] if end is None else ["-I", rule.chain, str(end.at + number)]
            self._must("ip", "filter", *place, *rule.spec(self.mark))

    def clean(self, surplus: tuple[str, ...]) -> None:
        wanted = [rule.line(self.mark) for rule in self.rules]
        for one in self._ours():
            if one.line not in wanted:
                self._delete(one)

    def script_lines(self) -> str:
        lines = (f"iptables_\"$act\" {self.program} {rule.chain} '{' '.join(rule.matches)}'\n" for rule in self.rules)
        return "".join(lines)


class NftDoor:
    """A native chain that drops what is forwarded, or one with rules of ours from when it did."""

    label = "nft"

    def __init__(self, run: Run, program: str, chain: tuple[str, str, str], closed: bool, wanted: Request) -> None:
        self.program: str | None = program
        self.chain = chain
        self.name = "nft: " + " ".join(chain)
        self.mark = mark(wanted)
        self._run = run
        self.rules = [self._in_family(nft_rule(rule)) for rule in _firewall_rules.admission(wanted)] if closed else []

    def _in_family(self, rule: str) -> str:
        # Where IPv6 comes by too, a rule without an address would let it through.
        needs = self.chain[0] == "inet" and " saddr " not in rule and " daddr " not in rule
        return "meta nfproto ipv4 " + rule if needs else rule

    def _listed(self) -> list[tuple[str, str]]:
        """Rules and their handles."""
        return listed(self._run, str(self.program), self.chain[:2]).get(self.chain[2], [])

    def _end(self) -> tuple[int, str] | None:
        """Place and handle of the rule that drops every packet."""
        for place, (rule, handle) in enumerate(self._listed()):
            if nft_verdict(rule) == "drop":
                return place, handle
        return None

    def _ours(self) -> list[tuple[int, str, str]]:
        ending = f' comment "{self.mark}"'
        return [
            (place, rule[: -len(ending)], handle)
            for place, (rule, handle) in enumerate(self._listed())
            if rule.endswith(ending)
        ]

    def _line(self, rule: str) -> str:
        return " ".join(("add rule", *self.chain, rule, f'comment "{self.mark}"'))

    def present(self) -> tuple[str, ...]:
        return tuple(self._line(rule) for _place, rule, _handle in self._ours())

    def compare(self) -> Comparison:
        ours, end = self._ours(), self._end()
        misplaced = end is not None and any(place > end[0] for place, _rule, _handle in ours)
        differs = misplaced or [rule for _place, rule, _handle in ours] != self.rules
        after = tuple(self._line(rule) for rule in self.rules)
        before = tuple(self._line(rule) for _place, rule, _handle in ours)
        return Comparison(before, after, differs and bool(self.rules), () if self.rules else before)

    def load(self) -> None:
        self._replace(self.rules)

    def clean(self, surplus: tuple[str, ...]) -> None:
        if surplus:
            self._replace([])

    def undo(self, before: tuple[str, ...]) -> None:
        if before != self.present():
            head = len(" ".join(("add rule", *self.chain, "")))
            self._replace([line[head : line.rindex(" comment ")] for line in before])

    def remove(self) -> None:
        self._replace([])

    def _replace(self, rules: t.Sequence[str]) -> None:
        """At one stroke: ours go, and these come."""
        chain = " ".join(self.chain)
        end = self._end()
        place = f"add rule {chain}" if end is None else f"insert rule {chain} handle {end[1]}"
        lines = [f"delete rule {chain} handle {handle}" for _place, _rule, handle in self._ours()]
        lines += [f'{place} {rule} comment "{self.mark}"' for rule in rules]
        rc, out, err = self._run([str(self.program), "-f"], "".join(line + "\n" for line in lines))
        if rc != 0:
            raise BackendError(f"nft failed: {words(out, err, rc)}")

    def script_lines(self) -> str:
        if not self.rules:
            return ""
        quoted = " ".join(f"'{rule}'" for rule in self.rules)
        return f"nft_\"$act\" {self.program} '{' '.join(self.chain)}' {quoted}\n"


def forward_chains(text: str) -> list[tuple[tuple[str, str, str], str]]:
    """Of what ``nft list chains`` printed, the chains that forwarded IPv4 packets pass, with their policies."""
    found = []
    family = owner = chain = ""
    for line in text.splitlines():
        tokens = line.split()
        if tokens[:1] == ["table"]:
            family, owner = tokens[1:3]
        elif tokens[:1] == ["chain"]:
            chain = tokens[1]
        elif tokens[:1] == ["type"] and "hook forward " in line and family in ("ip", "inet"):
            found.append(((family, owner, chain), "drop" if "policy drop" in line else "accept"))
    return found


def listed(run: Run, nft: str, owner: tuple[str, ...]) -> dict[str, list[tuple[str, str]]]:
    """The rules of a table with their handles, by chain."""
    rc, out, _err = run([nft, "-a", "-s", "-t", "list", "table", *owner], None)
    found: dict[str, list[tuple[str, str]]] = {}
    chain = None
    for line in out.splitlines() if rc == 0 else ():
        match = HANDLE.match(line)
        if line.startswith("\tchain "):
            chain = found.setdefault(line.split()[1], [])
        elif line == "\t}":
            chain = None
        elif match and chain is not None:
            chain.append((match["rule"], match["handle"]))
    return found


def doors(run: Run, nft: str | None, programs: t.Sequence[Iptables], wanted: Request) -> list[Door]:
    """Every chain of this host that could drop what the request needs."""
    found: list[Door] = [IptablesDoor(run, one, wanted) for one in programs if one.program]
    rc, out, _err = run([nft, "list", "chains"], None) if nft else (1, "", "")
    if rc != 0 or nft is None:
        return found
    theirs = {("ip", "filter", "FORWARD")} if any(one.flavour == "nf_tables" for one in programs) else set()
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for chain, policy in forward_chains(out):
        # firewalld puts back what it finds changed; with it, its own backend opens the way.
        if chain not in theirs and chain[1] != "firewalld" and not chain[1].startswith(table("")):
            tables.setdefault(chain[:2], {})[chain[2]] = policy
    for owner, bases in tables.items():
        chains = listed(run, nft, owner)
        closed = closed_chains({chain: [rule for rule, _handle in rules] for chain, rules in chains.items()}, bases)
        for name, rules in chains.items():
            if name in closed or any(mark(wanted) in rule for rule, _handle in rules):
                found.append(NftDoor(run, nft, (*owner, name), name in closed, wanted))
    return found


def closed_chains(chains: t.Mapping[str, t.Sequence[str]], bases: t.Mapping[str, str]) -> set[str]:
    """Of the chains of a table, those in which packets end that come to its ``bases``, given with their policies."""
    found = set()
    for base, policy in bases.items():
        end = ending(chains, nft_verdict, base)
        if end or policy == "drop":
            found.add(end.chain if end else base)
    return found


def loading(wanted: Request, directory: str, found: t.Sequence[Door]) -> Loading | None:
    """What brings these rules back at boot; ``None`` where nothing has to be let through."""
    lines = "".join(door.script_lines() for door in found)
    if not lines:
        return None
    path = f"{directory}/{wanted.stem}.forward.sh"
    text = SCRIPT.replace("@COMMENT@", mark(wanted)).replace("@LINES@", lines)
    return Loading(path, text, ("/bin/sh", path, "start"), ("/bin/sh", path, "stop"))
