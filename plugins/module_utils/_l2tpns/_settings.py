# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What l2tpns is to do: from parameters, checked. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

AUTHENTICATION = ("chap", "pap")
#: Not that of the package's example, which runs until its configuration is replaced.
GROUP = "239.192.112.112"
#: pppoe.c PPPoE_MRU, and l2tpns.h L2TP_HDRS and MINMTU.
MOST_MTU, LEAST_MTU = 1492, 576
#: l2tpns.h: char radiussecret[64], pppoe_ac_name[64], pppoe_service_name[64].
MOST_TEXT = 63
MOST_SERVERS = MOST_NEIGHBORS = 2
#: l2tpns.h MAXIPPOOL; the first entry is not used.
MOST_ADDRESSES = 131071
# In quotation marks these mean nothing but themselves; an argument that ends in "?" would ask for help (cli.c).
_SECRET = re.compile(r"[!#%&()*+,./0-9:;<=>@A-Z\[\]^_a-z{|}~-]{1,63}")
_NAME = re.compile(r"[A-Za-z0-9 ._:@+/-]{1,63}")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")


@dataclass(frozen=True)
class Server:
    """A RADIUS server; accounting is at the next port."""

    address: str
    port: int


@dataclass(frozen=True)
class Neighbor:
    """A BGP neighbor."""

    address: str
    asn: int


@dataclass(frozen=True)
class Cluster:
    """``members``: all of them, empty for a single server. ``interface``: where they hear each other."""

    address: str
    interface: str
    members: tuple[str, ...]
    group: str
    mac: str
    asn: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True)
class L2tpnsSettings:
    """``pool``: networks in CIDR notation. ``idle``: seconds after which a silent session ends.

    ``asking``: who else than the RADIUS servers may send Disconnect-Requests. ``ipv6_prefix``: the network address of
    the /64 of all customers, empty without IPv6.
    """

    interface: str
    local_address: str
    pool: tuple[str, ...]
    dns: tuple[str, ...]
    authentication: str
    echo: int
    idle: int
    mtu: int
    ac_name: str
    service_name: str
    single_session: bool
    servers: tuple[Server, ...]
    secret: str
    asking: tuple[str, ...]
    interim: int
    cluster: Cluster
    ipv6_prefix: str = ""
    ipv6_dns: tuple[str, ...] = ()


def settings(parameters: t.Mapping[str, t.Any]) -> L2tpnsSettings:
    """From the module's parameters, or ``Refused``."""
    interface = _one("interfaces", parameters["interfaces"], "l2tpns listens on one access interface.")
    _names.check_interface("interfaces[0]", interface)
    local = _pool.text(_pool.address("local_address", parameters["local_address"]))
    cluster = _cluster(parameters["cluster"] or {}, interface, local)
    if cluster.members and parameters["pool"]:
        # rebuild_address_pool: the index is kept as uint16_t, and its sign is lost.
        raise Refused(
            "pool",
            "a member of l2tpns 2.4.1 that takes over no longer finds the sessions of its own pool.",
            "Assign addresses on the RADIUS servers (pppoe_radius has pools), and leave it out.",
        )
    servers, secret = _radius(parameters["radius"], cluster)
    echo, idle = _echo(parameters["lcp_echo_interval"], parameters["lcp_echo_failure"])
    return L2tpnsSettings(
        interface,
        local,
        _networks(parameters["pool"] or [], {local, cluster.address}),
        _dns(parameters["dns_servers"] or []),
        parameters["authentication"],
        echo,
        idle,
        _mtu(parameters["mtu"], parameters["mru"]),
        _name("ac_name", parameters["ac_name"] or ""),
        _service(parameters["service_names"] or []),
        parameters["single_session"] == "replace",
        servers,
        secret,
        _asking(parameters["radius"].get("disconnect_from") or []),
        _names.check_number("radius.interim", parameters["radius"].get("interim") or 300, 60, 86400, "seconds"),
        cluster,
        _ipv6_prefix(bool(parameters.get("ipv6")), parameters.get("ipv6_prefixes") or []),
        _ipv6_dns(parameters.get("ipv6_dns_servers") or []),
    )


def _one(parameter: str, values: t.Sequence[str], reason: str) -> str:
    if len(values) != 1:
        raise Refused(parameter, f"{len(values)} are given. {reason}", "Name one.")
    return values[0]


def _address(parameter: str, value: str) -> str:
    return _pool.text(_pool.address(parameter, value))


