# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of the session manager, in the queues in which the scripts of sessions wait. Private to this collection."""

from __future__ import annotations

import os
from contextlib import suppress


def queue(state: str, session_id: str) -> int | None:
    """The queue of a session, if somebody waits there. ``state``: the folder, as in ``Places``."""
    if not session_id.isdigit():
        return None
    try:
        return os.open(f"{state}/answers/{session_id}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def reply(state: str, session_id: str, text: str) -> None:
    """Write a line into the queue of a session."""
    opened = queue(state, session_id)
    if opened is not None:
        with suppress(OSError):
            os.write(opened, (text + "\n").encode())
        os.close(opened)
