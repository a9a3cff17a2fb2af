# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client has of IPv6: the address of its link, and the delegated prefix. Private to this collection."""

from __future__ import annotations

import ipaddress
import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What ip(8) calls the routes of whoever speaks DHCP: 16 of /etc/iproute2/rt_protos, which need not be there.
_DHCP = ("dhcp", "16")
_SUBNET = 64


@dataclass(frozen=True)
class Ipv6:
    """``speaks``: the link has a link-local address, so IPv6CP is up. ``address``: a global one of it.

    ``default_route``: through the link. ``prefix``: what is delegated, as far as a route says so. ``inside``: the /64
    of each inside interface that has one.
    """

    speaks: bool = False
    address: str | None = None
    default_route: bool = False
    prefix: str | None = None
    inside: t.Mapping[str, str] = field(default_factory=dict)


def observe(module: AnsibleModule, link: str | None, inside: t.Sequence[str]) -> Ipv6:
    """What the link and the inside interfaces have now."""
    if link is None:
        return Ipv6()
    ip = module.get_bin_path("ip", required=True)
    addresses = _interfaces.addresses(module)
    _rc, routes, _err = module.run_command([ip, "-j", "-6", "route", "show"])
    return read(addresses, routes, link, inside)


def read(interfaces: t.Mapping[str, _interfaces.Interface], routes: str, link: str, inside: t.Sequence[str]) -> Ipv6:
    """The same of the host's interfaces, and of what ``ip -j -6 route show`` has printed."""
    there = _addresses(interfaces, link)
    # What nobody has of a delegated prefix is unreachable, so that it does not go back and forth.
    listed = json.loads(routes) if routes.strip() else []
    prefixes = [
        ipaddress.IPv6Network(route["dst"])
        for route in listed
        if route.get("type") == "unreachable" and route.get("protocol") in _DHCP and "/" in route.get("dst", "")
    ]
    found: dict[str, str] = {}
    prefix = None
    for name in inside:
        for address in _addresses(interfaces, name):
            whole = next((one for one in prefixes if address in one), None)
            if address.is_link_local or (prefixes and whole is None):
                continue
            prefix = prefix or whole
            found.setdefault(name, str(ipaddress.IPv6Network((int(address), _SUBNET), strict=False)))
    outside = [address for address in there if not address.is_link_local]
    return Ipv6(
        len(outside) < len(there),
        str(outside[0]) if outside else None,
        any(route.get("dst") == "default" and route.get("dev") == link for route in listed),
        str(prefix) if prefix else None,
        found,
    )


def _addresses(interfaces: t.Mapping[str, _interfaces.Interface], name: str) -> list[ipaddress.IPv6Address]:
    addresses = interfaces[name].addresses if name in interfaces else ()
    return [ipaddress.IPv6Address(one.local) for one in addresses if one.family == "inet6"]


def missing(found: Ipv6, link: str, inside: t.Sequence[str], default_route: bool) -> str | None:
    """What a connection with IPv6 has not got, in a sentence, or ``None``. ``inside``: who is to have a /64."""
    if not found.speaks:
        return f"{link} has no IPv6: the server has not agreed to it (IPv6CP)."
    if default_route and not found.default_route:
        return f"There is no IPv6 default route: the server on {link} has not advertised itself as a router."
    if not inside:
        nothing = f"{link} has only a link-local IPv6 address: the server advertises no prefix."
        return None if found.address else nothing
    without = [name for name in inside if name not in found.inside]
    if not without:
        return None
    if found.inside:
        return f"{', '.join(without)} has no IPv6 prefix: the delegated one has no /64 for each interface."
    return f"The server has not delegated an IPv6 prefix on {link} (DHCPv6)."
