"""The cause of an end, from what pppd says in the journal."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _exits

SIGNAL, HANGUP, OVER = "Terminating on signal 15", "Modem hangup", "Connection terminated."


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        (["LCP terminated by peer (User request)", SIGNAL, HANGUP, OVER], "User-Request"),
        (["LCP terminated by peer", OVER], "User-Request"),
        # A PADT alone: the kernel hangs up, and pppoe-server sends a signal, in either order.
        ([SIGNAL, HANGUP, OVER], "User-Request"),
        ([HANGUP, SIGNAL, OVER], "User-Request"),
        # The administrator; the client's answer comes after the end.
        ([SIGNAL, SIGNAL, OVER, HANGUP], "Admin-Reset"),
        (["Terminating connection due to lack of activity.", SIGNAL, OVER], "Idle-Timeout"),
        (["Connect time expired", SIGNAL, OVER], "Session-Timeout"),
        (["Traffic limit reached. Limit: 100 Used: 120", OVER], "NAS-Request"),
        (["No response to 2 echo-requests", "Serial link appears to be disconnected.", OVER, HANGUP], "Lost-Carrier"),
        ([HANGUP, OVER], "Lost-Carrier"),
        (["Peer ann failed CHAP authentication", OVER], "Service-Unavailable"),
        ([], None),
        ([OVER], None),
        (["LCP: timeout sending Config-Requests"], None),
    ],
)
def test_cause(said, cause):
    assert _exits.cause(said) == cause


def test_lines_of_the_journal():
    lines = [
        json.dumps({"_PID": "7", "MESSAGE": "Connect time expired"}),
        json.dumps({"_PID": "8", "MESSAGE": "Connect time expired"}),
        # Bytes that are no text, an entry without a pid, and what is no entry.
        json.dumps({"_PID": "9", "MESSAGE": [77, 255]}),
        json.dumps({"MESSAGE": "Connect time expired"}),
        "-- No entries --",
        json.dumps({"_PID": "7", "MESSAGE": SIGNAL}),
    ]
    assert _exits.causes(lines, {7, 9}) == {7: "Session-Timeout"}


def test_without_a_journal(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert _exits.look({7}, 1000) == {}
