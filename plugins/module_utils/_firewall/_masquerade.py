# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parameters and results of the module masquerade. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces, _names, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def startup_of(parameters: dict[str, t.Any]) -> str:
    """``systemd``, ``rc_local`` or ``none``, decided."""
    if not parameters["persistent"] or parameters["state"] == "absent":
        return "none"
    booted = _systemd.running()
    if parameters["startup"] == "systemd" and not booted:
        raise Refused("startup", "systemd is not running on this host.", "Use auto or rc_local.")
    if parameters["startup"] == "auto":
        return "systemd" if booted else "rc_local"
    return str(parameters["startup"])


def request_of(parameters: dict[str, t.Any]) -> _firewall_request.FirewallRequest:
    """The checked request."""
    if parameters["state"] == "absent":
        return _firewall_request.request(parameters["name"], None, None, False)
    keys = ("name", "out_interface", "source", "clamp_mss", "random_fully", "port_forwards", "walled_garden")
    request = _firewall_request.request(*(parameters[key] for key in keys))
    # A link that is dialled comes and goes; the rules need only its name.
    if not request.out_interface.startswith("ppp"):
        _interfaces.require("out_interface", request.out_interface, _interfaces.default_route_in_words())
    if request.out_interface in parameters["inside_interfaces"]:
        refuse_inside(request.out_interface)
    if parameters["backend"] == "firewalld" and not parameters["persistent"]:
        raise Refused("persistent", "firewalld has no policies that exist at runtime only.", "Leave persistent on.")
    return request


def refuse_inside(name: str) -> None:
    """Refuse an outside interface that is an inside one, unless this host has a single one for both."""
    routes = _interfaces.default_routes()
    if not routes or routes[0].device != name:
        raise Refused(
            "out_interface",
            f"clients dial in on {name!r}, so it does not lead outside.",
            "Name the interface that leads to the internet." + _interfaces.default_route_in_words(),
        )


def verify(module: AnsibleModule, todo: _firewall_plan.FirewallPlan) -> None:
    """Warn where the next run would not recognise what this one made."""
    for part in todo.parts:
        present = part.holder.present()
        if sorted(present) != sorted(part.comparison.after):
            module.warn(
                "{} lists our rules in a form that this module does not know, so that each run will report a change: "
                "{}".format(part.holder.program, " | ".join(present) or "no rules at all")
            )


def warn(module: AnsibleModule, request: _firewall_request.FirewallRequest, todo: _firewall_plan.FirewallPlan) -> None:
    if _names.is_numbered(request.out_interface):
        module.warn(
            f"out_interface: {request.out_interface} is whichever link was dialled first; after a reboot it may be a "
            "customer's. Give the uplink a name of its own, such as ppp-uplink."
        )
    if request.out_interface in module.params["inside_interfaces"]:
        module.warn(f"out_interface: {request.out_interface} is also an interface that clients dial in on.")
    for block in todo.partly:
        module.warn(f"The firewall of this host is left as it is: {block}")
    for rule in todo.equal:
        module.warn(f"A rule made by hand already does the same and is left as it is: {rule}")


def result(
    request: _firewall_request.FirewallRequest, startup: str, todo: _firewall_plan.FirewallPlan
) -> dict[str, t.Any]:
    backend = todo.backend
    firewalld = backend is not None and backend.name == "firewalld"
    return {
        "name": request.name,
        "changed": todo.changed,
        "backend": backend.name if backend else None,
        "program": backend.program if backend else None,
        "rules": list(todo.rules()),
        "accepted_in": list(todo.accepted_in),
        "random_fully": todo.random_fully,
        "equal_rules": list(todo.equal),
        "persistence": "/etc/firewalld" if firewalld else persistence(request, startup),
        "diff": todo.diff(),
    }


def persistence(request: _firewall_request.FirewallRequest, startup: str) -> str | None:
    """The file that a boot goes by."""
    return {"systemd": _firewall_boot.unit_path(request), "rc_local": _rc_local.path()}.get(startup)


def predicted(request: _firewall_request.FirewallRequest, startup: str, reason: str) -> dict[str, t.Any]:
    """What check mode reports of a host on which the packages are still to be installed."""
    return {
        "name": request.name,
        "changed": True,
        "backend": None,
        "program": None,
        "rules": [],
        "accepted_in": [],
        "random_fully": False,
        "equal_rules": [],
        "persistence": persistence(request, startup),
        "msg": "Predicts a change, assuming a required package is installed before the actual run. " + reason,
    }
