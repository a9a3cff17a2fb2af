from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _info as _server_info
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics as _server_metrics
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import Session, Status, Totals

OURS = "/etc/ppp/pppoe-server/default.options"
HAND = "/etc/ppp/pppoe-server-options"
DAEMON = ("/usr/sbin/pppoe-server", "-F", "-I", "eth1", "-O", OURS, "-k", "-g", "pppoe.so", "-N", "3")
POOL = ("10.0.0.2", "10.0.0.3", "10.0.0.4")


def pppd(options: str, *, kernel: bool, device: str = "eth1") -> list[str]:
    relay = ["pty", f"/usr/sbin/pppoe -n -I {device} -e 7:02:00:00:00:00:01 -S ''"]
    plugin = ["plugin", "pppoe.so", f"nic-{device}", "rp_pppoe_sess", "7:02:00:00:00:00:01"]
    return ["/usr/sbin/pppd", *(plugin if kernel else relay), "file", options, "10.0.0.1:10.0.0.2"]


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        (pppd(OURS, kernel=True), True),
        (pppd(OURS, kernel=False), True),
        # Of a daemon that was started by hand on the same interface, before ours.
        (pppd(HAND, kernel=False), True),
        (pppd(HAND, kernel=True), True),
        (pppd(HAND, kernel=False, device="eth2"), False),
        (pppd("/etc/ppp/pppoe-server/other.options", kernel=True), False),
        (["pppd", "plugin", "pppoe.so", "nic-eth1", "user", "cmz"], False),
        (["pppd", "call", "uplink"], False),
        (list(DAEMON), False),
    ],
)
def test_is_session(argv, found):
    assert _server_status.is_session(argv, OURS, {"eth1"}) is found


def session(interface: str, address: str, bytes_in: int = 0, bytes_out: int = 0) -> Session:
    return Session(interface, address, bytes_in, bytes_out)


@pytest.mark.parametrize(
    ("before", "sessions", "messages", "after"),
    [
        (Totals(), [session("ppp0", "a", 5, 7)], [], Totals(5, 7, {}, {"ppp0": [5, 7]})),
        (Totals(5, 7, {}, {"ppp0": [5, 7]}), [session("ppp0", "a", 9, 7)], [], Totals(9, 7, {}, {"ppp0": [9, 7]})),
        # Another session on an interface of the same name begins at nothing.
        (Totals(5, 7, {}, {"ppp0": [5, 7]}), [session("ppp0", "b", 4, 8)], [], Totals(9, 15, {}, {"ppp0": [4, 8]})),
        # What has ended stays counted.
        (Totals(5, 7, {}, {"ppp0": [5, 7]}), [], [], Totals(5, 7, {}, {})),
        (
            Totals(0, 0, {"authentication": 2}),
            [],
            ["Peer cmz failed CHAP authentication", "hello", "No client slots available"],
            Totals(0, 0, {"authentication": 3, "no_slot": 1}),
        ),
        # What a stranger sends is no refusal, and nobody is refused twice in one message.
        (
            Totals(),
            [],
            ["Received PADR packet asking for unsupported service x\nlogin failure", "login failure\nlogin failure"],
            Totals(0, 0, {"authentication": 1}),
        ),
    ],
)
def test_counted(before, sessions, messages, after):
    assert _server_status.counted(before, sessions, messages) == after


def test_messages():
    journal = [
        {"MESSAGE": "a\nb", "__CURSOR": "s=1"},
        {"MESSAGE": list(b"\x1b[2J\xe9")},
        {"MESSAGE": None},
        {"MESSAGE": [[]]},
    ]
    text = "\n".join([*map(json.dumps, journal), "no JSON", "[]"])
    assert _server_status.messages(text) == ["a\nb", "\x1b[2J\ufffd"]


STATUS = Status("default", 615, DAEMON, POOL, (session("ppp0", "10.0.0.2", 5, 7), session("ppp1", "10.0.0.99")))


def test_exposition():
    text = _server_status.exposition(STATUS, Totals(5, 7, {"authentication": 2}))
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert values == {
        'pppoe_server_up{server="default"}': "1",
        'pppoe_server_sessions{server="default"}': "2",
        'pppoe_server_sessions_limit{server="default"}': "3",
        'pppoe_server_pool_addresses{server="default"}': "3",
        'pppoe_server_pool_used_addresses{server="default"}': "1",
        'pppoe_server_receive_bytes_total{server="default"}': "5",
        'pppoe_server_transmit_bytes_total{server="default"}': "7",
        'pppoe_server_refused_dials_total{server="default",reason="authentication"}': "2",
        'pppoe_server_refused_dials_total{server="default",reason="no_slot"}': "0",
        'pppoe_server_refused_dials_total{server="default",reason="no_address"}': "0",
    }


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (package prometheus) is not installed")
def test_prometheus_accepts_them():
    text = _server_status.exposition(STATUS, Totals())
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "warnings"),
    [
        ({}, []),
        ({"pid": None}, ["It does not run."]),
        ({"sessions": tuple(session(f"ppp{n}", address) for n, address in enumerate(POOL))},
         ["The pool is used up.", "There are as many sessions as it may have."]),
        ({"pool": tuple(f"10.0.1.{n}" for n in range(20)),
          "sessions": tuple(session(f"ppp{n}", f"10.0.1.{n}") for n in range(19)), "command": ()},
         ["The pool is nearly used up."]),
        ({"sessions": (session("ppp0", "10.0.0.2"), session("ppp1", "10.0.0.2"))},
         ["2 sessions have the address 10.0.0.2."]),
    ],
)  # fmt: skip
def test_warnings(changes, warnings):
    assert _server_info.warnings(Status(**{**vars(STATUS), **changes}), [], enabled=True) == warnings


def test_warnings_of_what_is_around():
    assert _server_info.warnings(STATUS, [77], enabled=False) == [
        "Another pppoe-server answers on its interface, started by hand (process 77).",
        "Its unit does not start at boot.",
    ]


@pytest.mark.parametrize(
    ("words", "kernel"),
    [
        (["-k", "-g", "pppoe.so"], True),
        (["-Q", "kernel", "-N", "3", "-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"], True),
        (["-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"], True),
        (["-N", "3", "-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"], False),
        ([], False),
    ],
)
def test_mode(words, kernel):
    assert _server_info.carries_in_kernel(Status("default", 1, ("pppoe-server", *words), (), ())) is kernel


@pytest.mark.parametrize("directory", ["metrics", "/a b", "/a;reboot", "/a%n", "/$HOME", ""])
def test_a_folder_that_a_unit_would_take_for_something_else_is_refused(directory):
    with pytest.raises(Refused, match="directory"):
        _server_metrics.check("default", directory, 30)


def test_the_service_tells_its_folder():
    files = _server_metrics.files("default", "/srv/metrics", 30, "/usr/bin/python3", "pass\n")
    assert files[0].content.startswith(b"#!/usr/bin/python3\n")
    assert _server_metrics.directory_of(files[1].content) == "/srv/metrics"
    assert _server_metrics.directory_of(None) is None
