# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains as ``nft -j`` lists them (libnftables-json(5)), read into the structure of ``_chains``. Private; pure."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._chains import UNKNOWN, ChainRule, Match, Ruleset

Json = t.Any
_CANNOT_SAY = (Match(UNKNOWN, ("?",)),)
# Statements that take no packet out and let none by.
_HARMLESS = ("counter", "log", "mangle", "notrack", "last", "flow", "dup", "secmark", "ct helper", "set", "map")
_META = {
    "iifname": "iif",
    "iif": "iif",
    "oifname": "oif",
    "oif": "oif",
    "l4proto": "protocol",
    "nfproto": "family",
    "protocol": "family",
    "mark": "mark",
    "pkttype": "type",
}
_PAYLOAD = {
    ("ip", "saddr"): "saddr",
    ("ip", "daddr"): "daddr",
    ("ip", "protocol"): "protocol",
    ("ip6", "saddr"): "saddr",
    ("ip6", "daddr"): "daddr",
    ("ip", "version"): "family",
    ("th", "dport"): "port",
}
_CT = {"state": "state", "direction": "direction", "status": "status", "mark": "mark", "l3proto": "family"}
_FAMILIES = {"ipv4": "ip", "4": "ip", "ipv6": "ip6", "6": "ip6"}
_PROTOCOLS = {"1": "icmp", "6": "tcp", "17": "udp"}
# What a rule may say without sparing a packet of IPv4, and what is left of one for every packet.
_QUIET = re.compile(
    r'\bcomment "[^"]*" |\bcounter( name "?\S+"?| packets \d+ bytes \d+)? |\bmeta (nfproto ipv4|protocol ip) |'
    r'\blog( (prefix "[^"]*"|level \S+|group \d+|snaplen \d+|queue-threshold \d+|flags \S+))* '
)
_PLAIN = re.compile(r"(?P<drop>drop|reject( with .*)?)|accept|return|continue|(jump|goto) \S+")
# Of a forwarded packet: what is certain, and a usual value.
_NUMBERS = {"ttl": 64, "length": 60, "frag-off": 0}
Alternative = tuple[tuple[Match, ...], str]


def ruleset(text: str, policies: t.Mapping[str, str]) -> Ruleset:
    """Of what ``nft -j list table`` printed, all chains; the texts of rules are left empty."""
    sets = {one["name"]: one.get("elem", []) for kind in ("set", "map") for one in _objects(text, kind)}
    chains: dict[str, list[ChainRule]] = {chain["name"]: [] for chain in _objects(text, "chain")}
    count = dict.fromkeys(chains, 0)
    for rule in _objects(text, "rule"):
        chain = rule["chain"]
        place = ChainRule(count[chain], "", handle=str(rule["handle"]))
        count[chain] += 1
        for matches, verdict in _alternatives(rule.get("expr", []), sets):
            chains[chain].append(replace(place, verdict=verdict, matches=matches))
    return Ruleset(chains, policies)


def _objects(text: str, kind: str) -> list[Json]:
    return [entry[kind] for entry in json.loads(text or "{}").get("nftables", []) if kind in entry]


def _alternatives(statements: t.Sequence[Json], sets: t.Mapping[str, Json]) -> list[Alternative]:
    """The ways in which the rule can take a packet, each with its matches and verdict, in the order of the kernel."""
    found: list[tuple[Match, ...]] = [()]
    for statement in statements:
        kind, body = _only(statement)
        if kind == "xt":
            kind = _extension(body or {})
        if kind in ("drop", "reject"):
            return [(matches, "drop") for matches in found]
        if kind in ("accept", "return", "queue"):
            return [(matches, kind) for matches in found]
        if kind in ("jump", "goto"):
            return [(matches, f"{kind} {body['target']}") for matches in found]
        if kind == "vmap":
            return [((*before, *matches), verdict) for before in found for matches, verdict in _map(body, sets)]
        more = _match(body, sets) if kind == "match" else [()] if kind in _HARMLESS else [_CANNOT_SAY]
        found = [(*before, *matches) for before in found for matches in more]
    return [(matches, "") for matches in found]


