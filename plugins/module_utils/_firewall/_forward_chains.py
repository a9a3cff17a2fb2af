# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of others that drop forwarded packets, and our rules in them that let ours through. Private.

A packet that one chain accepts is dropped all the same by another chain at the same hook, so no table of our own can
let it through: the rule has to stand in the chain that drops, before what drops there and after all else. That may be
one that the kernel's chain sends every packet to.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _chains as _firewall_chains
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forward_tables as _firewall_forward_tables,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _passage as _firewall_passage
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import (
    BackendError,
    Comparison,
    Holder,
    Run,
    words,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forward_script import mark
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forward_tables import ForwardTable, NftTable
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import Iptables, IptablesRules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables_rules import render as iptables_rule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import render as nft_rule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest


class ForwardChain(Holder, t.Protocol):
    """Chains that drop what ours need, or that have rules of ours from when they did."""

    def script_lines(self) -> list[str]:
        """Lines of the script that a boot goes by; none where nothing has to be let through."""


class IptablesChains(IptablesRules):
    """Chains of one iptables command that drop what is forwarded: FORWARD, or those that it sends packets to.

    ``admission``: the rules that let ours through.
    """

    def __init__(
        self, run: Run, backend: Iptables, request: FirewallRequest, admission: t.Sequence[_firewall_rules.Rule]
    ) -> None:
        super().__init__(run, backend.label, backend.program, (), mark(request))
        self.family = request.admits or "ip"
        self.tables = {self.family: ("filter",)}
        self._request = request
        found = self._places()
        self.name = f"{backend.label}: {', '.join(found) or 'FORWARD'}"
        self.rules = [replace(iptables_rule(rule), chain=chain) for chain in found for rule in admission]

    def _places(self) -> dict[str, _firewall_chains.Place]:
        return _firewall_passage.places(self._rules(), self._request)

    def _rules(self) -> _firewall_chains.Ruleset:
        return _firewall_forward_tables.rules_of(self, family=self.family)

    def compare(self) -> Comparison:
        comparison = super().compare()
        missing = comparison.missing or self._misplaced()
        return Comparison(comparison.before, comparison.after, missing, comparison.surplus, comparison.equal)

    def _misplaced(self) -> bool:
        chains = self._rules().chains
        late = (
            rule
            for chain, place in self._places().items()
            for rule in chains[chain]
            if place.index is not None and rule.index > place.index
        )
        return any(self.mark in rule.text for rule in late)

    def load(self) -> None:
        """All anew: one that stands behind what drops is of no use where it is."""
        self.remove()
        for chain, place in self._places().items():
            for number, rule in enumerate((rule for rule in self.rules if rule.chain == chain), 1):
                where = ["-A", chain] if place.index is None else ["-I", chain, str(place.index + number)]
                self._must(self.family, "filter", *where, *rule.spec(self.mark))

    def clean(self, surplus: tuple[str, ...]) -> None:
        wanted = [rule.line(self.mark) for rule in self.rules]
        for one in self._ours():
            if one.line not in wanted:
                self._delete(one)

    def script_lines(self) -> list[str]:
        ends = {chain: "" if place.index is None else place.text for chain, place in self._places().items()}
        return [
            f"iptables_\"$act\" {self._command(self.family)} {shlex.quote(rule.chain)} '{' '.join(rule.matches)}' "
            f"{shlex.quote(ends.get(rule.chain, ''))}\n"
            for rule in self.rules
        ]


class NftChain:
    """A native chain that drops what is forwarded, or one with rules of ours from when it did."""

    label = "nft"

    def __init__(
        self,
        run: Run,
        base: NftTable,
        chain: str,
        request: FirewallRequest,
        admission: t.Sequence[_firewall_rules.Rule],
    ) -> None:
        self.program: str | None = base.program
        self.chain = (*base.owner, chain)
        self.name = "nft: " + " ".join(self.chain)
        self.mark = mark(request)
        self._run = run
        self._table = base
        self._request = request
        self.rules = [self._in_family(nft_rule(rule)) for rule in admission]

    def _in_family(self, rule: str) -> str:
        # Where both families come by, a rule without an address would let the other one through, too.
        needs = self.chain[0] == "inet" and " saddr " not in rule and " daddr " not in rule
        family = "ipv6" if self._request.admits == "ip6" else "ipv4"
        return f"meta nfproto {family} {rule}" if needs else rule

    def _listed(self) -> list[tuple[str, str]]:
        """Rules and their handles."""
        return self._table.listed().get(self.chain[2], [])

    def _end(self) -> tuple[int, str] | None:
        """Place and handle of the rule that drops every packet."""
        end = _firewall_passage.places(self._table.rules(), self._request).get(self.chain[2])
        places = {handle: place for place, (_rule, handle) in enumerate(self._listed())}
        return (places[end.handle], end.handle) if end and end.handle in places else None

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

    def script_lines(self) -> list[str]:
        if not self.rules:
            return []
        end = self._end()
        text = self._listed()[end[0]][0] if end else ""
        quoted = [shlex.quote(word) for word in (" ".join(self.chain), text)] + [f"'{rule}'" for rule in self.rules]
        return [f'nft_"$act" {self.program} {" ".join(quoted)}\n']


def chains(
    run: Run,
    tables: t.Sequence[ForwardTable],
    places: t.Mapping[str, t.Mapping[str, _firewall_chains.Place]],
    request: FirewallRequest,
) -> list[ForwardChain]:
    """Every chain of these tables that could drop what the request needs, or has rules of ours from when it did.

    ``places``: by table and chain, before which rule ours have to stand.
    """
    admission = _firewall_rules.admission(request)
    found: list[ForwardChain] = []
    for one in tables:
        if isinstance(one.source, Iptables):
            found.append(IptablesChains(run, one.source, request, admission))
        elif one.source is not None:
            closed = places.get(one.label, {})
            for name, rules in one.source.listed().items():
                if name in closed or any(mark(request) in rule for rule, _handle in rules):
                    found.append(NftChain(run, one.source, name, request, admission if name in closed else ()))
    return found
