# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The setting that has a host forward IPv4 packets. Private to this collection. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATH = "/etc/sysctl.d/60-dialtone-pppoe.conf"
KERNEL = "/proc/sys/net/ipv4/ip_forward"
_FORMER = re.compile(rb"^# Before, it was ([01])\.$", re.MULTILINE)


@dataclass(frozen=True)
class Wanted:
    """``content`` of the file (``None``: no file), and the kernel's ``value``."""

    content: bytes | None
    value: int


def plan(state: str, content: bytes | None, value: int) -> Wanted:
    """From what is there: our file's ``content`` and the kernel's ``value``."""
    noted = _FORMER.search(content or b"")
    former = int(noted.group(1)) if noted else value
    if state == "absent":
        return Wanted(None, former if content is not None else value)
    text = (
        "# Managed by Ansible (dialtone.pppoe). Changes made here are overwritten.\n"
        f"# Before, it was {former}.\n"
        "net.ipv4.ip_forward = 1\n"
    )
    return Wanted(text.encode(), 1)
