# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network interfaces of this host. Private to this collection."""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import struct
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: What PPPoE adds to a packet (RFC 2516, 7), Ethernet's usual MTU, and the most that any network has.
PPPOE_OVERHEAD, ETHERNET_MTU, MOST_MTU = 8, 1500, 9216
SYSFS = "/sys/class/net"
ROUTES = "/proc/net/route"
VLANS = "/proc/net/vlan/config"
_IFF_UP = 0x1  # linux/if.h
_RTF_UP, _RTF_GATEWAY = 0x1, 0x2  # linux/route.h
_NETLINK_ROUTE = 0  # linux/netlink.h
_GROUPS = 0x1 | 0x10 | 0x40  # linux/rtnetlink.h: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE
_SIOCGIFADDR, _SIOCGIFDSTADDR = 0x8915, 0x8917  # linux/sockios.h


@dataclass(frozen=True)
class Address:
    """An address of an interface; ``peer`` is the other end of a point-to-point link."""

    family: str  # "inet" or "inet6"
    local: str
    prefix: int
    peer: str | None = None


@dataclass(frozen=True)
class Interface:
    """An interface as ``ip -j addr`` shows it."""

    name: str
    mtu: int
    addresses: tuple[Address, ...]

    def ipv4(self) -> Address | None:
        """The first IPv4 address, ``None`` if it has none."""
        return next((address for address in self.addresses if address.family == "inet"), None)


def names() -> list[str]:
    """The names of the interfaces that exist, without the loopback."""
    # /sys/class/net also has plain files, such as bonding_masters.
    return sorted(name for name in os.listdir(SYSFS) if name != "lo" and os.path.isdir(os.path.join(SYSFS, name)))


def require(parameter: str, name: str, more: str = "", existing: t.Sequence[str] | None = None) -> None:
    """Refuse the name of an interface that doesn't exist, naming those that do, and ``more`` if that is given.

    ``existing``: those that were seen; without it, the host is asked.
    """
    existing = names() if existing is None else existing
    if name not in existing:
        # A server has a link for each session, and interfaces that only delay packets.
        shown = sorted((one for one in existing if not one.startswith("pppoe-hold")), key=_names.is_numbered)
        there = f"It has: {_text.listed(shown)}." if shown else "It has none but the loopback."
        raise Refused(parameter, f"this host has no interface {name!r}.", there + more)


def default_route_in_words() -> str:
    """Words on the interface that the default IPv4 route leads through, for ``require``."""
    routes = default_routes()
    return f" The default route leads through {routes[0].device}." if routes else " It has no default route."


def mtu(name: str) -> int:
    """The MTU of an interface that exists."""
    with open(os.path.join(SYSFS, name, "mtu"), encoding="ascii") as handle:
        return int(handle.read())


def number(name: str) -> str:
    """The kernel's number of an interface, nothing if that has gone."""
    return _attribute(name, "ifindex")


def is_ethernet(name: str) -> bool:
    """Whether it has Ethernet's framing (ARPHRD_ETHER, linux/if_arp.h), as PPPoE needs."""
    return _attribute(name, "type") == "1"


def alias(name: str) -> str:
    """What ``ip link set … alias`` has noted of it."""
    return _attribute(name, "ifalias")


def bridge_or_bond(name: str) -> str | None:
    """The bridge, bond or the like that it is a port of; a VRF only concerns what is above IP."""
    try:
        master = os.path.basename(os.readlink(os.path.join(SYSFS, name, "master")))
    except OSError:
        return None
    return None if "DEVTYPE=vrf" in _attribute(master, "uevent").split() else master


def is_up(name: str) -> bool:
    """Whether an interface that exists was set up, be its cable plugged in or not."""
    return bool(int(_attribute(name, "flags") or "0", 16) & _IFF_UP)


def has_no_carrier(name: str) -> bool:
    """Whether an interface that is up has no cable, or nobody at its other end."""
    return _attribute(name, "carrier") == "0"


def _attribute(name: str, attribute: str) -> str:
    try:
        with open(os.path.join(SYSFS, name, attribute), encoding="utf-8", errors="replace") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def addresses(module: AnsibleModule) -> dict[str, Interface]:
    """All interfaces by name, with their addresses."""
    ip = module.get_bin_path("ip", required=True)
    _rc, out, _err = module.run_command([ip, "-j", "addr"], check_rc=True)
    return parse_addresses(out)


