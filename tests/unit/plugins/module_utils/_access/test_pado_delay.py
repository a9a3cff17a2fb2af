"""The parameter pado_delay: a number, or steps by the number of sessions."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _pado_delay as _access_pado_delay
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused


def step(sessions, delay):
    return {"sessions": sessions, "delay": delay}


ASKED = [
    (None, None),
    (0, 0),
    (4000, 4000),
    ("300", 300),
    (" 300\n", 300),
    ([], 0),
    ([step(0, 0)], 0),
    ([step(0, 300)], 300),
    ([step(5, 300)], ((5, 300),)),
    ([step(0, 0), step(200, 100), step(400, 500)], ((200, 100), (400, 500))),
    ([step("200", "100"), step("400", "500")], ((200, 100), (400, 500))),
    ([step(0, 20), step(200, 20), step(400, 4000)], ((0, 20), (400, 4000))),
    ([step(number, number) for number in range(1, 11)], tuple((number, number) for number in range(1, 11))),
]
NEITHER = "is neither a number nor a list of steps. Use milliseconds, or a list of steps such as"
EXAMPLE = "{sessions: 200, delay: 100}."
BOTH = f"is not a step. Use both keys and no other, such as {EXAMPLE}"
REFUSED = [
    (4001, "pado_delay: 4001 is out of range. Use 0 to 4000 milliseconds."),
    ("-1", "pado_delay: -1 is out of range. Use 0 to 4000 milliseconds."),
    ("fast", f"pado_delay: 'fast' {NEITHER} {EXAMPLE}"),
    (1.5, f"pado_delay: 1.5 {NEITHER} {EXAMPLE}"),
    (True, f"pado_delay: True {NEITHER} {EXAMPLE}"),
    ("٣", f"pado_delay: '٣' {NEITHER} {EXAMPLE}"),
    (step(1, 2), f"pado_delay: {{'sessions': 1, 'delay': 2}} {NEITHER} {EXAMPLE}"),
    ([100], f"pado_delay[0]: 100 {BOTH}"),
    ([step(0, 0), {"sessions": 1}], f"pado_delay[1]: {{'sessions': 1}} {BOTH}"),
    ([{**step(1, 2), "ms": 3}], f"pado_delay[0]: {{'sessions': 1, 'delay': 2, 'ms': 3}} {BOTH}"),
    ([step(-1, 0)], "pado_delay[0].sessions: -1 is out of range. Use 0 to 65534 sessions."),
    ([step(65535, 0)], "pado_delay[0].sessions: 65535 is out of range. Use 0 to 65534 sessions."),
    ([step("many", 0)], "pado_delay[0].sessions: 'many' is not a whole number. Use 0 to 65534 sessions."),
    ([step(0, 0), step(1, -5)], "pado_delay[1].delay: -5 is out of range. Use 0 to 4000 milliseconds."),
    ([step(0, 4001)], "pado_delay[0].delay: 4001 is out of range. Use 0 to 4000 milliseconds."),
    ([step(0, None)], "pado_delay[0].delay: None is not a whole number. Use 0 to 4000 milliseconds."),
    (
        [step(400, 500), step(200, 100)],
        "pado_delay[1].sessions: 200 is not more than the 400 of the step before. Sort the steps by sessions, and name "
        "each number once.",
    ),
    (
        [step(200, 100), step(200, 100)],
        "pado_delay[1].sessions: 200 is not more than the 200 of the step before. Sort the steps by sessions, and name "
        "each number once.",
    ),
    (
        [step(200, 100), step(400, 50)],
        "pado_delay[1].delay: 50 is less than the 100 of the step before, so more sessions would attract more. Use a "
        "delay that is not less.",
    ),
    ([step(number, number) for number in range(11)], "pado_delay: there are 11 steps. Use at most 10."),
]


@pytest.mark.parametrize(("value", "delay"), ASKED)
def test_asked(value, delay):
    assert _access_pado_delay.asked(value) == delay


@pytest.mark.parametrize(("value", "message"), REFUSED)
def test_what_is_refused(value, message):
    with pytest.raises(Refused, match=r"\.") as refused:
        _access_pado_delay.asked(value)
    assert str(refused.value) == message


@pytest.mark.parametrize(("delay", "shown"), [(0, 0), (300, 300), (((5, 300),), [step(5, 300)])])
def test_what_is_returned(delay, shown):
    assert _access_pado_delay.shown(delay) == shown
    assert _access_pado_delay.asked(shown) == delay
