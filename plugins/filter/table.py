# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

DOCUMENTATION = r"""
name: table
short_description: Format a list of dictionaries as a text table
version_added: 0.1.0
description:
  - Formats a list of dictionaries in columns, each as wide as its widest value.
  - A missing value, V(none) and an empty list are shown as V(-), a list as its comma-separated entries, and the value
    of a key that begins with V(bytes) as a size. Non-printable characters are shown as V(\\xNN).
positional: columns
options:
  _input:
    description: The rows.
    type: list
    elements: dict
    required: true
  columns:
    description:
      - The keys to show, in order. An underscore in a key becomes a space in the title. A dictionary maps titles to
        keys instead.
    type: raw
    required: true
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Show sessions
  ansible.builtin.debug:
    msg: "{{ sessions | dialtone.pppoe.table(['username', 'address', 'since']) }}"
  vars:
    sessions:
      - {username: cmz, address: 192.168.10.2, since: "2026-11-22T14:21:53Z"}
      - {username: cmz2, address: 192.168.10.3}
"""

RETURN = r"""
_value:
  description: The lines of the table, starting with the titles.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

NOTHING = "-"


def table(rows: list[dict[str, t.Any]], columns: list[str] | dict[str, str]) -> list[str]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AnsibleFilterError("dialtone.pppoe.table: the rows are not a list of dictionaries.")
    keys = columns if isinstance(columns, dict) else {str(key).replace("_", " "): key for key in columns}
    cells = [list(keys), *([_cell(key, row.get(key)) for key in keys.values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(keys))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells]


def _cell(key: str, value: t.Any) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_printable(one) or '""' for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{_printable(name)} {_printable(one)}" for name, one in value.items())
    return _size(value) if key.startswith("bytes") and isinstance(value, int) else _printable(value)


def _printable(value: t.Any) -> str:
    return _text.escaped(str(value))


def _size(count: int) -> str:
    units = ["B", "kB", "MB", "GB", "TB"]
    size = float(count)
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"table": table}
