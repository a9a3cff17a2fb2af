"""Whose secret differs, by FreeRADIUS's log."""

from __future__ import annotations

import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _log

NOW = 1_795_871_288.0
THEN = time.ctime(NOW - 10)
READY = f"{THEN} : Info: Ready to process requests\n"
# As FreeRADIUS 3.2 writes them, of a login and of a record.
LOGIN = (
    f"{THEN} : Info: Dropping packet without response because of error: Received packet from 192.168.5.109 with invalid"
    " Message-Authenticator!  (Shared secret is incorrect.) (from client gate1)\n"
)
RECORD = (
    f"{THEN} : Error: Received Accounting-Request packet from client gate-2.a port 1813 with invalid Request"
    " Authenticator!  (Shared secret is incorrect.)\n"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (LOGIN, {"gate1": THEN}),
        (READY + RECORD + LOGIN, {"gate-2.a": THEN, "gate1": THEN}),
        # Of a FreeRADIUS that had other secrets, too long ago, cut off, and of nobody.
        (LOGIN + READY, {}),
        (LOGIN.replace(THEN, time.ctime(NOW - 3700)), {}),
        (LOGIN[9:], {}),
        (LOGIN.replace("gate1", ""), {}),
        (f"{THEN} : Info: Ignoring request to auth address * port 1812 from unknown client 10.0.0.9 port 4\n", {}),
    ],
)
def test_whose_secret_differs(text, found):
    assert _log.wrong_secrets(text, NOW) == found
