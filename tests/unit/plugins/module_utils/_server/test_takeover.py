from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._processes import Running

HAND = Process(10, 1, ("pppoe-server", "-I", "eth1", "-N", "20"))
CHILD = Process(11, 10, HAND.argv)
OURS = Process(20, 1, ("pppoe-server", "-F", "-I", "eth1", "-O", "/etc/ppp/pppoe-server/default.options"))


def relayed(pid: int, device: str, options: str) -> Process:
    relay = f"/usr/sbin/pppoe -n -I {device} -e 3:02:00:00:00:00:01 -S ''"
    return Process(pid, 10, ("pppd", "pty", relay, "file", options, "192.168.10.109:192.168.10.4"))


BY_HAND = relayed(30, "eth1", "/etc/ppp/pppoe-server-options")
ELSEWHERE = relayed(31, "eth2", "/etc/ppp/pppoe-server-options")
OUR_SESSION = relayed(32, "eth1", "/etc/ppp/pppoe-server/default.options")
CLIENT = Process(33, 1, ("pppd", "plugin", "pppoe.so", "nic-eth1", "user", "cmz"))
NONE = Running(None, ())
GUIDE = "pppoe-server -I eth1 -L 192.168.10.109 -R 192.168.10.2 -N 20"
MARK = _server_takeover.TAKEN_OVER


def by_hand(process: Process) -> _server_unmanaged.Daemon:
    return _server_unmanaged.running([process]).daemons[0]


def taken_over(script: bytes | None) -> bytes | None:
    lines = _server_startup_lines.lines(script or b"", "/etc/rc.local")
    return _server_takeover.taken_over(script, lines, ["eth1"])


@pytest.mark.parametrize(
    ("own", "processes", "interfaces", "expected"),
    [
        (NONE, [HAND, CHILD, BY_HAND], ["eth1"], Running(HAND, (30,), by_hand(HAND))),
        (NONE, [HAND, BY_HAND], ["eth2"], NONE),
        (NONE, [BY_HAND, ELSEWHERE, CLIENT, OUR_SESSION], ["eth1"], Running(None, (30,))),
        (Running(OURS, (32,)), [OURS, HAND, BY_HAND], ["eth1"], Running(OURS, (30, 32), by_hand(HAND))),
        # Without its interfaces (state absent), an instance goes by those of its daemon.
        (Running(OURS, (32,)), [OURS, BY_HAND], [], Running(OURS, (30, 32))),
        (NONE, [HAND, BY_HAND], [], NONE),
    ],
)
def test_running(own, processes, interfaces, expected):
    assert _server_takeover.running(own, _server_unmanaged.running(processes), interfaces) == expected


def test_several_daemons_are_refused():
    other = Process(12, 1, ("pppoe-server", "-I", "eth2"))
    with pytest.raises(Refused, match="2 unmanaged daemons serve them"):
        _server_takeover.running(NONE, _server_unmanaged.running([HAND, other]), ["eth1", "eth2"])


@pytest.mark.parametrize(
    ("plugin", "radius", "words"),
    [
        ("radius.so", False, "Name the RADIUS servers in pppoe_server_radius"),
        ("/usr/lib/pppd/2.4.9/radius.so", True, None),
        ("radattr.so", False, None),
        ("winbind.so", True, "or the accounts into the secrets file"),
    ],
)
def test_customers_are_asked_for_where_they_are(plugin, radius, words):
    path = "/etc/ppp/pppoe-server-options"
    unmanaged = _server_unmanaged.Unmanaged(options_files={path: f"require-chap\nplugin {plugin}\n".encode()})
    now = Running(HAND, (), by_hand(HAND))
    if words is None:
        _server_takeover.plan(unmanaged, now, ["eth1"], "/etc/rc.local", None, radius)
        return
    with pytest.raises(Refused, match="asks elsewhere for the accounts") as raised:
        _server_takeover.plan(unmanaged, now, ["eth1"], "/etc/rc.local", None, radius)
    assert words in str(raised.value)


