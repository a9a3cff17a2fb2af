# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The instances of the role pppoe_server, from its variables to the parameters of each module.

A variable reaches a module by its name: ``pppoe_server_mtu`` is the parameter ``mtu`` of each part that has one, and so
is the key ``mtu`` of an entry of ``pppoe_server_instances``. Private to this collection.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.modules import (
    forwarding,
    masquerade,
    pppoe_access,
    pppoe_ipv6,
    pppoe_plans,
    pppoe_server,
    pppoe_server_metrics,
)
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _role_variables

PREFIX = "pppoe_server_"

Values = t.Mapping[str, t.Any]


class RolePart(t.NamedTuple):
    """A module that the role runs. ``variables``: those that are not called as the parameter is."""

    arguments: Values
    variables: t.Mapping[str, str] = {}

    def variable(self, parameter: str) -> str:
        return self.variables.get(parameter, parameter)


_IPV6 = ("prefixes", "delegated_prefixes", "delegated_length", "dns_servers", "filter")
PARTS = {
    "forwarding": RolePart(forwarding.ARGUMENTS, {"uplink": "outside_interface"}),
    "masquerade": RolePart(
        masquerade.ARGUMENTS,
        {
            "out_interface": "outside_interface",
            "inside_interfaces": "interfaces",
            "source": "nat_sources",
            "backend": "nat_backend",
            "random_fully": "nat_random_fully",
        },
    ),
    "server": RolePart(pppoe_server.ARGUMENTS),
    "plans": RolePart(pppoe_plans.ARGUMENTS, {"require_kernel": "require_kernel_ppp"}),
    "ipv6": RolePart(
        pppoe_ipv6.ARGUMENTS,
        {
            name: f"ipv6_{name}"
            for name in ("prefixes", "delegated_prefixes", "delegated_length", "dns_servers", "filter")
        },
    ),
    "access": RolePart(pppoe_access.ARGUMENTS),
    "metrics": RolePart(
        pppoe_server_metrics.ARGUMENTS, {"directory": "metrics_directory", "interval": "metrics_interval"}
    ),
}


def variable(part: str, parameter: str) -> str:
    """The variable, without prefix, that a parameter of a part is from."""
    if part == "accounts":
        return f"accounts_{parameter}" if parameter in ("exclusive", "max_removals") else parameter
    return PARTS[part].variable(parameter)


class InstanceVariables(t.NamedTuple):
    """``values`` by variable without prefix; ``own``: the keys that are not from the role's single variables."""

    name: str
    values: Values
    own: frozenset[str] = frozenset()
    listed: bool = False

    @property
    def present(self) -> bool:
        return bool(self.values["state"] != "absent")

    @property
    def radius(self) -> bool:
        """Whether its sessions log in by RADIUS, so that it has no accounts on the host."""
        return self.present and bool(self.values.get("radius")) and self.values["radius"].get("state") != "absent"

    def is_set(self, key: str) -> bool:
        return bool(boolean(self.values[key]))

    def label(self, key: str) -> str:
        """What an error calls a variable."""
        return f"{PREFIX}instances ({self.name}): {key}" if key in self.own else PREFIX + key

    def refused(self, key: str, problem: str, fix: str) -> Refused:
        return Refused(self.label(key), problem, fix)


def instances(values: Values) -> list[InstanceVariables]:
    """Those of the role, from its variables without prefix: the entries of the list, or the only one."""
    defaults = {key: value for key, value in values.items() if key not in _role_variables.OF_THE_HOST}
    listed = values.get("instances") or []
    if boolean(values.get("instances_exclusive") or False) and not listed:
        raise Refused(
            f"{PREFIX}instances_exclusive",
            f"is set, but {PREFIX}instances is empty, so every instance on the host would be removed.",
            "List the instances; to remove one, give it state: absent.",
        )
    found = [InstanceVariables(str(one["name"]), {**defaults, **one}, frozenset(one), True) for one in listed]
    for index, one in enumerate(found):
        if one.name in [other.name for other in found[:index]]:
            raise Refused(f"{PREFIX}instances[{index}].name", f"'{one.name}' is listed twice.", "Rename one of them.")
    return found or [InstanceVariables(str(defaults["name"]), defaults)]


