"""The newest session has the smallest metric."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _stamp

NOW = 1_800_000_000
ERA = _stamp.WORST - 14
BEGIN = NOW - NOW % ERA


@pytest.mark.parametrize(("older", "newer"), [(NOW - 2, NOW - 1), (BEGIN, BEGIN + 1), (BEGIN - 1, BEGIN), (0, NOW)])
def test_the_newest_wins(older, newer):
    assert _stamp.metric(older, NOW) > _stamp.metric(newer, NOW)


def test_what_ospf_can_announce():
    end = BEGIN + ERA - 1
    for started in (0, BEGIN - 1, BEGIN, NOW, end):
        assert 1 <= _stamp.metric(started, end) <= 0xFFFFFE


def test_a_former_era_is_worst_on_all_servers():
    assert _stamp.metric(BEGIN - 1, BEGIN) == _stamp.metric(BEGIN - ERA, BEGIN) == _stamp.WORST
    assert _stamp.metric(BEGIN - 1, BEGIN - 1) < 20
    assert _stamp.era(BEGIN) == _stamp.era(BEGIN - 1) + 1


def test_rounding_is_no_other_session():
    assert _stamp.alike(_stamp.metric(NOW - 7.4, NOW), _stamp.metric(NOW - 6.6, NOW))
    assert not _stamp.alike(_stamp.metric(NOW - 60, NOW), _stamp.metric(NOW, NOW))
