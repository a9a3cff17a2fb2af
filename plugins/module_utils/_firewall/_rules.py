# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a request asks of any firewall, before a backend puts them in its words. Private; pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses._ranges import Source
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest

LINK_LOCAL = "fe80::/10"


@dataclass(frozen=True)
class Rule:
    """One rule. A match that is empty is none; ``!`` before a text turns its meaning round.

    ``hook``: ``raw`` (all that come in, first), ``prerouting``, ``postrouting``, ``clamp`` (forwarded packets, early),
    ``forward`` or ``input``.
    ``spoofed``: only packets from an address that is not routed back through the interface by which they come.
    ``verdict``: ``masquerade``, ``dnat``, ``clamp``, ``accept`` or ``drop``.
    ``in_interface``, ``out_interface``: a name, or one with ``*`` for any ending.
    ``port``: of the destination. ``to``: the new destination of ``dnat``.
    """

    hook: str
    verdict: str
    family: str = "ip"
    in_interface: str = ""
    out_interface: str = ""
    source: Source | None = None
    destination: Source | str | None = None
    protocol: str = ""
    port: str = ""
    icmp_type: str = ""
    local: bool = False
    states: tuple[str, ...] = ()
    status: str = ""
    random: bool = False
    to: str = ""
    spoofed: bool = False


def rules(request: FirewallRequest) -> list[Rule]:
    """All but those of ``admission``."""
    passing = [*_port_forwards(request), *_translation(request), *_clamp(request)]
    return [*_garden(request), *passing, *_guard(request), *_sources6(request)]


def admission(request: FirewallRequest) -> list[Rule]:
    """What a chain that drops forwarded packets has to let through: exactly the packets that are translated.

    Of IPv6, what customers or those behind a client send, and the answers.
    """
    outside, inside = request.out_interface, request.inside
    answers = ("established", "related")
    if request.admits == "ip6":
        return [
            Rule("forward", "accept", "ip6", in_interface=inside, out_interface=outside),
            Rule("forward", "accept", "ip6", in_interface=outside, out_interface=inside, states=answers),
        ]
    if not request.translate:
        return []
    found = [
        Rule("forward", "accept", in_interface=inside, out_interface=outside, source=source)
        for source in _sources(request)
    ]
    found.append(Rule("forward", "accept", in_interface=outside, out_interface=inside, states=answers))
    for one in request.port_forwards:
        found.append(
            Rule(
                "forward",
                "accept",
                in_interface=outside,
                out_interface=inside,
                destination=one.address,
                protocol=one.protocol,
                port=one.final_port,
                status="dnat",
            )
        )
    return found


def _sources(request: FirewallRequest) -> t.Sequence[Source | None]:
    return request.sources or (None,)


def _port_forwards(request: FirewallRequest) -> list[Rule]:
    return [
        Rule(
            "prerouting",
            "dnat",
            in_interface=request.out_interface,
            protocol=one.protocol,
            port=one.port,
            local=True,
            to=one.address + (f":{one.to_port}" if one.to_port else ""),
        )
        for one in request.port_forwards
    ]


def _translation(request: FirewallRequest) -> list[Rule]:
    if not request.translate:
        return []
    return [
        Rule(
            "postrouting", "masquerade", out_interface=request.out_interface, source=source, random=request.random_fully
        )
        for source in _sources(request)
    ]


def _clamp(request: FirewallRequest) -> list[Rule]:
    if not request.clamp_mss:
        return []
    link = request.inside or request.out_interface
    # Both ways: the SYN of a customer, and the SYN+ACK or SYN that comes to one.
    family = request.families[0]
    return [Rule("clamp", "clamp", family, in_interface=link), Rule("clamp", "clamp", family, out_interface=link)]


def _sources6(request: FirewallRequest) -> list[Rule]:
    """Customers send by IPv6 from their own prefixes only, and from the addresses of their links."""
    return [Rule("raw", "drop", "ip6", in_interface=request.inside, spoofed=True)] if request.own_sources else []


def _garden(request: FirewallRequest) -> list[Rule]:
    """What customers in the walled garden send elsewhere is dropped, but for DNS and http, which go to the operator's.

    Only drops, one for each range that is not allowed: what other rules keep out stays out.
    """
    garden = request.garden
    if garden is None:
        return []
    found: list[Rule] = []
    for source in garden.sources:
        own: dict[str, t.Any] = {"in_interface": request.inside, "source": source}
        if garden.dns_server:
            found += [
                Rule("prerouting", "dnat", protocol=protocol, port="53", to=garden.dns_server, **own)
                for protocol in ("udp", "tcp")
            ]
        if garden.redirect:
            found += [
                Rule("prerouting", "dnat", destination=one, protocol="tcp", port="80", to=garden.redirect, **own)
                for one in garden.outside
            ]
        found += [Rule("forward", "drop", destination=one, **own) for one in garden.outside]
    return found


def _guard(request: FirewallRequest) -> list[Rule]:
    """Nothing new comes in, but for pings. Only drops: what other rules keep out stays out.

    ICMP errors belong to a connection (``related``), and neighbour discovery is untracked: neither is new.
    """
    if not request.guard:
        return []

    def new(hook: str, family: str, **matches: t.Any) -> Rule:
        return Rule(hook, "drop", family, in_interface=request.out_interface, states=("invalid", "new"), **matches)

    found = [
        new("input", "ip", protocol="!icmp"),
        new("input", "ip", protocol="icmp", icmp_type="!echo-request"),
        # Whoever forwards a port by hand means it to be reached.
        new("forward", "ip", status="!dnat"),
    ]
    if request.guard_ipv6:
        found += [
            # DHCPv6 answers a question to everybody from an address of its own, which looks new.
            new("input", "ip6", protocol="!ipv6-icmp", destination="!" + LINK_LOCAL),
            new("input", "ip6", protocol="tcp"),
            new("input", "ip6", protocol="udp", port="!546"),
            new("input", "ip6", protocol="ipv6-icmp", icmp_type="!echo-request"),
            new("forward", "ip6", status="!dnat"),
        ]
    return found
