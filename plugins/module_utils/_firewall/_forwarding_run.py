# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of forwarding. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from contextlib import ExitStack

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _forwarding as _firewall_forwarding
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _names

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

IPV6_ROUTES = "/proc/net/ipv6_route"


def run(module: AnsibleModule) -> dict[str, t.Any]:
    asked = asked_for(module.params)
    with ExitStack() as locks:
        if not module.check_mode:
            locks.enter_context(_files.locked(_firewall_forwarding.PATH))
        host = observe(asked)
        plan = _firewall_forwarding.plan(module.params["state"], module.params["name"], asked, host)
        changed = _files.changes(
            [
                _files.File(_firewall_forwarding.PATH, plan.content),
                _files.File(_firewall_forwarding.RULES_PATH, plan.rules),
            ]
        )
        if not module.check_mode:
            apply(module, changed, plan)
    for parameter, value, others in plan.looser:
        module.warn(f"{parameter}: {value} is asked for, but {others} asks for more, which holds for all customers.")
    return {
        "changed": bool(changed or plan.kernel),
        "diff": difference(changed, plan, host) if module._diff else [],
        "path": _firewall_forwarding.PATH,
        "value": plan.value,
        "links": [link for link in host.links if any(f"/{link}/" in path for path in plan.kernel)],
        "settings": {f"net.{family}.conf.*.{key}": value for (family, key), value in plan.settings.items()},
        "names": sorted(_firewall_forwarding.owners(plan.content)),
    }


def asked_for(parameters: dict[str, t.Any]) -> _firewall_forwarding.Asked:
    """The parameters, checked; what is not given is empty."""
    _names.check_name(parameters["name"])
    if parameters["uplink"]:
        _names.check_interface("uplink", parameters["uplink"])
    ipv6 = {None: "", True: "on", False: "off"}[parameters["ipv6"]]
    forward6 = {None: "", True: "on", False: "off"}[parameters["ipv6_forwarding"]]
    return _firewall_forwarding.Asked(
        parameters["rp_filter"] or "", ipv6, parameters["uplink"] or "", forward6=forward6
    )


def observe(asked: _firewall_forwarding.Asked) -> _firewall_forwarding.ObservedForwarding:
    """All that the plan goes by, read once."""
    content = _files.read(_firewall_forwarding.PATH)
    links = tuple(name for name in _interfaces.names() if _names.is_numbered(name))
    uplinks = {asked.uplink, *(one.uplink for one in _firewall_forwarding.owners(content).values())}
    found = {path: current(path) for uplink in uplinks for path in _firewall_forwarding.paths(links, uplink)}
    return _firewall_forwarding.ObservedForwarding(
        content,
        links,
        {path: value for path, value in found.items() if value is not None},
        _firewall_forwarding.ra_routes(_files.text(IPV6_ROUTES)),
        os.path.isdir(os.path.dirname(_firewall_forwarding.RULES_PATH)),
    )


def current(path: str) -> int | None:
    """The value of a kernel setting; ``None`` where there is none, as with IPv6 on a kernel without it."""
    content = _files.read(path)
    return None if content is None else int(content)


def apply(module: AnsibleModule, changed: list[_files.Change], plan: _firewall_forwarding.ForwardingPlan) -> None:
    # The files come first, so that a link that appears meanwhile is set, too.
    _files.write(module, changed)
    for path, value in plan.kernel.items():
        # A link may have ended meanwhile, and its settings with it.
        if os.path.exists(path):
            # A kernel setting cannot be replaced like other files, only written to.
            with open(path, "w", encoding="ascii") as handle:
                handle.write(str(value))


def difference(
    changed: list[_files.Change],
    plan: _firewall_forwarding.ForwardingPlan,
    host: _firewall_forwarding.ObservedForwarding,
) -> list[dict[str, str]]:
    """The files and the kernel's settings, before and after."""
    found = _files.diff(changed)
    for path, value in plan.kernel.items():
        shown = {"before": f"{host.values[path]}\n", "after": f"{value}\n"}
        found.append({"before_header": path, "after_header": path, **shown})
    return found
