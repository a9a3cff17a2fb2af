# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records of sessions on a host: of a server itself, and of a RADIUS centre. Private to this collection."""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _psql

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def of_server(path: str, asked: _question.HistoryQuestion) -> list[dict[str, t.Any]]:
    """From the database of the session manager."""
    import sqlite3

    try:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        try:
            there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'prefix'").fetchone()
            statement, values = _question.for_sqlite(asked, prefixes=there is not None)
            database.row_factory = sqlite3.Row
            return [_question.row(dict(one), "server") for one in database.execute(statement, values)]
        finally:
            database.close()
    except sqlite3.Error as error:
        raise Failed(f"{path} cannot be read: {error}.") from None


def of_centre(module: AnsibleModule, service_file: str, asked: _question.HistoryQuestion) -> list[dict[str, t.Any]]:
    """From the accounting of FreeRADIUS."""
    out = _psql.run(module, service_file, _question.for_radacct(asked, _psql.literal))
    return [_question.row(json.loads(line), "radius") for line in out.splitlines() if line]


def every(
    module: AnsibleModule, path: str, service_file: str, asked: _question.HistoryQuestion
) -> list[dict[str, t.Any]]:
    """From both, where they are there, the latest session first."""
    found = of_server(path, asked) if os.path.exists(path) else []
    if os.path.exists(service_file):
        found += of_centre(module, service_file, asked)
    return sorted(found, key=lambda one: one["start"] or "", reverse=True)[: asked.limit]
