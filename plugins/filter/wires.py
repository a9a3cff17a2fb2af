# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: wires
short_description: List the Ethernet interfaces that connections use
version_added: 0.1.0
description:
  - Takes connections as in the variable C(pppoe_client_connections) of the role P(dialtone.pppoe.pppoe_client#role),
    and returns their Ethernet interfaces without duplicates. For a VLAN, this is the interface of the VLAN.
options:
  _input:
    description: The connections. Those without an C(interface) are skipped.
    type: list
    elements: dict
    required: true
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Discover access concentrators on all interfaces that this host dials on
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: "{{ pppoe_client_connections | dialtone.pppoe.wires }}"
"""

RETURN = r"""
_value:
  description: The names of the interfaces.
  type: list
  elements: str
"""

import typing as t


def wires(connections: list[dict[str, t.Any]]) -> list[str]:
    found = []
    for connection in connections:
        interface, vlan = connection.get("interface"), connection.get("vlan")
        if interface:
            found.append(interface if vlan in (None, "") else f"{interface}.{vlan}")
    return list(dict.fromkeys(found))


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"wires": wires}
