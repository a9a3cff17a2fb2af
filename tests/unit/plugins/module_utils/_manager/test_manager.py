"""The manager's decisions, with processes that are real and addresses that are given."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _book,
    _configuration,
    _dials,
    _kernel,
    _main,
    _manager,
    _refusals,
    _room,
)


@pytest.fixture
def manager(tmp_path, monkeypatch):
    for name in ("state/answers", "configuration", "ppp", "run"):
        (tmp_path / name).mkdir(parents=True)
    places = _configuration.Places(
        *(str(tmp_path / name) for name in ("state", "configuration", "scripts", "ppp", "run"))
    )
    made = _manager.Manager(places, new_pppd=True)
    made.book.set_pool("default", ["10.0.0.2", "10.0.0.3"])
    made.pids = {}
    monkeypatch.setattr(_kernel, "pid_of", lambda name, _run: made.pids.get(name))
    return made


@pytest.fixture
def begin(manager):
    """``begin(suggested, interface, age)``: the process of a session; with an interface, it is up.

    ``deaf``: it does not end when it is asked to.
    """
    begun = []

    def one(suggested="10.0.0.2", interface=None, instance="default", age=0.0, address=None, deaf=False):
        # Signals that are ignored stay so in a new program.
        quiet = (lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN)) if deaf else None
        process = subprocess.Popen(["sleep", "60"], preexec_fn=quiet)
        begun.append(process)
        since = time.monotonic() - age
        session = _book.Session(process.pid, _kernel.started(process.pid), since, instance, "7", "02:00:00:00:00:07")
        if manager.book.take(session, suggested) is None:
            manager.book.add(session)
        if interface:
            up(manager, process, interface, address or session.address)
        return process

    yield one
    for process in begun:
        process.kill()
        process.wait()


def up(manager, process, interface, address, new=True):
    manager.pids[interface] = process.pid
    manager.address(_kernel.Event(len(manager.pids), interface, "10.0.0.1", address, new))


def hung_up(process) -> bool:
    try:
        return process.wait(0.3) == -15
    except subprocess.TimeoutExpired:
        return False


def reasons(manager) -> list[str]:
    path = f"{manager.places.state}/refused"
    return [json.loads(line)["reason"] for line in open(path)] if os.path.exists(path) else []


def test_the_second_session_with_an_address_is_hung_up(manager, begin):
    first = begin("10.0.0.2", "ppp0")
    second = begin("10.0.0.3", "ppp1", address="10.0.0.2")
    assert hung_up(second)
    assert first.poll() is None
    assert reasons(manager) == [f"10.0.0.2 belongs to the session ppp0 (pid {first.pid}) that is up"]


def test_the_first_one_where_a_new_session_replaces_it(manager, begin):
    with open(f"{manager.places.configuration}/default.options", "w") as handle:
        handle.write("set DIALTONE_SINGLE_SESSION=replace\n")
    first = begin("10.0.0.2", "ppp0")
    second = begin("10.0.0.3", "ppp1", address="10.0.0.2")
    assert hung_up(first)
    assert second.poll() is None
    assert reasons(manager) == [f"10.0.0.2 has gone to the new session ppp1 (pid {second.pid})"]


def test_a_session_of_somebody_elses_is_left_alone(manager, begin):
    first = begin("10.0.0.2", "ppp0")
    second = begin("10.0.0.3", "ppp1", instance=None, address="10.0.0.2")
    assert not hung_up(second)
    assert first.poll() is None


def test_one_that_has_ended_is_no_rival(manager, begin):
    first = begin("10.0.0.2", "ppp0")
    first.kill()
    first.wait()
    second = begin("10.0.0.3", "ppp1", address="10.0.0.2")
    assert not hung_up(second)


@pytest.mark.parametrize("single_session", ["allow", "replace"])
def test_no_session_has_an_address_of_the_host(manager, begin, single_session):
    with open(f"{manager.places.configuration}/default.options", "w") as handle:
        handle.write(f"set DIALTONE_SINGLE_SESSION={single_session}\n")
    manager.address(_kernel.Event(90, "eth0", "192.0.2.109", None, True))
    session = begin("10.0.0.2", "ppp0", address="192.0.2.109")
    assert hung_up(session)
    assert reasons(manager) == ["192.0.2.109 is an address of this host"]
    assert manager.book.is_free("10.0.0.2") is False
    manager.book.gone(session.pid)
    assert manager.book.is_free("10.0.0.2")


def dial_answer(manager, process, session="8:02:00:00:00:00:08"):
    dial = _dials.Dial(process.pid, session, "default", "10.0.0.2", 0.0)
    return manager._answer_to(dial, _kernel.started(process.pid), *session.split(":", 1))


def test_a_client_that_only_asks_gets_no_more_addresses(manager, begin):
    manager.book.set_pool("default", [f"10.0.0.{number}" for number in range(2, 7)])
    first, second, third = begin(), begin(), begin()
    for process in (first, second):
        assert dial_answer(manager, process).startswith("10.0.0.")
    refused = "- 02:00:00:00:00:08 has 2 sessions that are not up, and gets no address for more of them now"
    assert dial_answer(manager, third) == refused
    assert dial_answer(manager, third, "9:02:00:00:00:00:09").startswith("10.0.0.")
    assert (first.poll(), second.poll()) == (None, None)
    # One that has ended unheard does not count.
    first.kill()
    first.wait()
    assert dial_answer(manager, begin()).startswith("10.0.0.")


def test_a_client_that_asks_again_loses_the_sessions_that_did_not_come_up(manager, begin):
    manager.book.set_pool("default", [f"10.0.0.{number}" for number in range(2, 7)])
    first, second, others, third = begin(), begin(), begin(age=60), begin()
    for process in (first, second):
        assert dial_answer(manager, process).startswith("10.0.0.")
    manager.book.sessions[first.pid].since -= 60
    assert dial_answer(manager, third).startswith("- 02:00:00:00:00:08 has 2 sessions that are not up")
    assert hung_up(first)
    assert reasons(manager) == ["it has not said its account, and its client has asked for more of them"]
    assert (second.poll(), others.poll()) == (None, None)
    assert dial_answer(manager, third).startswith("10.0.0.")


def test_a_script_gets_one_answer_and_a_second_question_leaves_no_descriptor(manager, begin):
    path = f"{manager.places.state}/answers/8"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    process = begin(instance=None)
    manager.book.gone(process.pid)
    dial = _dials.Dial(process.pid, "8:02:00:00:00:00:08", "default", "10.0.0.2", 0.0)
    before = len(os.listdir("/proc/self/fd"))
    for _each in range(3):
        manager._answer(dial)
    assert os.read(reader, 1000).decode().startswith(f"{process.pid} 10.0.0.2")
    assert len(os.listdir("/proc/self/fd")) == before
    assert os.read(reader, 1000) == b""
    os.close(reader)


def test_radius_may_have_an_address_when_the_pool_has_none(manager, begin):
    manager.book.set_pool("default", ["10.0.0.2"])
    begin("10.0.0.2", "ppp0")
    without, fixed = begin("10.0.0.2"), begin("10.0.0.2")
    assert dial_answer(manager, fixed).startswith("- living sessions hold every address")
    with open(f"{manager.places.configuration}/default.options", "w") as handle:
        handle.write("plugin radius.so\nset DIALTONE_RADIUS=bras1\n")
    for process in (without, fixed):
        words = dial_answer(manager, process).split()
        assert (words[0], words[-1]) == (_manager.PLACEHOLDER, "radius=bras1")
    up(manager, fixed, "ppp1", "10.20.0.5")
    up(manager, without, "ppp2", _manager.PLACEHOLDER)
    assert hung_up(without)
    assert fixed.poll() is None
    assert reasons(manager) == [
        "RADIUS has given it no address, and living sessions hold every address of the pool",
    ]


def test_a_session_with_an_address_of_radius_holds_none_of_the_pool(manager, begin):
    begin("10.0.0.2", "ppp0", address="10.20.0.5")
    assert manager.book.is_free("10.0.0.2")
    assert not manager.book.is_free("10.20.0.5")


@pytest.mark.parametrize(("name", "shown"), [("bras1", "bras1"), ("a b=c,d", "abcd"), ("x" * 99, "x" * 63)])
def test_the_name_of_the_concentrator_is_fit_for_a_value(name, shown):
    assert _configuration.concentrator(name) == shown
    assert 0 < len(_configuration.concentrator("-")) < 64


def test_who_says_no_account_makes_room_when_there_is_hardly_any(manager, begin):
    silent, late, young = begin(age=4), begin(age=6), None
    assert manager.room.keep()
    assert hung_up(late)
    assert silent.poll() is None
    young = begin("10.0.0.3", age=10)
    manager.book.set_pool("default", [f"10.0.0.{number}" for number in range(2, 60)])
    assert not manager.room.keep()
    assert not hung_up(young)
    assert reasons(manager) == ["it has not said its account, and hardly any address is left"]


def test_who_makes_room_waits_for_no_client_that_is_not_there(manager, begin, monkeypatch):
    monkeypatch.setattr(_room, "GOODBYE", 0.0)
    stubborn, others = begin(age=6, deaf=True), begin(age=4, deaf=True)
    assert manager.room.keep()
    assert stubborn.poll() is None
    assert manager.room.keep()
    assert stubborn.wait(timeout=5) == -signal.SIGKILL
    assert others.poll() is None


def test_a_named_pool_is_not_held_by_those_who_say_no_account(manager, begin):
    manager.book.set_pool("default", [f"10.0.0.{number}" for number in range(2, 60)])
    manager.book.set_named("default", {"business": ["10.1.0.2"]})
    silent, young = begin(age=6), begin("10.0.0.3")
    assert manager.book.offer(manager.book.sessions[silent.pid], ("default", "business")) == "10.1.0.2"
    assert manager.book.offer(manager.book.sessions[young.pid], ("default", "business")) is None
    assert manager.room.keep()
    assert hung_up(silent)
    assert young.poll() is None
    manager.book.gone(silent.pid)
    assert manager.book.offer(manager.book.sessions[young.pid], ("default", "business")) == "10.1.0.2"


def test_one_that_serves_ipv6_alone_stays(manager, begin, monkeypatch):
    monkeypatch.setattr(_kernel, "_is_up", lambda interface: interface == "ppp7")
    one, other = begin(age=60), begin(age=60)
    with open(f"{manager.places.run}/ppp7.pid", "w") as handle:
        handle.write(f"{one.pid}\n")
    # Of a pppd that was killed, with a pid that has come again.
    with open(f"{manager.places.run}/ppp8.pid", "w") as handle:
        handle.write(f"{other.pid}\n")
    manager.room.keep()
    assert not hung_up(one)
    assert hung_up(other)


def test_making_room_reads_each_pid_file_once(manager, begin, monkeypatch):
    """With thousands of sessions, one read for each of those on their way would stop the manager for a minute."""
    read = []
    monkeypatch.setattr(_kernel, "_word", lambda path: read.append(path) or "")
    for number in range(50):
        open(f"{manager.places.run}/ppp{number}.pid", "w").close()
    late = time.monotonic() - 60
    for number in range(40):
        manager.book.add(_book.Session(4_000_000 + number, 1, late, "default", address=f"10.9.0.{number}"))
    monkeypatch.setattr(manager.room, "_end", lambda session, reason: None)
    manager.room.make("default")
    assert len(read) == 50


def test_few_begin_at_once_unless_a_processor_is_idle(manager, begin, monkeypatch):
    monkeypatch.setattr(_kernel, "runnable", lambda: 99)
    manager.dials.processors = 1
    for number in range(_dials.AT_ONCE):
        assert manager.dials.may_begin(manager.book.coming.values()), number
        begin()
    assert not manager.dials.may_begin(manager.book.coming.values())
    # One that takes long does not count any more.
    next(iter(manager.book.coming.values())).since -= 60
    assert manager.dials.may_begin(manager.book.coming.values())
    begin()
    assert not manager.dials.may_begin(manager.book.coming.values())
    monkeypatch.setattr(_kernel, "runnable", lambda: 1)
    assert manager.dials.may_begin(manager.book.coming.values())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "dial",
        "dial x 1:02 default 10.0.0.2",
        "dial 1 2",
        "account 1 2 deny ppp0",
        "account x 1 deny ppp0 a",
        "x" * 5000,
    ],
)
def test_what_it_does_not_understand_it_does_not_hear(manager, line):
    _main.hear(manager, line)
    assert not manager.dials.waiting


def test_a_question_is_heard_once(manager):
    for _each in range(2):
        _main.hear(manager, "dial 1 7:02:00:00:00:00:07 default 10.0.0.2")
    assert len(manager.dials.waiting) == 1


def test_refusals_are_bounded(manager, begin):
    one = begin("10.0.0.2", "ppp0")
    session = manager.book.sessions[one.pid]
    for number in range(_refusals.REFUSED + 20):
        _refusals.keep(manager.places.state, session, None, str(number))
    assert reasons(manager) == [str(number) for number in range(20, _refusals.REFUSED + 20)]


NEW_ADDRESS = bytes.fromhex(
    "34000000 1400 0000 00000000 00000000"  # nlmsghdr: 52 bytes, RTM_NEWADDR
    "02 20 80 00 07000000"  # ifaddrmsg: AF_INET, /32, interface 7
    "0800 0100 0a000003"  # IFA_ADDRESS 10.0.0.3
    "0800 0200 0a000001"  # IFA_LOCAL 10.0.0.1
    "0900 0300 70707030 00000000".replace(" ", "")  # IFA_LABEL ppp0
)


def test_a_message_of_the_kernel():
    event = _kernel.Event(7, "ppp0", "10.0.0.1", "10.0.0.3", True)
    assert _kernel.events(_netlink.messages(NEW_ADDRESS)[0]) == [event]
    assert _kernel.events(_netlink.messages(NEW_ADDRESS * 2)[0]) == [event] * 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["pppd", "10.0.0.1:10.0.0.2", "rp_pppoe_sess", "7:02:00:00:00:00:0a", "file", "/c/vlan.options"],
            ("vlan", "7", "02:00:00:00:00:0a", "10.0.0.2"),
        ),
        (["pppd", "pty", "/usr/sbin/pppoe -n -I eth1 -e 9:2:0:0:0:0:a -S ''"], (None, "9", "2:0:0:0:0:a", None)),
        (["pppd", "file", "/etc/ppp/options", "call", "isp"], (None, "", "", None)),
    ],
)
def test_what_a_command_tells(words, expected):
    found = _kernel.described(1, 2, words, "/c", waiting=False)
    assert (found.instance, found.session_id, found.mac, found.address) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: precedence")
def test_who_may_go_on_has_precedence_until_he_is_up(manager, begin):
    process = begin()
    _dials.precede(process.pid, _dials.PRECEDENCE)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == _dials.PRECEDENCE
    assert os.sched_getscheduler(process.pid) == os.SCHED_OTHER | os.SCHED_RESET_ON_FORK
    up(manager, process, "ppp0", "10.0.0.2")
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 0
    os.setpriority(os.PRIO_PROCESS, process.pid, 5)
    _dials.precede(process.pid, 0)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 5


def test_while_many_wait_the_words_for_scripts_are_found_out_once(manager, monkeypatch):
    found = []
    monkeypatch.setattr(
        manager._configuration, "_found_words", lambda instance, plans: found.append(instance) or ["words"]
    )
    for _each in range(3):
        assert manager.script_words("default") == ["words"]
    assert len(found) == 3
    manager.dials.waiting.append(_dials.Dial(1, "7:02:00:00:00:00:07", "default", "", time.monotonic()))
    for _each in range(3):
        manager.script_words("default")
    assert len(found) == 3


def test_plans_are_looked_for_now_and_then(manager, monkeypatch):
    looked = []
    monkeypatch.setattr(manager._grants, "look", lambda sessions: looked.append(1) or [])
    for _each in range(5):
        assert not manager.look_at_plans()
    assert len(looked) == 1