def _extension(body: Json) -> str:
    """What stands for a match or a target of iptables, of which nft lists the name alone."""
    if body.get("type") == "target":
        return "drop" if body.get("name") in ("DROP", "REJECT") else "counter"
    return "counter" if body.get("name") == "comment" else UNKNOWN


def _only(statement: Json) -> tuple[str, Json]:
    """A statement is an object with one key, or a word."""
    return (statement, None) if isinstance(statement, str) else next(iter(statement.items()))


def _map(body: Json, sets: t.Mapping[str, Json]) -> list[Alternative]:
    elements = _elements(body["data"], sets)
    if elements is None:
        return [(_CANNOT_SAY, "accept")]
    found: list[Alternative] = []
    keys = [key for key, _verdict in elements if key != "*"]
    # Whatever its place in the list, the catch-all element is for what no other one has.
    for key, verdict in sorted(elements, key=lambda element: element[0] == "*"):
        kind, target = _only(verdict)
        word = f"{kind} {target['target']}" if kind in ("jump", "goto") else "drop" if kind == "reject" else kind
        word = "" if word == "continue" else word
        right = {"set": keys} if key == "*" else key
        found += [(way, word) for way in _compare(body["key"], right, key == "*", sets)]
    return found


def _elements(data: Json, sets: t.Mapping[str, Json]) -> list[Json] | None:
    if isinstance(data, str):
        return sets.get(data[1:]) if data.startswith("@") else None
    return data.get("set") if isinstance(data, dict) else None


def _match(body: Json, sets: t.Mapping[str, Json]) -> list[tuple[Match, ...]]:
    if body["op"] in ("<", ">", "<=", ">="):
        return [(_number(body),)]
    if body["op"] not in ("==", "!=", "in", "!"):
        return [_CANNOT_SAY]
    if _is_syn(body):
        return [(Match("protocol", ("tcp",)), Match("syn", ("true",), body["op"] in ("!=", "!")))]
    return _compare(body["left"], body["right"], body["op"] in ("!=", "!"), sets)


def _is_syn(body: Json) -> bool:
    """Whether it is asked for the flag that opens a connection, alone or among those that are looked at."""
    left, mask = body["left"], ["syn"]
    if isinstance(left, dict) and "&" in left:
        left, mask = left["&"]
        mask = mask.get("|", []) if isinstance(mask, dict) else mask
    of_flags = left == {"payload": {"protocol": "tcp", "field": "flags"}}
    return of_flags and "syn" in mask and body["right"] in ("syn", ["syn"])


def _compare(left: Json, right: Json, negated: bool, sets: t.Mapping[str, Json]) -> list[tuple[Match, ...]]:
    if isinstance(left, dict) and "concat" in left:
        return _concatenated(left["concat"], right, negated, sets)
    name, more = _field(left)
    values = _values(right, sets)
    if name == UNKNOWN or values is None:
        return [_CANNOT_SAY]
    if name == "number":
        return [(_number({"left": left, "op": "!=" if negated else "==", "right": right}),)]
    return [(*more, Match(name, tuple(_spelling(name, value) for value in values), negated))]


def _concatenated(lefts: list[Json], right: Json, negated: bool, sets: t.Mapping[str, Json]) -> list[tuple[Match, ...]]:
    found = []
    for element in [right] if isinstance(right, dict) and "concat" in right else _elements(right, sets) or []:
        rights = element.get("concat", []) if isinstance(element, dict) else []
        if len(rights) != len(lefts):
            return [_CANNOT_SAY]
        ways = [_compare(left, one, False, sets)[0] for left, one in zip(lefts, rights)]
        found.append(tuple(match for way in ways for match in way))
    # No element, or all but some: only the former can be said in matches.
    return found if found and not negated else [_CANNOT_SAY]


