# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions that the session manager of a server has hung up, and why. Private to this collection."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

KEYS = ("instance", "interface", "pid", "peer_mac", "session_id", "username", "address", "reason")
PATH = f"{_layout_server.STATE}/refused"


def read() -> list[dict[str, t.Any]]:
    """The last 200, the latest one last.

    Each has ``time`` (ISO 8601, UTC), ``role``, ``instance``, ``interface``, ``pid``, ``peer_mac``, ``session_id``,
    ``username`` (as pppd spells it; ``None`` if the client had named none), ``address`` and ``reason`` (a sentence).
    """
    return parse(_files.text(PATH))


def parse(text: str) -> list[dict[str, t.Any]]:
    """The lines that are whole."""
    found = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            when = _text.moment(entry["time"])
        except (ValueError, TypeError, KeyError, OverflowError):
            continue
        found.append({**{key: entry.get(key) for key in KEYS}, "time": when, "role": "server"})
    return found
