# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: radius_accounts
short_description: List the accounts of PPPoE servers that use RADIUS
version_added: 0.1.0
description:
  - Returns the C(pppoe_server_accounts) of all hosts that have C(pppoe_server_radius), and the accounts of their
    C(pppoe_server_instances), each account once.
  - An account that is not the same everywhere is an error.
positional: hosts, others
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
  others:
    description: Further accounts, such as C(pppoe_radius_accounts), which come first.
    type: list
    elements: dict
    default: []
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Move the accounts of the servers to RADIUS
  dialtone.pppoe.radius_user:
    users: "{{ hostvars | dialtone.pppoe.radius_accounts(groups['pppoe_servers']) }}"
"""

RETURN = r"""
_value:
  description: Entries for O(dialtone.pppoe.radius_user#module:users).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _inventory


def radius_accounts(
    variables: t.Mapping[str, t.Mapping[str, t.Any]],
    hosts: list[str],
    others: t.Sequence[t.Mapping[str, t.Any]] = (),
) -> list[dict[str, t.Any]]:
    try:
        return _inventory.accounts(variables, hosts, others)
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"radius_accounts": radius_accounts}
