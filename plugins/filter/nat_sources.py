# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: nat_sources
short_description: Determine the source networks that a PPPoE server has to translate
version_added: 0.1.0
description:
  - Returns the given networks unchanged. If there are none, returns the smallest set of networks and ranges that covers
    a pool and other addresses.
  - C(0.0.0.0/0) alone stands for all sources, for which the result is empty, as M(dialtone.pppoe.masquerade) expects.
positional: pool, others
options:
  _input:
    description: The networks that were explicitly configured.
    type: list
    elements: str
    required: true
  pool:
    description: The pool, in the forms that M(dialtone.pppoe.pppoe_server) takes.
    type: list
    elements: str
    required: true
  others:
    description: Other addresses in the same forms, such as fixed addresses of accounts.
    type: list
    elements: str
    default: []
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Translate the pool and a fixed address, together 192.168.10.3-192.168.10.21
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
    given, pool, others = map(_listed, (given, pool, others))
    if given == ["0.0.0.0/0"]:
        return []
    try:
        return given or _sets.merged([*pool, *others])
    except Refused as error:
        raise AnsibleFilterError(str(error)) from error


def _listed(value: str | t.Sequence[str]) -> list[str]:
    """A list that was written as text, as Ansible reads it for a module."""
    entries = [value] if isinstance(value, str) else value
    return [word.strip() for entry in entries for word in str(entry).split(",") if word.strip()]


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"nat_sources": nat_sources}
