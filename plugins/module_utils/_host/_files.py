# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a module wants, held against those that are there. Private to this collection.

A module lists what it wants as ``File``, asks ``changes`` for what differs, shows ``diff``, and ``write`` makes
it so: each file atomically, and all of them or none.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
import typing as t
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _temporary
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class File:
    """A file as it should be: ``content`` in bytes, or ``None`` if it should not be there.

    ``mode`` holds for a new file; with ``keep_mode`` an existing file keeps the mode it has.
    A ``secret`` file never appears in a diff, only the fact that it changes. Of a ``program`` of ours a diff has one
    line, so that what the user has asked for is seen. ``edit``: makes the content out of what is there, for a file that
    another part of the same run may write between the plan and ``write``.
    """

    path: str
    content: bytes | None
    mode: int = 0o644
    keep_mode: bool = False
    secret: bool = False
    program: bool = False
    edit: t.Callable[[bytes | None], bytes | None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Change:
    """A file that differs: what it should be, and what it is (``None``: not there)."""

    file: File
    before: bytes | None
    before_mode: int | None


class LockTimeout(Failed):
    """Another run holds the file for longer than we wait."""


def read(path: str) -> bytes | None:
    """The content of a file, or ``None`` if there is none. Other errors are the caller's."""
    try:
        with open(path, "rb") as handle:
            return handle.read()
    except FileNotFoundError:
        return None


def there(paths: t.Iterable[str]) -> dict[str, tuple[bytes | None, int | None]]:
    """What is at each path now, for ``changes`` of a plan: content and mode, twice ``None`` if there is no file."""
    found = {}
    for path in paths:
        content = read(path)
        found[path] = (content, None if content is None else stat.S_IMODE(os.stat(path).st_mode))
    return found


def changes(
    files: t.Iterable[File], there_now: t.Mapping[str, tuple[bytes | None, int | None]] | None = None
) -> list[Change]:
    """The files whose content or mode is not as wanted, in their order; ``there_now`` as ``there`` gives it."""
    files = list(files)
    now = there(file.path for file in files) if there_now is None else there_now
    found = []
    for file in files:
        before, mode = now[file.path]
        same_mode = file.content is None or file.keep_mode or mode == file.mode
        if before != file.content or not same_mode:
            found.append(Change(file, before, mode))
    return found


def diff(changed: t.Iterable[Change]) -> list[dict[str, str]]:
    """What Ansible shows with ``--diff``, an entry a file."""
    return [_diff_of(change) for change in changed]


def _diff_of(change: Change) -> dict[str, str]:
    path = change.file.path

    def shown(content: bytes | None, mode: int | None) -> str:
        if content is None or mode is None:
            return ""
        if change.file.secret:
            return f"(content not shown, {len(content)} bytes, mode {mode:04o})\n"
        if change.file.program:
            digest = hashlib.sha256(content).hexdigest()[:12]
            return f"(program of dialtone.pppoe, {len(content.splitlines())} lines, {digest}, mode {mode:04o})\n"
        text = content.decode("utf-8", "surrogateescape")
        return text if change.before_mode in (None, after_mode) else f"(mode {mode:04o})\n{text}"

    after_mode = change.before_mode if change.file.keep_mode and change.before_mode else change.file.mode
    return {
        "before_header": path,
        "after_header": path,
        "before": shown(change.before, change.before_mode),
        "after": shown(change.file.content, after_mode),
    }


@contextmanager
def locked(path: str, timeout: float = 30.0) -> t.Iterator[None]:
    """Hold the lock that all our runs take for ``path``; wait for another run at most ``timeout`` seconds.

    The lock is a file of its own under /run, since the locked file itself is replaced by each write; for root it is in
    a folder where nobody else can put a file of that name first.
    """
    name = os.path.realpath(path).strip("/").replace("/", "-")
    directory = next((place for place in ("/run", "/run/lock") if os.access(place, os.W_OK)), tempfile.gettempdir())
    lock_path = os.path.join(directory, f"dialtone-pppoe-{os.getuid()}-{name[-150:]}.lock")
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _wait_for_lock(descriptor, path, time.monotonic() + timeout, timeout)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, path: str, deadline: float, timeout: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise LockTimeout(
                    f"{path} is being changed by another run, which did not finish within {timeout:.0f} seconds. "
                    "Run again once it has ended."
                ) from None
            time.sleep(0.05)


def write(module: AnsibleModule, changed: t.Sequence[Change]) -> list[Change]:
    """Make every change, or, if one cannot be made, none: those already made are taken back. Returns what was made.

    In each folder, what runs that were killed have left there is removed first. A power cut afterwards takes nothing
    back.
    """
    folders = list(dict.fromkeys(os.path.dirname(os.path.realpath(change.file.path)) for change in changed))
    for folder in folders:
        _temporary.sweep(folder)
    done: list[Change] = []
    try:
        for change in map(_up_to_date, changed):
            _write_one(module, change.file)
            done.append(change)
    except OSError:
        for change in reversed(done):
            mode = change.file.mode if change.before_mode is None else change.before_mode
            _write_one(module, File(change.file.path, change.before, mode))
        raise
    for folder in folders:
        _sync(folder)
    return done


def _up_to_date(change: Change) -> Change:
    """The change, of what the file is now."""
    if change.file.edit is None:
        return change
    before, mode = there([change.file.path])[change.file.path]
    if before == change.before:
        return change
    return Change(replace(change.file, content=change.file.edit(before)), before, mode)


def _sync(folder: str) -> None:
    """Have the names in a folder on the disk: the content of a file alone is not enough (fsync(2))."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_one(module: AnsibleModule, file: File, owner: os.stat_result | None = None) -> None:
    """``owner`` is the file whose owner and group a new one gets."""
    path = os.path.realpath(file.path)
    try:
        if file.content is None:
            if os.path.exists(path):
                os.unlink(path)
            return
        make_folder(os.path.dirname(path))
        _replace(module, path, file, owner)
    except OSError as error:
        # Not the name of a temporary file, nor none at all, as of a full disk.
        error.filename, error.filename2 = file.path, None
        raise


def make_folder(path: str) -> None:
    """Make a folder and those above it that are not there, open to others whatever the umask."""
    if os.path.isdir(path):
        return
    make_folder(os.path.dirname(path))
    with suppress(FileExistsError):
        os.mkdir(path, 0o755)
        os.chmod(path, 0o755)  # noqa: S103


def _replace(module: AnsibleModule, path: str, file: File, owner: os.stat_result | None) -> None:
    existing = os.stat(path) if os.path.exists(path) else None
    owner = existing or owner
    with _temporary.beside(path) as (handle, temporary):
        handle.write(file.content or b"")
        handle.flush()
        if owner is not None:
            os.fchown(handle.fileno(), owner.st_uid, owner.st_gid)
        keep = existing is not None and file.keep_mode
        os.fchmod(handle.fileno(), stat.S_IMODE(existing.st_mode) if keep and existing else file.mode)
        os.fsync(handle.fileno())
        if existing is not None:
            _copy_selinux_context(module, path, temporary)
        os.rename(temporary, path)
    if existing is None and module.selinux_enabled():
        module.set_default_selinux_context(path, False)


def _copy_selinux_context(module: AnsibleModule, source: str, target: str) -> None:
    if module.selinux_enabled():
        module.set_context_if_different(target, module.selinux_context(source), False)


def backup(module: AnsibleModule, path: str, mode: int | None = None) -> str | None:
    """A copy of the file beside it, with its mode and owner; returns its path, ``None`` if there is no file.

    ``mode`` is for a copy that is to be closed to others although the file is not.
    Not ``AnsibleModule.backup_local``: that one copies first and sets the mode afterwards, and a secret would be
    readable by others in between. The name is the one that Ansible's own modules give.
    """
    content = read(path)
    if content is None:
        return None
    status = os.stat(path)
    name = "{}.{}.{}~".format(path, os.getpid(), time.strftime("%Y-%m-%d@%H:%M:%S"))
    _write_one(module, File(name, content, stat.S_IMODE(status.st_mode) if mode is None else mode), status)
    return name


def text(path: str) -> str:
    """The text of a file; empty if there is none."""
    return (read(path) or b"").decode("utf-8", "replace")


def read_log(path: str, most: int = 1 << 20) -> str:
    """The last ``most`` bytes of a log; bytes that are no UTF-8 become ``\\xNN``. Empty if there is none."""
    try:
        with open(path, "rb") as handle:
            handle.seek(max(0, os.fstat(handle.fileno()).st_size - most))
            return handle.read(most).decode("utf-8", "backslashreplace")
    except FileNotFoundError:
        return ""
