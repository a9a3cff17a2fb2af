# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of others that drop forwarded packets, and our rules in them that let ours through. Private.

A packet that one chain accepts is dropped all the same by another chain at the same hook, so no table of our own can
let it through: the rule has to stand in the chain that drops, before what drops there and after all else.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils import _nat_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat import (
    BackendError,
    Comparison,
    Holder,
    Loading,
    Request,
    Run,
    words,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat_iptables import Iptables, Ruleset
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat_iptables_rules import comment
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat_iptables_rules import render as iptables_rule
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat_nftables import render as nft_rule
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat_nftables import table

HANDLE = re.compile(r"^\s*(?P<rule>.*?) # handle (?P<handle>\d+)$")
DROPS_ALL = re.compile(r"(counter )?(drop|reject( with .*)?)")
TAKES_ALL = ("DROP", "REJECT")

SCRIPT = r"""#!/bin/sh
# Written by dialtone.pppoe, which replaces this file.
# start: has the chains of others that drop forwarded packets let ours through; stop: takes that away again.
set -f
comment='@COMMENT@'

# The rule that takes every packet, counted from 1; nothing if there is none.
last() {
    "$1" -w -S FORWARD | grep '^-A FORWARD ' | grep -nE '^-A FORWARD -j (DROP|REJECT)' | head -n 1 | cut -d : -f 1
}

iptables_start() {
    "$1" -w -C FORWARD $2 -m comment --comment "$comment" -j ACCEPT 2>/dev/null && return
    before=$(last "$1")
    if [ -n "$before" ]; then place=-I; else place=-A; fi
    "$1" -w "$place" FORWARD $before $2 -m comment --comment "$comment" -j ACCEPT || failed=1
}

iptables_stop() {
    while "$1" -w -D FORWARD $2 -m comment --comment "$comment" -j ACCEPT 2>/dev/null; do :; done
}

# nft_start NFT "FAMILY TABLE CHAIN" RULE...; a chain that is not there drops nothing.
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


class IptablesDoor(Ruleset):
    """The chain FORWARD of one iptables command."""

    def __init__(self, run: Run, backend: Iptables, wanted: Request) -> None:
        super().__init__(run, backend.label, backend.program, (), mark(wanted))
        self.tables = {"ip": ("filter",)}
        self.name = f"{backend.label}: FORWARD"
        self.rules = [iptables_rule(rule) for rule in _nat_rules.admission(wanted)] if self._drops() else []

    def _drops(self) -> bool:
        lines = self._lines()
        return bool(lines) and (lines[0].split()[-1] != "ACCEPT" or self._end(lines) is not None)

    def _lines(self) -> list[str]:
        """The chain as ``iptables -S`` prints it, policy first; none where there is no such table."""
        if self.program is None or "filter" not in self._existing_tables("ip"):
            return []
        return self._list("ip", "filter", "FORWARD").splitlines()

    @staticmethod
    def _end(lines: list[str]) -> int | None:
        """The place, counted from 1, of the rule that takes every packet; rules after it mean nothing."""
        for place, line in enumerate(lines):
            tokens = line.split()
            if tokens[:3] == ["-A", "FORWARD", "-j"] and tokens[3] in TAKES_ALL:
                return place
        return None

    def compare(self) -> Comparison:
        comparison = super().compare()
        lines = self._lines()
        late = lines[self._end(lines) or len(lines) :]
        misplaced = any(self.mark in line for line in late)
        return Comparison(
            comparison.before, comparison.after, comparison.missing or misplaced, comparison.surplus, comparison.equal
        )

    def load(self) -> None:
        """All anew: one that stands behind what drops is of no use where it is."""
        self.remove()
        for rule in self.rules:
            end = self._end(self._lines())
            place = ["-A", rule.chain] if end is None else ["-I", rule.chain, str(end)]
            self._must("ip", "filter", *place, *rule.spec(self.mark))

    def clean(self, surplus: tuple[str, ...]) -> None:
        wanted = [rule.line(self.mark) for rule in self.rules]
        for one in self._ours():
            if one.line not in wanted:
                self._delete(one)

    def script_lines(self) -> str:
        lines = (f"iptables_\"$act\" {self.program} '{' '.join(rule.matches)}'\n" for rule in self.rules)
        return "".join(lines)


class NftDoor:
    """A native chain with the hook forward."""

    label = "nft"

    def __init__(self, run: Run, program: str, chain: tuple[str, str, str], policy: str, wanted: Request) -> None:
        self.program: str | None = program
        self.chain = chain
        self.name = "nft: " + " ".join(chain)
        self.mark = mark(wanted)
        self._run = run
        self._policy = policy
        self.rules = []
        if policy == "drop" or self._end() is not None:
            self.rules = [self._in_family(nft_rule(rule)) for rule in _nat_rules.admission(wanted)]

    def _in_family(self, rule: str) -> str:
        # Where IPv6 comes by too, a rule without an address would let it through.
        needs = self.chain[0] == "inet" and " saddr " not in rule and " daddr " not in rule
        return "meta nfproto ipv4 " + rule if needs else rule

    def _listed(self) -> list[tuple[str, str]]:
        """Rules and their handles."""
        rc, out, _err = self._run([str(self.program), "-a", "-s", "list", "chain", *self.chain], None)
        matches = (HANDLE.match(line) for line in out.splitlines() if rc == 0)
        return [(match["rule"], match["handle"]) for match in matches if match and not match["rule"].endswith("{")]

    def _end(self) -> tuple[int, str] | None:
        """Place and handle of the rule that takes every packet."""
        for place, (rule, handle) in enumerate(self._listed()):
            if DROPS_ALL.fullmatch(rule):
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


def doors(run: Run, nft: str | None, programs: t.Sequence[Iptables], wanted: Request) -> list[Door]:
    """Every chain of this host that could drop what the request needs."""
    found: list[Door] = [IptablesDoor(run, one, wanted) for one in programs if one.program]
    rc, out, _err = run([nft, "list", "chains"], None) if nft else (1, "", "")
    if rc != 0 or nft is None:
        return found
    theirs = {("ip", "filter", "FORWARD")} if any(one.flavour == "nf_tables" for one in programs) else set()
    for chain, policy in forward_chains(out):
        # firewalld puts back what it finds changed; with it, its own backend opens the way.
        if chain not in theirs and chain[1] != "firewalld" and not chain[1].startswith(table("")):
            found.append(NftDoor(run, nft, chain, policy, wanted))
    return found


def loading(wanted: Request, directory: str, found: t.Sequence[Door]) -> Loading | None:
    """What brings these rules back at boot; ``None`` where nothing has to be let through."""
    lines = "".join(door.script_lines() for door in found)
    if not lines:
        return None
    path = f"{directory}/{wanted.stem}.forward.sh"
    text = SCRIPT.replace("@COMMENT@", mark(wanted)).replace("@LINES@", lines)
    return Loading(path, text, ("/bin/sh", path, "start"), ("/bin/sh", path, "stop"))
