# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings of a host that forwards, and of its customers' links. Private. Pure.

Several owners may ask for them: instances of a server, the client role, a task of the administrator. Each one's request
is a line of its own in our file, and the strictest of all of them holds. So nobody takes away what another one needs.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

PATH = "/etc/sysctl.d/60-dialtone-pppoe.conf"
RULES_PATH = "/etc/udev/rules.d/60-dialtone-pppoe.rules"
KERNEL = "/proc/sys/net/ipv4/ip_forward"
KERNEL6 = "/proc/sys/net/ipv6/conf/all/forwarding"
CONF = "/proc/sys/net/{}/conf/{}/{}"
#: The links that pppd numbers: those of customers. The same pattern for sysctl.d(5) and udev(7).
CUSTOMERS = "ppp[0-9]*"
#: Values of rp_filter (Documentation/networking/ip-sysctl.rst), the strictest first.
RP_FILTER = {"strict": 1, "loose": 2, "off": 0}

Key = tuple[str, str]  # ("ipv4", "rp_filter"): net.ipv4.conf.LINK.rp_filter
RP: Key = ("ipv4", "rp_filter")
NO_IPV6: Key = ("ipv6", "disable_ipv6")
RA: Key = ("ipv6", "accept_ra")
#: A customer is no router of ours: what he says about ways through the network does not count.
UNTRUSTED: dict[Key, int] = {
    ("ipv4", "accept_redirects"): 0,
    ("ipv4", "accept_source_route"): 0,
    RA: 0,
    ("ipv6", "accept_redirects"): 0,
    ("ipv6", "accept_source_route"): 0,
}
LINK_KEYS: tuple[Key, ...] = (RP, NO_IPV6, *UNTRUSTED)

