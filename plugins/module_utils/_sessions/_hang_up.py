# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hangs sessions up. Private to this collection."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

Session = dict[str, t.Any]
POLL = 0.05


def hang_up(module: AnsibleModule, sessions: t.Sequence[Session], timeout: float) -> list[Session]:
    """End the sessions, and return those that have not ended within ``timeout`` seconds.

    A pppd that gets SIGTERM takes leave of its peer (LCP Terminate-Request, PADT), whoever started it, and whether its
    daemon still lives or not. What would dial again by itself is stopped.
    """
    there = list(filter(_sessions_observe.is_there, sessions))
    running = {session["pid"]: _processes.started(session["pid"]) for session in there}
    for session in there:
        unit = _unit(module, session)
        if unit:
            _systemd.stop(module, unit)
        else:
            with suppress(ProcessLookupError):
                os.kill(session["pid"], signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while True:
        # A pid that was given to another process since has another start.
        living = {pid for pid, start in running.items() if start is not None and _processes.started(pid) == start}
        left = [session for session in there if session["pid"] in living]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(POLL)


def _unit(module: AnsibleModule, session: Session) -> str | None:
    """The unit that would dial again, if there is one."""
    if session["role"] != "client" or not session["instance"] or not _systemd.running():
        return None
    unit = _layout_client.unit_name(session["instance"])
    return unit if _systemd.goes_on(module, unit) else None
