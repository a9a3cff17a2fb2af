"""Where pppd keeps its files is the choice of who built it: all that read them look in the same folders."""

from __future__ import annotations

import os
import re

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _kernel
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppd_database as _database_script
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_attempt
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status

FOLDERS = ("", "/pppd", "/ppp")


@pytest.fixture(params=FOLDERS)
def pppd(request, tmp_path, monkeypatch):
    """A folder for /run with the files of a link ``ppp7`` and of the connection ``uplink``, whose pppd this process is.

    They are in one of pppd's folders; of the others, one is missing.
    """
    places = [f"{tmp_path}{folder}" for folder in FOLDERS]
    os.makedirs(f"{tmp_path}{request.param}", exist_ok=True)
    (tmp_path / "links" / "ppp7").mkdir(parents=True)
    with open(f"{tmp_path}{request.param}/ppp7.pid", "w") as handle:
        handle.write(f"{os.getpid()}\n")
    with open(f"{tmp_path}{request.param}/ppp-pppoe-client-uplink.pid", "w") as handle:
        handle.write(f"{os.getpid()}\nppp7\n")
    for module, folders in ((_server_status, "PID_FOLDERS"), (_pppd_pid_files, "FOLDERS")):
        monkeypatch.setattr(module, folders, tuple(places))
        monkeypatch.setattr(module, "LINKS", str(tmp_path / "links"))
    return tmp_path


def test_each_reader_finds_them(pppd, monkeypatch):
    assert _server_status._interfaces_of_pids() == {os.getpid(): "ppp7"}
    assert _pppd_pid_files.interfaces()[os.getpid()][0] == "ppp7"
    assert _client_link._from_pid_file("uplink") == {os.getpid(): "ppp7"}
    # The manager asks the kernel whether it is a pppd, and whether the link is up.
    monkeypatch.setattr(_kernel._basics, "data", with_command(_kernel._basics.data, b"/usr/sbin/pppd\0"))
    monkeypatch.setattr(_kernel, "_is_up", lambda interface: interface == "ppp7")
    assert _kernel.pid_of("ppp7", str(pppd)) == os.getpid()
    assert _kernel.serving({os.getpid()}, str(pppd)) == {os.getpid()}


def with_command(read, command):
    return lambda path: command if path.endswith("/cmdline") else read(path)


def test_all_of_them_have_the_same_folders():
    known = tuple("/run" + folder for folder in FOLDERS)
    assert known == _server_status.PID_FOLDERS == _pppd_pid_files.FOLDERS
    assert known == tuple("/run" + folder for folder in _kernel.PID_FOLDERS)
    assert known == tuple(os.path.dirname(path) for path in _pppd_database.PATHS)
    for text in (_database_script.GUARD, _pppoe_client_attempt.script().decode()):
        named = re.findall(r"for folder in (.*); do", text)
        assert [line.replace('"', "").replace("$run", "/run").split() for line in named] == [list(known)] * len(named)
        assert named
