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


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Running:
    """``daemon``: the pppoe-server that answers for the instance; ``sessions``: its pppd's pids.

    ``foreign``: one that somebody has started by hand on the same interface (see ``_server_takeover``).
    """

    daemon: Process | None
    sessions: tuple[int, ...]
    foreign: Process | None = None


def every() -> list[Process]:
    """All processes that have a command line. One that ends meanwhile is left out.

    So are those in containers and in other network namespaces, which are another host's although this one sees them,
    and those of other users, who can give theirs any command line.
    """
    found = []
    here = _namespaces("self")
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if _namespaces(entry) != here or os.stat(f"/proc/{entry}").st_uid != os.geteuid():
                    continue
                with open(f"/proc/{entry}/cmdline", "rb") as handle:
                    argv = handle.read()
                with open(f"/proc/{entry}/stat", "rb") as handle:
                    # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
                    parent = int(handle.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            words = tuple(word.decode("utf-8", "surrogateescape") for word in argv.rstrip(b"\0").split(b"\0"))
            if argv:
                found.append(Process(int(entry), parent, words))
    return found


def _namespaces(pid: str) -> tuple[str, str]:
    return os.readlink(f"/proc/{pid}/ns/pid"), os.readlink(f"/proc/{pid}/ns/net")


def of_instance(processes: t.Iterable[Process], options_path: str) -> Running:
    """The daemon and the sessions whose options file is ``options_path``."""
    daemons, sessions = {}, []
    for process in processes:
        program = os.path.basename(process.argv[0])
        if program == "pppoe-server" and _argument(process.argv, "-O") == options_path:
            daemons[process.pid] = process
        elif program == "pppd" and _argument(process.argv, "file") == options_path:
            sessions.append(process.pid)
    # A child has its parent's command line until it becomes the pppd of a new session.
    first = [process for process in daemons.values() if process.parent not in daemons]
    return Running(first[0] if first else None, tuple(sorted(sessions)))


def is_daemon(pid: int, options_path: str) -> bool:
    """Whether ``pid`` is (still) a daemon of that instance."""
    return any(process.pid == pid for process in every() if _argument(process.argv, "-O") == options_path)


def _argument(argv: t.Sequence[str], option: str) -> str | None:
    try:
        return argv[argv.index(option) + 1]
    except (ValueError, IndexError):
        return None


def own_command(argv: t.Sequence[str]) -> list[str]:
    """A running daemon's command without the ``-o`` and ``-p`` that the instance script added at its end."""
    words = list(argv)
    return words[:-4] if len(words) > 4 and words[-4] == "-o" and words[-2] == "-p" else words
