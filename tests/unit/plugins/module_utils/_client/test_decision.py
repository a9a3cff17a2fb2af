from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._decision import DialDecision, Now, decide

NOTHING, DIALS, UP, OTHER = (
    Now(False, False, False),
    Now(True, False, False),
    Now(True, True, False),
    Now(True, True, True),
)

CASES = [
    ("connected", NOTHING, DialDecision(False, True, "dialled")),
    ("connected", DIALS, DialDecision(True, True, "dialled")),
    ("connected", UP, DialDecision(False, False, "none")),
    ("connected", OTHER, DialDecision(True, True, "redialled")),
    ("present", NOTHING, DialDecision(False, False, "none")),
    ("present", Now(False, False, True), DialDecision(False, False, "none")),
    ("present", UP, DialDecision(False, False, "none")),
    ("present", OTHER, DialDecision(False, False, "pending")),
    ("disconnected", NOTHING, DialDecision(False, False, "none")),
    ("disconnected", DIALS, DialDecision(True, False, "hung_up")),
    ("disconnected", UP, DialDecision(True, False, "hung_up")),
    ("absent", NOTHING, DialDecision(False, False, "none")),
    ("absent", OTHER, DialDecision(True, False, "hung_up")),
]


@pytest.mark.parametrize(("state", "now", "expected"), CASES)
def test_decide(state, now, expected):
    assert decide(state, now) == expected
