# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains of a firewall, whatever it is made with, and what becomes of a packet in them. Private; pure.

A match is held against a packet by what it means, in three values: it holds, it does not, or that cannot be said (a
rate limit, a set of another program, an extension that we do not know). A rule is *broad* if it takes our packets only
because it takes every packet, or every one but some: ``drop``, ``ct state new drop``, ``iifname != "br0" drop``. One
that names our interfaces, addresses or protocols takes them because somebody wanted it so.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

UNKNOWN = "unknown"  # the field of a match whose meaning we do not know
# Matches on these say nothing about whose packet it is.
_IMPERSONAL = ("family", "state", "direction", "mark", "number", "type")
_NUMBERED = re.compile(r"ppp[0-9]+")


@dataclass(frozen=True)
class Match:
    """The packet's ``field`` has one of ``values``, or, if ``negated``, none of them.

    Interfaces are written with ``*`` for any ending, addresses as ``10.0.0.0/8`` or ``10.0.0.1-10.0.0.9``, ports as
    ``22`` or ``1-1023``; ``*`` alone is everything.
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class ChainRule:
    """``verdict``: ``drop``, ``accept``, ``queue``, ``return``, ``jump CHAIN``, ``goto CHAIN``, or nothing.

    ``index``: its place in the chain, from 0; a rule with a map of verdicts stands for several of one place.
    ``text``: as its program lists it, and ``handle`` its number there, where it has one.
    """

    index: int
    verdict: str
    matches: tuple[Match, ...] = ()
    text: str = ""
    handle: str = ""


@dataclass(frozen=True)
class Ruleset:
    """Rules by chain, in their order, and the policies of the chains that the kernel calls for forwarded packets."""

    chains: t.Mapping[str, t.Sequence[ChainRule]]
    policies: t.Mapping[str, str]


@dataclass(frozen=True)
class Packet:
    """A kind of packet at the hook ``forward``. What is empty is not known.

    ``source`` and ``destination``: a network or an address. ``iif``, ``oif``: may end in ``*``.
    ``label``: for messages.
    """

    iif: str = ""
    oif: str = ""
    source: str = ""
    destination: str = ""
    protocol: str = "tcp"
    port: str = ""
    state: str = "new"
    status: str = ""
    family: str = "ip"
    label: str = field(default="", compare=False)


@dataclass(frozen=True)
class Place:
    """A rule by its chain and its index there; the index is ``None`` for the end of the chain, its policy."""

    chain: str
    index: int | None
    text: str
    handle: str = ""


def holds(rule: ChainRule, packet: Packet) -> bool | None:
    """Whether the rule takes the packet; ``None`` if that cannot be said."""
    answers = [_holds(match, packet) for match in rule.matches]
    return False if False in answers else None if None in answers else True


def broad(rule: ChainRule) -> bool:
    """Whether the rule takes every packet that is not excepted."""
    return all(map(_is_broad, rule.matches))


def _is_broad(match: Match) -> bool:
    if match.field == "protocol" and set(match.values) >= {"tcp", "udp", "icmp"}:
        return True
    return match.negated or match.field in _IMPERSONAL or "*" in match.values


def _holds(match: Match, packet: Packet) -> bool | None:
    if "*" in match.values:
        # Every address is written alike in both families.
        unsaid = packet.family == "ip6" and match.field in ("saddr", "daddr")
        return None if unsaid else not match.negated
    if match.field not in _READERS:
        return None
    if match.field in ("saddr", "daddr") and all((":" in value) != (packet.family == "ip6") for value in match.values):
        # A match on addresses of the other family takes none of ours, negated or not.
        return False
    answers = [_READERS[match.field](packet, value) for value in match.values]
    found = True if True in answers else None if None in answers else False
    return found if found is None else found is not match.negated


def _interface(name: str, value: str) -> bool | None:
    if not name:
        return None
    if value.endswith("*"):
        inside = name.startswith(value[:-1])
        return inside or (None if name.endswith("*") and value.startswith(name[:-1]) else False)
    # Of all links of customers, one: that cannot be said. A link with another name is none of theirs.
    return (None if _NUMBERED.fullmatch(value) else False) if name.endswith("*") else name == value


def _ends(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if dash:
        return int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last))
    network = ipaddress.ip_network(first, strict=False)
    return int(network.network_address), int(network.broadcast_address)


def _address(known: str, value: str) -> bool | None:
    try:
        first, last = _ends(value)
    except ValueError:
        return None
    if first == 0 and last in (0xFFFFFFFF, (1 << 128) - 1):
        return True
    if not known:
        return None
    if (":" in value) != (":" in known):
        return False
    ours = _ends(known)
    if first <= ours[0] and ours[1] <= last:
        return True
    return False if last < ours[0] or ours[1] < first else None


def _port(packet: Packet, value: str) -> bool | None:
    if not packet.port:
        return None
    first, _dash, last = value.partition("-")
    if not first.isdigit() or not (last or first).isdigit():
        return None
    return int(first) <= int(packet.port) <= int(last or first)


def _status(packet: Packet, value: str) -> bool | None:
    return value == packet.status if value in ("dnat", "snat") else None


_READERS: dict[str, t.Callable[[Packet, str], bool | None]] = {
    "iif": lambda packet, value: _interface(packet.iif, value),
    "oif": lambda packet, value: _interface(packet.oif, value),
    "saddr": lambda packet, value: _address(packet.source, value),
    "daddr": lambda packet, value: _address(packet.destination, value),
    "protocol": lambda packet, value: value == packet.protocol,
    "port": _port,
    "family": lambda packet, value: value == packet.family,
    # iptables counts DNAT and SNAT among the states.
    "state": lambda packet, value: value in (packet.state, packet.status or packet.state),
    "direction": lambda packet, value: value == ("original" if packet.state == "new" else "reply"),
    "status": _status,
    # Where it goes and how it came: no forwarded packet of ours is for this host or for several.
    "type": lambda packet, value: value in ("unicast", "host"),
    # Nobody has marked the packets of a new customer.
    "mark": lambda packet, value: value == "0",
    "icmp": lambda packet, value: packet.protocol == "icmp" and value in ("8", "echo-request", "any"),
    # A new connection of TCP begins with one; later packets may have any flags.
    "syn": lambda packet, value: (value == "true") if packet.protocol == "tcp" and packet.state == "new" else None,
    # Comparisons of numbers are decided where they are read.
    "number": lambda packet, value: value == "true",
}


def closing(rules: Ruleset, base: str, packet: Packet) -> Place | None:
    """The rule, or the policy, that drops every packet which gets as far from ``base``; ``None`` if nothing does.

    Rules that take the packet for what it is are passed over: they say nothing about all others.
    """
    kind, place = _closing(rules, base, packet)
    if kind == "on" and rules.policies.get(base) == "drop":
        return _first_of_several(base, rules.chains.get(base, ()), None, packet)
    return place


def _closing(rules: Ruleset, chain: str, packet: Packet) -> tuple[str, Place | None]:
    """How the walk ends: ``drop`` with the place, ``end`` (accepted), ``on`` (nothing took every packet)."""
    for rule in rules.chains.get(chain, ()):
        if holds(rule, packet) is not True or not broad(rule):
            continue
        word, _space, target = rule.verdict.partition(" ")
        if word == "drop":
            return word, _first_of_several(chain, rules.chains[chain], rule, packet)
        if word in ("accept", "queue"):
            return "end", None
        if word == "return":
            return "on", None
        # The kernel sees to it that no chain leads back to itself.
        kind, place = _closing(rules, target, packet) if word in ("jump", "goto") else ("on", None)
        if kind == "drop" and _entered_for_more(rules, target, packet):
            place = Place(chain, rule.index, rule.text, rule.handle)
        if kind != "on" or word == "goto":
            return kind, place
    return "on", None


def _first_of_several(name: str, chain: t.Sequence[ChainRule], end: ChainRule | None, packet: Packet) -> Place:
    """Where the rules begin that refuse what is left, each protocol in its own way; ``end``: the last of them, if any.

    Such as ``meta l4proto tcp reject with tcp reset`` before ``reject``.
    """
    before = [rule for rule in chain if end is None or rule.index < end.index]
    for rule in reversed(before):
        if rule.verdict == "drop" and all(_by_protocol_alone(match, packet) for match in rule.matches):
            end = rule
        elif rule.verdict:
            break
    return Place(name, end.index, end.text, end.handle) if end else Place(name, None, "policy drop")


def _by_protocol_alone(match: Match, packet: Packet) -> bool:
    spares = match.negated or match.field in _IMPERSONAL
    return match.field == "protocol" or (spares and _holds(match, packet) is True)


def _entered_for_more(rules: Ruleset, target: str, packet: Packet) -> bool:
    """Whether a rule that means our packets in particular leads to the chain, so that it has to go on dropping them."""
    ways = [rule for chain in rules.chains.values() for rule in chain if rule.verdict.partition(" ")[2] == target]
    return any(holds(rule, packet) is not False and not broad(rule) for rule in ways)


def dropped(rules: Ruleset, base: str, packet: Packet, opened: t.Mapping[str, int | None]) -> Place | None:
    """What certainly drops the packet; ``None`` if nothing does or if that cannot be said.

    ``opened``: by chain, the index before which a rule of ours accepts the packet (``None``: at the end).
    """
    kind, place = _fate(rules, base, packet, opened)
    if kind == "on":
        return Place(base, None, "policy drop") if rules.policies.get(base) == "drop" else None
    return place if kind == "drop" else None


def _fate(rules: Ruleset, chain: str, packet: Packet, opened: t.Mapping[str, int | None]) -> tuple[str, Place | None]:
    for rule in rules.chains.get(chain, ()):
        if chain in opened and rule.index == opened[chain]:
            return "end", None
        word, _space, target = rule.verdict.partition(" ")
        taken = holds(rule, packet)
        if not word or taken is False:
            continue
        kind: str
        place: Place | None = Place(chain, rule.index, rule.text, rule.handle)
        if word in ("jump", "goto"):
            kind, place = _fate(rules, target, packet, opened)
            if kind == "on" and (word == "jump" or taken is None):
                continue
        else:
            kind = {"accept": "end", "queue": "end", "return": "on"}.get(word, word)
        if taken is None:
            if kind == "drop":
                continue
            # It may be accepted here, or spared what follows.
            kind = "end"
        return kind, place if kind == "drop" else None
    return ("end", None) if chain in opened and opened[chain] is None else ("on", None)
