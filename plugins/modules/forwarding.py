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
  - Sets C(net.ipv4.ip_forward) to 1 immediately, and in a separate file in C(/etc/sysctl.d) for the next boot.
  - The file records the previous value, so that O(state=absent) restores it, but only if this module changed it.
  - Can also restrict the links of clients (C(ppp0), C(ppp1), ...), both existing and future ones. For future ones, a
    file in C(/etc/udev/rules.d) makes systemd-udevd configure each link when it appears.
  - Several requests can exist under different O(name)s. Each is recorded in the file, and the strictest one applies to
    all links of clients on the host. Withdrawing a request does not affect the others.
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
      - V(present) enables forwarding. V(absent) withdraws the request of O(name). With the last request, the files are
        removed, and forwarding is disabled if it was disabled before.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Name of the request, such as the name of an instance of M(dialtone.pppoe.pppoe_server).
      - 1 to 32 letters, digits, C(_) and C(-).
    type: str
    default: default
  rp_filter:
    description:
      - The reverse path filter of the links (C(net.ipv4.conf.*.rp_filter)).
      - V(strict) drops packets whose source address is not routed through the link, so that no client can use the
        address of another. V(loose) drops them only if the host has no route to the address at all. V(off) drops none.
        V(unchanged) makes no request.
      - The kernel uses the higher of this value and C(net.ipv4.conf.all.rp_filter), with 2 being V(loose).
      - If not set, the previous request of O(name) is kept.
    type: str
    choices: [strict, loose, "off", unchanged]
  ipv6:
    description:
      - V(false) disables IPv6 on the links, so that no traffic bypasses the rules for IPv4, even if a client sends IPv6
        without negotiating it. V(true) keeps it enabled.
      - With either value, or with O(rp_filter), the links ignore router advertisements, redirects and source routes, so
        that no client can set an address or a default route of this host.
      - With V(true), an O(uplink) that has its IPv6 default route from router advertisements still accepts them
        (C(accept_ra=2)) when this host forwards IPv6.
      - If not set, the previous request of O(name) is kept.
    type: bool
  uplink:
    description:
      - The interface that leads to the internet. If it is a numbered link, such as C(ppp0), it is not treated as the
        link of a client. Links with names such as C(ppp-uplink) never are.
      - If not set, the previous value of O(name) is kept.
    type: str
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Enable packet forwarding between the clients and the internet
  dialtone.pppoe.forwarding:

- name: Restrict clients to their own address, and to IPv4
  dialtone.pppoe.forwarding:
    name: campus
    rp_filter: strict
    ipv6: false

- name: Withdraw the request of the instance campus
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
  description: The existing links whose settings were changed, or would be changed in check mode.
  returned: success
  type: list
  elements: str
  sample: [ppp0, ppp1]
settings:
  description: The resulting settings of each link of a client, which are the strictest of all requests.
  returned: success
  type: dict
  sample: {"net.ipv4.conf.*.rp_filter": 1, "net.ipv6.conf.*.accept_ra": 0}
names:
  description: The names of all requests after this run.
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
