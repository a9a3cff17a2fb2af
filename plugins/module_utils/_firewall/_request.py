# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT behind an outside interface: what is asked for, checked. Private to this collection.

Rules, files and units of a dial-up client are named ``client.NAME``/``client-NAME``, apart from those of the module
masquerade.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _ranges, _walled_garden
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
EVERYTHING = (0, 0xFFFFFFFF)
CUSTOMERS = "ppp*"


#: What begins the comment of a rule of ours.
COMMENT = "dialtone.pppoe "


def comment(owner: str) -> str:
    """What marks a rule as ours."""
    return COMMENT + owner


def firewalld_comment(owner: str) -> str:
    """What marks a direct rule of firewalld: not that of the backend iptables, in whose tables it puts them."""
    return comment(owner) + " firewalld"


@dataclass(frozen=True)
class PortForward:
    """Packets to this ``port`` (``80``, ``8000-8010``) of the outside interface go to a customer's ``address``.

    ``to_port`` is empty where the port stays as it is.
    """

    protocol: str
    port: str
    address: str
    to_port: str = ""

    @property
    def final_port(self) -> str:
        return self.to_port or self.port


@dataclass(frozen=True)
class FirewallRequest:
    """What one owner wants of the firewall.

    ``translate``: packets from ``sources`` (none: from everywhere) that leave by ``out_interface`` get its address.
    ``inside``: the interfaces of those behind it, with ``*`` for any ending; empty for all.
    ``guard``: what was not asked for from inside is kept out at ``out_interface`` (IPv4, and IPv6 with ``guard_ipv6``).
    ``garden``: the walled garden of customers who may not connect.
    ``own_sources``: IPv6 packets from ``inside`` pass only if their source is routed back there; ``networks6``: what
    sources they have.
    ``delegated``: those behind the host use IPv6 by ``out_interface``.
    ``kind``: ``masquerade``, ``client``, ``delegation`` or ``ipv6``, what owns it.
    """

    name: str
    out_interface: str
    sources: tuple[_ranges.Source, ...] = ()
    clamp_mss: bool = False
    random_fully: bool = False
    port_forwards: tuple[PortForward, ...] = ()
    translate: bool = True
    inside: str = CUSTOMERS
    guard: bool = False
    guard_ipv6: bool = False
    garden: _walled_garden.Garden | None = None
    own_sources: bool = False
    networks6: tuple[str, ...] = ()
    delegated: bool = False
    kind: str = "masquerade"

    @property
    def owner(self) -> str:
        """What our rules are marked with: the name, and whose it is if not the module masquerade's."""
        return self.name if self.kind == "masquerade" else f"{self.kind}.{self.name}"

    @property
    def admits(self) -> str:
        """The family of what has to pass chains of others that drop: ``ip``, ``ip6``, or nothing."""
        return "ip" if self.translate else "ip6" if self.own_sources or self.delegated else ""

    @property
    def stem(self) -> str:
        """What our files are called."""
        return f"{self.kind}-{self.name}"

    @property
    def families(self) -> tuple[str, ...]:
        """The families in which this owner may have rules, now or from an earlier run."""
        return {"client": ("ip", "ip6"), "delegation": ("ip6",), "ipv6": ("ip6",)}.get(self.kind, ("ip",))


def request(
    name: str,
    out_interface: str | None,
    source: list[str] | None,
    clamp_mss: bool,
    random_fully: bool = False,
    port_forwards: list[dict[str, t.Any]] | None = None,
    walled_garden: dict[str, t.Any] | None = None,
) -> FirewallRequest:
    """The parameters, checked; ``out_interface`` is ``None`` where rules are only to be taken away."""
    _names.check_name(name)
    if out_interface is None:
        return FirewallRequest(name, "")
    _names.check_interface("out_interface", out_interface)
    sources = {_source(index, text) for index, text in enumerate(source or [])}
    return FirewallRequest(
        name,
        out_interface,
        tuple(sorted(sources)),
        clamp_mss,
        random_fully,
        forwarded(port_forwards or []),
        garden=_walled_garden.garden(walled_garden),
    )


def ipv6_request(name: str, networks: t.Iterable[t.Any] = ()) -> FirewallRequest:
    """What keeps customers of a server from sending by IPv6 what is not theirs, which is in ``networks``."""
    _names.check_name(name)
    found = tuple(map(str, networks))
    return FirewallRequest(name, "", clamp_mss=True, translate=False, own_sources=True, networks6=found, kind="ipv6")


