# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files in a folder that may be another user's, written with no more than his rights. Private to this collection.

Only Python's own library: this file is a part of the program that writes metrics.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import contextmanager, suppress

#: Where the program keeps the totals of instances.
TOTALS = "/var/lib/dialtone-pppoe"


@contextmanager
def _folder(path: str) -> t.Iterator[int]:
    """A folder, opened and used with the rights of the first on the way to it that is not root's.

    Whoever owns a folder on the way can put a link to any file of the host in the place of what is behind it, and gets
    no further by that than his own rights reach. A folder that others may write to without owning it has no links.
    """
    groups = os.getgroups()
    opened = [os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for part in filter(None, path.split("/")):
            links = os.O_NOFOLLOW if _is_open(opened[-1]) else 0
            _become_owner(opened[-1])
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | links
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        _become_owner(opened[-1])
        yield opened[-1]
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
            os.setegid(os.getgid())
            os.setgroups(groups)
        for descriptor in opened:
            os.close(descriptor)


def _is_open(folder: int) -> bool:
    return bool(os.fstat(folder).st_mode & 0o022)


def _become_owner(folder: int) -> None:
    owner = os.fstat(folder)
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


def write(path: str, text: str) -> None:
    """Whole or not at all: node_exporter may read at any time, and takes files that end in .prom."""
    name = os.path.basename(path)
    with _folder(os.path.dirname(path)) as folder:
        with suppress(FileNotFoundError):
            os.unlink(name + ".new", dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name + ".new", flags, 0o644, dir_fd=folder), "w", encoding="utf-8") as handle:
            os.fchmod(handle.fileno(), 0o644)
            handle.write(text)
        os.replace(name + ".new", name, src_dir_fd=folder, dst_dir_fd=folder)


def remove(path: str) -> None:
    """Remove what ``write`` has made."""
    with suppress(FileNotFoundError), _folder(os.path.dirname(path)) as folder:
        for name in (os.path.basename(path) + ".new", os.path.basename(path)):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
