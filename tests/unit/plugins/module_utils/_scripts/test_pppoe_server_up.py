"""The script runs here as pppd would run it, with real processes for pppd, and stand-ins for ip and logger."""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _single_session as _server_single_session


class Host:
    """Sessions that are up have a file in the folder ``up``."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        (folder / "up").mkdir()
        self.program("ip", f'eval "interface=\\${{$#}}"; [ ! -e "{folder}/up/$interface" ] || echo inet\n')
        self.program("logger", f'printf "%s\\n" "$*" >>{folder}/log\n')
        self.program("own", f'printf "%s\\n" "$*" >>{folder}/own.log\n')
        (folder / "up-script").write_bytes(_pppoe_server_up.up_script().replace(b"PATH=/usr", b"PATH=$PATH:/usr"))

    def program(self, name, text):
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def begin(self, interface: str) -> subprocess.Popen:
        """A pppd whose interface has got its address."""
        process = subprocess.Popen(["sleep", "60"])
        self.processes.append(process)
        (self.folder / "up" / interface).touch()
        return process

    def arguments(self, pppd, interface, account, choice):
        return {
            "args": [
                "sh",
                str(self.folder / "up-script"),
                interface,
                "eth1",
                "0",
                "192.0.2.1",
                "192.0.2.2",
                "two words",
            ],
            "env": {
                "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                "PPPD_PID": str(pppd.pid),
                "PEERNAME": account,
                "DIALTONE_SINGLE_SESSION": choice,
                "DIALTONE_STATE": str(self.folder / "run"),
                "DIALTONE_OWN": str(self.folder / "bin" / "own"),
            },
        }

    def came_up(self, pppd, interface, account="cmz", choice="replace"):
        subprocess.run(**self.arguments(pppd, interface, account, choice), timeout=20, check=True)

    def hung_up(self, process) -> bool:
        try:
            return process.wait(0.5) == -15
        except subprocess.TimeoutExpired:
            return False

    def read(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def listed(self) -> list[tuple[str, str]]:
        """Interface and account of each line."""
        return [(line.split(" ")[0], line.split(" ", 3)[3]) for line in self.read("run/accounts")]

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def host(tmp_path):
    made = Host(tmp_path)
    yield made
    made.close()


def test_the_new_session_replaces_the_former(host):
    old, other, new = host.begin("ppp0"), host.begin("ppp1"), host.begin("ppp2")
    host.came_up(old, "ppp0")
    host.came_up(other, "ppp1", "cmz2")
    assert host.read("log") == []
    host.came_up(new, "ppp2")
    assert host.hung_up(old)
    assert not host.hung_up(new)
    assert other.poll() is None
    assert host.listed() == [("ppp1", "cmz2"), ("ppp2", "cmz")]
    assert "ppp2: cmz has dialled again" in host.read("log")[0]
    assert f"(pid {old.pid})" in host.read("log")[0]
    # The host's own script runs for each of them, with its arguments as they are.
    assert host.read("own.log") == [f"ppp{number} eth1 0 192.0.2.1 192.0.2.2 two words" for number in range(3)]


def test_the_new_session_is_denied(host):
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0", choice="deny")
    host.came_up(new, "ppp1", choice="deny")
    assert host.hung_up(new)
    assert old.poll() is None
    assert host.listed() == [("ppp0", "cmz")]
    assert "ppp1: cmz is refused" in host.read("log")[0]
    assert len(host.read("own.log")) == 1


@pytest.mark.parametrize("choice", ["replace", "deny"])
def test_what_is_no_other_session(host, choice):
    """One whose process has ended, one that is hanging up, one whose pid belongs to another process now."""
    gone, leaving, foreign, new = (host.begin(f"ppp{number}") for number in range(4))
    ticks = [_processes.started(pppd.pid) for pppd in (gone, leaving, foreign)]
    (host.folder / "run").mkdir()
    (host.folder / "run" / "accounts").write_text(
        f"ppp0 {gone.pid} {ticks[0]} cmz\nppp1 {leaving.pid} {ticks[1]} cmz\nppp2 {foreign.pid} {ticks[2] - 1} cmz\n"
    )
    gone.kill()
    gone.wait()
    (host.folder / "up" / "ppp1").unlink()
    host.came_up(new, "ppp3", choice=choice)
    assert [process.poll() for process in (leaving, foreign, new)] == [None] * 3
    assert host.read("log") == []
    assert host.listed() == [("ppp3", "cmz")]


def test_a_session_that_is_hanging_up_itself_ends_no_other(host):
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0")
    (host.folder / "up" / "ppp1").unlink()
    host.came_up(new, "ppp1")
    assert not host.hung_up(old)
    assert host.listed() == [("ppp0", "cmz")]


def test_a_session_that_gets_another_address_does_not_end_itself(host):
    pppd = host.begin("ppp0")
    for choice in ("deny", "deny", "replace", "replace"):
        host.came_up(pppd, "ppp0", choice=choice)
    assert not host.hung_up(pppd)
    assert host.listed() == [("ppp0", "cmz")]


HOSTILE = [
    "two words", "é" * 90, "a'b\"c", "$(touch x)`touch y`", "-n", "*", "\\", "a\\nb", "%s%d", "1e3",
    "tab\tbed", "; reboot #",
]  # fmt: skip


@pytest.mark.parametrize("account", HOSTILE)
def test_hostile_names(host, account):
    """Each is an account like any other, and different from its neighbours."""
    old, neighbour, new = host.begin("ppp0"), host.begin("ppp1"), host.begin("ppp2")
    host.came_up(old, "ppp0", account)
    host.came_up(neighbour, "ppp1", "1000" if account == "1e3" else account[:-1] or "x")
    host.came_up(new, "ppp2", account)
    assert host.hung_up(old)
    assert [process.poll() for process in (neighbour, new)] == [None] * 2
    assert sorted(host.folder.iterdir()) == sorted(
        host.folder / name for name in ("bin", "up", "run", "up-script", "own.log", "log")
    )


SPELLINGS = [
    ("josé", "josM-CM-)"),
    (b"jos\xe9".decode("utf-8", "surrogateescape"), "josM-i"),
    ("a\nb\x7f", "a^Jb^?"),
    (b"\x80\xff\xa0".decode("utf-8", "surrogateescape"), "M-^@M-^?M- "),
]


@pytest.mark.parametrize(("sent", "spelt"), SPELLINGS)
def test_one_account_in_two_spellings(host, sent, spelt):
    """PAP tells the name as it was sent, CHAP as pppd spells it; both are looked up as the same account."""
    old, new = host.begin("ppp0"), host.begin("ppp1")
    host.came_up(old, "ppp0", sent)
    assert host.listed() == [("ppp0", spelt)]
    told = {"interface": "ppp0", "pid": old.pid, "username": sent}
    assert _server_single_session.line(told, _processes.started(old.pid)).decode() == host.read("run/accounts")[0]
    host.came_up(new, "ppp1", spelt)
    assert host.hung_up(old)


@pytest.mark.parametrize("choice", ["replace", "deny"])
def test_of_many_at_once_one_stays(host, choice):
    sessions = [(host.begin(f"ppp{number}"), f"ppp{number}") for number in range(8)]
    scripts = [subprocess.Popen(**host.arguments(pppd, name, "cmz", choice)) for pppd, name in sessions]
    assert [script.wait(30) for script in scripts] == [0] * 8
    stayed = [name for pppd, name in sessions if not host.hung_up(pppd)]
    assert host.listed() == [(stayed[0], "cmz")]
    assert len(stayed) == 1


def test_without_an_account_there_is_nothing_to_do(host):
    pppd = host.begin("ppp0")
    host.came_up(pppd, "ppp0", "")
    assert len(host.read("own.log")) == 1
    assert not (host.folder / "run").exists()


def test_a_session_from_before_is_put_down_in_the_place_of_what_had_its_interface():
    before = b"ppp0 1 11 cmz\nppp1 2 22 two  words\n"
    assert _server_single_session.with_lines(before, [b"ppp1 3 33 x", b"ppp2 4 44 cmz"]) == (
        b"ppp0 1 11 cmz\nppp1 3 33 x\nppp2 4 44 cmz\n"
    )
    assert _server_single_session.with_lines(before, []) == before


def test_option_lines():
    assert _pppoe_server_up.option_lines("allow") == []
    assert _pppoe_server_up.option_lines("deny") == [
        "set DIALTONE_SINGLE_SESSION=deny",
        f"ip-up-script {_layout_server.DIRECTORY}/pppoe-server-up",
    ]