def _networks(entries: t.Sequence[str], own: t.Collection[str]) -> tuple[str, ...]:
    """The pool as networks. l2tpns never gives out an address that ends in .0 or .255."""
    spans = _pool.spans("pool", entries) if entries else []
    for span in spans:
        for address in own:
            if span.first <= int(ipaddress.IPv4Address(address)) <= span.last:
                raise Refused("pool", f"'{span.source}' holds {address}, an address of the server.", "Leave it out.")
    if sum(span.last - span.first + 1 for span in spans) > MOST_ADDRESSES:
        raise Refused("pool", "it is too large.", f"l2tpns can give out {MOST_ADDRESSES} addresses.")
    found: list[str] = []
    for span in spans:
        # A network as a whole: what is not given out is routed all the same.
        if "/" in span.source:
            found.append(str(ipaddress.IPv4Network(span.source)))
        else:
            ends = ipaddress.IPv4Address(span.first), ipaddress.IPv4Address(span.last)
            found += map(str, ipaddress.summarize_address_range(*ends))
    return tuple(found)


def _dns(entries: t.Sequence[str]) -> tuple[str, ...]:
    if len(entries) > 2:
        raise Refused("dns_servers", f"{len(entries)} are given.", "A client gets two at most.")
    return tuple(_address(f"dns_servers[{index}]", entry) for index, entry in enumerate(entries))


def _ipv6_prefix(ipv6: bool, entries: t.Sequence[str]) -> str:
    if not ipv6 and not entries:
        return ""
    if not ipv6:
        raise Refused("ipv6_prefixes", "they need ipv6.", "Set ipv6 to true, or leave them out.")
    if len(entries) != 1:
        raise Refused(
            "ipv6_prefixes", f"{len(entries)} are given. l2tpns gives all customers addresses of one /64.", "Name one."
        )
    try:
        found = ipaddress.IPv6Network(entries[0])
    except ValueError:
        found = ipaddress.IPv6Network("::/0")
    address = found.network_address
    # l2tpns takes a first byte of 0 for "no IPv6".
    if found.prefixlen != 64 or not address.packed[0] or address.is_multicast or address.is_link_local:
        raise Refused(
            "ipv6_prefixes[0]", f"{entries[0]!r} is not a network for customers.", "Give a /64, as 2001:db8:1::/64."
        )
    return str(address)


def _ipv6_dns(entries: t.Sequence[str]) -> tuple[str, ...]:
    if len(entries) > 2:
        raise Refused("ipv6_dns_servers", f"{len(entries)} are given.", "l2tpns announces two at most.")
    found = []
    for index, entry in enumerate(entries):
        try:
            found.append(str(ipaddress.IPv6Address(entry)))
        except ValueError:
            parameter = f"ipv6_dns_servers[{index}]"
            raise Refused(parameter, f"{entry!r} is not an IPv6 address.", "Give one as 2001:db8::53.") from None
    return tuple(found)


def _echo(interval: int, failure: int) -> tuple[int, int]:
    _names.check_number("lcp_echo_interval", interval, 1, 3600, "seconds: l2tpns always asks")
    _names.check_number("lcp_echo_failure", failure, 1, 100)
    return interval, interval * (failure + 1)


def _mtu(mtu: int, mru: int) -> int:
    _names.check_number("mtu", mtu, LEAST_MTU, MOST_MTU, "bytes")
    if mru != mtu:
        raise Refused("mru", f"{mru} differs from mtu, {mtu}.", "Set both alike: l2tpns has one value.")
    return mtu


def _name(parameter: str, value: str) -> str:
    if value and not _NAME.fullmatch(value):
        raise Refused(
            parameter, f"{value!r} is not allowed.", f"Use 1 to {MOST_TEXT} of A-Z a-z 0-9 . _ : @ + / - and blanks."
        )
    return value


def _service(names: t.Sequence[str]) -> str:
    if len(names) > 1:
        raise Refused("service_names", f"{len(names)} are given.", "l2tpns offers one service.")
    return _name("service_names[0]", names[0]) if names else ""


def _radius(radius: t.Mapping[str, t.Any] | None, cluster: Cluster) -> tuple[tuple[Server, ...], str]:
    """The servers, and the one secret for all of them."""
    entries = (radius or {}).get("servers") or []
    if not 1 <= len(entries) <= MOST_SERVERS:
        raise Refused(
            "radius.servers",
            f"{len(entries)} are given.",
            f"l2tpns has no accounts of its own: name 1 to {MOST_SERVERS} RADIUS servers.",
        )
    servers = []
    for index, entry in enumerate(entries):
        at = f"radius.servers[{index}]"
        if entry.get("tls"):
            raise Refused(f"{at}.tls", "l2tpns has no RADIUS over TLS.", "Leave it out.")
        port = _names.check_number(f"{at}.port", entry.get("port") or 1812, 1, 65534)
        servers.append(Server(_address(f"{at}.address", entry["address"]), port))
    secrets = {entry.get("secret") or "" for entry in entries}
    _secret("radius.servers[0].secret", entries[0].get("secret") or "")
    if len(secrets) > 1:
        raise Refused("radius.servers[1].secret", "it differs from the first one.", "l2tpns has one for all of them.")
    _same_secret(radius or {}, secrets)
    _nas(radius or {}, cluster)
    return tuple(servers), entries[0]["secret"]


