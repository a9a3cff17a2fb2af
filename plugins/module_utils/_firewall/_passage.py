# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what a request translates gets through the firewall of others. Private; pure."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses._ranges import Source
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _chains as _firewall_chains
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._chains import Packet, Place, Ruleset
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forward_tables import ForwardTable
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest

# Some host of the internet, of no network that firewalls know.
ELSEWHERE = "93.184.215.14"
ELSEWHERE6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
# Sources that are looked at: a list of fixed addresses may have thousands.
MOST_SOURCES = 16
TYPICAL = Packet(port="443", destination=ELSEWHERE, label="TCP to port 443")
# What customers do. Where some of it gets through and some does not, somebody has wanted it so.
OTHERS = (
    replace(TYPICAL, port="80", label="TCP to port 80"),
    replace(TYPICAL, port="51413", label="TCP to port 51413"),
    replace(TYPICAL, protocol="udp", port="53", label="UDP to port 53"),
    replace(TYPICAL, protocol="udp", port="51413", label="UDP to port 51413"),
    replace(TYPICAL, protocol="icmp", port="", label="pings"),
)


def _sources(request: FirewallRequest) -> list[str]:
    """Where customers are; what those of the walled garden send is dropped on purpose."""
    sources = list(request.sources)
    if request.garden is not None:
        walled = _pool.merged(request.garden.sources)
        sources = [Source(*one) for one in _pool.subtract(_pool.merged(sources), walled)]
    return [str(source) for source in sources[:MOST_SOURCES]] or [""]


def _outward(request: FirewallRequest, packet: Packet) -> list[Packet]:
    """The packet from each source."""
    ways = {"iif": request.inside, "oif": request.out_interface}
    return [replace(packet, source=source, **ways) for source in _sources(request)]


def _inward(request: FirewallRequest) -> list[Packet]:
    """Answers, and what forwarded ports bring in."""
    ways = {"iif": request.out_interface, "oif": request.inside, "source": ELSEWHERE}
    answers = [
        Packet(destination=source, port="40001", state="established", label="the answers to customers", **ways)
        for source in _sources(request)
    ]
    return answers + [
        Packet(
            destination=one.address,
            protocol=one.protocol,
            port=one.final_port.partition("-")[0],
            status="dnat",
            label=f"the forwarded {one.protocol} port {one.port}",
            **ways,
        )
        for one in request.port_forwards
    ]


def _of_ipv6(request: FirewallRequest) -> list[Packet]:
    """What a customer sends, and the answer to it."""
    inside, outside = request.inside, request.out_interface
    back = Packet(iif=outside, oif=inside, source=ELSEWHERE6, port="40001", state="established", family="ip6")
    return [Packet(iif=inside, oif=outside, destination=ELSEWHERE6, port="443", family="ip6"), back]


def places(rules: Ruleset, request: FirewallRequest) -> dict[str, Place]:
    """By chain, before which rule ours have to stand; only chains that drop every packet which gets there."""
    found: dict[str, Place] = {}
    if not request.admits:
        return found
    packets = _of_ipv6(request) if request.admits == "ip6" else _outward(request, TYPICAL) + _inward(request)
    for base in rules.policies:
        for packet in packets:
            place = _firewall_chains.closing(rules, base, packet)
            if place and (place.chain not in found or _before(place, found[place.chain])):
                found[place.chain] = place
    return found


def _before(one: Place, other: Place) -> bool:
    return one.index is not None and (other.index is None or one.index < other.index)


class Block(t.NamedTuple):
    """What certainly drops packets of the request, and which."""

    place: Place
    label: str

    def __str__(self) -> str:
        return f"chain {self.place.chain} drops {self.label}, by: {self.place.text}"


def partly_blocked(rules: Ruleset, request: FirewallRequest, opened: t.Mapping[str, Place]) -> list[Block]:
    """Protocols that are certainly dropped for all customers, although TCP is not."""
    before = {chain: place.index for chain, place in opened.items()}
    found = []
    for base in rules.policies if request.translate else ():
        for label, protocol in (("all UDP", "udp"), ("pings", "icmp")):
            ways = [packet for kind in OTHERS if kind.protocol == protocol for packet in _outward(request, kind)]
            fates = [_firewall_chains.dropped(rules, base, packet, before) for packet in ways]
            if fates[0] and None not in fates:
                found.append(Block(fates[0], f"{label} of customers"))
    return found


def blocked(rules: Ruleset, request: FirewallRequest, opened: t.Mapping[str, Place]) -> Block | None:
    """What drops all that customers send, or all that comes back, although ours stand at the places ``opened``."""
    if not request.translate:
        return None
    before = {chain: place.index for chain, place in opened.items()}
    for base in rules.policies:

        def fate(packet: Packet, base: str = base) -> Place | None:
            return _firewall_chains.dropped(rules, base, packet, before)

        for source in _sources(request):
            ways = [replace(one, source=source) for kind in (TYPICAL, *OTHERS) for one in _outward(request, kind)[:1]]
            fates = {packet.label: fate(packet) for packet in ways}
            tcp = [place for label, place in fates.items() if "TCP" in label]
            if tcp[0] and None not in tcp:
                what = "TCP" if None in fates.values() else "all"
                return Block(tcp[0], f"{what} that customers{f' ({source})' if source else ''} send")
        for packet in _inward(request):
            place = fate(packet)
            if place:
                return Block(place, packet.label)
    return None


class Passage(t.NamedTuple):
    """Whether the packets of a request get through: what certainly drops all of them, and what drops some.

    ``places``: by table and chain, before which rule ours have to stand.
    """

    places: t.Mapping[str, t.Mapping[str, Place]]
    block: str = ""
    partly: tuple[str, ...] = ()


def passage(tables: t.Sequence[ForwardTable], request: FirewallRequest, loaded: bool) -> Passage:
    """What becomes of the packets of a request in the tables of others, in words for a message.

    ``loaded``: our rules are there now; otherwise they are thought to be.
    """
    found: dict[str, t.Mapping[str, Place]] = {}
    partly: list[str] = []
    for table in tables:
        opened = {} if loaded or table.source is None else places(table.rules, request)
        found[table.label] = opened
        block = blocked(table.rules, request, opened)
        if block:
            return Passage(found, f"{table.label}: {block}")
        partly += [f"{table.label}: {one}" for one in partly_blocked(table.rules, request, opened)]
    return Passage(found, "", tuple(partly))
