# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: outside_of
short_description: Select addresses that are not within other addresses or networks
version_added: 0.1.0
description:
  - Returns the IPv4 addresses of a list that are in none of the given networks, ranges and addresses.
positional: entries
options:
  _input:
    description: IPv4 addresses.
    type: list
    elements: str
    required: true
  entries:
    description: Networks, ranges and addresses, in the forms of a pool of M(dialtone.pppoe.pppoe_server).
    type: list
    elements: str
    required: true
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Check that each address is one of ours
  ansible.builtin.assert:
    that: addresses | dialtone.pppoe.outside_of(['10.0.0.2-10.0.0.99', '10.1.0.0/24']) | length == 0
"""

RETURN = r"""
_value:
  description: The addresses that are in no entry.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _sets
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused


def outside_of(addresses: t.Iterable[str], entries: list[str]) -> list[str]:
    try:
        return _sets.outside_of(list(addresses), entries)
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"outside_of": outside_of}
