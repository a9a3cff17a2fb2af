"""The programs of a client as they are installed, before a shell and a linter."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _wanted_files as _client_wanted_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

PROGRAMS = sorted(_client_wanted_files.programs().items())


def test_these_are_all():
    assert sorted(_layout_client.programs()) == [path for path, _content in PROGRAMS]


@pytest.mark.parametrize(("path", "content"), PROGRAMS)
@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_a_shell_can_read_it(path, content, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    done = subprocess.run([shell, "-n"], input=content, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("path", "content"), PROGRAMS)
def test_shellcheck_has_no_remark(path, content):
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck here")
    # SC2317, SC2329: functions are called by the name that an argument has.
    done = subprocess.run(["shellcheck", "-e", "SC2317,SC2329", "-"], input=content, capture_output=True)
    assert done.stdout.decode() == ""


def test_what_is_said_twice_is_the_same():
    attempt = _client_wanted_files.programs()[_layout_client.ATTEMPT].decode()
    assert f"seconds * {_layout_client.REFUSED_FACTOR}))" in attempt
    assert f"alias {_layout_client.ALIAS}\n" in attempt
    assert f"$run/{_layout_client.LOCK}" in _client_wanted_files.programs()[_layout_client.UP].decode()
    assert _layout_client.DOWN.removesuffix("-down") == _layout_client.UP.removesuffix("-up")
