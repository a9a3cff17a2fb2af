# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that is written beside another one and then takes its place. Private to this collection.

A run that is killed cannot remove it, and it may have secrets in it. So whoever writes one holds a lock on it, which
ends with the process (flock(2)), and ``sweep`` removes those on which nobody has a lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
import typing as t
from contextlib import contextmanager, suppress

_PREFIX, _SUFFIX = ".ansible-", ".tmp"
# What tempfile.mkstemp puts in between.
_NAME = re.compile(r"\.ansible-[a-z0-9_]{8}\.tmp\Z")
# A file system without locks, such as some of NFS.
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS)


@contextmanager
def beside(path: str) -> t.Iterator[tuple[t.BinaryIO, str]]:
    """A new file, open, and its name, in the folder of ``path``; removed at the end unless it was renamed.

    It is on the same file system, never readable by others, and no reader of a .d folder takes a file of that name.
    """
    descriptor, name = _locked(os.path.dirname(path))
    # Open, and so locked, until it has its new name.
    with os.fdopen(descriptor, "wb") as handle:
        try:
            yield handle, name
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise


@contextmanager
def folder(prefix: str, parent: str = "/run") -> t.Iterator[str]:
    """A new folder that is closed to others, removed at the end; first, those go that killed runs have left.

    ``prefix``: how its name and theirs begin; ``parent``: a folder in which only root can make one.
    """
    for name in os.listdir(parent):
        if re.match(re.escape(prefix) + r"[a-z0-9_]{8}\Z", name):
            _sweep_folder(os.path.join(parent, name))
    descriptor, path = _locked_folder(prefix, parent)
    try:
        yield path
    finally:
        shutil.rmtree(path)
        os.close(descriptor)


def _locked_folder(prefix: str, parent: str) -> tuple[int, str]:
    while True:
        path = tempfile.mkdtemp(prefix=prefix, dir=parent)
        with suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return descriptor, path
            # Swept away before it was locked.
            os.close(descriptor)


def _sweep_folder(path: str) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        finally:
            os.close(descriptor)


def _locked(folder: str) -> tuple[int, str]:
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        # Swept away before it was locked.
        os.close(descriptor)


def left(folder: str) -> list[str]:
    """The files of runs in the folder, of those that were killed or that are at it now."""
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if _NAME.match(name)]
    except OSError:
        return []


def sweep(folder: str) -> list[str]:
    """Remove what runs that were killed have left in the folder; returns the paths."""
    return [path for path in left(folder) if _swept(path)]


def _swept(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _open_elsewhere(descriptor):
            return False
        os.unlink(path)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _open_elsewhere(descriptor: int) -> bool:
    """Whether a process has the file open without our lock, as another program that uses such a name would."""
    wanted = os.fstat(descriptor)
    own = f"/proc/{os.getpid()}/fd/{descriptor}"
    for process in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            for number in os.listdir(f"/proc/{process}/fd"):
                link = f"/proc/{process}/fd/{number}"
                with suppress(OSError):
                    if link != own and os.path.samestat(os.stat(link), wanted):
                        return True
    return False