def client_request(name: str, interface: str, firewall: str, ipv6: bool = True) -> FirewallRequest:
    """The firewall of a dial-up client: ``standalone`` or ``masquerade``, on its ``interface``, which need not exist.

    ``standalone`` keeps out what was not asked for from this host or from behind it, but for pings; ``masquerade``
    also gives the address of the link to what leaves by it. ``ipv6``: whether this host's kernel has it.
    """
    _names.check_name(name)
    _names.check_interface("interface", interface)
    translate = firewall == "masquerade"
    return FirewallRequest(
        name,
        interface,
        clamp_mss=translate,
        translate=translate,
        inside="",
        guard=True,
        guard_ipv6=ipv6,
        kind="client",
    )


def delegation_request(name: str, interface: str) -> FirewallRequest:
    """What lets the networks behind a dial-up client use the IPv6 prefix that its ``interface`` has been delegated."""
    _names.check_name(name)
    _names.check_interface("interface", interface)
    return FirewallRequest(
        name, interface, clamp_mss=True, translate=False, inside="", delegated=True, kind="delegation"
    )


def _source(index: int, text: str) -> _ranges.Source:
    parameter = f"source[{index}]"
    first, dash, last = text.strip().partition("-")
    try:
        if dash:
            found = _ranges.Source(int(ipaddress.IPv4Address(first.strip())), int(ipaddress.IPv4Address(last.strip())))
        else:
            network = ipaddress.IPv4Network(first)
            found = _ranges.Source(int(network.network_address), int(network.broadcast_address))
    except ValueError as error:
        raise Refused(parameter, f"{text!r} is not an IPv4 network.", _fix(text, error)) from None
    if found.last < found.first:
        raise Refused(parameter, f"{text!r} ends before it begins.", "Put the lower address first.")
    if found == EVERYTHING:
        raise Refused(parameter, f"{text!r} is every address.", "Omit source to translate all addresses.")
    return found


def _fix(text: str, error: ValueError) -> str:
    try:
        return f"It has bits set beyond its prefix; the network is {ipaddress.IPv4Network(text.strip(), strict=False)}."
    except ValueError:
        if ":" in text:
            return "Source NAT of this module is for IPv4 only."
        return f"Write it like 10.67.0.0/24, 10.67.0.9 or 10.67.0.2-10.67.0.99. ({error})"


def forwarded(entries: list[dict[str, t.Any]]) -> tuple[PortForward, ...]:
    """The ports to forward, checked, in their order."""
    found: list[PortForward] = []
    for index, entry in enumerate(entries):
        one = _port_forward(f"port_forwards[{index}]", entry)
        for earlier in found:
            if same_port(one, earlier):
                raise Refused(
                    f"port_forwards[{index}].port",
                    f"{one.protocol} port {one.port} is forwarded to {earlier.address} already.",
                    "Forward each port only once.",
                )
        found.append(one)
    return tuple(sorted(found, key=lambda one: (one.protocol, _ends(one.port))))


def _port_forward(parameter: str, entry: dict[str, t.Any]) -> PortForward:
    port, to_port = (_ports(f"{parameter}.{key}", entry.get(key)) for key in ("port", "to_port"))
    if to_port and "-" in port + to_port and port != to_port:
        raise Refused(
            f"{parameter}.to_port",
            f"{to_port} is given for port {port}.",
            "A range of ports keeps its numbers: leave to_port out.",
        )
    address = str(entry["to_address"])
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        raise Refused(
            f"{parameter}.to_address", f"{address!r} is not an IPv4 address.", "Give a customer's address."
        ) from None
    return PortForward(entry["protocol"], port, str(parsed), "" if to_port == port else to_port)


def _ports(parameter: str, value: t.Any) -> str:
    text = str("" if value is None else value).strip()
    if not text and parameter.endswith(".to_port"):
        return ""
    match = PORTS.fullmatch(text)
    if not match or not 1 <= _ends(text)[0] <= _ends(text)[1] <= 65535:
        raise Refused(
            parameter, f"{text!r} is not a port.", "Give a number from 1 to 65535, or a range such as 8000-8010."
        )
    first, last = _ends(text)
    return str(first) if first == last else f"{first}-{last}"


def _ends(port: str) -> tuple[int, int]:
    first, _dash, last = port.partition("-")
    return int(first), int(last or first)


def same_port(one: PortForward, other: PortForward) -> bool:
    """Whether both forward a port of one protocol."""
    first, second = _ends(one.port), _ends(other.port)
    return one.protocol == other.protocol and first[0] <= second[1] and second[0] <= first[1]
