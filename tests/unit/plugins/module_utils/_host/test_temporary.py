from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _temporary


def test_a_file_that_takes_its_place_leaves_nothing(tmp_path):
    with _temporary.beside(str(tmp_path / "a")) as (handle, name):
        handle.write(b"x")
        assert os.stat(name).st_mode & 0o777 == 0o600
        # Nobody takes it for left over meanwhile.
        assert _temporary.sweep(str(tmp_path)) == []
        os.rename(name, tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(KeyError), _temporary.beside(str(tmp_path / "a")):
        raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_one_that_is_swept_away_before_it_is_locked_is_made_anew(tmp_path, monkeypatch):
    swept = []
    flock = fcntl.flock

    def late(descriptor, how):
        if not swept:
            monkeypatch.setattr(fcntl, "flock", flock)
            # As if the other run had come before the descriptor was in the list of open files, too.
            monkeypatch.setattr(_temporary, "_open_elsewhere", lambda _descriptor: False)
            swept.extend(_temporary.sweep(str(tmp_path)))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with _temporary.beside(str(tmp_path / "a")) as (_handle, name):
        assert len(swept) == 1
        assert name != swept[0]
        assert os.path.exists(name)
        os.rename(name, tmp_path / "a")


HOLD = """
import fcntl, sys
handle = open(sys.argv[1], "r+b")
if sys.argv[2] == "lock":
    fcntl.flock(handle, fcntl.LOCK_EX)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["lock", "open"])
def test_what_a_living_process_holds_stays_until_it_ends(tmp_path, how):
    left = tmp_path / ".ansible-abcdefg1.tmp"
    left.write_text("bob * hush *\n")
    command = [sys.executable, "-c", HOLD, str(left), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"ready\n"
        assert _temporary.sweep(str(tmp_path)) == []
        assert left.exists()
        holder.kill()
    assert _temporary.sweep(str(tmp_path)) == [str(left)]
    assert not left.exists()


FOREIGN = [
    ".ansible-abcdefgh", "ansible-abcdefgh.tmp", ".ansible-ABCDEFGH.tmp", ".ansible-abc.tmp", ".ansible-abcdefghi.tmp",
    ".ansible_tmpabcdefghchap-secrets", "a.tmp", "chap-secrets.4711.2026-11-01@09:30:00~",
]  # fmt: skip


def test_what_others_have_made_stays(tmp_path):
    for name in FOREIGN:
        (tmp_path / name).write_text("")
    (tmp_path / ".ansible-directo1.tmp").mkdir()
    (tmp_path / ".ansible-symboli1.tmp").symlink_to(tmp_path / "a.tmp")
    os.mkfifo(tmp_path / ".ansible-fifo0001.tmp")
    before = sorted(tmp_path.iterdir())
    assert _temporary.sweep(str(tmp_path)) == []
    assert sorted(tmp_path.iterdir()) == before
    assert _temporary.sweep(str(tmp_path / "missing")) == []


def test_a_write_removes_what_is_left_in_each_of_its_folders(tmp_path):
    left = [tmp_path / folder / ".ansible-abcdefgh.tmp" for folder in ("ppp", "system", "elsewhere")]
    for path in left:
        path.parent.mkdir()
        path.write_text("bob * hush *\n")
    module = type("Module", (), {"selinux_enabled": staticmethod(lambda: False)})()
    files = [_files.File(str(tmp_path / folder / "file"), b"x") for folder in ("ppp", "system")]
    _files.write(module, _files.changes(files))
    assert [path.exists() for path in left] == [False, False, True]


def test_a_folder_of_a_run_that_was_killed_goes_with_the_next(tmp_path):
    """One that is in use stays, and so does what is no folder of ours."""
    if os.fork() == 0:
        with _temporary.folder("ours-", str(tmp_path)):
            os.kill(os.getpid(), signal.SIGKILL)
    os.wait()
    (left,) = tmp_path.iterdir()
    (left / "secret").write_text("hush")
    for name in ("ours-x", "others-12345678"):
        (tmp_path / name).mkdir()
    (tmp_path / "ours-12345678").symlink_to(tmp_path / "others-12345678")
    with _temporary.folder("ours-", str(tmp_path)) as first, _temporary.folder("ours-", str(tmp_path)) as second:
        assert not left.exists()
        assert os.stat(first).st_mode & 0o777 == 0o700
        assert os.path.isdir(first)
        assert os.path.isdir(second)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["others-12345678", "ours-12345678", "ours-x"]