_FORMER = re.compile(r"^# Before, it was ([01])\.$", re.MULTILINE)
_FORMER6 = re.compile(r"^# Before, it was ([01]) for IPv6\.$", re.MULTILINE)
_OWNER = re.compile(r"^# For ([A-Za-z0-9_-]{1,32}):(.*)$", re.MULTILINE)
# Files of before 0.1.0 named the owners on one line; the settings of links were those of the last run.
_OWNERS = re.compile(r"^# For: ([A-Za-z0-9_ -]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Asked:
    """What one owner asks for.

    ``rp_filter``: ``strict``, ``loose``, ``off``, or nothing. ``ipv6``: ``on``, ``off``, or nothing.
    ``uplink``: the interface that leads outside. ``ra``: the uplink that goes on taking router advertisements.
    ``forward6``: ``on`` to forward IPv6, too, ``off`` not to ask for it any more, or nothing.
    """

    rp_filter: str = ""
    ipv6: str = ""
    uplink: str = ""
    ra: str = ""
    forward6: str = ""

    def line(self, name: str) -> str:
        words = [f" {key}={value}" for key, value in vars(self).items() if value]
        return f"# For {name}:{''.join(words)}\n"


@dataclass(frozen=True)
class ObservedForwarding:
    """The host: our file, the links that pppd numbered, and the kernel's values by path (absent: no such setting).

    ``ra_routes``: interfaces with a default route that the kernel took from a router advertisement.
    ``udev``: whether this host has a udev that reads rules of ours.
    """

    content: bytes | None
    links: tuple[str, ...]
    values: t.Mapping[str, int]
    ra_routes: frozenset[str] = frozenset()
    udev: bool = True


@dataclass(frozen=True)
class ForwardingPlan:
    """Both files as they should be (``None``: not there), and the kernel's values that have to change, by path.

    ``settings``: what each customer's link has from now on. ``looser``: requests of the caller that others are stricter
    about, as ``(parameter, value, names of the others)``.
    """

    content: bytes | None
    rules: bytes | None
    value: int
    kernel: t.Mapping[str, int]
    settings: t.Mapping[Key, int]
    looser: tuple[tuple[str, str, str], ...] = ()


def paths(links: t.Iterable[str], uplink: str) -> list[str]:
    """The kernel's settings that a plan needs to know."""
    found = [
        KERNEL,
        KERNEL6,
        *(CONF.format(family, link, key) for link in (*links, "default") for family, key in LINK_KEYS),
    ]
    if uplink:
        found += [CONF.format("ipv6", uplink, key) for key in ("accept_ra", "forwarding")]
    return found


def ra_routes(text: str) -> frozenset[str]:
    """Of ``/proc/net/ipv6_route``, the interfaces of default routes that router advertisements made."""
    # Columns: destination, its length, source, its length, next hop, metric, references, use, flags, interface
    # (net/ipv6/route.c); RTF_ADDRCONF (linux/ipv6_route.h) marks what came by an advertisement.
    rows = [line.split() for line in text.splitlines()]
    return frozenset(row[9] for row in rows if row[1] == "00" and int(row[4], 16) and int(row[8], 16) & 0x00040000)


def owners(content: bytes | None) -> dict[str, Asked]:
    """Who asks for what, as our file has noted it."""
    text = (content or b"").decode("utf-8", "replace")
    former = _OWNERS.search(text)
    found = dict.fromkeys(former[1].split(), _former_settings(text)) if former else {}
    for name, words in _OWNER.findall(text):
        values = dict(word.partition("=")[::2] for word in words.split())
        found[name] = Asked(**{key: value for key, value in values.items() if key in Asked.__dataclass_fields__})
    return found


def _former_settings(text: str) -> Asked:
    def number(key: str) -> str:
        match = re.search(rf"^-net\.ipv[46]\.conf\.{re.escape(CUSTOMERS)}\.{key} = (\d)$", text, re.MULTILINE)
        return match[1] if match else ""

    names = {str(value): name for name, value in RP_FILTER.items()}
    spared = re.search(r"^-net\.ipv4\.conf\.(ppp[0-9]+)\.rp_filter$", text, re.MULTILINE)
    return Asked(
        names.get(number("rp_filter"), ""),
        "off" if number("disable_ipv6") == "1" else "",
        spared[1] if spared else "",
    )


def settings(asked: t.Iterable[Asked]) -> dict[Key, int]:
    """What customers' links have where all these ask: the strictest of each."""
    wanted = list(asked)
    filters = {one.rp_filter for one in wanted}
    strictest = next((name for name in RP_FILTER if name in filters), "")
    found = {RP: RP_FILTER[strictest]} if strictest else {}
    if any(one.ipv6 == "off" for one in wanted):
        found[NO_IPV6] = 1
    return {**found, **UNTRUSTED} if any(one.rp_filter or one.ipv6 for one in wanted) else found


def plan(state: str, name: str, asked: Asked, host: ObservedForwarding) -> ForwardingPlan:
    """``asked`` by ``name``, where what is empty stays as this name asked for it before; or it asks no longer."""
    before = owners(host.content)
    after = dict(before)
    if state == "absent":
        after.pop(name, None)
    else:
        after[name] = _kept_ra(_merged(before.get(name, Asked()), asked), host)
    noted = _FORMER.search((host.content or b"").decode("utf-8", "replace"))
    former = int(noted[1]) if noted else host.values.get(KERNEL, 0)
    # A file that names nobody was made for whoever asks; one that others need stays.
    gone = state == "absent" and (host.content is None or not after)
    value = 1 if state == "present" else host.values.get(KERNEL, 0)
    if gone and host.content is not None:
        value = former
    merged = settings(after.values())
    noted6 = _FORMER6.search((host.content or b"").decode("utf-8", "replace"))
    former6 = int(noted6[1]) if noted6 else host.values.get(KERNEL6, 0)
    kernel = _kernel(host, before, after, value)
    if forwards6(after) or noted6:
        kernel.update(_changed(host, {KERNEL6: 1 if forwards6(after) else former6}))
    return ForwardingPlan(
        None if gone else _content(former, former6, after, merged).encode(),
        _rules(after, merged, host).encode() if merged and host.udev else None,
        value,
        kernel,
        merged,
        _looser(name, after, merged) if state == "present" else (),
    )


def _merged(before: Asked, asked: Asked) -> Asked:
    given = {key: value for key, value in vars(asked).items() if value}
    merged = replace(before, **given)
    merged = replace(merged, forward6="") if merged.forward6 == "off" else merged
    return replace(merged, rp_filter="") if merged.rp_filter == "unchanged" else merged


def forwards6(asked: t.Mapping[str, Asked]) -> bool:
    """Whether somebody asks for IPv6 forwarding."""
    return any(one.forward6 == "on" for one in asked.values())


def _kept_ra(asked: Asked, host: ObservedForwarding) -> Asked:
    """An uplink that gets IPv6 by router advertisements would lose it as soon as this host forwards IPv6."""
    if not asked.uplink or asked.ipv6 != "on":
        return replace(asked, ra="")
    takes = host.values.get(CONF.format("ipv6", asked.uplink, "accept_ra")) == 1
    takes = takes and not host.values.get(CONF.format("ipv6", asked.uplink, "forwarding"))
    kept = asked.ra == asked.uplink or (takes and asked.uplink in host.ra_routes)
    return replace(asked, ra=asked.uplink if kept else "")


def _spared(asked: t.Mapping[str, Asked]) -> list[str]:
    """Numbered links that are no customers'."""
    return sorted({one.uplink for one in asked.values() if _names.is_numbered(one.uplink)})


def _content(former: int, former6: int, asked: t.Mapping[str, Asked], merged: t.Mapping[Key, int]) -> str:
    six = forwards6(asked)
    lines = [_layout_header.LINE, f"# Before, it was {former}.\n"]
    lines += [f"# Before, it was {former6} for IPv6.\n"] if six else []
    lines += [asked[name].line(name) for name in sorted(asked)]
    lines.append("net.ipv4.ip_forward = 1\n")
    # Before the settings of links: a write to it changes accept_ra's meaning for all of them.
    lines += ["-net.ipv6.conf.all.forwarding = 1\n"] if six else []
    for (family, key), number in merged.items():
        # A leading "-" with a value: no error where there is no such link yet. Without one: not this link.
        lines.append(f"-net.{family}.conf.{CUSTOMERS}.{key} = {number}\n")
        lines += [f"-net.{family}.conf.{link}.{key}\n" for link in _spared(asked)]
    # With slashes, since the name of a VLAN has a dot (sysctl.d(5)).
    lines += [f"-net/ipv6/conf/{link}/accept_ra = 2\n" for link in sorted({one.ra for one in asked.values()} - {""})]
    return "".join(lines)


def _rules(asked: t.Mapping[str, Asked], merged: t.Mapping[Key, int], host: ObservedForwarding) -> str:
    """Rules of udev for new links: udevd writes the settings itself, no program runs for a link."""
    lines = [
        _layout_header.LINE,
        f"# What {PATH} says of customers' links, for each one as it appears.\n",
        'ACTION!="add", GOTO="dialtone_pppoe_end"\n',
        'SUBSYSTEM!="net", GOTO="dialtone_pppoe_end"\n',
        f'KERNEL!="{CUSTOMERS}", GOTO="dialtone_pppoe_end"\n',
        *(f'KERNEL=="{link}", GOTO="dialtone_pppoe_end"\n' for link in _spared(asked)),
    ]
    for (family, key), number in merged.items():
        there = f'TEST=="/proc/sys/net/{family}", ' if family == "ipv6" else ""
        lines.append(f'{there}SYSCTL{{net/{family}/conf/$name/{key}}}="{number}"\n')
    return "".join([*lines, 'LABEL="dialtone_pppoe_end"\n', *_renamed(merged, host)])


def _renamed(merged: t.Mapping[Key, int], host: ObservedForwarding) -> list[str]:
    """Rules for a link that pppd renames (``ifname``), such as an uplink: until then it looked like a customer's.

    It gets back what other links have. ``accept_ra`` is left alone, since a client may have set its own by then, and a
    host that forwards makes no difference between 0 and 1.
    """
    former = f'ACTION=="move", SUBSYSTEM=="net", KERNEL!="{CUSTOMERS}", ENV{{DEVPATH_OLD}}=="*/{CUSTOMERS}"'
    lines = []
    for family, key in (RP, NO_IPV6):
        number = host.values.get(CONF.format(family, "default", key))
        if (family, key) in merged and number is not None:
            lines.append(f'{former}, SYSCTL{{net/{family}/conf/$name/{key}}}="{number}"\n')
    return lines


def _kernel(
    host: ObservedForwarding, before: t.Mapping[str, Asked], after: t.Mapping[str, Asked], value: int
) -> dict[str, int]:
    wanted = {KERNEL: value}
    merged = settings(after.values())
    for family, key in {**settings(before.values()), **merged}:
        # What nobody asks for any more goes back to what new links have.
        number = merged.get((family, key), host.values.get(CONF.format(family, "default", key)))
        for link in host.links:
            if number is not None and link not in _spared(after):
                wanted[CONF.format(family, link, key)] = number
    kept = {one.ra for one in after.values()} - {""}
    wanted.update({CONF.format("ipv6", link, "accept_ra"): 2 for link in kept})
    for link in {one.ra for one in before.values()} - kept - {""}:
        wanted[CONF.format("ipv6", link, "accept_ra")] = 1
    return _changed(host, wanted)


def _changed(host: ObservedForwarding, wanted: t.Mapping[str, int]) -> dict[str, int]:
    return {path: number for path, number in wanted.items() if host.values.get(path, number) != number}


def _looser(name: str, after: t.Mapping[str, Asked], merged: t.Mapping[Key, int]) -> tuple[tuple[str, str, str], ...]:
    mine = after[name]
    others = {other: asked for other, asked in after.items() if other != name}
    found = []
    if mine.rp_filter and RP_FILTER[mine.rp_filter] != merged[RP]:
        strict = [other for other, asked in others.items() if RP_FILTER.get(asked.rp_filter) == merged[RP]]
        found.append(("rp_filter", mine.rp_filter, ", ".join(strict)))
    if mine.ipv6 == "on" and NO_IPV6 in merged:
        found.append(("ipv6", "true", ", ".join(other for other, asked in others.items() if asked.ipv6 == "off")))
    return tuple(found)
