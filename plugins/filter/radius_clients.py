# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: radius_clients
short_description: List the PPPoE servers of an inventory that ask a RADIUS centre
version_added: 0.1.0
description:
  - Returns an entry of O(dialtone.pppoe.pppoe_radius#module:clients) for each host that has C(pppoe_server_radius).
  - The address is C(nas_address) of it, or else C(ansible_host). The secret is that of the server whose address is one
    of the given ones.
positional: hosts, addresses
options:
  _input:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  hosts:
    description: The names of the hosts.
    type: list
    elements: str
    required: true
  addresses:
    description: The addresses by which the concentrators know this centre.
    type: list
    elements: str
    required: true
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Configure the centre for the PPPoE servers of the inventory
  dialtone.pppoe.pppoe_radius:
    clients: "{{ hostvars | dialtone.pppoe.radius_clients(groups['pppoe_servers'], [ansible_host]) }}"
"""

RETURN = r"""
_value:
  description: An entry for each of them.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _inventory


def radius_clients(
    variables: t.Mapping[str, t.Mapping[str, t.Any]], hosts: list[str], addresses: list[str]
) -> list[dict[str, t.Any]]:
    try:
        return _inventory.clients(variables, hosts, addresses)
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"radius_clients": radius_clients}
