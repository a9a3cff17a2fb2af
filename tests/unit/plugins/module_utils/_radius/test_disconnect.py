from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program as _manager_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _disconnect as _radius_disconnect
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _programs as _radius_programs

Marks = _radius_disconnect.Marks
DISCONNECT = "Disconnect-Request"
SESSIONS = {
    10: Marks("id-1", "10.0.0.1", "ann", "02:00:00:00:00:01", "eth1:1"),
    20: Marks("id-2", "10.0.0.2", "bob", "02:00:00:00:00:02", "eth1:2"),
    30: Marks("id-3", "10.0.0.3", "bob", "02:00:00:00:00:03", "eth1:3"),
    40: Marks("", "", "", "02:00:00:00:00:04", ""),
}


@pytest.mark.parametrize(
    ("wanted", "code", "pid"),
    [
        (Marks(session_id="id-2"), 0, 20),
        (Marks(address="10.0.0.1"), 0, 10),
        (Marks(account="ann"), 0, 10),
        (Marks(account="bob"), 5, None),
        (Marks(account="bob", address="10.0.0.3"), 0, 30),
        (Marks(account="ann", address="10.0.0.3"), 7, None),
        (Marks(account="an"), 7, None),
        (Marks(mac="02-00-00-00-00-02"), 0, 20),
        (Marks(mac="0200.0000.0002", account="ann"), 7, None),
        (Marks(port="eth1:3"), 0, 30),
        (Marks(), 7, None),
        (Marks(session_id="id-9"), 7, None),
    ],
)
def test_exactly_one_session_is_ended(wanted, code, pid):
    assert _radius_disconnect.decide(DISCONNECT, wanted, SESSIONS)[:2] == (code, pid)


def test_another_request_is_not_understood():
    assert _radius_disconnect.decide("CoA-Request", Marks(account="ann"), SESSIONS)[:2] == (8, None)


def test_what_a_session_was_begun_with():
    words = ["pppd", "remotenumber", "x", "avpair", "NAS-Port-Id=eth1:41", "avpair", "Acct-Multi-Session-Id=u"]
    assert _radius_disconnect.avpairs(words) == {"NAS-Port-Id": "eth1:41", "Acct-Multi-Session-Id": "u"}


def test_the_program_answers(tmp_path):
    """As it is installed: beside the manager's files, with nothing of Ansible."""
    for path, text in _manager_program.files(str(tmp_path), sys.executable).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text)
    program = next(
        file for file in _radius_programs.disconnect_files("freerad", sys.executable, True) if file.path.endswith("ect")
    )
    (tmp_path / "program").write_bytes(program.content)
    (tmp_path / "program").chmod(0o755)
    done = subprocess.run(
        [tmp_path / "program"],
        input=f"{DISCONNECT}\0\0 203.0.113.9\0no\x1b[31mbody\0\0\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "7\n"
    assert "no sessions match" in done.stderr
    assert "\x1b" not in done.stderr
