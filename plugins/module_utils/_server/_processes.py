# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of an instance, found by their command lines. Private to this collection.

A daemon is known by its ``-O`` file and a session's pppd by its ``file``: both name the instance, whoever started
them, and a session keeps it when its daemon is gone.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._unmanaged import Daemon


@dataclass(frozen=True)
class Running:
    """``daemon``: the pppoe-server that answers for the instance; ``sessions``: its pppd's pids.

    ``foreign``: one that somebody has started by hand on the same interface (see ``_takeover``).
    ``stale``: the pids of more daemons of the instance, which a start that was killed has left.
    """

    daemon: _processes.Process | None
    sessions: tuple[int, ...]
    foreign: Daemon | None = None
    stale: tuple[int, ...] = ()


def of_instance(processes: t.Iterable[_processes.Process], options_path: str, main_pid: int = 0) -> Running:
    """The daemon and the sessions whose options file is ``options_path``; of several daemons ``main_pid``."""
    daemons, sessions = {}, []
    for process in processes:
        program = os.path.basename(process.argv[0])
        if program == "pppoe-server" and _processes.after(process.argv, "-O") == options_path:
            daemons[process.pid] = process
        elif program == "pppd" and _processes.after(process.argv, "file") == options_path:
            sessions.append(process.pid)
    # A child has its parent's command line until it becomes the pppd of a new session.
    first = [process for process in daemons.values() if process.parent not in daemons]
    first.sort(key=lambda process: (process.pid != main_pid, process.pid))
    return Running(first[0] if first else None, tuple(sorted(sessions)), stale=tuple(one.pid for one in first[1:]))


def own_command(argv: t.Sequence[str]) -> list[str]:
    """A running daemon's command without the ``-o`` and ``-p`` that the instance script added at its end."""
    words = list(argv)
    return words[:-4] if len(words) > 4 and words[-4] == "-o" and words[-2] == "-p" else words
