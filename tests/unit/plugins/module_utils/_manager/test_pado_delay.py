"""Which delays the session manager sets, and when; the kernel is made up."""

from __future__ import annotations

import errno

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _pado_delay

OURS = "dialtone.pppoe access "


class Host:
    def __init__(self, folder, monkeypatch):
        self.folder, self.now, self.set, self.said, self.refusal = folder, 5.0, [], [], None
        self.sessions = []
        monkeypatch.setattr(_pado_delay.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(_pado_delay, "set_delay", self.set_delay)
        monkeypatch.setattr(_pado_delay._basics, "say", lambda line, _instance: self.said.append(line))
        self.delays = _pado_delay.PadoDelay(str(folder))

    def set_delay(self, index, milliseconds):
        if self.refusal:
            raise self.refusal
        self.set.append((index, milliseconds))

    def device(self, name, index, alias):
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "ifindex").write_text(f"{index}\n")
        (self.folder / name / "ifalias").write_text(f"{alias}\n")

    def look(self, sessions, after=1.0):
        """What is set by a look some seconds after the last one, with so many sessions; and whether to look soon."""
        self.now += after
        self.sessions = [session(number) for number in range(sessions)]
        soon = self.delays.look(self.sessions)
        found, self.set = self.set, []
        return found, soon


def session(number, interface="ppp{}", instance="default"):
    return _book.Session(number, 0, 0.0, instance, interface=interface.format(number) if interface else None)


@pytest.fixture
def host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def test_the_delay_grows_with_the_sessions_and_falls_again(host):
    host.device("pppoe-hold3", 7, OURS + "eth1 2:100,4:500")
    found = [host.look(sessions)[0] for sessions in (0, 1, 2, 3, 4, 9, 4, 3, 0)]
    assert found == [[(7, by)] for by in (0, 0, 100, 100, 500, 500, 500, 100, 0)]


def test_each_interface_has_steps_of_its_own(host):
    host.device("pppoe-hold3", 7, OURS + "eth1 2:100")
    host.device("pppoe-hold4", 8, OURS + "eth2 0:20,3:30")
    assert sorted(host.look(2)[0]) == [(7, 100), (8, 20)]


def test_interfaces_without_steps_are_left_alone(host):
    host.device("pppoe-hold3", 7, OURS + "eth1")
    host.device("pppoe-hold4", 8, "somebody else's 2:100")
    host.device("eth1", 2, OURS + "eth1 2:100")
    (host.folder / "pppoe-hold5").mkdir()
    assert host.look(5) == ([], False)
    assert host.look(5, after=0.1) == ([], False)


def test_sessions_that_dial_or_are_of_nobody_do_not_count(host):
    host.device("pppoe-hold3", 7, OURS + "eth1 2:100")
    host.now += 1
    host.delays.look([session(1), session(2, interface=None), session(3, instance=None)])
    assert host.set == [(7, 0)]


def test_there_is_one_look_a_second(host):
    """Those who dial meanwhile are seen by the next one."""
    host.device("pppoe-hold3", 7, OURS + "eth1 2:100")
    assert host.look(1) == ([(7, 0)], False)
    assert [host.look(sessions, after=0.2) for sessions in (2, 3, 4)] == [([], True)] * 3
    assert host.look(4, after=0.5) == ([(7, 100)], False)


def test_the_program_that_has_made_a_device_does_not_wait(host):
    assert host.look(2) == ([], False)
    host.device("pppoe-hold3", 7, OURS + "eth1 2:100")
    host.delays.again()
    assert host.look(2, after=0.1) == ([(7, 100)], False)


def test_a_refusal_is_logged_once(host):
    host.device("pppoe-hold3", 7, OURS + "eth1 2:100")
    host.refusal = OSError(errno.ENOENT, "No such file or directory")
    host.look(2)
    host.look(3)
    assert host.said == [
        "the delay of PADOs by pppoe-hold3 cannot be set: [Errno 2] No such file or directory",
    ]
    host.refusal = None
    assert host.look(3) == ([(7, 100)], False)
    host.refusal = OSError(errno.ENOENT, "No such file or directory")
    host.look(3)
    assert len(host.said) == 2


def test_the_message():
    """As ``tc qdisc change dev DEVICE handle 20: netem delay 100ms limit 10000`` has it, in ticks of 64 ns."""
    body = _pado_delay.message(7, 100)
    head = bytes(4) + (7).to_bytes(4, "little") + (0x200000).to_bytes(4, "little") + bytes(8)
    kind = b"\x0a\0\1\0netem\0\0\0"
    options = b"\x1c\0\2\0" + (1_562_500).to_bytes(4, "little") + (10000).to_bytes(4, "little") + bytes(16)
    assert body == head + kind + options
