"""How long packets are held: what is asked for, what is configured, or what was measured."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _host as _access_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

PROBLEM = "tc is not installed"
CASES = [
    # asked, configured, problem -> hold, why it is 0
    (None, None, None, (70, None)),
    ("auto", None, None, (70, None)),
    ("auto", Settings(90), None, (90, None)),
    ("auto", Settings(0, 0, True), None, (70, None)),
    # Without a value, what is configured stays, 0 too.
    (None, Settings(90), None, (90, None)),
    (None, Settings(0, 0, True), None, (0, None)),
    ("0", Settings(90), None, (0, None)),
    ("150", Settings(90), None, (150, None)),
    ("auto", None, PROBLEM, (0, PROBLEM)),
    ("0", None, PROBLEM, (0, None)),
]


@pytest.mark.parametrize(("asked", "configured", "problem", "expected"), CASES)
def test_hold(monkeypatch, asked, configured, problem, expected):
    monkeypatch.setattr(_access_host, "measured", lambda _module: 70)
    seen = _access_host.ObservedAccess(configured, (), frozenset(), True, False, problem)
    assert _access_host.hold(None, asked, seen) == expected


def test_a_hold_that_the_host_cannot_do():
    seen = _access_host.ObservedAccess(None, (), frozenset(), True, False, PROBLEM)
    with pytest.raises(Refused, match="dial_hold: this host cannot delay packets: tc is not installed"):
        _access_host.hold(None, "150", seen)
