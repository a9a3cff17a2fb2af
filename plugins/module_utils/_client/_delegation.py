# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A delegated IPv6 prefix for the networks behind a client: what may be asked for, and what a host can do about it.

Private to this collection. Pure. The protocol is spoken by systemd-networkd (``_networkd``), which asks for the prefix,
divides it, and advertises it inside, or by dhcpcd, with radvd to advertise it (``_dhcpcd``).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

AUTO, NETWORKD, DHCPCD = "auto", "networkd", "dhcpcd"
#: The version of dhcpcd from which on it ends when it is asked to, and gets a prefix on each link that comes.
LEAST_DHCPCD = 10
#: The length of what addresses are made from (RFC 4862), and the shortest that is ever delegated to a customer.
SUBNET, SHORTEST = 64, 32


@dataclass(frozen=True)
class Delegation:
    """``interfaces``: those that get a /64 each, in the order of the /64s. ``length``: of the prefix to ask for.

    ``client``: ``dhcpcd``, or else systemd-networkd.
    """

    interfaces: tuple[str, ...]
    length: int = 56
    client: str = AUTO

    @property
    def by_dhcpcd(self) -> bool:
        return self.client == DHCPCD


@dataclass(frozen=True)
class Inside:
    """An interface that is to get a /64. ``network_file``: that by which systemd-networkd configures it, if it does.

    ``manager``: what else manages it.
    """

    there: bool = False
    network_file: str | None = None
    manager: str | None = None


@dataclass(frozen=True)
class ObservedDhcpcd:
    """``version``: of the dhcpcd that is installed; ``radvd``: that it is. ``running``: those of our units that do.

    ``rival``: the process of a dhcpcd that manages all interfaces. ``machine_id``: as of machine-id(5).
    """

    version: str | None = None
    radvd: bool = False
    running: tuple[str, ...] = ()
    rival: int | None = None
    machine_id: str = ""


@dataclass(frozen=True)
class ObservedDelegation:
    """The host. ``networkd``: that it is installed; ``runs``, ``enabled``: its unit; ``would``: the configuration of
    others that it would act on if it was started. ``files``: those that an earlier run has made for the connection;
    ``others``: whether another connection has such files.
    """

    networkd: bool = False
    runs: bool = False
    enabled: bool = False
    would: tuple[str, ...] = ()
    inside: t.Mapping[str, Inside] | None = None
    files: tuple[str, ...] = ()
    others: bool = False
    dhcpcd: ObservedDhcpcd = field(default_factory=ObservedDhcpcd)


def delegation(value: t.Mapping[str, t.Any] | None, ipv6: bool, demand: bool) -> Delegation | None:
    """The parameter, as far as it can be judged without the host."""
    if value is None:
        return None
    interfaces = tuple(value["interfaces"])
    if not interfaces:
        raise Refused("ipv6_delegation.interfaces", "there are none.", "Give those that lead inside, or leave it out.")
    for index, name in enumerate(interfaces):
        _names.check_interface(f"ipv6_delegation.interfaces[{index}]", name)
        if name in interfaces[:index]:
            raise Refused(f"ipv6_delegation.interfaces[{index}]", f"{name} is there twice.", "Give each once.")
    length = _names.check_number("ipv6_delegation.length", value["length"], SHORTEST, SUBNET)
    if len(interfaces) > 1 << (SUBNET - length):
        problem = f"a prefix of /{length} has no /64 for each of {len(interfaces)} interfaces."
        raise Refused("ipv6_delegation.length", problem, "Give a smaller number.")
    if not ipv6:
        raise Refused("ipv6_delegation", "it needs a link with IPv6.", "Set ipv6=true.")
    if demand:
        problem = "a link that is dialled on demand has no prefix while it sleeps."
        raise Refused("ipv6_delegation", problem, "Leave demand_idle out.")
    return Delegation(interfaces, length, value["client"])


def check(
    wanted: Delegation, outside: t.Container[str], host: ObservedDelegation, to_systemd: bool, check_mode: bool = False
) -> list[str]:
    """``Refused`` for what this host cannot do, else the warnings. ``outside``: the interfaces of the connection.

    In check mode, dhcpcd may still be missing, since a run may install it first.
    """
    inside = host.inside or {}
    for index, name in enumerate(wanted.interfaces):
        parameter = f"ipv6_delegation.interfaces[{index}]"
        if name in outside:
            raise Refused(parameter, f"{name} leads outside.", "Give the interfaces of the networks behind this host.")
        if not inside.get(name, Inside()).there:
            fix = "Correct the name, or make the interface first."
            raise Refused(parameter, f"this host has no interface {name!r}.", fix)
    if not to_systemd:
        program = "dhcpcd" if wanted.by_dhcpcd else "systemd-networkd"
        raise Refused("ipv6_delegation", f"it needs systemd, which runs {program}.", "Use startup=systemd.")
    if wanted.by_dhcpcd:
        _check_dhcpcd(host.dhcpcd, check_mode)
    else:
        _check_networkd(wanted.client, host)
    return [
        f"{inside[name].manager} manages {name}, too, and may take from it the addresses of the delegated prefix. Have "
        f"it leave {name} alone, or its IPv6."
        for name in wanted.interfaces
        if inside[name].manager
    ]


def _check_networkd(client: str, host: ObservedDelegation) -> None:
    if not host.networkd and client == AUTO:
        fix = "Install one of them: systemd-networkd, or dhcpcd 10 or newer and radvd."
        raise Refused("ipv6_delegation.client", "neither systemd-networkd nor dhcpcd is installed on this host.", fix)
    if not host.networkd:
        fix = "Install the package that has it (systemd, or systemd-networkd)."
        raise Refused("ipv6_delegation.client", "systemd-networkd is not installed on this host.", fix)
    if not host.runs and host.would:
        problem = f"systemd-networkd does not run here, and it would act on {', '.join(host.would[:3])}, too."
        raise Refused("ipv6_delegation.client", problem, "Start it yourself, or move these files away.")


def _check_dhcpcd(host: ObservedDhcpcd, check_mode: bool) -> None:
    missing = [name for name, there in (("dhcpcd", host.version), ("radvd", host.radvd)) if not there]
    if missing and not check_mode:
        problem = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed on this host."
        raise Refused("ipv6_delegation.client", problem, "Install dhcpcd 10 or newer and radvd, or use networkd.")
    if host.version and _client_dhcpcd.major(host.version) < LEAST_DHCPCD:
        problem = f"dhcpcd {host.version} is installed here, which may get no prefix and may not end when asked to."
        raise Refused("ipv6_delegation.client", problem, "Use networkd, or install dhcpcd 10 or newer.")
    if host.rival is not None:
        problem = f"a dhcpcd that manages all interfaces runs here (process {host.rival}), and allows no other one."
        raise Refused("ipv6_delegation.client", problem, "Have it manage one interface (dhcpcd eth0), or use networkd.")


def action(wanted: Delegation | None, host: ObservedDelegation, changed: bool) -> str | None:
    """What follows for systemd-networkd: ``start``, ``reload``, ``stop`` (which is a reload first), or nothing.

    It ends with the last delegation if nothing but that has started it: it has no other file, and is not enabled.
    """
    if wanted is not None and not wanted.by_dhcpcd:
        return "start" if not host.runs else "reload" if changed else None
    if not changed or not host.runs:
        return None
    return "reload" if host.enabled or host.would or host.others else "stop"
