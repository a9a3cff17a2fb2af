#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding
short_description: Have a host pass IPv4 packets on, now and after a reboot
version_added: 0.1.0
description:
  - Sets C(net.ipv4.ip_forward) to 1 at once, and in a file of its own under C(/etc/sysctl.d) for the next boot.
  - The file notes what the value was, so that O(state=absent) sets it back, and only if it was this module that
    changed it.
  - Can also say how the links of customers (C(ppp0), C(ppp1), ...) are treated, those that are up and those to come.
    For the latter the file goes by systemd-udevd, which applies it to each link as it appears.
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
      - V(present) has the host forward. V(absent) removes the file, and ends forwarding if it was off before, once no
        other O(name) needs it.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Who needs it, such as the name of an instance of M(dialtone.pppoe.pppoe_server). The settings of links are those
        of the last run.
    type: str
    default: default
  rp_filter:
    description:
      - What a link does with packets from an address that does not lead back to it (C(net.ipv4.conf.*.rp_filter)).
      - V(strict) drops them, so that no customer can send from the address of another. V(loose) drops them only if the
        host has no way at all to that address. V(off) drops none.
      - The kernel takes the higher of this number and that of C(net.ipv4.conf.all.rp_filter), 2 being V(loose).
    type: str
    choices: [strict, loose, "off", unchanged]
    default: unchanged
  ipv6:
    description:
      - V(false) switches IPv6 off on the links, so that nothing leaves by it past the rules for IPv4, even if a
        customer sends IPv6 without having agreed on it. V(true) leaves it as it is.
    type: bool
    default: true
  uplink:
    description:
      - A numbered link that is no customer's, and to be left alone. Links with names such as C(ppp-uplink) always are.
    type: str
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Pass packets on between the clients and the internet
  dialtone.pppoe.forwarding:

- name: Customers send from their own addresses only, and by IPv4 only
  dialtone.pppoe.forwarding:
    rp_filter: strict
    ipv6: false
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
"""

import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _forwarding as _firewall_forwarding
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

CONF = "/proc/sys/net/{}/conf/{}/{}"
NUMBERED = re.compile(r"ppp[0-9]+")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "name": {"type": "str", "default": "default"},
            "rp_filter": {"type": "str", "choices": ["strict", "loose", "off", "unchanged"], "default": "unchanged"},
            "ipv6": {"type": "bool", "default": True},
            "uplink": {"type": "str"},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(**carried_out(module))
    except Refused as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"Forwarding cannot be set: {error}")


def carried_out(module: AnsibleModule) -> dict[str, object]:
    """Plan, do it outside check mode, and tell."""
    asked = module.params
    uplink = asked["uplink"] if NUMBERED.fullmatch(asked["uplink"] or "") else ""
    value = int(_files.read(_firewall_forwarding.KERNEL) or b"0")
    if not _firewall_request.NAME.fullmatch(asked["name"]):
        raise Refused("name", f"{asked['name']!r} is no name.", "Use 1 to 32 of the characters A-Z a-z 0-9 _ -.")
    links = _firewall_forwarding.link_settings(asked["rp_filter"], asked["ipv6"])
    content = _files.read(_firewall_forwarding.PATH)
    wanted = _firewall_forwarding.plan(asked["state"], content, value, asked["name"], links, uplink)
    changed = _files.changes([_files.File(_firewall_forwarding.PATH, wanted.content)])
    kernel = {path: new for path, new in kernel_settings(wanted, uplink).items() if current(path) not in (None, new)}
    before = {path: current(path) for path in kernel}
    if not module.check_mode:
        _files.write(module, changed)
        for path, new in kernel.items():
            # A kernel setting cannot be replaced like other files, only written to.
            with open(path, "w", encoding="ascii") as handle:
                handle.write(str(new))
    difference = _files.diff(changed)
    for path, new in kernel.items():
        shown = {"before": f"{before[path]}\n", "after": f"{new}\n"}
        difference.append({"before_header": path, "after_header": path, **shown})
    return {
        "changed": bool(changed or kernel),
        "diff": difference if module._diff else [],
        "path": _firewall_forwarding.PATH,
        "value": wanted.value,
        "links": sorted({path.split("/")[6] for path in kernel if path != _firewall_forwarding.KERNEL}),
    }


def kernel_settings(wanted: _firewall_forwarding.Wanted, uplink: str) -> dict[str, int]:
    """The files of the kernel's settings with their wanted values."""
    found = {_firewall_forwarding.KERNEL: wanted.value}
    for (family, key), number in wanted.links.items():
        value = current(CONF.format(family, "default", key)) if number is None else number
        for link in _interfaces.names():
            if value is not None and NUMBERED.fullmatch(link) and link != uplink:
                found[CONF.format(family, link, key)] = value
    return found


def current(path: str) -> int | None:
    """The value of a kernel setting; ``None`` where there is none, as with IPv6 on a kernel without it."""
    return int(_files.read(path) or b"0") if os.path.exists(path) else None


if __name__ == "__main__":
    main()