def _field(left: Json) -> tuple[str, tuple[Match, ...]]:
    """The name of the field, and what else has to hold for the packet to have it."""
    kind, body = _only(left)
    if kind == "&":
        name, _more = _field(body[0])
        # A mark of nothing stays that under any mask.
        return (name, ()) if name in ("mark", "number") else (UNKNOWN, ())
    if kind == "fib" and body.get("result") == "type" and body.get("flags") == ["daddr"]:
        return "type", ()
    if kind == "meta":
        return ("number" if body["key"] in _NUMBERS else _META.get(body["key"], UNKNOWN)), ()
    if kind == "ct":
        return _CT.get(body["key"], UNKNOWN), ()
    if kind != "payload" or "field" not in body:
        return UNKNOWN, ()
    protocol, key = body["protocol"], body["field"]
    if protocol in ("tcp", "udp") and key == "dport":
        return "port", (Match("protocol", (protocol,)),)
    if (protocol, key) == ("icmp", "type"):
        return "icmp", (Match("protocol", (protocol,)),)
    if protocol == "ip" and key in _NUMBERS:
        return "number", ()
    return _PAYLOAD.get((protocol, key), UNKNOWN), ()


def _values(right: Json, sets: t.Mapping[str, Json]) -> list[str] | None:
    """What the right side lists, each as text; ``None`` if that cannot be said."""
    if isinstance(right, (str, int)) and not str(right).startswith("@"):
        return [str(right)]
    several = right if isinstance(right, list) else _elements(right, sets)
    if several is not None:
        parts = [_values(one, sets) for one in several]
        return None if None in parts else [value for part in parts for value in part or ()]
    kind, body = _only(right) if isinstance(right, dict) and len(right) == 1 else ("", {})
    if kind == "prefix":
        return ["{addr}/{len}".format(**body) if body["len"] else "*"]
    if kind == "range":
        return ["-".join(map(str, body))]
    if kind == "elem":
        return _values(body["val"], sets)
    return _values(body, sets) if kind == "|" else None


def _spelling(name: str, value: str) -> str:
    if name == "family":
        return _FAMILIES.get(value, value)
    if name == "protocol":
        return _PROTOCOLS.get(value, value)
    return value


def _number(body: Json) -> Match:
    """A comparison of what every forwarded packet has; one of anything else cannot be said."""
    if _field(body["left"])[0] != "number" or not isinstance(body["right"], int):
        return _CANNOT_SAY[0]
    inner = body["left"].get("&", [body["left"]])[0]
    key = next(iter(inner.values())).get("key") or next(iter(inner.values()))["field"]
    mine, theirs = _NUMBERS[key], body["right"]
    result = {
        "<": mine < theirs,
        ">": mine > theirs,
        "<=": mine <= theirs,
        ">=": mine >= theirs,
        "==": mine == theirs,
        "!=": mine != theirs,
    }[body["op"]]
    return Match("number", (str(result).lower(),))


def from_text(listed: t.Mapping[str, t.Sequence[tuple[str, str]]], policies: t.Mapping[str, str]) -> Ruleset:
    """The same of rules as text with their handles, for an nft without JSON: only the plainest rules are understood."""
    chains = {
        chain: [_from_text(index, rule, handle) for index, (rule, handle) in enumerate(rules)]
        for chain, rules in listed.items()
    }
    return Ruleset(chains, policies)


def _from_text(index: int, text: str, handle: str) -> ChainRule:
    plain = _QUIET.sub("", text + " ").strip()
    match = _PLAIN.fullmatch(plain)
    if not match:
        return ChainRule(index, "", _CANNOT_SAY, text, handle)
    word = "drop" if match["drop"] else plain.replace("continue", "")
    return ChainRule(index, word, (), text, handle)


def with_texts(rules: Ruleset, texts: t.Mapping[str, str]) -> Ruleset:
    """The rules with their texts, given by handle."""
    named = {
        chain: [replace(rule, text=texts.get(rule.handle, "")) for rule in of_chain]
        for chain, of_chain in rules.chains.items()
    }
    return Ruleset(named, rules.policies)
