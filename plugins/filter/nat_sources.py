# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nat_sources
short_description: Which source addresses a PPPoE server has to translate
version_added: 0.1.0
description:
  - Takes networks that were asked for as they are. Without any, gives the fewest networks and ranges that hold a pool
    and other addresses.
  - C(0.0.0.0/0) alone stands for everything, for which M(dialtone.pppoe.masquerade) has no source at all.
positional: pool, others
options:
  _input:
    description: The networks that were asked for in so many words.
    type: list
    elements: str
    required: true
  pool:
    description: The pool, in the forms that M(dialtone.pppoe.pppoe_server) takes.
    type: list
    elements: str
    required: true
  others:
    description: Other addresses in the same forms, such as those that accounts have for themselves.
    type: list
    elements: str
    default: []
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: The pool and a fixed address are hidden, which are 192.168.10.3-192.168.10.21
  dialtone.pppoe.masquerade:
    out_interface: eth0
    source: "{{ [] | dialtone.pppoe.nat_sources(['192.168.10.4+18'], ['192.168.10.3']) }}"
"""

RETURN = r"""
_value:
  description: Networks, addresses and ranges.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _sets
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused


def nat_sources(given: list[str], pool: list[str], others: t.Sequence[str] = ()) -> list[str]:
    if list(given) == ["0.0.0.0/0"]:
        return []
    try:
        return list(given) or _sets.merged([*pool, *others])
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"nat_sources": nat_sources}
