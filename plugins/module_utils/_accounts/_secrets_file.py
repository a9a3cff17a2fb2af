# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets file on the host: read whole, or refused. Private to this collection."""

from __future__ import annotations

import os
import stat

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

#: More than a million accounts. pppd itself takes seconds for each log-in long before.
MOST_BYTES = 64 * 1024 * 1024


def read(path: str) -> tuple[bytes | None, int | None]:
    """The content and mode of the file, nothing if there is none; ``Refused`` for what cannot be a secrets file."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None, None
    fix = "Name a secrets file, such as /etc/ppp/chap-secrets."
    if not stat.S_ISREG(status.st_mode):
        what = "a directory" if stat.S_ISDIR(status.st_mode) else "no regular file"
        raise Refused("path", f"{path} is {what}.", fix)
    if status.st_size > MOST_BYTES:
        size = f"{status.st_size} bytes, more than {MOST_BYTES // 1024 // 1024} MiB"
        raise Refused("path", f"{path} has {size}.", fix)
    with open(path, "rb") as handle:
        return handle.read(), stat.S_IMODE(status.st_mode)


def check_folder(path: str) -> None:
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise Refused("path", f"there is no directory {folder}.", "Install ppp first, or correct the path.")
