# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a host can have an instance of pppoe-server. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _named_pools, _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _instances as _server_instances
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _uplink as _server_uplink

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._observe import ObservedServer

Parameters = t.Mapping[str, t.Any]


def check(
    parameters: Parameters,
    instance: _server_config.Instance,
    how: _server_config.Mode,
    observed: ObservedServer,
    later: bool,
    beside: t.Mapping[str, _server_config.Instance | None] | None = None,
) -> list[str]:
    """``Refused`` for an instance that this host cannot have, else the warnings.

    ``later``: programs may be missing, since a run may install them first (check mode).
    ``beside``: other instances as they will be (``None``: will not be), where the same run configures them too.
    """
    existing = sorted(set(observed.interfaces) - {"lo"})
    for index, name in enumerate(instance.interfaces):
        _interfaces.require(f"interfaces[{index}]", name, existing=existing)
    refuse_others(parameters, instance, observed, {**(beside or {}), instance.name: None})
    refuse_own_address(instance, observed.interfaces)
    _server_uplink.refuse_gateway(instance, observed.routes)
    peers = [one.peer for interface in observed.interfaces.values() for one in interface.addresses if one.peer]
    before = observed.pools.get(instance.name, [])
    warnings = [
        _server_config.outside(parameters, own_networks(observed.interfaces, instance)),
        _server_instances.leaving(before, instance.every_address, peers),
        check_programs(parameters, observed, how, later),
        *_server_uplink.warnings(instance, observed.interfaces, observed.routes),
        *check_mtu(instance, observed),
    ]
    if parameters["startup"] == "systemd" and not observed.systemd:
        raise Refused("startup", "systemd is not running on this host.", "Use rc_local or none.")
    return [warning for warning in warnings if warning]


def check_mtu(instance: _server_config.Instance, observed: ObservedServer) -> list[str]:
    """``Refused`` for an MTU that an interface cannot have, else a warning where it is too small for the sessions."""
    needed = max(instance.mtu, instance.mru) + _interfaces.PPPOE_OVERHEAD
    if instance.interface_mtu and not needed <= instance.interface_mtu <= _interfaces.MOST_MTU:
        fix = f"Give {needed} to {_interfaces.MOST_MTU}: PPPoE takes {_interfaces.PPPOE_OVERHEAD} of it."
        raise Refused("interface_mtu", f"{instance.interface_mtu} is out of range.", fix)
    found = []
    for name in instance.interfaces:
        most = observed.most_mtu.get(name)
        if instance.interface_mtu and most and most < instance.interface_mtu:
            problem = f"{name} can have {most} at most, not {instance.interface_mtu}."
            raise Refused("interface_mtu", problem, "Use another interface, or leave mtu and mru at 1492.")
        now = observed.interfaces[name].mtu
        if not instance.interface_mtu and needed > _interfaces.ETHERNET_MTU and now < needed:
            less = now - _interfaces.PPPOE_OVERHEAD
            found.append(
                f"mtu and mru: clients on {name} get {less} at most, since its own MTU is {now}. Set interface_mtu to "
                f"{needed}, if the switches and clients there can have it, too."
            )
    return found


def refuse_others(
    parameters: Parameters,
    instance: _server_config.Instance,
    observed: ObservedServer,
    beside: t.Mapping[str, _server_config.Instance | None],
) -> None:
    """``Refused`` if another instance has addresses of the pool, or serves the same clients."""
    pools: dict[str, t.Sequence[str]] = {name: own for name, own in observed.pools.items() if name not in beside}
    serving: dict[str, t.Any] = {name: command for name, command in observed.commands.items() if name not in beside}
    for name, other in beside.items():
        if other is not None:
            pools[name] = other.every_address
            serving[name] = _server_instances.Serving(other.interfaces, other.service_names)
    _pool.refuse_shared("pool", _pool.spans("pool", parameters["pool"]), pools)
    _pool.refuse_shared(
        "pools", [_pool.spans("pools", [entry])[0] for entry in _named_pools.entries(parameters)], pools
    )
    _server_instances.refuse_rivals(instance.interfaces, instance.service_names, serving)


def refuse_own_address(instance: _server_config.Instance, interfaces: t.Mapping[str, _interfaces.Interface]) -> None:
    """``Refused`` if an address of this host is in the pool."""
    for interface in interfaces.values():
        for address in interface.addresses:
            if address.family == "inet" and address.local in instance.every_address:
                raise Refused(
                    "pool",
                    f"it holds {address.local}, which {interface.name} of this host has.",
                    "Leave it out of the pool, or name it in reserved_addresses.",
                )


def own_networks(
    interfaces: t.Mapping[str, _interfaces.Interface], instance: _server_config.Instance
) -> dict[str, list[str]]:
    """The networks of the instance's interfaces, and of the one that has its address."""
    found = {}
    for name, interface in interfaces.items():
        own = [one for one in interface.addresses if one.family == "inet" and one.peer is None]
        if name in instance.interfaces or instance.local_address in [one.local for one in own]:
            found[name] = [str(ipaddress.IPv4Interface(f"{one.local}/{one.prefix}").network) for one in own]
    return found


def check_programs(
    parameters: Parameters, observed: ObservedServer, how: _server_config.Mode, later: bool
) -> str | None:
    """``Refused`` for what could not work, else a warning for what works badly."""
    can = observed.can
    for program, path in (("pppoe-server", can.pppoe_server), ("pppd", can.pppd)):
        if path is None and not later:
            raise Refused(
                "state",
                f"{program} is not installed on this host.",
                "Install rp-pppoe and ppp (packages pppoe and ppp on Debian, rp-pppoe and ppp on Red Hat).",
            )
    if can.kernel_problem and not observed.kernel_device:
        if parameters["require_kernel_ppp"]:
            raise Refused(
                "require_kernel_ppp",
                f"no session is possible here: {can.kernel_problem}.",
                "Boot a kernel with PPP, or set require_kernel_ppp=false to configure the server all the same.",
            )
        return f"The server will answer clients but cannot serve them: {can.kernel_problem}."
    if how.reason:
        return f"Sessions are carried by relay processes, at a fraction of the speed: {how.reason}."
    return None
