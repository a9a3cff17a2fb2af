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
  ipv6_forwarding:
    description:
      - V(true) also enables IPv6 forwarding (C(net.ipv6.conf.all.forwarding)) on this host. V(false) withdraws that.
        When no request has V(true) any more, the previous value is restored.
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

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forwarding_run as _firewall_forwarding_run,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "default": "default"},
    "rp_filter": {"type": "str", "choices": ["strict", "loose", "off", "unchanged"]},
    "ipv6": {"type": "bool"},
    "ipv6_forwarding": {"type": "bool"},
    "uplink": {"type": "str"},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), _firewall_forwarding_run.run)


if __name__ == "__main__":
    main()
