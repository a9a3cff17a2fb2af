"""The module on processes that look like pppd, with files as pppd leaves them. Real sessions are the lab's business."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

# Python takes "plugin" for its program, which is this file: a pppd that needs a moment to take leave.
PPPD = """
import signal, sys, time
def end(*_):
    time.sleep(0.3)
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else end)
print("ready", flush=True)
time.sleep(60)
"""


class Host:
    """Sessions on ppp0, ppp1, … with the addresses 192.0.2.2 and up."""

    def __init__(self, folder):
        self.folder = folder
        self.processes: list[subprocess.Popen] = []

    def begin(self, *more: str) -> subprocess.Popen:
        number = len(self.processes)
        session = f"{number + 1}:02:64:74:00:01:{number:02}"
        words = ["plugin", "pppoe.so", "nic-eth9", "rp_pppoe_sess", session, *more]
        process = subprocess.Popen(
            ["pppd", *words], executable=sys.executable, cwd=self.folder, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        self.processes.append(process)
        (self.folder / f"ppp{number}.pid").write_text(f"{process.pid}\n")
        entries = [
            {
                "ifname": f"ppp{index}", "mtu": 1492, "flags": ["UP"], "link_type": "ppp",
                "addr_info": [
                    {"family": "inet", "local": "192.0.2.1", "address": f"192.0.2.{index + 2}", "prefixlen": 32}
                ],
            }
            for index in range(len(self.processes))
        ]  # fmt: skip
        (self.folder / "addresses").write_text(json.dumps(entries))
        return process

    def living(self) -> list[int]:
        return [number for number, process in enumerate(self.processes) if process.poll() is None]

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture
def host(tmp_path, monkeypatch):
    every = _processes.every
    made = Host(tmp_path)

    def ours():
        pids = {process.pid for process in made.processes}
        return [process for process in every() if process.pid in pids]

    # This machine may have sessions of its own.
    monkeypatch.setattr(_processes, "every", ours)
    monkeypatch.setattr(_systemd, "running", lambda: False)
    monkeypatch.setattr(_pppd_pid_files, "FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(_pppd_database, "PATHS", ())
    monkeypatch.setattr(_sessions_observe, "KERNEL", str(tmp_path / "pppoe"))
    monkeypatch.setattr(_sessions_observe, "COUNTERS", str(tmp_path / "dev"))
    (tmp_path / "plugin").write_text(PPPD)
    stand_in(tmp_path / "ip", f"#!/bin/sh\ncat {tmp_path}/addresses\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    yield made
    made.close()


def test_one_of_three_ends(host, run_module):
    for _number in range(3):
        host.begin()
    wanted = {"state": "absent", "address": "192.0.2.3"}
    predicted = run_module("pppoe_session", wanted, check=True)
    assert host.living() == [0, 1, 2]
    done = run_module("pppoe_session", wanted)
    assert host.living() == [0, 2]
    assert host.processes[1].wait() == 0
    for result in (predicted, done):
        assert (result["changed"], result["count"], result["sessions"][0]["interface"]) == (True, 1, "ppp1")
        assert result["diff"] == {"before": "ppp1 server None 192.0.2.3 02:64:74:00:01:01\n", "after": ""}

    again = run_module("pppoe_session", wanted)
    assert (again["changed"], again["sessions"], again["diff"]) == (False, [], {"before": "", "after": ""})


def test_all_has_to_be_said(host, run_module):
    host.begin()
    host.begin()
    for nothing in ({}, {"role": "server"}):
        result = run_module("pppoe_session", {"state": "absent", **nothing})
        assert result["failed"] is True
        assert "all=true" in result["msg"]
    assert run_module("pppoe_session", {"state": "absent", "all": True, "role": "client"})["changed"] is False
    assert run_module("pppoe_session", {"state": "absent", "username": []})["changed"] is False
    assert host.living() == [0, 1]
    assert run_module("pppoe_session", {"state": "absent", "all": True})["count"] == 2
    assert host.living() == []


def test_one_that_does_not_end_is_told_of(host, run_module):
    host.begin("stubborn")
    host.begin()
    began = time.monotonic()
    result = run_module(
        "pppoe_session", {"state": "absent", "mac": ["02:64:74:00:01:00", "2:64:74:0:1:1"], "timeout": 1}
    )
    assert time.monotonic() - began < 10
    assert result["failed"] is True
    assert f"ppp0 (pid {host.processes[0].pid})" in result["msg"]
    assert [session["interface"] for session in result["sessions"]] == ["ppp1"]
    assert host.living() == [0]
    os.kill(host.processes[0].pid, signal.SIGKILL)


def test_another_process_that_has_got_the_pid_is_left_alone(host, run_module, monkeypatch):
    """Process IDs come again soon where there are few, and a session may end at any moment."""
    (host.begin(), host.begin())
    every = _sessions_observe.every
    other = subprocess.Popen(["sleep", "60"])

    def seen(module):
        found = every(module)
        found[0]["pid"] = other.pid
        # A pppd, but that of another session.
        found[1]["pid"] = host.processes[0].pid
        return found

    monkeypatch.setattr(_sessions_observe, "every", seen)
    try:
        assert "failed" not in run_module("pppoe_session", {"state": "absent", "all": True})
        assert other.poll() is None
        assert host.living() == [0, 1]
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize(
    ("wrong", "parameter"),
    [({"address": "300.1.2.3"}, "address[0]"), ({"mac": "x"}, "mac[0]"), ({"timeout": 0}, "timeout")],
)
def test_bad_input_ends_nothing(host, run_module, wrong, parameter):
    host.begin()
    result = run_module("pppoe_session", {"state": "absent", "all": True, **wrong})
    assert result["failed"] is True
    assert result["msg"].startswith(parameter + ":")
    assert host.living() == [0]
