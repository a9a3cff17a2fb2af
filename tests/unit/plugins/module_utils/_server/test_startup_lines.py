from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

GUIDE = "pppoe-server -I eth1 -L 192.168.10.109 -R 192.168.10.2 -N 20"
MARK = _server_startup_lines.TAKEN_OVER


@pytest.mark.parametrize(
    ("words", "interfaces", "options_path", "by_hand"),
    [
        (GUIDE, ["eth1"], "/etc/ppp/pppoe-server-options", True),
        ("/usr/sbin/pppoe-server -F -Ieth1 -I eth2 -I eth1", ["eth1", "eth2"], "/etc/ppp/pppoe-server-options", True),
        ("pppoe-server", ["eth0"], "/etc/ppp/pppoe-server-options", True),
        ("pppoe-server -FI eth3 -O /etc/ppp/mine -O /etc/ppp/yours", ["eth3"], "/etc/ppp/yours", True),
        ("pppoe-server -I eth1 -O /etc/ppp/pppoe-server/default.options", ["eth1"], None, False),
        # Options that this version does not know are complained of and passed over, as pppoe-server does.
        ("pppoe-server -z -I eth1", ["eth1"], None, True),
        ("pppoe-server -FzI eth1", ["eth1"], None, True),
        ("pppoe-server word -I eth1", ["eth1"], None, True),
    ],
)
def test_command(words, interfaces, options_path, by_hand):
    found = _server_startup_lines.command(words.split())
    assert found.interfaces == interfaces
    assert options_path in (None, found.options_path)
    assert found.by_hand is by_hand


def test_an_option_without_its_argument_is_left_out():
    assert _server_startup_lines.command(["pppoe-server", "-I", "eth1", "-N"]).interfaces == ["eth1"]


@pytest.mark.parametrize("words", ["", "pppd -I eth1", "/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start"])
def test_another_command(words):
    assert _server_startup_lines.command(words.split()) is None


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (f"#!/bin/sh\n{GUIDE}\nexit 0\n", [(2, True)]),
        (f"{GUIDE} &", [(1, True)]),
        (f"{GUIDE} >/dev/null 2>&1 &\n", [(1, True)]),
        (f"\n\n/usr/sbin/{GUIDE} </dev/null\n", [(3, True)]),
        (f"sleep 10; {GUIDE}\n", [(1, True)]),
        (f"sleep 10 && {GUIDE} &\n", [(1, True)]),
        (f"nohup {GUIDE} &\n", [(1, True)]),
        ("pppoe-server -I eth1 \\\n  -N 20\nexit 0\n", [(1, True)]),
        (f"{GUIDE}\npppoe-server -I eth2\n", [(1, True), (2, True)]),
        (f"{GUIDE}; iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n", [(1, False)]),
        (f"if true; then {GUIDE}; fi\n", [(1, False)]),
        (f"nice -n 5 {GUIDE}\n", [(1, False)]),
        (f"{GUIDE}; pppoe-server -I eth2\n", [(1, False)]),
        (f"# {GUIDE}\n", []),
        (f"{MARK.decode()}{GUIDE}\n", []),
        ("pidof pppoe-server || echo none\n", []),
        ("/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start default eth1 -- /usr/sbin/pppoe-server -I eth1"
         " -O /etc/ppp/pppoe-server/default.options &\n", []),
        ("echo 'never ends\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_lines(script, found):
    assert [(line.number, line.alone) for line in _server_startup_lines.lines(script.encode())] == found


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
    assert _server_startup_lines.taken_over(before, ["eth1"], "/etc/rc.local") == after
    assert _server_startup_lines.taken_over(after, ["eth1"], "/etc/rc.local") == after


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GUIDE + "; reboot", "line 2 of /etc/rc.local would start a second daemon"),
        ("pppoe-server -I eth1 -I eth7", "serves eth1, eth7 with one daemon"),
    ],
)
def test_a_line_that_does_more_is_refused(line, words):
    with pytest.raises(Refused, match=words):
        _server_startup_lines.taken_over(b"#!/bin/sh\n" + line.encode() + b"\n", ["eth1"], "/etc/rc.local")
