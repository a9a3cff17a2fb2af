# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of others that forwarded packets pass, as they are on this host. Private."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _chains_iptables as _firewall_chains_iptables,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _chains_nft as _firewall_chains_nft
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import Run
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._chains import Ruleset
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import Iptables, IptablesRules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import base_chains, table

HANDLE = re.compile(r"^\s*(?P<rule>.*?) # handle (?P<handle>\d+)$")


@dataclass(frozen=True)
class ForwardTable:
    """One table. ``source``: what reads it anew; ``None`` where no rule of ours may stand.

    ``label``: for messages. ``rules``: as they were when the host was read.
    """

    label: str
    source: Iptables | NftTable | None
    rules: Ruleset


class NftTable:
    """A native table with chains that forwarded packets pass, as it is at the moment; ``policies`` are theirs."""

    def __init__(self, run: Run, nft: str, owner: tuple[str, str], policies: t.Mapping[str, str]) -> None:
        self._run = run
        self.program = nft
        self.owner = owner
        self._policies = policies

    def rules(self) -> Ruleset:
        listing = self.listed()
        rc, out, _err = self._run([self.program, "-j", "list", "table", *self.owner], None)
        try:
            found = _firewall_chains_nft.ruleset(out if rc == 0 else "?", self._policies)
        except ValueError:
            return _firewall_chains_nft.from_text(listing, self._policies)
        texts = {handle: rule for rules in listing.values() for rule, handle in rules}
        return _firewall_chains_nft.with_texts(found, texts)

    def listed(self) -> dict[str, list[tuple[str, str]]]:
        """The rules as text with their handles, by chain."""
        return listed(self._run, self.program, self.owner)


def forward_chains(text: str, family: str = "ip") -> list[tuple[tuple[str, str, str], str]]:
    """Of what ``nft list chains`` printed, the chains that forwarded packets pass, with their policies."""
    chains = base_chains(text, "hook forward", family)
    return [(chain, "drop" if "policy drop" in line else "accept") for chain, line in chains]


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


def rules_of(program: IptablesRules, table: str = "filter", family: str = "ip") -> Ruleset:
    """A table of iptables; empty where there is none, or where iptables cannot read what nft has put there."""
    return _firewall_chains_iptables.ruleset(program.listing(table, family))


def observe(run: Run, nft: str | None, programs: t.Sequence[Iptables], family: str = "ip") -> list[ForwardTable]:
    """Every table that forwarded packets of a family, ``ip`` or ``ip6``, pass on this host."""
    installed = [one for one in programs if one.program]
    found = [ForwardTable(one.label, one, rules_of(one, family=family)) for one in installed]
    # What iptables-nft cannot read, since nft has written more into it than iptables knows, is a table like any other.
    readable = any(one.rules.policies for one, program in zip(found, installed) if program.flavour == "nf_tables")
    # nft has the others of iptables-nft among its own.
    for one in installed:
        for other in ("mangle", "security") if one.flavour == "legacy" else ():
            found.append(ForwardTable(f"{one.label} -t {other}", None, rules_of(one, other, family)))
    native = _native(run, nft, readable, family) if nft else []
    return found + [ForwardTable("nft: " + " ".join(one.owner), one, one.rules()) for one in native]


def _native(run: Run, nft: str, readable: bool, family: str) -> list[NftTable]:
    """Native tables of others; ``readable``: iptables-nft can read what it has there."""
    rc, out, _err = run([nft, "list", "chains"], None)
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for chain, policy in forward_chains(out, family) if rc == 0 else []:
        # firewalld puts back what it finds changed; with it, its own backend opens the way.
        ours = chain[1] == "firewalld" or chain[1].startswith(table(""))
        if not ours and not (readable and chain == (family, "filter", "FORWARD")):
            tables.setdefault(chain[:2], {})[chain[2]] = policy
    return [NftTable(run, nft, owner, policies) for owner, policies in tables.items()]