def parameters(instance: InstanceVariables, accounts: t.Sequence[Values] = ()) -> dict[str, dict[str, t.Any]]:
    """The parameters of each part of an instance. Fixed addresses are added on the host.

    ``accounts``: those of its file, which are not among its variables.
    """
    if not instance.present:
        return absent(instance)
    _check(instance)
    drained = instance.values["state"] == "drained"
    boot = "rc_local" if instance.values["startup"] == "rc_local" else "auto"
    decided: dict[str, dict[str, t.Any]] = {
        "forwarding": {"state": "present", "ipv6_forwarding": has_ipv6(instance)},
        "masquerade": {"state": _state(instance.is_set("nat")), "startup": boot},
        "server": {"radius": instance.radius, **({"state": "started"} if drained else {})},
        # The accounts come without their secrets (_instances_accounts.with_plans).
        "plans": {"state": _state(has_plans(instance, accounts)), "accounts": [], "accounts_src": None},
        "ipv6": {"state": _state(has_ipv6(instance)), "startup": boot, "accounts": [], "accounts_src": None},
        # Drained by a playbook, it stays so.
        "access": {"state": "present", "startup": boot, **({"drained": True} if drained else {})},
        "metrics": {"state": _state(instance.is_set("metrics"))},
    }
    return {name: _validated(instance, part, decided[name]) for name, part in PARTS.items()}


def _check(instance: InstanceVariables) -> None:
    """Refuse variables that contradict each other."""
    if instance.is_set("nat") and not instance.values["outside_interface"]:
        raise instance.refused(
            "outside_interface",
            "not set.",
            "Set it to the interface that leads to the internet, or set pppoe_server_nat to false if the clients' "
            "addresses are routed.",
        )
    if instance.values.get("walled_garden") and not instance.is_set("nat"):
        raise instance.refused(
            "walled_garden", "its rules are part of NAT, which is off.", "Enable pppoe_server_nat, or leave it out."
        )
    if "radius" in instance.own and instance.values["radius"]:
        raise instance.refused("radius", "a host has one set of RADIUS servers.", "Name them in pppoe_server_radius.")
    plans = instance.values.get("plans")
    for name, plan in plans.items() if instance.radius and isinstance(plans, dict) else ():
        if isinstance(plan, dict) and plan.get("pool"):
            problem = f"the plan {name} has a pool, but with RADIUS, pppd does not read the accounts of this host."
            raise instance.refused("plans", problem, "Let the RADIUS servers answer with Framed-Pool.")
    if has_ipv6(instance) and not instance.is_set("ipv6"):
        problem = "is false, but there are IPv6 prefixes for customers."
        raise instance.refused("ipv6", problem, "Set it to true, or remove pppoe_server_ipv6_prefixes and the like.")


def absent(instance: InstanceVariables) -> dict[str, dict[str, t.Any]]:
    """The parameters that remove each part."""
    known = {"name": instance.name, "metrics_directory": instance.values["metrics_directory"]}
    bare = instance._replace(values=known)
    return {name: _validated(bare, part, {"state": "absent"}) for name, part in PARTS.items()}


def has_plans(instance: InstanceVariables, accounts: t.Sequence[Values] = ()) -> bool:
    """Whether it has plans, or an account that may not always connect. ``accounts``: those of its file."""
    if any(instance.values.get(key) for key in ("plans", "rate_attribute", "walled_garden")):
        return True
    listed = instance.values.get("accounts")
    return any(map(_is_limited, [*(listed if isinstance(listed, list) else ()), *accounts]))


def _is_limited(account: t.Any) -> bool:
    if not isinstance(account, dict) or account.get("state") == "absent":
        return False
    return account.get("enabled") is False or any(account.get(key) is not None for key in ("mac", "expires"))


def has_ipv6(instance: InstanceVariables) -> bool:
    return bool(instance.values.get("ipv6_prefixes") or instance.values.get("ipv6_delegated_prefixes"))


def _state(present: bool) -> str:
    return "present" if present else "absent"


def _validated(instance: InstanceVariables, part: RolePart, decided: Values) -> dict[str, t.Any]:
    given = {name: instance.values.get(part.variable(name)) for name in part.arguments}
    # A variable without a value has the empty text, as in defaults/main.yml.
    given = {
        name: value
        for name, value in given.items()
        if value is not None and (value != "" or name in pppoe_server.REQUIRED)
    }
    result = ArgumentSpecValidator(dict(part.arguments)).validate({**given, **decided})
    if result.error_messages:
        raise Refused(
            f"{PREFIX}instances ({instance.name})" if instance.listed else PREFIX.rstrip("_"),
            "; ".join(result.error_messages) + ".",
            "Correct it.",
        )
    validated: dict[str, t.Any] = result.validated_parameters
    return validated
