# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several parts of the session manager need. Private to this collection."""

from __future__ import annotations

import os
import socket
import syslog
from contextlib import suppress

#: Where journald takes messages that say which unit they are about (systemd.journal-fields(7)).
JOURNAL = "/run/systemd/journal/socket"


def text(path: str) -> str:
    """The text of a file; empty if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def data(path: str) -> bytes:
    """A small file of the kernel; empty if there is none. While many dial, these reads count: there are three calls."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def say(line: str, instance: str | None) -> None:
    """Log a line, for ``journalctl -u`` in the unit of its instance; whatever cannot be printed becomes ``?``."""
    printable = "".join(one if one.isprintable() else "?" for one in line)
    if instance is None or not _say_in_unit(printable, f"pppoe-server@{instance}.service"):
        syslog.syslog(syslog.LOG_NOTICE, printable)


def _say_in_unit(line: str, unit: str) -> bool:
    """Whether journald has taken it. This process belongs to the unit of the instance that has started it."""
    fields = {
        "MESSAGE": line,
        "PRIORITY": syslog.LOG_NOTICE,
        "SYSLOG_FACILITY": syslog.LOG_DAEMON >> 3,
        "SYSLOG_IDENTIFIER": "pppoe-server",
        "OBJECT_SYSTEMD_UNIT": unit,
    }
    message = "".join(f"{name}={value}\n" for name, value in fields.items())
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.setblocking(False)
        journal.sendto(message.encode("utf-8", "replace"), JOURNAL)
        return True
    return False
