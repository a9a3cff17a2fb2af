# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance held against the way of its host to the internet. Private; pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Interface, Route
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._config import Instance


def refuse_gateway(instance: Instance, routes: t.Sequence[Route]) -> None:
    """Refuse to give the address of the gateway to this host or to a client: the host would lose its way out."""
    for route in routes:
        if route.gateway == instance.local_address:
            raise Refused(
                "local_address",
                f"{route.gateway} is the gateway of the default route on {route.device}.",
                "Give this host an address that no other host has.",
            )
        if route.gateway in instance.every_address:
            raise Refused(
                "pool",
                f"it holds {route.gateway}, the gateway of the default route on {route.device}.",
                "Leave it out of the pool, or name it in reserved_addresses.",
            )


def warnings(instance: Instance, interfaces: t.Mapping[str, Interface], routes: t.Sequence[Route]) -> list[str]:
    """What is possible, but rarely meant."""
    found = []
    for device in dict.fromkeys(route.device for route in routes):
        if device in instance.interfaces:
            found.append(f"interfaces: {device} is also the interface of the default route. Is it the inside one?")
        network = _network_of(instance, interfaces.get(device))
        if network and not _answers_for_clients(instance):
            found.append(
                f"pool: it has addresses of {network}, the network of {device}, where other hosts may have them. Use a "
                "network of its own, or add the option proxyarp and keep these addresses free there."
            )
    return found


def _network_of(instance: Instance, interface: Interface | None) -> ipaddress.IPv4Network | None:
    """The network of the interface that addresses of the pool are in; a point-to-point link has none."""
    pool = {ipaddress.IPv4Address(address) for address in instance.every_address}
    for address in interface.addresses if interface else ():
        if address.family == "inet" and address.peer is None:
            network = ipaddress.IPv4Network(f"{address.local}/{address.prefix}", strict=False)
            if any(one in network for one in pool):
                return network
    return None


def _answers_for_clients(instance: Instance) -> bool:
    return any(option[:1] == (b"proxyarp",) for option in instance.options)
