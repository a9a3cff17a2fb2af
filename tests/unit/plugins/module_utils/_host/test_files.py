from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _module, _rc_local

MODULE = type("Module", (), {"selinux_enabled": staticmethod(lambda: False)})()


def test_a_diff_has_one_line_of_a_program_of_ours_and_all_of_what_was_asked_for(tmp_path):
    old, new = b"#!/bin/sh\necho 1\n", b"#!/bin/sh\necho 2\n"
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "old").chmod(0o755)
    files = [
        _files.File(str(tmp_path / "new"), new, 0o755, program=True),
        _files.File(str(tmp_path / "old"), new, 0o755, program=True),
        _files.File(str(tmp_path / "options"), b"auth\nmtu 1492\n"),
    ]
    first, changed, options = _files.diff(_files.changes(files))
    assert (first["before"], first["after"].startswith("(program of dialtone.pppoe, 2 lines, ")) == ("", True)
    # Another version is seen, too.
    assert changed["before"] != changed["after"]
    assert changed["before"].count("\n") == changed["after"].count("\n") == 1
    assert options["after"] == "auth\nmtu 1492\n"


@pytest.mark.parametrize("step", ["mkstemp", "write", "fsync", "rename"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "No space left on device. The file system is full: free some space there"),
        (errno.EROFS, "Read-only file system. The file system is mounted read-only"),
        (errno.EDQUOT, "The disk quota is used up"),
    ],
)
def test_an_error_names_the_file_and_the_fix(tmp_path, monkeypatch, step, number, words):
    def fail(*_arguments, **_more):
        raise OSError(number, os.strerror(number))

    owner = {"mkstemp": _files._temporary.tempfile, "write": os, "fsync": os, "rename": os}[step]
    monkeypatch.setattr(owner, "fdopen" if step == "write" else step, fail)
    path = str(tmp_path / "file")
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        _files.write(MODULE, _files.changes([_files.File(path, b"x")]))
    assert _module.os_error(caught.value).startswith(f"{path}: ")
    assert words in _module.os_error(caught.value)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
@pytest.mark.parametrize(("user", "words"), [(0, "lsattr"), (1000, "Run the task as root: become: true.")])
def test_who_is_not_allowed_becomes_root_and_root_looks_elsewhere(monkeypatch, number, user, words):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    text = _module.os_error(OSError(number, os.strerror(number), "/etc/ppp/chap-secrets"))
    assert text.startswith("/etc/ppp/chap-secrets: ")
    assert words in text
    assert ("become" in text) == (user != 0)


def test_names_are_on_the_disk_when_it_returns(tmp_path, monkeypatch):
    """The content of a file is synced before its name, and the name before the run goes on."""
    steps = []
    rename, fsync = os.rename, os.fsync

    def synced(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        steps.append("folder" if os.path.isdir(path) else "content")
        fsync(descriptor)

    def renamed(source, target):
        steps.append("name")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "rename", renamed)
    files = [_files.File(str(tmp_path / name), b"x") for name in ("one", "two")]
    _files.write(MODULE, _files.changes(files))
    assert steps == ["content", "name", "content", "name", "folder"]


def test_two_parts_of_a_run_edit_one_file_and_neither_loses_a_line(tmp_path):
    path = str(tmp_path / "rc.local")
    lines = (_rc_local.edited(path, None, None, block, [f"start {block}"]) for block in ("one", "two"))
    first, second = (_files.changes(files) for files in lines)
    _files.write(MODULE, first)
    (made,) = _files.write(MODULE, second)
    assert made.before == first[0].file.content
    text = (tmp_path / "rc.local").read_text()
    assert [line for line in text.splitlines() if line.startswith("start")] == ["start one", "start two"]
    gone = [_files.changes(_rc_local.edited(path, text.encode(), 0o755, block, None)) for block in ("one", "two")]
    for changes in gone:
        _files.write(MODULE, changes)
    assert not (tmp_path / "rc.local").exists()
