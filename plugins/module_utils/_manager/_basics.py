# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What several parts of the session manager need. Private to this collection."""

from __future__ import annotations

import syslog


def text(path: str) -> str:
    """The text of a file; empty if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def say(line: str) -> None:
    """Log a line; whatever cannot be printed becomes ``?``."""
    syslog.syslog(syslog.LOG_NOTICE, "".join(one if one.isprintable() else "?" for one in line))
