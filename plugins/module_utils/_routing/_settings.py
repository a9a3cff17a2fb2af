# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How customers' routes are announced: from parameters, checked. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

#: The kernel's own tables (rtnetlink(7)).
_TAKEN = (0, 253, 254, 255)
#: What stands in quotation marks in the files of BIRD, and in those of FRR without them, and means nothing else there.
_PASSWORD = re.compile(r"[%&()*+,./0-9:;<=>@A-Z\[\]^_a-z{|}~-]+")


@dataclass(frozen=True)
class Ospf:
    """``hello`` and ``dead`` in seconds. ``area``: as an address."""

    interfaces: tuple[str, ...]
    area: str
    hello: int
    dead: int
    password: str = ""


@dataclass(frozen=True)
class Neighbor:
    address: str
    as_number: int
    password: str = ""

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.address).version


@dataclass(frozen=True)
class Bgp:
    as_number: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True)
class RoutingSettings:
    """``router_id``: empty for that of the daemon's own configuration. ``aggregates``: announced as a whole."""

    engine: str
    table: int
    router_id: str = ""
    ipv6: bool = False
    ospf: Ospf | None = None
    bgp: Bgp | None = None
    aggregates: tuple[Network, ...] = ()
    proxy_arp: tuple[str, ...] = ()

    @property
    def has_password(self) -> bool:
        neighbors = self.bgp.neighbors if self.bgp else ()
        return bool(self.ospf and self.ospf.password) or any(one.password for one in neighbors)

    def of_version(self, version: int) -> list[Network]:
        return [one for one in self.aggregates if one.version == version]


def settings(parameters: t.Mapping[str, t.Any]) -> RoutingSettings:
    """From the module's parameters, or ``Refused``."""
    given = RoutingSettings(
        parameters["engine"],
        _table(parameters["table"]),
        _router_id(parameters["router_id"]),
        parameters["ipv6"],
        _ospf(parameters["ospf"]),
        _bgp(parameters["bgp"]),
        _aggregates(parameters["aggregates"]),
        _interfaces("proxy_arp", parameters["proxy_arp"]),
    )
    if given.engine == "none":
        for name in ("ospf", "bgp", "aggregates"):
            if parameters[name]:
                raise Refused(name, "nothing is announced with engine=none.", "Take it away, or use bird.")
        if not given.proxy_arp:
            raise Refused("engine", "none does nothing without proxy_arp.", "Name interfaces there, or use bird.")
    if any(one.version == 6 for one in given.aggregates) and not given.ipv6:
        raise Refused("ipv6", "is false, but there are IPv6 networks in aggregates.", "Set it to true.")
    for index, neighbor in enumerate(given.bgp.neighbors if given.bgp else ()):
        if neighbor.version == 6 and not given.ipv6:
            fix = "Set ipv6 to true, or take the neighbor away."
            raise Refused(
                f"bgp.neighbors[{index}].address", f"{neighbor.address} would get IPv6 routes, but ipv6 is false.", fix
            )
    return given


def _table(number: int) -> int:
    if number in _TAKEN or not 0 < number < 1 << 32:
        fix = "Give a number from 1 to 4294967295 that nothing else uses, but not 253 to 255."
        raise Refused("table", f"{number} is no table for routes of customers.", fix)
    return number


def _router_id(text: str | None) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise Refused("router_id", f"{text!r} is not an IPv4 address.", "Give an address of this host.") from None


def _ospf(given: t.Mapping[str, t.Any] | None) -> Ospf | None:
    if not given:
        return None
    interfaces = _interfaces("ospf.interfaces", given["interfaces"])
    if not interfaces:
        raise Refused("ospf.interfaces", "there are none.", "Name those that lead to the routers of the network.")
    hello = _names.check_number("ospf.hello", given["hello"], 1, 3600, "seconds")
    dead = given["dead"] or 4 * hello
    if not hello < dead <= 65535:
        raise Refused("ospf.dead", f"{dead} is not longer than hello.", "Give some times the seconds of hello.")
    password = _password("ospf.password", given["password"], 16)
    return Ospf(interfaces, _area(given["area"]), hello, dead, password)


def _area(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(int(text) if text.isdigit() else text))
    except ValueError:
        raise Refused(
            "ospf.area", f"{text!r} is not an area.", "Give a number, or it as an address: 0.0.0.0."
        ) from None


def _interfaces(parameter: str, names: t.Sequence[str] | None) -> tuple[str, ...]:
    for index, name in enumerate(names or ()):
        _names.check_interface(f"{parameter}[{index}]", name)
        if name.startswith("ppp"):
            fix = "Name interfaces that lead to the routers of the network."
            raise Refused(f"{parameter}[{index}]", f"{name} is a link of a customer.", fix)
    return tuple(dict.fromkeys(names or ()))


def _bgp(given: t.Mapping[str, t.Any] | None) -> Bgp | None:
    if not given:
        return None
    own = _as_number("bgp.as_number", given["as_number"])
    if not given["neighbors"]:
        raise Refused("bgp.neighbors", "there are none.", "Name the routers of the network.")
    neighbors: list[Neighbor] = []
    for index, one in enumerate(given["neighbors"]):
        parameter = f"bgp.neighbors[{index}]"
        address = _address(f"{parameter}.address", one["address"])
        if address in [other.address for other in neighbors]:
            raise Refused(f"{parameter}.address", f"{address} is named twice.", "Name each neighbor once.")
        as_number = own if one["as_number"] is None else _as_number(f"{parameter}.as_number", one["as_number"])
        neighbors.append(Neighbor(address, as_number, _password(f"{parameter}.password", one["password"], 80)))
    return Bgp(own, tuple(neighbors))


def _as_number(parameter: str, number: int) -> int:
    return _names.check_number(parameter, number, 1, 4294967294)


def _address(parameter: str, text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Refused(parameter, f"{text!r} is not an address.", "Give an IPv4 or IPv6 address, not a name.") from None
    if address.is_unspecified or address.is_multicast or address.is_link_local:
        raise Refused(parameter, f"{address} is not the address of a router.", "Give an address that it really has.")
    return str(address)


def _password(parameter: str, text: str | None, most: int) -> str:
    if text and (len(text) > most or not _PASSWORD.fullmatch(text)):
        raise Refused(
            parameter,
            "it holds a character that is not allowed, or is too long.",
            f"Use 1 to {most} ASCII characters, but no blanks, quotation marks, backslashes, backticks and ! # $ ?.",
        )
    return text or ""


def _aggregates(texts: t.Sequence[str] | None) -> tuple[Network, ...]:
    found: list[Network] = []
    for index, text in enumerate(texts or ()):
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            fix = "Give networks as 192.0.2.0/24, without bits of a host."
            raise Refused(f"aggregates[{index}]", f"{text!r} is not a network.", fix) from None
        if any(network.version == one.version and network.overlaps(one) for one in found):
            raise Refused(f"aggregates[{index}]", f"{network} overlaps another one.", "Name each address once.")
        found.append(network)
    return tuple(found)
