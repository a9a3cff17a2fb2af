# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings that have a host forward IPv4 packets, and treat its customers' links. Private. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

PATH = "/etc/sysctl.d/60-dialtone-pppoe.conf"
KERNEL = "/proc/sys/net/ipv4/ip_forward"
# The links that pppd numbers: those of customers. systemd-udevd applies the file to each as it appears.
CUSTOMERS = "ppp[0-9]*"
RP_FILTER = {"strict": 1, "loose": 2, "off": 0}
_FORMER = re.compile(rb"^# Before, it was ([01])\.$", re.MULTILINE)
_OWNERS = re.compile(rb"^# For: ([A-Za-z0-9_ -]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """``content`` of the file (``None``: no file), the kernel's ``value``, and what ``links`` shall have.

    ``links``: by the kernel's name of a setting (``ipv4``, ``rp_filter``) its value; ``None`` for that of new links.
    """

    content: bytes | None
    value: int
    links: t.Mapping[tuple[str, str], int | None]


def link_settings(rp_filter: str, ipv6: bool) -> dict[tuple[str, str], int]:
    """What each customer's link shall have; ``rp_filter``: ``strict``, ``loose``, ``off`` or ``unchanged``."""
    found = {} if rp_filter == "unchanged" else {("ipv4", "rp_filter"): RP_FILTER[rp_filter]}
    return found if ipv6 else {**found, ("ipv6", "disable_ipv6"): 1}


def plan(
    state: str,
    content: bytes | None,
    value: int,
    name: str = "default",
    links: t.Mapping[tuple[str, str], int] | None = None,
    uplink: str = "",
) -> Wanted:
    """From what is there: our file's ``content`` and the kernel's ``value``.

    ``name``: the instance that needs it; the last one that does not takes everything away. ``uplink``: a numbered
    link that is no customer's.
    """
    noted = _FORMER.search(content or b"")
    former = int(noted.group(1)) if noted else value
    told = _OWNERS.search(content or b"")
    # A file of an earlier version names nobody: it was made for whoever asks.
    owners = set(told.group(1).decode().split()) if told else set()
    if state == "absent":
        others = owners - {name}
        if content is not None and others:
            return Wanted(_OWNERS.sub(_owners_line(others).rstrip().encode(), content), value, {})
        links_back = dict.fromkeys(_settings_in(content or b""))
        return Wanted(None, former if content is not None else value, links_back)
    lines = [
        "# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.\n",
        f"# Before, it was {former}.\n",
        _owners_line(owners | {name}),
        "net.ipv4.ip_forward = 1\n",
    ]
    wanted = dict(links or {})
    for (family, key), number in wanted.items():
        # A leading "-" with a value: no error where there is no such link yet. Without one: not this link.
        lines.append(f"-net.{family}.conf.{CUSTOMERS}.{key} = {number}\n")
        if uplink:
            lines.append(f"-net.{family}.conf.{uplink}.{key}\n")
    return Wanted("".join(lines).encode(), 1, wanted)


def _owners_line(owners: set[str]) -> str:
    return "# For: {}\n".format(" ".join(sorted(owners)))


def _settings_in(content: bytes) -> list[tuple[str, str]]:
    pattern = rf"^-net\.(\w+)\.conf\.{re.escape(CUSTOMERS)}\.(\w+) ="
    return re.findall(pattern, content.decode("utf-8", "replace"), re.MULTILINE)
