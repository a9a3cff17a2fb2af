from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover
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


@pytest.mark.parametrize(
    ("own", "processes", "interfaces", "expected"),
    [
        (NONE, [HAND, CHILD, BY_HAND], ["eth1"], Running(HAND, (30,), HAND)),
        (NONE, [HAND, BY_HAND], ["eth2"], NONE),
        (NONE, [BY_HAND, ELSEWHERE, CLIENT, OUR_SESSION], ["eth1"], Running(None, (30,))),
        (Running(OURS, (32,)), [OURS, HAND, BY_HAND], ["eth1"], Running(OURS, (30, 32), HAND)),
        # Without its interfaces (state absent), an instance goes by those of its daemon.
        (Running(OURS, (32,)), [OURS, BY_HAND], [], Running(OURS, (30, 32))),
        (NONE, [HAND, BY_HAND], [], NONE),
    ],
)
def test_with_foreign(own, processes, interfaces, expected):
    assert _server_takeover.with_foreign(own, processes, interfaces) == expected


def test_several_daemons_are_refused():
    other = Process(12, 1, ("pppoe-server", "-I", "eth2"))
    with pytest.raises(Refused, match="2 unmanaged daemons serve them"):
        _server_takeover.with_foreign(NONE, [HAND, other], ["eth1", "eth2"])


def test_no_interface_is_left_unserved():
    both = Process(12, 1, ("pppoe-server", "-I", "eth1", "-I", "eth2"))
    with pytest.raises(Refused, match="serves eth2 too"):
        _server_takeover.refuse_what_would_be_left(both, ["eth1"])
    _server_takeover.refuse_what_would_be_left(both, ["eth2", "eth1"])
    _server_takeover.refuse_what_would_be_left(None, ["eth1"])


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/rc-local.service\n", "rc-local.service"),
        ("0::/system.slice/system-pppoe.slice/pppoe@a.service/x\n", "pppoe@a.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", None),
        ("12:pids:/system.slice/cron.service\n1:name=systemd:/system.slice/cron.service\n", "cron.service"),
        ("", None),
    ],
)
def test_service(text, unit):
    assert _server_takeover.service(text) == unit
