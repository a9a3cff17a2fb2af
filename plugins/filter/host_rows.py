# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: host_rows
short_description: Combine the results of several hosts into rows of a table
version_added: 0.1.0
description:
  - Takes a variable that was registered on several hosts, and concatenates the entries of a list in it, each with the
    name of its host in C(host).
  - A host that is unreachable or whose task failed has a row with V(unreachable) or V(failed) in C(state) and the
    reason in O(problem). A host whose list is empty has a row with only its name.
positional: hosts, variable, keys, problem
options:
  _input:
    description: P(ansible.builtin.vars#lookup) of all hosts, the variable C(hostvars).
    type: dict
    required: true
  hosts:
    description: The names of the hosts, usually C(ansible_play_hosts_all).
    type: list
    elements: str
    required: true
  variable:
    description: The name of the registered variable.
    type: str
    required: true
  keys:
    description: The key of the list in it; or several keys, for several lists.
    type: list
    elements: str
    required: true
  problem:
    description: The key for the reason why a host has no data.
    type: str
    default: problem
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Show the sessions of all servers in one table
  ansible.builtin.debug:
    msg: >-
      {{ hostvars | dialtone.pppoe.host_rows(ansible_play_hosts_all, 'live', ['sessions'])
      | dialtone.pppoe.table(['host', 'username', 'address']) }}
  run_once: true
"""

RETURN = r"""
_value:
  description: The rows.
  type: list
  elements: dict
"""

import typing as t


def host_rows(
    hostvars: t.Mapping[str, t.Any], hosts: list[str], variable: str, keys: list[str], problem: str = "problem"
) -> list[dict[str, t.Any]]:
    rows: list[dict[str, t.Any]] = []
    for host in hosts:
        result = hostvars[host].get(variable) or {}
        if all(key in result for key in keys):
            entries = [entry for key in keys for entry in result[key]] or [{}]
        else:
            state = "failed" if result.get("failed") else "unreachable"
            entries = [{"state": state, problem: result.get("msg", "It could not be asked.")}]
        rows += [_row(host, entry, problem) for entry in entries]
    return rows


def _row(host: str, entry: t.Any, problem: str) -> dict[str, t.Any]:
    """What a host says of itself never changes whose row it is."""
    if not isinstance(entry, dict):
        entry = {"state": "failed", problem: "It has returned something else than was asked for."}
    return {"host": host, **{key: value for key, value in entry.items() if key != "host"}}


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"host_rows": host_rows}
