# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why sessions were hung up, for the modules that tell of sessions. Private to this collection."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book

#: How many refusals are kept.
REFUSED = 200


def keep(state: str, session: _book.Session, account: str | None, reason: str) -> None:
    """``state``: the folder of the file."""
    entry = {
        "time": int(time.time()),
        "instance": session.instance,
        "interface": session.interface,
        "pid": session.pid,
        "peer_mac": session.mac,
        "session_id": int(session.session_id) if session.session_id.isdigit() else None,
        "username": account,
        "address": session.address,
        "reason": reason,
    }
    path = f"{state}/refused"
    with suppress(OSError):
        lines = [*_basics.text(path).splitlines()[1 - REFUSED :], json.dumps(entry)]
        with open(path + ".part", "w", encoding="utf-8") as handle:
            handle.write("\n".join(lines) + "\n")
        os.replace(path + ".part", path)
