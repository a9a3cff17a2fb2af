#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding
short_description: Enable IPv4 packet forwarding, now and after a reboot
version_added: 0.1.0
description:
  - Sets C(net.ipv4.ip_forward) to 1 at once, and in a file of its own under C(/etc/sysctl.d) for the next boot.
  - The file notes what the value was, so that O(state=absent) sets it back, and only if it was this module that
    changed it.
  - Can also protect the links of customers (C(ppp0), C(ppp1), ...), those that are up and those to come. For the
    latter there is a file in C(/etc/udev/rules.d), by which systemd-udevd sets each link as it appears.
  - Several may ask, each under a O(name) of its own. Each request is noted in the file, and the strictest of them holds
    for all customers' links of the host. Whoever withdraws leaves the requests of the others as they are.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) enables forwarding. V(absent) withdraws what O(name) asked for; with the last name, the files are
        removed, and forwarding ends if it was off before.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Who asks, such as the name of an instance of M(dialtone.pppoe.pppoe_server).
      - 1 to 32 letters, digits, C(_) and C(-).
    type: str
    default: default
  rp_filter:
    description:
      - What a link does with packets from an address that does not lead back to it (C(net.ipv4.conf.*.rp_filter)).
      - V(strict) drops them, so that no customer can send from the address of another. V(loose) drops them only if the
        host has no way at all to that address. V(off) drops none. V(unchanged) asks for nothing.
      - The kernel takes the higher of this number and that of C(net.ipv4.conf.all.rp_filter), 2 being V(loose).
      - If it is not given, what O(name) asked for before stays.
    type: str
    choices: [strict, loose, "off", unchanged]
  ipv6:
    description:
      - V(false) disables IPv6 on the links, so that nothing leaves by it past the rules for IPv4, even if a customer
        sends IPv6 without having negotiated it. V(true) leaves it on.
      - With either of them, or with O(rp_filter), the links ignore router advertisements, redirects and source routes,
        so that no customer gives this host an address or a default route.
      - With V(true), an O(uplink) that has its IPv6 default route by router advertisements keeps on taking them
        (C(accept_ra=2)) when this host forwards IPv6.
      - If it is not given, what O(name) asked for before stays.
    type: bool
  uplink:
    description:
      - The interface that leads to the internet. If it is a numbered link, such as C(ppp0), it is no customer's and is
        left alone. Links with names such as C(ppp-uplink) always are.
      - If it is not given, the one that O(name) gave before stays.
    type: str
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Enable packet forwarding between the clients and the internet
  dialtone.pppoe.forwarding:

- name: Allow customers their own addresses only, and IPv4 only
  dialtone.pppoe.forwarding:
    name: campus
    rp_filter: strict
    ipv6: false

- name: Withdraw what the instance campus asked for
  dialtone.pppoe.forwarding:
    name: campus
    state: absent
"""

RETURN = r"""
path:
  description: The file with the setting.
  returned: success
  type: str
  sample: /etc/sysctl.d/60-dialtone-pppoe.conf
value:
  description: The value of C(net.ipv4.ip_forward) after the run.
  returned: success
  type: int
  sample: 1
links:
  description: The links that are up and whose settings this run changed, or would change.
  returned: success
  type: list
  elements: str
  sample: [ppp0, ppp1]
settings:
  description: What each customer's link has from now on, the strictest of what all names ask for.
  returned: success
  type: dict
  sample: {"net.ipv4.conf.*.rp_filter": 1, "net.ipv6.conf.*.accept_ra": 0}
names:
  description: Those who ask for forwarding after this run.
  returned: success
  type: list
  elements: str
  sample: [default, pppoe_client]
"""

import os
import typing as t
from contextlib import ExitStack

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _forwarding as _firewall_forwarding
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "default": "default"},
    "rp_filter": {"type": "str", "choices": ["strict", "loose", "off", "unchanged"]},
    "ipv6": {"type": "bool"},
    "uplink": {"type": "str"},
}
IPV6_ROUTES = "/proc/net/ipv6_route"


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


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
    return _firewall_forwarding.Asked(parameters["rp_filter"] or "", ipv6, parameters["uplink"] or "")


def observe(asked: _firewall_forwarding.Asked) -> _firewall_forwarding.Observed:
    """All that the plan goes by, read once."""
    content = _files.read(_firewall_forwarding.PATH)
    links = tuple(name for name in _interfaces.names() if _names.is_numbered(name))
    uplinks = {asked.uplink, *(one.uplink for one in _firewall_forwarding.owners(content).values())}
    found = {path: current(path) for uplink in uplinks for path in _firewall_forwarding.paths(links, uplink)}
    return _firewall_forwarding.Observed(
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


def apply(module: AnsibleModule, changed: list[_files.Change], plan: _firewall_forwarding.Plan) -> None:
    # The files come first, so that a link that appears meanwhile is set, too.
    _files.write(module, changed)
    for path, value in plan.kernel.items():
        # A link may have ended meanwhile, and its settings with it.
        if os.path.exists(path):
            # A kernel setting cannot be replaced like other files, only written to.
            with open(path, "w", encoding="ascii") as handle:
                handle.write(str(value))


def difference(
    changed: list[_files.Change], plan: _firewall_forwarding.Plan, host: _firewall_forwarding.Observed
) -> list[dict[str, str]]:
    """The files and the kernel's settings, before and after."""
    found = _files.diff(changed)
    for path, value in plan.kernel.items():
        shown = {"before": f"{host.values[path]}\n", "after": f"{value}\n"}
        found.append({"before_header": path, "after_header": path, **shown})
    return found


if __name__ == "__main__":
    main()