def test_no_interface_is_left_unserved():
    both = Process(12, 1, ("pppoe-server", "-I", "eth1", "-I", "eth2"))
    with pytest.raises(Refused, match="serves eth2 too"):
        _server_takeover.refuse_what_would_be_left(by_hand(both), ["eth1"])
    _server_takeover.refuse_what_would_be_left(by_hand(both), ["eth2", "eth1"])
    _server_takeover.refuse_what_would_be_left(None, ["eth1"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        (b"#!/bin/sh\nexit 0\n", b"#!/bin/sh\nexit 0\n"),
        (b"#!/bin/sh -e\n# boot\n" + GUIDE.encode() + b"\nexit 0\n",
         b"#!/bin/sh -e\n# boot\n" + MARK + GUIDE.encode() + b"\nexit 0\n"),
        (b"if a\nthen\n\tpppoe-server -I eth1 &\nfi\n", b"if a\nthen\n" + MARK + b"\tpppoe-server -I eth1 &\nfi\n"),
        (b"pppoe-server \\\n -I eth1", MARK + b"pppoe-server \\\n" + MARK + b" -I eth1"),
        (b"pppoe-server -I eth2\n\xff\xfe\r\n", b"pppoe-server -I eth2\n\xff\xfe\r\n"),
    ],
)  # fmt: skip
def test_taken_over(before, after):
    assert taken_over(before) == after
    assert taken_over(after) == after


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GUIDE + "; reboot", "line 2 of /etc/rc.local would start a second daemon"),
        ("pppoe-server -I eth1 -I eth7", "serves eth1, eth7 with one daemon"),
    ],
)
def test_a_line_that_does_more_is_refused(line, words):
    with pytest.raises(Refused, match=words):
        taken_over(b"#!/bin/sh\n" + line.encode() + b"\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'su - root -c "pppoe-server -I eth1"\nexit 0\n', MARK + b'su - root -c "pppoe-server -I eth1"\nexit 0\n'),
        (b"IF=eth1\npppoe-server -I $IF\n", b"IF=eth1\n" + MARK + b"pppoe-server -I $IF\n"),
        (b"(sleep 5; sudo pppoe-server -I eth1)&\n", MARK + b"(sleep 5; sudo pppoe-server -I eth1)&\n"),
        (b"for i in 1; do pppoe-server -I eth$i; done\n", MARK + b"for i in 1; do pppoe-server -I eth$i; done\n"),
        (
            b"for i in 1\ndo\npppoe-server -I eth$i\ndone\n",
            b"for i in 1\ndo\n" + MARK + b"pppoe-server -I eth$i\ndone\n",
        ),
        (b"exit 0\npppoe-server -I eth1\n", b"exit 0\npppoe-server -I eth1\n"),
        (b"pppoe-server -I eth1 -S 'a\nb'\n", MARK + b"pppoe-server -I eth1 -S 'a\n" + MARK + b"b'\n"),
        (b"pppoe-server -I eth1:7\r\n", MARK + b"pppoe-server -I eth1:7\r\n"),
    ],
)
def test_taken_over_in_other_forms(before, after):
    assert taken_over(before) == after
    assert taken_over(after) == after


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pppoe-server -I $X", "line 2 of /etc/rc.local starts a pppoe-server and cannot be read literally: 'pppoe-"),
        ("for i in 1 2; do pppoe-server -I eth$i; done", "line 2 of /etc/rc.local serves eth1, eth2 with one line"),
        ("screen -dmS x pppoe-server -F -I eth1", "line 2 of /etc/rc.local would start a second daemon"),
        ("pppoe-server -I eth1 | logger &", "does more than that"),
        # Ended, such a daemon would be back at once.
        ("while :\ndo\npppoe-server -F -I eth1\nsleep 5\ndone &", "line 4 of /etc/rc.local would start a second"),
        ("nohup sh -c 'until false; do pppoe-server -F -I eth1; sleep 1; done' &", "does more than that"),
        ("tmux send-keys 'pppoe-server -I eth7' C-m", "cannot be read literally"),
    ],
)
def test_what_would_start_a_second_daemon_is_refused(line, words):
    with pytest.raises(Refused, match=words):
        taken_over(b"#!/bin/sh\n" + line.encode() + b"\n")
