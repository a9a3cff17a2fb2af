# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a daemon that has just started needs to answer everybody when all dial at once. Private to this collection."""

from __future__ import annotations

import ctypes
import os
import socket
from contextlib import suppress

#: Bytes of frames that wait until the daemon reads them. By default they are some hundred PADIs, and whoever's PADI is
#: lost asks again only after seconds.
ROOM = 2 << 20
_SO_RCVBUFFORCE = 33
#: pidfd_getfd(2), which has this number on every architecture; since Linux 5.6.
_PIDFD_GETFD = 438


def prepare(pid: int) -> None:
    """Give its packet sockets room, and have what it starts go without its precedence; an old kernel cannot."""
    with suppress(OSError):
        os.sched_setscheduler(pid, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    with suppress(OSError):
        process = os.pidfd_open(pid)
        for entry in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{entry}").startswith("socket:"):
                    _make_room(process, int(entry))
        os.close(process)


def _make_room(process: int, descriptor: int) -> None:
    """For a socket of another process, by a descriptor of our own for it."""
    system = ctypes.CDLL(None, use_errno=True)
    copy = system.syscall(_PIDFD_GETFD, process, descriptor, 0)
    if copy >= 0:
        with socket.socket(fileno=copy) as one:
            if one.family == socket.AF_PACKET:
                one.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, ROOM)
