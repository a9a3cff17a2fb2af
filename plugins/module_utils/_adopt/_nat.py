# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT as people write it, in iptables and in nftables: for whom it holds. Private to this collection. Pure.

A rule is ``plain`` if the role makes one with the same effect for customers: masquerading behind one interface, for
some networks or for all. Any other restriction (port, mark, set, another interface) is kept with its text, and the rule
is left to the user.
"""

from __future__ import annotations

import json
import re
import shlex
import typing as t
from dataclasses import dataclass, replace

_NETWORK = re.compile(r"\d+\.\d+\.\d+\.\d+(?:/\d+)?\Z")
#: The interfaces of customers; rules may name them.
_CUSTOMERS = re.compile(r"ppp(?:\*|\+)\Z")


@dataclass(frozen=True)
class Nat:
    """Source NAT for an outside interface. ``rule``: as its program prints it; ``saved``: what loads it at boot.

    ``sources``: the networks it holds for, none for all. ``plain``: one that the role makes too. ``customers``: only
    for packets that come from ppp links.
    """

    rule: str
    out_interface: str | None
    sources: tuple[str, ...]
    plain: bool
    saved: str | None
    customers: bool = False


@dataclass(frozen=True)
class _Match:
    """What a rule asks for. ``other``: anything but an outgoing interface and source networks."""

    out_interface: str | None = None
    sources: tuple[str, ...] = ()
    other: bool = False
    customers: bool = False

    def within(self, outer: _Match) -> _Match:
        """Both together."""
        out = self.out_interface or outer.out_interface
        sources = self.sources or outer.sources
        both = self.out_interface and outer.out_interface and self.out_interface != outer.out_interface
        twice = self.sources and outer.sources and self.sources != outer.sources
        other = bool(self.other or outer.other or both or twice)
        return _Match(out, sources, other, self.customers or outer.customers)


# iptables


def of_iptables(listing: str, mark: str) -> list[Nat]:
    """The rules that ``iptables -t nat -S`` printed; those with a comment that begins with ``mark`` are ours."""
    chains: dict[str, list[list[str]]] = {}
    for line in listing.splitlines():
        if line.startswith("-A "):
            words = shlex.split(line)
            chains.setdefault(words[1], []).append(words[2:])
    return list(_walk(chains, "POSTROUTING", _Match(), mark, "", ()))


def _walk(
    chains: t.Mapping[str, list[list[str]]], chain: str, outer: _Match, mark: str, before: str, seen: tuple[str, ...]
) -> t.Iterator[Nat]:
    """Rules of a chain, and of those that it jumps to."""
    for words in chains.get(chain, ()):
        match, target, comment = iptables_rule(words)
        if comment.startswith(mark) or not target:
            continue
        whole = match.within(outer)
        if target[0] in ("ACCEPT", "RETURN"):
            outer = replace(outer, other=True)  # an exception to all that follows
        line = f"{before}iptables -t nat -A {chain} {shlex.join(words)}"
        if target[0] in ("MASQUERADE", "SNAT"):
            plain = not whole.other and whole.out_interface is not None and is_masquerade(target)
            yield Nat(line, whole.out_interface, whole.sources, plain, None, whole.customers)
        elif target[0] in chains and target[0] not in seen:
            yield from _walk(chains, target[0], whole, mark, line + "; ", (*seen, target[0]))


def is_masquerade(target: t.Sequence[str]) -> bool:
    return tuple(target) in (("MASQUERADE",), ("MASQUERADE", "--random-fully"), ("MASQUERADE", "--random"))


def iptables_rule(words: t.Sequence[str]) -> tuple[_Match, list[str], str]:
    """What a rule of iptables asks for, its target, and its comment."""
    match, comment, target = _Match(), "", t.cast("list[str]", [])
    at, negated = 0, False
    while at < len(words) and not target:
        word, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        taken = 2
        if word in ("-j", "--jump", "-g", "--goto"):
            target = list(words[at + 1 :])
        elif word == "--comment":
            comment = value
        elif negated or not _is_simple(word, value):
            # Of "! -o eth0", the name is not the interface that packets leave by.
            match = replace(match, other=True)
            taken = 1 if word == "!" or value.startswith("-") or value == "!" else 2
        elif word in ("-o", "--out-interface"):
            match = replace(match, out_interface=value)
        elif word in ("-i", "--in-interface"):
            match = replace(match, customers=True)
        elif word in ("-s", "--source", "--src"):
            match = replace(match, sources=tuple(value.split(",")))
        negated = word == "!"
        at += taken
    return match, target, comment


def _is_simple(word: str, value: str) -> bool:
    """Whether it restricts a rule by nothing but its outgoing interface and its sources."""
    if word in ("-m", "--match"):
        return value == "comment"
    if word in ("-o", "--out-interface"):
        return not value.endswith("+")
    if word in ("-i", "--in-interface"):
        return bool(_CUSTOMERS.match(value))
    return word in ("-s", "--source", "--src") and all(map(_NETWORK.match, value.split(",")))


# nftables


def of_nft(ruleset: str, ours: t.Callable[[str], bool]) -> list[Nat]:
    """The rules of ``nft -j list ruleset`` that translate sources; tables whose name ``ours`` knows are left out."""
    entries = json.loads(ruleset or "{}").get("nftables", [])
    hooked = {
        (entry["chain"]["family"], entry["chain"]["table"], entry["chain"]["name"])
        for entry in entries
        if entry.get("chain", {}).get("hook") == "postrouting" and entry["chain"].get("type") == "nat"
    }
    rules: dict[tuple[str, str, str], list[dict[str, t.Any]]] = {}
    for entry in entries:
        rule = entry.get("rule")
        if rule and rule["family"] in ("ip", "inet") and not ours(rule["table"]):
            rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule)
    return [nat for chain in sorted(hooked & set(rules)) for nat in _nft_chain(rules, chain, _Match(), ())]


def _nft_chain(
    rules: t.Mapping[tuple[str, str, str], list[dict[str, t.Any]]],
    chain: tuple[str, str, str],
    outer: _Match,
    seen: tuple[str, ...],
) -> t.Iterator[Nat]:
    for rule in rules.get(chain, ()):
        match, verdict = _nft_rule(rule.get("expr", ()))
        whole = match.within(outer)
        if verdict in ("accept", "return"):
            outer = replace(outer, other=True)  # an exception to all that follows
        if verdict in ("masquerade", "snat"):
            text = f"nft add rule {chain[0]} {chain[1]} {chain[2]} {nft_text(rule.get('expr', ()))}"
            plain = verdict == "masquerade" and not whole.other and whole.out_interface is not None
            yield Nat(text, whole.out_interface, whole.sources, plain, None, whole.customers)
        for target in _nft_jumps(rule.get("expr", ())):
            if target not in seen:
                yield from _nft_chain(rules, (chain[0], chain[1], target), whole, (*seen, target))


def _nft_rule(expressions: t.Iterable[t.Mapping[str, t.Any]]) -> tuple[_Match, str | None]:
    match, verdict = _Match(), None
    for expression in expressions:
        kind, value = next(iter(expression.items()))
        if kind == "match":
            match = _nft_match(match, value)
        elif kind in ("masquerade", "snat"):
            verdict = kind
            flags = (value or {}).get("flags", []) if isinstance(value, dict) else []
            more = isinstance(value, dict) and set(value) - {"flags"}
            match = replace(match, other=bool(match.other or more or "persistent" in flags))
        elif kind in ("jump", "goto"):
            verdict = "jump"
        elif kind in ("accept", "return", "drop"):
            verdict = kind
        elif kind not in ("counter", "log", "comment"):
            match = replace(match, other=True)
    return match, verdict


def _nft_jumps(expressions: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """The chains that a rule goes on to, by itself or by a verdict map."""
    found: list[str] = []
    for expression in expressions:
        kind, value = next(iter(expression.items()))
        if kind in ("jump", "goto"):
            found.append(value["target"])
        elif kind == "vmap" and isinstance(value.get("data"), dict):
            for entry in value["data"].get("set", ()):
                found += _nft_jumps([entry[1]] if isinstance(entry, list) and isinstance(entry[1], dict) else [])
    return found


def _nft_match(match: _Match, value: t.Mapping[str, t.Any]) -> _Match:
    left, right = value.get("left"), value.get("right")
    equal = value.get("op") in ("==", "in")
    if isinstance(left, dict) and "meta" in left:
        key = left["meta"].get("key")
        if key in ("oif", "oifname") and equal and isinstance(right, str) and not right.endswith("*"):
            return replace(match, out_interface=right)
        if key in ("iif", "iifname") and equal and isinstance(right, str) and _CUSTOMERS.match(right):
            return replace(match, customers=True)
        if key in ("nfproto", "protocol") and equal and right in ("ipv4", "ip"):
            return match
    if isinstance(left, dict) and left.get("payload") == {"protocol": "ip", "field": "saddr"} and equal:
        networks = _nft_networks(right)
        if networks:
            return replace(match, sources=networks)
    return replace(match, other=True)


def _nft_networks(right: t.Any) -> tuple[str, ...]:
    """Networks of an expression; none if one of them is anything else."""
    items = right.get("set", []) if isinstance(right, dict) and "set" in right else [right]
    found = []
    for item in items:
        if isinstance(item, dict) and "prefix" in item:
            found.append(f"{item['prefix']['addr']}/{item['prefix']['len']}")
        elif isinstance(item, str) and _NETWORK.match(item):
            found.append(item)
        else:
            return ()
    return tuple(found)


def nft_text(expressions: t.Iterable[t.Mapping[str, t.Any]]) -> str:
    """A rule in words, near to nft's own."""
    return " ".join(filter(None, map(_nft_words, expressions)))


