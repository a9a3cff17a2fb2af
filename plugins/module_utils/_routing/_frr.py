# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of FRR that announces customers' addresses. Private to this collection. Pure.

It is a block in ``frr.conf``, since FRR has no includes. Contexts that the administrator has as well, such as ``router
ospf``, are entered once more. All names of ours begin with ``PPPOE-SERVER``.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _settings as _routing_settings

NAME = "PPPOE-SERVER"
BEGIN, END = (
    f"! {word} Managed by Ansible (dialtone.pppoe.pppoe_server_routing). Changes made here are overwritten."
    for word in ("BEGIN", "END")
)
_BLOCK = re.compile(rf"^{re.escape(BEGIN)}\n.*?^{re.escape(END)}\n", re.MULTILINE | re.DOTALL)


def check(settings: _routing_settings.RoutingSettings, own: str) -> None:
    """``Refused`` for what FRR cannot do. ``own``: the administrator's configuration."""
    if settings.ipv6:
        raise Refused("ipv6", "with FRR, only IPv4 addresses are announced.", "Set it to false, or use engine=bird.")
    if not settings.ospf and not settings.bgp:
        raise Refused("engine", "frr needs ospf or bgp.", "Set one of them.")
    found = re.search(r"^router bgp (\d+)\s*$", own, re.MULTILINE)
    if settings.bgp and found and int(found.group(1)) != settings.bgp.as_number:
        problem = f"FRR's own configuration has AS {found.group(1)}, and this is {settings.bgp.as_number}."
        raise Refused("bgp.as_number", problem, "Use the same one.")


def block(settings: _routing_settings.RoutingSettings) -> str:
    lines = [*_lists(settings), *_ospf(settings), *_bgp(settings)]
    return "".join(line + "\n" for line in (BEGIN, *lines, END))


def _lists(settings: _routing_settings.RoutingSettings) -> t.Iterator[str]:
    """What is announced: addresses of links, and networks as a whole in the place of the addresses in them."""
    number = 0
    for number, network in enumerate(settings.aggregates, 1):
        yield f"ip route {network} blackhole"
        yield f"ip prefix-list {NAME}-NETWORKS seq {5 * number} permit {network}"
        yield f"ip prefix-list {NAME} seq {5 * number} deny {network} le 32"
    yield f"ip prefix-list {NAME} seq {5 * number + 5} permit 0.0.0.0/0 ge 32"
    for name in (NAME, f"{NAME}-NETWORKS") if settings.aggregates else (NAME,):
        yield f"route-map {name} permit 10"
        yield f" match ip address prefix-list {name}"
        yield "exit"


def _redistribute(settings: _routing_settings.RoutingSettings) -> t.Iterator[str]:
    yield f"redistribute connected route-map {NAME}"
    if settings.aggregates:
        yield f"redistribute static route-map {NAME}-NETWORKS"


def _ospf(settings: _routing_settings.RoutingSettings) -> t.Iterator[str]:
    ospf = settings.ospf
    if not ospf:
        return
    for interface in ospf.interfaces:
        yield f"interface {interface}"
        yield f" ip ospf area {ospf.area}"
        if ospf.password:
            yield " ip ospf authentication message-digest"
            yield f" ip ospf message-digest-key 1 md5 {ospf.password}"
        yield f" ip ospf hello-interval {ospf.hello}"
        yield f" ip ospf dead-interval {ospf.dead}"
        yield "exit"
    yield "router ospf"
    if settings.router_id:
        yield f" ospf router-id {settings.router_id}"
    yield from (f" {line}" for line in _redistribute(settings))
    yield "exit"


def _bgp(settings: _routing_settings.RoutingSettings) -> t.Iterator[str]:
    bgp = settings.bgp
    if not bgp:
        return
    if any(neighbor.as_number != bgp.as_number for neighbor in bgp.neighbors):
        yield f"route-map {NAME}-OUT permit 10"
        yield "exit"
    yield f"router bgp {bgp.as_number}"
    if settings.router_id:
        yield f" bgp router-id {settings.router_id}"
    for neighbor in bgp.neighbors:
        yield f" neighbor {neighbor.address} remote-as {neighbor.as_number}"
        if neighbor.password:
            yield f" neighbor {neighbor.address} password {neighbor.password}"
    yield " address-family ipv4 unicast"
    yield from (f"  {line}" for line in _redistribute(settings))
    for neighbor in bgp.neighbors:
        # Without a filter, a neighbor of another AS gets nothing (RFC 8212).
        if neighbor.as_number != bgp.as_number:
            yield f"  neighbor {neighbor.address} route-map {NAME}-OUT out"
    yield " exit-address-family"
    yield "exit"


def with_block(own: str, wanted: str) -> str:
    """FRR's configuration with our block in the place where it was, or else at its end."""
    if _BLOCK.search(own):
        return _BLOCK.sub(lambda _found: wanted, own, count=1)
    gap = "" if not own or own.endswith("\n") else "\n"
    return own + gap + wanted


def without_block(own: str) -> str:
    return _BLOCK.sub("", own)


def daemons(text: str, settings: _routing_settings.RoutingSettings) -> str:
    """The file that says which daemons run, with those that are needed."""
    for name, needed in (("ospfd", settings.ospf), ("bgpd", settings.bgp)):
        if needed:
            text = re.sub(rf"^{name}=no\b", f"{name}=yes", text, flags=re.MULTILINE)
    return text


def lacking(settings: _routing_settings.RoutingSettings, running: str) -> list[str]:
    """The lines that FRR does not run, from what ``show running-config`` says, each with the context that it is in."""
    there = set(_with_context(running))
    return [" / ".join(path) for path in _with_context(block(settings)) if path not in there]


def _with_context(text: str) -> t.Iterator[tuple[str, ...]]:
    context: list[str] = []
    for line in text.splitlines():
        depth = len(line) - len(line.lstrip(" "))
        words = line.strip()
        if not words or words.startswith("!") or words.startswith("exit") or words == "end":
            continue
        context = [*context[:depth], words]
        yield tuple(context)


def removal(before: str, after: str, own: str) -> str:
    """What takes back the lines of a former block that the block does not have any more. ``own``: the other lines."""
    stays = {*_with_context(after), *_with_context(own)}
    gone = [path for path in _with_context(before) if path not in stays]
    lines = []
    for path in reversed(gone):
        above = (path[:depth] for depth in range(1, len(path)))
        if _is_context(path) or any(one in gone and not _is_context(one) for one in above):
            continue
        lines += [*path[:-1], f"no {path[-1]}", *("exit" for _each in path[:-1])]
    return "".join(line + "\n" for line in lines)


def _is_context(path: tuple[str, ...]) -> bool:
    """What is only entered, and is there whatever it has."""
    return path[-1].split()[0] in ("interface", "address-family")


def former(own: str) -> str:
    """The block that the configuration has; empty if there is none."""
    found = _BLOCK.search(own)
    return found.group(0) if found else ""