def most_mtu(module: AnsibleModule) -> dict[str, int]:
    """The largest MTU that each interface can have, as far as its driver says."""
    ip = module.get_bin_path("ip", required=True)
    _rc, out, _err = module.run_command([ip, "-d", "-j", "link"], check_rc=True)
    return {one["ifname"]: one["max_mtu"] for one in json.loads(out or "[]") if one.get("max_mtu")}


def parse_addresses(text: str) -> dict[str, Interface]:
    """What ``ip -j addr`` printed, by interface name."""
    found = {}
    for entry in json.loads(text or "[]"):
        # Old versions of ip print empty objects for what a filter leaves out.
        if "ifname" not in entry:
            continue
        found[entry["ifname"]] = Interface(
            name=entry["ifname"],
            mtu=entry.get("mtu", 0),
            addresses=tuple(
                # With a peer, ip calls the peer "address", and the prefix is the peer's (ip-address(8)).
                Address(info["family"], info["local"], info["prefixlen"], info.get("address"))
                for info in entry.get("addr_info", ())
                if "local" in info
            ),
        )
    return found


@dataclass(frozen=True)
class Route:
    """A default route of the main table."""

    device: str
    gateway: str | None
    metric: int

    def __str__(self) -> str:
        return (f"via {self.gateway} " if self.gateway else "") + f"on {self.device}"


def default_routes() -> list[Route]:
    """The IPv4 default routes of this host, the one that counts first."""
    with open(ROUTES, encoding="ascii") as handle:
        return parse_routes(handle.read())


def parse_routes(text: str) -> list[Route]:
    """The default routes in ``/proc/net/route``, by their metric."""
    # Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask ... (kernel: net/ipv4/fib_trie.c)
    rows = [line.split() for line in text.splitlines()[1:]]
    found = []
    for row in rows:
        # The flags of a route that refuses packets have _RTF_UP too, but it has no interface.
        if row[1] == row[7] == "00000000" and int(row[3], 16) & _RTF_UP and row[0] != "*":
            # The kernel prints the bytes of the address as a number of this machine.
            gateway = socket.inet_ntoa(struct.pack("=I", int(row[2], 16)))
            found.append(Route(row[0], gateway if int(row[3], 16) & _RTF_GATEWAY else None, int(row[6])))
    return sorted(found, key=lambda route: route.metric)


def ends(name: str) -> Address | None:
    """The IPv4 address of a point-to-point link and that of its other end, without a program; ``None`` if it has none.

    By the ioctls of netdevice(7), which know one address of an interface.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("=256s", name.encode())
        try:
            local, peer = (
                socket.inet_ntoa(fcntl.ioctl(asking, question, request)[20:24])
                for question in (_SIOCGIFADDR, _SIOCGIFDSTADDR)
            )
        except OSError:
            return None
    return Address("inet", local, 32, peer)


class Events:
    """Waits until the kernel reports something of an interface, an IPv4 address or an IPv4 route (rtnetlink(7)).

    A process that waits costs nothing; one that looks again and again takes the processor from the dial it waits for.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, _NETLINK_ROUTE)
        self._socket.bind((0, _GROUPS))

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def wait(self, seconds: float) -> bool:
        """Whether there was something within so many seconds; several at once are one."""
        ready = bool(select.select([self._socket], [], [], seconds)[0])
        # What does not fit into the socket's buffer is lost, which is an event too.
        with suppress(OSError):
            while ready:
                self._socket.recv(1 << 16)
        return ready


def vlans() -> dict[str, tuple[str, int]]:
    """The VLAN interfaces of this host: on which interface each is, and the VLAN's number."""
    try:
        with open(VLANS, encoding="utf-8", errors="replace") as handle:
            return parse_vlans(handle.read())
    except OSError:
        return {}


def parse_vlans(text: str) -> dict[str, tuple[str, int]]:
    """What ``/proc/net/vlan/config`` has: ``vlan7 | 7 | eth0`` below two lines of headings."""
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    return {row[0]: (row[2], int(row[1])) for row in rows if len(row) == 3 and row[1].isdigit()}
