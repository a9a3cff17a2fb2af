"""Which waiting dial goes on next."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _dials


def dials(*macs_and_ages):
    return [
        _dials.Dial(number, f"{number}:{mac}", "default", "", -age) for number, (mac, age) in enumerate(macs_and_ages)
    ]


@pytest.mark.parametrize(
    ("waiting", "coming", "number"),
    [
        ([("a", 3), ("b", 2), ("c", 1)], (), 0),
        # Nobody waits until everybody gives up.
        ([("a", 9), ("b", 2), ("c", 1)], (), 2),
        # Who has asked twice is served once, before others are.
        ([("a", 9), ("b", 2), ("b", 1)], (), 1),
        ([("a", 3), ("b", 2)], ("a",), 1),
        ([("a", 3), ("a", 2)], ("a",), 0),
    ],
)
def test_who_goes_on_next(waiting, coming, number):
    assert _dials.next_dial(dials(*waiting), coming, 0.0).pid == number
