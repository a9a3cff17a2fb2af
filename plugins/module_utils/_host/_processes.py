# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of this host. Private to this collection."""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    argv: tuple[str, ...]


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
                    words = _words(handle.read())
                with open(f"/proc/{entry}/stat", "rb") as handle:
                    # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
                    parent = int(handle.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            if words:
                found.append(Process(int(entry), parent, words))
    return found


def _namespaces(pid: str) -> tuple[str, str]:
    return os.readlink(f"/proc/{pid}/ns/pid"), os.readlink(f"/proc/{pid}/ns/net")


def argv(pid: int) -> tuple[str, ...]:
    """The command line of a process; empty if there is none, or no such process."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as handle:
            return _words(handle.read())
    except OSError:
        return ()


def _words(text: bytes) -> tuple[str, ...]:
    words = text.rstrip(b"\0").split(b"\0") if text else []
    return tuple(word.decode("utf-8", "surrogateescape") for word in words)


def after(words: t.Sequence[str], option: str) -> str | None:
    """The word behind an option in a command, ``None`` if there is none."""
    return next((value for word, value in zip(words, words[1:]) if word == option), None)


def started(pid: int) -> int | None:
    """When a process started, in clock ticks since boot, which tells it from a later one with its pid.

    ``None`` for a process that has ended, though its parent may not have noticed yet.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as handle:
            # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
            fields = handle.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] == b"Z" else int(fields[19])


def started_at(pid: int) -> float:
    """When a process started, in seconds since the epoch; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as handle:
            # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
            ticks = int(handle.read().rpartition(b")")[2].split()[19])
    except OSError:
        return 0.0
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age