def _nft_words(expression: t.Mapping[str, t.Any]) -> str:
    kind, value = next(iter(expression.items()))
    if kind == "match":
        operator = "" if value.get("op") in ("==", "in") else value.get("op", "") + " "
        return f"{_nft_side(value.get('left'))} {operator}{_nft_side(value.get('right'))}"
    if kind == "snat" and isinstance(value, dict) and "addr" in value:
        return f"snat to {_nft_side(value['addr'])}"
    if kind in ("jump", "goto"):
        return f"{kind} {value.get('target')}"
    return kind if not isinstance(value, str) else f"{kind} {value}"


def _nft_side(side: t.Any) -> str:
    if not isinstance(side, dict):
        return str(side)
    kind, value = next(iter(side.items()))
    if kind == "meta":
        return str(value.get("key"))
    if kind == "payload":
        return f"{value.get('protocol')} {value.get('field')}"
    if kind == "prefix":
        return f"{value.get('addr')}/{value.get('len')}"
    if kind == "set":
        return "{ " + ", ".join(map(_nft_side, value)) + " }"
    if kind == "range":
        return "-".join(map(_nft_side, value))
    return str(kind)


def is_of_iptables(nat: Nat, listed: t.Iterable[Nat]) -> bool:
    """Whether a rule that nft lists is one that iptables has listed already, being its nf_tables flavour."""
    words = nat.rule.split()
    return words[3:5] == ["ip", "nat"] and any(
        one.rule.startswith("iptables") and one.out_interface == nat.out_interface for one in listed
    )
