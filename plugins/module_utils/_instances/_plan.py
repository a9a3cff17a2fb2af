# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's instances are to be, from what the role asks for. Private to this collection. Pure."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _named_pools, _pool, _sets
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _addresses as _instances_addresses
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances._parts import InstanceParts, named
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config

Asked = t.Mapping[str, t.Any]


def to_remove(params: Asked, existing: t.Iterable[str]) -> tuple[list[str], list[str]]:
    """The instances to remove, and those of this host that a list of instances does not have."""
    names = [one["name"] for one in params["instances"]]
    unlisted = [name for name in existing if name not in names] if params["listed"] else []
    removed = [one["name"] for one in params["instances"] if not one["present"]]
    return removed + (unlisted if params["exclusive"] else []), unlisted


def not_listed(names: t.Sequence[str]) -> str:
    """The warning about instances that are left alone."""
    return (
        f"On this host, but not in pppoe_server_instances: {', '.join(names)}. Set pppoe_server_instances_exclusive to "
        "remove them and to end their sessions."
    )


def gone(parts: t.Mapping[str, Asked], names: t.Iterable[str]) -> list[InstanceParts]:
    """Instances to remove; ``parts``: the parameters of each part with ``state=absent``."""
    return [
        InstanceParts(name, {part: {**parameters, "name": name} for part, parameters in parts.items()}, {})
        for name in names
    ]


def planned(listed: t.Iterable[Asked], removed: t.Iterable[str], others: t.Sequence[str] | None) -> list[InstanceParts]:
    """The instances that are to be there, each with its fixed addresses and with those beside it.

    ``others``: the fixed addresses of accounts that no instance has; ``None`` where no part needs them. ``Failed`` for
    instances that contradict each other or themselves.
    """
    present = [one for one in listed if one["present"]]
    own = [_own(one) for one in present]
    divided = _instances_addresses.divided(own, others or ())
    with_addresses = [_with_addresses(one, addresses, others) for one, addresses in zip(present, divided)]
    refuse_shared_ports(with_addresses)
    configured = {one.name: _configured(one) for one in with_addresses}
    beside = {**dict.fromkeys(removed), **{name: one for name, one in configured.items() if one is not None}}
    return [
        one._replace(beside={name: other for name, other in beside.items() if name != one.name})
        for one in with_addresses
    ]


def _own(asked: Asked) -> _instances_addresses.Own:
    server = asked["parts"]["server"]
    with named(asked["name"], "server"):
        if server["pool"]:
            _pool.spans("pool", server["pool"])
        _pool.networks("networks", server["networks"])
    served = [*(server["pool"] or ()), *_named_pools.entries(server), *server["networks"]]
    return _instances_addresses.Own(served, asked["fixed_addresses"])


def _with_addresses(
    asked: Asked, addresses: _instances_addresses.Divided, others: t.Sequence[str] | None
) -> InstanceParts:
    server, masquerade = asked["parts"]["server"], asked["parts"]["masquerade"]
    server = {**server, "reserved_addresses": addresses.reserved, "excluded_addresses": addresses.excluded}
    if masquerade["state"] == "present":
        if others is not None:
            with named(asked["name"], "masquerade"):
                refuse_not_fixed(masquerade["port_forwards"], server)
        masquerade = {**masquerade, "source": sources(masquerade["source"], server)}
    return InstanceParts(asked["name"], {**asked["parts"], "server": server, "masquerade": masquerade}, {})


def sources(given: list[str], server: Asked) -> list[str]:
    """The networks to translate: those given (``0.0.0.0/0`` for all), else all that customers may have."""
    if given == ["0.0.0.0/0"]:
        return []
    own = [*(server["pool"] or ()), *_named_pools.entries(server), *server["networks"], *server["reserved_addresses"]]
    return given or _sets.merged(own)


def refuse_not_fixed(forwards: t.Iterable[Asked], server: Asked) -> None:
    """``Refused`` for a port that is forwarded to an address that any customer may have."""
    known = [*server["reserved_addresses"], *server["excluded_addresses"], *server["networks"]]
    left = _sets.outside_of([one["to_address"] for one in forwards], known)
    if left:
        raise Refused(
            "port_forwards",
            f"{', '.join(left)} is not the fixed address of an account in pppoe_server_accounts, so another customer "
            "may get it with the next session.",
            "Assign it to an account.",
        )


def refuse_shared_ports(instances: t.Iterable[InstanceParts]) -> None:
    """``Failed`` if two instances forward a port of one outside interface to different places."""
    forwarding = []
    for instance in instances:
        params = instance.parts["masquerade"]
        if params["state"] == "present":
            with named(instance.name, "masquerade"):
                ports = _firewall_request.forwarded(params["port_forwards"])
            forwarding.append((instance, params["out_interface"], ports))
    for (one, outside, ports), (other, elsewhere, others) in itertools.combinations(forwarding, 2):
        if outside != elsewhere:
            continue
        for port, taken in itertools.product(others, ports):
            if port != taken and _firewall_request.same_port(port, taken):
                with named(other.name, "masquerade"):
                    raise Refused(
                        "port_forwards",
                        f"{port.protocol} port {port.port} is forwarded to {taken.address} by instance '{one.name}'.",
                        "Forward each port only once.",
                    )


def _configured(instance: InstanceParts) -> _server_config.Instance | None:
    """The instance as pppoe-server is to run it; ``None`` if it is not to run."""
    if instance.parts["server"]["state"] == "stopped":
        return None
    with named(instance.name, "server"):
        return _server_config.instance(instance.parts["server"])
