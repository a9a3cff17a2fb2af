"""The scripts of sessions that have ended, with processes and scripts that are real."""

from __future__ import annotations

import subprocess
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _farewell, _kernel, _names

SCRIPT = """#!/bin/sh
echo "$@" "$IFNAME $IPLOCAL $IPREMOTE $PEERNAME $DEVICE $MACREMOTE $BYTES_RCVD" >>"$0.log"
"""


class Host:
    """``sessions``: processes in the place of pppd."""

    def __init__(self, folder, monkeypatch):
        self.scripts = folder / "scripts"
        self.scripts.mkdir()
        for name in ("down", "ipv6-down"):
            (self.scripts / f"pppoe-server-{name}").write_text(SCRIPT)
            (self.scripts / f"pppoe-server-{name}").chmod(0o755)
        self.farewells = _farewell.Farewells(str(self.scripts), str(folder))
        self.processes, self.named = [], True
        monkeypatch.setattr(_farewell, "_words", lambda pid: self.words)
        monkeypatch.setattr(_farewell, "LOOK", 0.0)
        monkeypatch.setattr(_names, "accounts", lambda pids, run: {pid: "cmz" for pid in pids if self.named})
        monkeypatch.setattr(_names, "values", lambda pids, run, name: dict.fromkeys(pids, b"fe80::7"))
        self.expect("down")

    def expect(self, *names):
        scripts = [word for name in names for word in (f"ip-{name}-script", f"{self.scripts}/pppoe-server-{name}")]
        self.words = ["/usr/sbin/pppd", "10.0.0.1:10.0.0.2", *scripts, "nic-eth1"]

    def begin(self, command=("sleep", "60"), **more):
        process = subprocess.Popen(command, **more)
        self.processes.append(process)
        started = _kernel.started(process.pid)
        session = _book.Session(process.pid, started, 0.0, "default", "7", "02:00:00:00:00:07", "10.0.0.2", "ppp0")
        self.farewells.up(session, "10.0.0.1")
        self.farewells.look()
        return process

    def end(self, process):
        process.kill()
        process.wait()
        self.farewells.down(process.pid)

    def ran(self, name="down", looks=40):
        log = self.scripts / f"pppoe-server-{name}.log"
        for _each in range(looks):
            if not self.farewells.look():
                break
            time.sleep(0.05)
        return log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def host(tmp_path, monkeypatch):
    made = Host(tmp_path, monkeypatch)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


def test_what_pppd_could_not_run_is_run(host):
    host.end(host.begin())
    assert host.ran() == ["ppp0 eth1 0 10.0.0.1 10.0.0.2  ppp0 10.0.0.1 10.0.0.2 cmz eth1 02:00:00:00:00:07 "]
    assert not host.farewells.look()


def test_what_has_begun_is_not_run_again(host):
    process = host.begin()
    host.farewells.begun(process.pid, "down")
    host.end(process)
    assert host.ran() == []


def test_a_link_that_comes_again_has_another_end(host):
    process = host.begin()
    host.farewells.down(process.pid)
    host.farewells.begun(process.pid, "down")
    host.farewells.up(_book.Session(process.pid, _kernel.started(process.pid), 0.0, "default", interface="ppp0",
                                    address="10.0.0.2"), "10.0.0.1")  # fmt: skip
    host.end(process)
    assert len(host.ran()) == 1


def test_nothing_is_run_while_the_session_lives(host):
    process = host.begin()
    host.farewells.down(process.pid)
    assert host.ran(looks=3) == []
    host.end(process)
    assert len(host.ran()) == 1


def test_a_script_that_is_about_to_begin_is_waited_for(host):
    process = host.begin()
    script = subprocess.Popen(
        ["sh", "-c", "sleep 60; :", f"{host.scripts}/pppoe-server-down"], env={"PPPD_PID": str(process.pid)}
    )
    host.processes.append(script)
    host.end(process)
    assert host.ran(looks=3) == []
    script.kill()
    script.wait()
    assert len(host.ran()) == 1


def test_each_kind_of_script(host):
    host.expect("down", "ipv6-down")
    process = host.begin()
    host.farewells.begun(process.pid, "down")
    host.end(process)
    assert host.ran("ipv6-down")[0].startswith("ppp0 eth1 0 fe80::7 fe80::7 ")
    assert host.ran() == []


def test_where_nobody_wants_to_know_nothing_is_kept(host):
    host.words = ["/usr/sbin/pppd", "ip-down-script", "/etc/ppp/no-script"]
    host.end(host.begin())
    assert host.ran() == []
    assert host.farewells._links == {}


def test_many_are_run_some_at_a_time(host, monkeypatch):
    monkeypatch.setattr(_farewell, "AT_ONCE", 2)
    for process in [host.begin() for _each in range(7)]:
        host.end(process)
    for _each in range(100):
        if not host.farewells.look():
            break
        assert len(host.farewells._running) <= 2
        time.sleep(0.02)
    assert len(host.ran()) == 7


def test_what_is_no_address_of_ipv6_goes_nowhere(host, monkeypatch):
    monkeypatch.setattr(_names, "values", lambda pids, run, name: dict.fromkeys(pids, b"fe80::1 PATH=/tmp"))
    host.expect("ipv6-down")
    host.end(host.begin())
    assert host.ran("ipv6-down") == []
