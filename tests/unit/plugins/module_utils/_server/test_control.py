"""What pppoe-server-ctl says of an account, and no more than that is certain."""

from __future__ import annotations

import json
import types

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import PlanAccount
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control as _server_control
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_text as _server_control_text
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_why as _server_control_why
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._control_why import Known
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import SessionStatus, Status
from ansible_collections.dialtone.pppoe.plugins.modules import pppoe_access

NOW = 1700000000
DAEMON = ("pppoe-server", "-I", "eth1", "-N", "2")
POOL = ("10.0.0.2", "10.0.0.3")
RUNS = (Status("default", 7, DAEMON, POOL, ()), False)
SESSION = {"interface": "ppp0", "instance": "default", "address": "10.0.0.2", "peer_mac": "02:00:00:00:00:01",
           "device": "eth1", "session_id": 7, "since": "2023-11-14T22:00:00Z"}  # fmt: skip
REFUSED = {"time": "2023-11-14T21:00:00Z", "reason": "the account ann is disabled"}
PAST = {"start": "2023-11-14T20:00:00Z", "stop": "2023-11-14T20:30:00Z", "address": "10.0.0.3", "mac": "02:…:09",
        "cause": "User-Request"}  # fmt: skip
FAILED = ("2023-11-14T22:10:00Z", "Peer ann failed CHAP authentication")


def full(used: int) -> Status:
    return Status("default", 7, DAEMON, POOL, tuple(SessionStatus(f"ppp{n}", POOL[n], 0, 0) for n in range(used)))


@pytest.mark.parametrize(
    ("known", "texts"),
    [
        ({}, []),
        ({"in_secrets": False}, ["there is no such account in /etc/ppp/chap-secrets or /etc/ppp/pap-secrets"]),
        # With RADIUS, accounts are elsewhere.
        ({"in_secrets": False, "radius": True}, []),
        ({"servers": [(Status("default", None, (), POOL, ()), True)]},
         ["default does not run, so that nobody can dial there"]),
        ({"servers": [(RUNS[0], True)]}, ["default is drained, so that nobody can dial there"]),
        ({"servers": [(full(2), False)]}, ["default has 2 sessions, as many as it may have"]),
        ({"servers": [(Status("n", 7, DAEMON[:3], POOL[:1], full(1).sessions), False)]},
         ["n has 1 sessions, as many as it may have"]),
        ({"own": {"default": PlanAccount(enabled=False, mac="02:00:00:00:00:09")}},
         ["it is disabled at default", "at default it is for 02:00:00:00:00:09 only"]),
        ({"own": {"default": PlanAccount(expires=NOW)}}, ["it expired at 2023-11-14T22:13:20Z at default"]),
        ({"own": {"default": PlanAccount(expires=NOW + 1)}}, []),
        # The latest first, whoever says it; of a session that is up, nothing of the history.
        ({"sessions": [SESSION], "refused": [REFUSED], "history": [PAST, {**PAST, "stop": None}], "journal": [FAILED]},
         ["it is connected: ppp0 of default, 10.0.0.2, from 02:00:00:00:00:01 on eth1, session 7",
          "it was refused: its secret was wrong, or there was no such account",
          "it was hung up: the account ann is disabled",
          "a session from 2023-11-14T20:00:00Z with 10.0.0.3 from 02:…:09 ended: User-Request"]),
        ({"history": [{**PAST, "cause": None}]},
         ["a session from 2023-11-14T20:00:00Z with 10.0.0.3 from 02:…:09 ended; nobody has said why"]),
        # What pppd says is the same with RADIUS, and means something else.
        ({"journal": [FAILED], "radius": True},
         ["it was refused: RADIUS has not accepted it, or has not answered"]),
        ({"journal": [("t", 'No CHAP secret found for authenticating "ann"')]},
         ["it was refused: the secrets file had no account of this name"]),
        # Of others, also of one who calls himself something that has our account in it.
        ({"journal": [("t", "Peer joann failed CHAP authentication"), ("t", "Peer ann failed CHAP authentication x")]},
         []),
    ],
)  # fmt: skip
def test_findings(known, texts):
    given = Known("ann", **{"servers": [RUNS], "in_secrets": True, **known})
    assert [event.text for event in _server_control_why.findings(given, NOW)] == texts


def test_a_name_as_pppd_spells_it():
    given = Known("ä", servers=[RUNS], in_secrets=True, journal=[("t", "Peer M-CM-$ failed CHAP authentication")])
    assert len(_server_control_why.findings(given, NOW)) == 1


def test_the_journal():
    lines = [
        {"__REALTIME_TIMESTAMP": "1700000000123456", "MESSAGE": "a"},
        {"__REALTIME_TIMESTAMP": "1700000000123456", "MESSAGE": [1, 2]},
        {"MESSAGE": "b"},
    ]
    text = "\n".join([*map(json.dumps, lines), "no JSON", "[]"])
    assert _server_control_why.parse(text) == [("2023-11-14T22:13:20Z", "a")]


@pytest.mark.parametrize(
    ("secrets", "there"),
    [(b"ann * s *\n", True), (b'"ann" * s *\n', True), (b"bob * s *\n", False), (b"* * s *\n", True), (b'"ann', False),
     (b"# ann * s *\n", False), (b'* hostname "" *\n', False), (b'* gate "" *\n', True)],
)  # fmt: skip
def test_has(secrets, there):
    names = _server_control_why._own_names(['name "gate"\nnodetach\n'])
    assert _server_control_why._has(secrets, "ann", names) is there


@pytest.mark.parametrize(("undo", "text"), [(False, "starts no new sessions"), (True, "starts new sessions again")])
def test_drain_keeps_the_other_settings(monkeypatch, undo, text):
    asked = []
    monkeypatch.setattr(_server_control._server_status, "names", lambda: ["north", "south"])
    monkeypatch.setattr(_server_control._server_status, "status", lambda name: Status(name, 7, DAEMON, POOL, ()))
    monkeypatch.setattr(_server_control._access_host, "configured", lambda _name: Settings(90, rate=5))
    run = types.SimpleNamespace(
        run=lambda host: asked.append(host.params) or {"changed": host.params["name"] != "south"}
    )
    monkeypatch.setattr(_server_control, "_access_run", run)
    status, _result, said = _server_control.drain({"instance": [], "undo": undo})
    assert (status, said) == (0, f"north {text}.\nsouth {text} already.\n")
    assert asked[0] == {
        "name": "north",
        "interfaces": ["eth1"],
        "dial_hold": "90",
        "discovery_rate": "5",
        "pado_delay": None,
        "drained": not undo,
        "startup": "auto",
        "state": "present",
    }
    # As the module would have it: all of its parameters.
    assert asked[0].keys() == pppoe_access.ARGUMENTS.keys()


def test_only_root_may_use_it(monkeypatch, capsys):
    monkeypatch.setattr(_server_control.os, "geteuid", lambda: 65534)
    with pytest.raises(SystemExit) as ended:
        _server_control.main(["sessions"])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "pppoe-server-ctl: only root may use it. Run it with sudo.\n"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0B"), (999, "999B"), (1500, "1.5kB"), (15_000_000, "15MB"), (2 * 10**15, "2000.0TB")]
)
def test_size(number, text):
    assert _server_control_text.size(number) == text


def test_what_a_customer_calls_himself_does_nothing_to_the_terminal():
    session = {"username": "a\x1b[2J", "interface": "ppp0"}
    assert "\x1b" not in _server_control_text.table([session])
