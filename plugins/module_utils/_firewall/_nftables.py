# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT as native nftables tables of our own. Private to this collection."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _rules as _firewall_rules
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import (
    BackendError,
    Comparison,
    Loading,
    Run,
    words,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

HEADER = "# {} Loading it again changes nothing.\n"
MODULES = {"masquerade": "masquerade", "client": "pppoe_client", "delegation": "pppoe_client", "ipv6": "pppoe_ipv6"}
# By hook of a rule: our chain, and what the kernel calls it with.
CHAINS = {
    "raw": ("raw", "type filter hook prerouting priority raw; policy accept;"),
    "prerouting": ("prerouting", "type nat hook prerouting priority dstnat; policy accept;"),
    "postrouting": ("postrouting", "type nat hook postrouting priority srcnat; policy accept;"),
    "clamp": ("forward", "type filter hook forward priority mangle; policy accept;"),
    "input": ("input", "type filter hook input priority filter; policy accept;"),
    "forward": ("transit", "type filter hook forward priority filter; policy accept;"),
}
# How versions of nft print what we write: 0.9 a number for srcnat, and 0.9, 1.1 the flags as an expression.
SPELLINGS = (
    (re.compile(r"\bpriority (?:-100|dstnat \+ 0)\s*;"), "priority dstnat;"),
    (re.compile(r"\bpriority (?:100|srcnat \+ 0)\s*;"), "priority srcnat;"),
    (re.compile(r"\bpriority (?:-150|mangle \+ 0)\s*;"), "priority mangle;"),
    (re.compile(r"\bpriority (?:-300|raw \+ 0)\s*;"), "priority raw;"),
    (re.compile(r"\bfib saddr \. iif oif missing(?=\s|$)"), "fib saddr . iif oif 0"),
    (re.compile(r"\bpriority (?:0|filter \+ 0)\s*;"), "priority filter;"),
    (re.compile(r"\btcp flags & \((?:syn ?\| ?rst|rst ?\| ?syn)\) == syn(?=\s|$)"), "tcp flags syn / syn,rst"),
)


def table(owner: str) -> str:
    """The name of our tables."""
    return "dialtone_pppoe_" + owner


def render(rule: _firewall_rules.Rule) -> str:
    """A rule in the words that nft prints."""
    address = "ip6" if rule.family == "ip6" else "ip"
    icmp = "icmpv6" if rule.family == "ip6" else "icmp"
    found = []
    for word, name in (("iifname", rule.in_interface), ("oifname", rule.out_interface)):
        if name:
            found.append(f'{word} "{name}"')
    for word, value in (("saddr", rule.source), ("daddr", rule.destination)):
        if value:
            found.append(f"{address} {word} {_turned(_printed(str(value)))}")
    if rule.port:
        found.append(f"{rule.protocol} dport {_turned(rule.port)}")
    elif rule.icmp_type:
        found.append(f"{icmp} type {_turned(rule.icmp_type)}")
    elif rule.protocol:
        found.append(f"meta l4proto {_turned(rule.protocol)}")
    if rule.local:
        found.append("fib daddr type local")
    if rule.spoofed:
        found.append("fib saddr . iif oif 0")
    if rule.states:
        found.append("ct state " + ",".join(rule.states))
    if rule.status:
        found.append("ct status " + rule.status.replace("!", "! "))
    return " ".join([*found, _verdict(rule)])


def _verdict(rule: _firewall_rules.Rule) -> str:
    if rule.verdict == "masquerade":
        return "masquerade fully-random" if rule.random else "masquerade"
    if rule.verdict == "dnat":
        return "dnat to " + rule.to
    if rule.verdict == "clamp":
        return "tcp flags syn / syn,rst tcp option maxseg size set rt mtu"
    return rule.verdict


def _turned(value: str) -> str:
    return "!= " + value[1:] if value.startswith("!") else value


def _printed(network: str) -> str:
    return network[:-3] if network.endswith("/32") else network


def rules(request: FirewallRequest) -> tuple[str, ...]:
    """The lines of our tables as nft prints them."""
    # A rule a network, not a set: nft prints sets merged and sorted in ways that differ between versions.
    everything = _firewall_rules.rules(request)
    lines: list[str] = []
    for family in request.families:
        chains: list[str] = []
        for hook, (chain, head) in CHAINS.items():
            mine = [render(rule) for rule in everything if rule.hook == hook and rule.family == family]
            if mine:
                chains += [f"chain {chain} {{", head, *mine, "}"]
        if chains:
            lines += [f"table {family} {table(request.owner)} {{", *chains, "}"]
    return indented(lines)


def script(request: FirewallRequest) -> str:
    """What ``nft -f`` takes to replace our tables at one stroke, whether they are there or not."""
    # nft 0.9 and 1.1 alike read this form of the flags.
    lines = [line.replace("tcp flags syn / syn,rst", "tcp flags & (syn | rst) == syn") for line in rules(request)]
    return HEADER.format(_layout_header.sentence(f"dialtone.pppoe.{MODULES[request.kind]}")) + replacing(request, lines)


def replacing(request: FirewallRequest, lines: t.Iterable[str]) -> str:
    """Text for ``nft -f`` that makes these lines our tables, at one stroke."""
    # Naming a table first makes it, so that deleting it cannot fail.
    name = table(request.owner)
    gone = "".join(f"table {family} {name}\ndelete table {family} {name}\n" for family in request.families)
    return gone + "".join(line + "\n" for line in lines)


def indented(lines: t.Iterable[str]) -> tuple[str, ...]:
    """Lines of a table with the indentation that nft gives them."""
    depth = 0
    found = []
    for line in lines:
        depth -= line == "}"
        found.append("\t" * depth + line)
        depth += line.endswith("{")
    return tuple(found)


def canonical(text: str) -> tuple[str, ...]:
    """The lines that ``nft list table`` printed, in one spelling whatever its version."""
    found = []
    for raw in text.splitlines():
        line = " ".join(raw.split())
        for pattern, replacement in SPELLINGS:
            line = pattern.sub(replacement, line)
        if line and not line.startswith("#"):
            found.append(line)
    return indented(found)


def base_chains(text: str, kind: str, of: str = "ip") -> t.Iterator[tuple[tuple[str, str, str], str]]:
    """Of what ``nft list chains`` printed, chains of a family and kind (``nat hook postrouting``), with their lines."""
    family = owner = chain = ""
    for line in text.splitlines():
        tokens = line.split()
        if tokens[:1] == ["table"]:
            family, owner = tokens[1:3]
        elif tokens[:1] == ["chain"]:
            chain = tokens[1]
        elif tokens[:1] == ["type"] and f"{kind} " in line and family in (of, "inet"):
            yield (family, owner, chain), line


def nat_chains(text: str) -> list[tuple[str, str, str]]:
    """Of what ``nft list chains`` printed, the native chains in which packets are translated as they leave."""
    found = [chain for chain, _line in base_chains(text, "type nat hook postrouting")]
    # iptables tells of its own by itself, and so does firewalld.
    found = [one for one in found if one != ("ip", "nat", "POSTROUTING") and one[1] != "firewalld"]
    return found


class Nftables:
    """The native backend; see ``_backend.Backend``."""

    name = "nftables"
    label = "nft"

    def __init__(self, run: Run, program: str | None, request: FirewallRequest, directory: str) -> None:
        self.program = program
        self._run = run
        self._request = request
        self._path = f"{directory}/{request.stem}.nft"

    def probe(self) -> str:
        if self.program is None:
            return "not installed"
        # With -c the kernel gets the whole transaction and is asked to abort it: its answer, and nothing is left.
        return self._nft("-c", "-f", data=script(self._request))

    def present(self) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        for family in self._request.families if self.program else ():
            command = [str(self.program), "-s", "list", "table", family, table(self._request.owner)]
            rc, out, _err = self._run(command, None)
            found += canonical(out) if rc == 0 else ()
        return found

    def remembered(self) -> bool:
        return os.path.exists(self._path)

    def compare(self) -> Comparison:
        before, after = self.present(), rules(self._request)
        return Comparison(before, after, before != after, (), self._by_hand())

    def _by_hand(self) -> tuple[str, ...]:
        """Rules of others that translate the same, which does no harm: a connection is translated once."""
        found: list[str] = []
        same = self._same()
        rc, out, _err = self._run([str(self.program), "list", "chains"], None) if self.program else (1, "", "")
        for chain in nat_chains(out) if rc == 0 and self._request.translate else []:
            if chain[1].startswith(table("")):
                continue
            _rc, listed, _err = self._run([str(self.program), "-s", "list", "chain", *chain], None)
            for line in listed.splitlines():
                if line.strip().replace("counter ", "") in same:
                    found.append(" ".join(("add rule", *chain, line.strip())))
        return tuple(found)

    def _same(self) -> set[str]:
        mine = {render(rule) for rule in _firewall_rules.rules(self._request) if rule.verdict == "masquerade"}
        return {*mine, f'oifname "{self._request.out_interface}" masquerade'}

    def loading(self) -> Loading:
        nft = self.program or "nft"
        return Loading(self._path, script(self._request), (nft, "-f", self._path), (nft, self._deletion()))

    def load(self) -> None:
        self._must(self._nft("-f", data=script(self._request)))

    def clean(self, surplus: tuple[str, ...]) -> None:
        """Nothing is ever left over: the tables are replaced as a whole."""

    def undo(self, before: tuple[str, ...]) -> None:
        if before != self.present():
            self._must(self._nft("-f", data=replacing(self._request, before)))

    def remove(self) -> None:
        self._must(self._nft("-f", data=replacing(self._request, ())))

    def _deletion(self) -> str:
        mine = [family for family in self._request.families if f"table {family} " in "\n".join(rules(self._request))]
        return "; ".join(f"delete table {family} {table(self._request.owner)}" for family in mine)

    def _nft(self, *arguments: str, data: str | None = None) -> str:
        rc, out, err = self._run([str(self.program), *arguments], data)
        return words(out, err, rc) if rc != 0 else ""

    @staticmethod
    def _must(answer: str) -> None:
        if answer:
            raise BackendError(f"nft failed: {answer}")
