# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delays PADOs by the number of sessions on this host. Private to this collection.

The program pppoe-access has made an ifb device for each access interface, with the steps in its alias. Its band 2 is
what PADOs pass, and here its delay is set, by rtnetlink. Each look sets it, whatever it is.
"""

from __future__ import annotations

import os
import struct
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pado_steps

#: Seconds between two looks.
LOOK = 1.0
#: As pppoe-access has made it: the handle of band 2, and the packets it may hold.
HANDLE, LIMIT = 0x00200000, 10000
_DEVICES = "/sys/class/net"
# linux/rtnetlink.h, linux/pkt_sched.h; the kernel's unit of time is 64 ns (PSCHED_SHIFT).
_QDISC, _KIND, _OPTIONS = 36, 1, 2
_TICKS = 1_000_000 // 64


class PadoDelay:
    """The delays of PADOs on the access interfaces that have steps."""

    def __init__(self, devices: str = _DEVICES) -> None:
        self._devices = devices
        self._seen = float("-inf")
        self._any = False
        self._problem = ""

    def again(self) -> None:
        """Something has changed: do not wait for the next look."""
        self._seen = float("-inf")

    def look(self, sessions: t.Iterable[_book.Session]) -> bool:
        """Set the delays; whether to look again soon."""
        now = time.monotonic()
        if now - self._seen < LOOK:
            return self._any
        self._seen = now
        steps = self._steps()
        self._any = bool(steps)
        up = sum(one.up and one.instance is not None for one in sessions) if steps else 0
        problem = ""
        for name, index, its in steps:
            try:
                set_delay(index, _pado_steps.at(its, up))
            except OSError as error:
                problem = f"the delay of PADOs by {name} cannot be set: {error}"
        if problem and problem != self._problem:
            _basics.say(problem, None)
        self._problem = problem
        return False

    def _steps(self) -> list[tuple[str, int, _pado_steps.Steps]]:
        """Name, index and steps of each device that has some."""
        found = []
        for name in os.listdir(self._devices):
            if name.startswith("pppoe-hold"):
                steps = _pado_steps.of_alias(_basics.text(f"{self._devices}/{name}/ifalias").rstrip("\n"))
                index = _basics.text(f"{self._devices}/{name}/ifindex").strip()
                if steps and index.isdigit():
                    found.append((name, int(index), steps))
        return found


def set_delay(index: int, milliseconds: int) -> None:
    """Set the delay of an interface's band 2, which is there. What waits in it keeps its time."""
    with _netlink.opened() as kernel:
        _netlink.change(kernel, _QDISC, 0, message(index, milliseconds))


def message(index: int, milliseconds: int) -> bytes:
    """struct tcmsg, and struct tc_netem_qopt: latency, limit, loss, gap, duplicate, jitter."""
    options = struct.pack("=IIIIII", milliseconds * _TICKS, LIMIT, 0, 0, 0, 0)
    head = struct.pack("=BBHiIII", 0, 0, 0, index, HANDLE, 0, 0)
    return head + _netlink.packed(_KIND, b"netem\0") + _netlink.packed(_OPTIONS, options)
