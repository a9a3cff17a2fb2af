"""The module on a real process and files as pppd leaves them. Real sessions are the lab's business."""

from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _refused as _sessions_refused
from ansible_collections.dialtone.pppoe.tests.support.programs import called


@pytest.fixture
def folder(folder_of_pppd):
    return folder_of_pppd


@pytest.fixture
def pppd(folder):
    with called(folder, "t3st") as process:
        yield process


@pytest.mark.parametrize("check", [True, False])
def test_a_host_without_sessions(folder, run_module, check):
    result = run_module("pppoe_session_info", {}, check=check)
    assert (result["changed"], result["sessions"], result["count"]) == (False, [], 0)


def test_a_dialled_session(folder, run_module, pppd):
    (folder / "t3st").write_text("plugin pppoe.so\nnic-eth9\nuser 'my account'\n")
    (folder / "ppp7.pid").write_text(f"{pppd.pid}\n")
    (folder / "ppp-pppoe-client-t3st.pid").write_text(f"{pppd.pid}\nppp9\n")
    (folder / "dev").write_text("a\nb\n  ppp7: 11 0 0 0 0 0 0 0 22 0 0 0 0 0 0 0\n")
    (folder / "pppoe").write_text("Id Address Device\n")
    result = run_module("pppoe_session_info", {})
    session = result["sessions"][0]
    expected = {
        "interface": "ppp7", "role": "client", "username": "my account", "address": "192.0.2.7", "mode": "kernel",
        "peer_address": "192.0.2.1", "device": "eth9", "instance": "t3st", "mtu": 1480, "pid": pppd.pid,
        "bytes_in": 11, "bytes_out": 22, "session_id": None,
    }  # fmt: skip
    assert {name: session[name] for name in expected} == expected
    assert 0 <= session["seconds"] < 60
    assert abs(time.time() - time.mktime(time.strptime(session["since"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 60


def test_a_clock_that_was_set_back(folder, run_module, pppd):
    """The pid file is of a time that has not come yet; when the process began is known by the time since the boot."""
    (folder / "t3st").write_text("plugin pppoe.so\nnic-eth9\nuser 'my account'\n")
    (folder / "ppp7.pid").write_text(f"{pppd.pid}\n")
    os.utime(folder / "ppp7.pid", (time.time() + 86400,) * 2)
    (session,) = run_module("pppoe_session_info", {})["sessions"]
    assert session["since"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_sessions_that_were_hung_up(folder, run_module, monkeypatch):
    monkeypatch.setattr(_sessions_refused, "PATH", str(folder / "refused"))
    one = {
        "time": 1764276067,
        "instance": "default",
        "interface": "ppp1",
        "pid": 7,
        "username": "cmz2",
        "reason": "why",
    }
    (folder / "refused").write_text(json.dumps(one) + "\n")
    (found,) = run_module("pppoe_session_info", {})["refused"]
    assert (found["username"], found["reason"], found["time"]) == ("cmz2", "why", "2025-11-27T20:41:07Z")
    assert run_module("pppoe_session_info", {"username": ["cmz"]})["refused"] == []


def test_a_process_without_an_interface_is_no_session(folder, run_module, pppd):
    (folder / "t3st").write_text("plugin pppoe.so\nnic-eth9\nuser x\n")
    assert run_module("pppoe_session_info", {})["sessions"] == []


def test_a_peers_file_that_pppd_cannot_read_is_no_reason_to_fail(folder, run_module, pppd):
    (folder / "t3st").write_text("plugin 'pppoe.so\n")
    assert run_module("pppoe_session_info", {})["sessions"] == []
