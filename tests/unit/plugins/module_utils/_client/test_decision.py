from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._decision import Decision, Now, decide

NOTHING, DIALS, UP, OTHER = (
    Now(False, False, False),
    Now(True, False, False),
    Now(True, True, False),
    Now(True, True, True),
)

CASES = [
    ("connected", NOTHING, Decision(False, True, "dialled")),
    ("connected", DIALS, Decision(True, True, "dialled")),
    ("connected", UP, Decision(False, False, "none")),
    ("connected", OTHER, Decision(True, True, "redialled")),
    ("present", NOTHING, Decision(False, False, "none")),
    ("present", Now(False, False, True), Decision(False, False, "none")),
    ("present", UP, Decision(False, False, "none")),
    ("present", OTHER, Decision(False, False, "pending")),
    ("disconnected", NOTHING, Decision(False, False, "none")),
    ("disconnected", DIALS, Decision(True, False, "hung_up")),
    ("disconnected", UP, Decision(True, False, "hung_up")),
    ("absent", NOTHING, Decision(False, False, "none")),
    ("absent", OTHER, Decision(True, False, "hung_up")),
]


@pytest.mark.parametrize(("state", "now", "expected"), CASES)
def test_decide(state, now, expected):
    assert decide(state, now) == expected