def _secret(parameter: str, secret: str) -> None:
    if not _SECRET.fullmatch(secret):
        raise Refused(
            parameter,
            "it is not set, too long, or holds a character that is not allowed.",
            f"Use 1 to {MOST_TEXT} ASCII characters, but no blanks, quotation marks, backslashes, backticks, $ and ?.",
        )


def _same_secret(radius: t.Mapping[str, t.Any], secrets: t.Collection[str]) -> None:
    given = radius.get("disconnect_secret")
    if given and given not in secrets:
        raise Refused(
            "radius.disconnect_secret",
            "it differs from the secret of the servers, which l2tpns expects in Disconnect-Requests too.",
            "Give the same one here and on the RADIUS servers.",
        )


def _asking(entries: t.Sequence[str]) -> tuple[str, ...]:
    found = []
    for index, entry in enumerate(entries):
        try:
            found.append(str(ipaddress.IPv4Network(entry)))
        except ValueError:
            problem = f"{entry!r} is not an IPv4 address or network."
            raise Refused(f"radius.disconnect_from[{index}]", problem, "Give one such as 192.0.2.0/24.") from None
    return tuple(found)


def _nas(radius: t.Mapping[str, t.Any], cluster: Cluster) -> None:
    if radius.get("nas_identifier"):
        raise Refused("radius.nas_identifier", "l2tpns sends none.", "Leave it out.")
    given = radius.get("nas_address")
    if given and given not in (cluster.address, *cluster.members):
        raise Refused(
            "radius.nas_address",
            f"{given} is neither cluster.address, {cluster.address}, nor that of a member.",
            "Give the address from which this member reaches the servers, or leave it out.",
        )


def _cluster(given: t.Mapping[str, t.Any], access: str, local: str) -> Cluster:
    members = tuple(_address(f"cluster.members[{index}]", one) for index, one in enumerate(given.get("members") or []))
    if len(members) == 1 or len(set(members)) < len(members):
        raise Refused("cluster.members", "one member, or one twice.", "Name all members, two or more, or none.")
    interface = given.get("interface") or ""
    if members and not interface:
        raise Refused("cluster.interface", "not set.", "Name the interface on which the members reach each other.")
    if interface:
        _names.check_interface("cluster.interface", interface)
    if interface == access:
        raise Refused(
            "cluster.interface",
            f"{interface} is the access interface, and the cluster's protocol has no authentication.",
            "Use an interface that no customer reaches.",
        )
    address = _address("cluster.address", given.get("address") or local)
    if address in members:
        raise Refused("cluster.address", f"{address} is a member's own address.", "Give one that all members share.")
    asn, neighbors = _bgp(given.get("bgp") or {})
    return Cluster(
        address, interface or "lo", members, _group(given.get("group") or GROUP), _mac(given, address), asn, neighbors
    )


def _group(value: str) -> str:
    try:
        found = ipaddress.IPv4Address(value)
    except ValueError:
        found = ipaddress.IPv4Address(0)
    if not found.is_multicast:
        raise Refused("cluster.group", f"{value!r} is not a multicast address.", f"Give one such as {GROUP}.")
    return str(found)


def _mac(given: t.Mapping[str, t.Any], address: str) -> str:
    """The one address that all members have on the access interface."""
    text = given.get("mac") or "02:70:" + ":".join(f"{octet:02x}" for octet in ipaddress.IPv4Address(address).packed)
    mac = _names.mac("cluster.mac", text)
    if not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1:
        raise Refused("cluster.mac", f"{text!r} is not the address of an interface.", "Give a unicast address.")
    return mac


def _bgp(given: t.Mapping[str, t.Any]) -> tuple[int, tuple[Neighbor, ...]]:
    if not given:
        return 0, ()
    asn = _names.check_number("cluster.bgp.as_number", given.get("as_number") or 0, 1, 65535)
    entries = given.get("neighbors") or []
    if not 1 <= len(entries) <= MOST_NEIGHBORS:
        problem = f"{len(entries)} are given."
        raise Refused("cluster.bgp.neighbors", problem, f"l2tpns has room for 1 to {MOST_NEIGHBORS}.")
    found = []
    for index, entry in enumerate(entries):
        at = f"cluster.bgp.neighbors[{index}]"
        remote = _names.check_number(f"{at}.as_number", entry.get("as_number") or asn, 1, 65535)
        found.append(Neighbor(_address(f"{at}.address", entry["address"]), remote))
    return asn, tuple(found)
