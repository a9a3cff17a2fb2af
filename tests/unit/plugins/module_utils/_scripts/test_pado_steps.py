"""By how much a PADO is delayed: as a word, as an alias, and with how many sessions."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _pado_delay as _access_pado_delay
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pado_steps

STEPS = ((200, 100), (400, 500))
WORDS = [(0, "0"), (300, "300"), (STEPS, "200:100,400:500"), (((0, 20), (7, 30)), "0:20,7:30")]
LARGEST = tuple((_pool.MOST_SESSIONS - number, 4000) for number in range(_access_pado_delay.MOST_STEPS))
ALIASES = [
    ("", ()),
    ("an administrator's own 200:100", ()),
    ("dialtone.pppoe", ()),
    ("dialtone.pppoe access eth1", ()),
    ("dialtone.pppoe access eth1 300", ()),
    ("dialtone.pppoe access eth1 200:1x", ()),
    ("dialtone.pppoe access eth1 200:1:2", ()),
    ("dialtone.pppoe access eth1 200:100 400:500", ()),
    ("dialtone.pppoe access eth1 200:100,400:500", STEPS),
]
DELAYS = [
    # steps, sessions -> milliseconds
    (STEPS, 0, 0),
    (STEPS, 199, 0),
    (STEPS, 200, 100),
    (STEPS, 399, 100),
    (STEPS, 400, 500),
    (STEPS, 65000, 500),
    (((0, 20), (200, 100)), 0, 20),
    (((0, 20), (200, 100)), 200, 100),
]
POSSIBLE = [(0, {0}), (300, {300}), (STEPS, {0, 100, 500}), (((0, 20), (200, 100)), {20, 100})]


@pytest.mark.parametrize(("delay", "word"), WORDS)
def test_a_word_is_read_back(delay, word):
    assert _pado_steps.word(delay) == word
    assert _pado_steps.read(word) == delay


@pytest.mark.parametrize(("delay", "steps"), [(0, ()), (300, ()), (STEPS, STEPS), (LARGEST, LARGEST)])
def test_an_alias_is_read_back(delay, steps):
    alias = _pado_steps.alias("fifteen-letters", delay)
    assert _pado_steps.of_alias(alias) == steps
    assert len(alias) < 256


@pytest.mark.parametrize(("alias", "steps"), ALIASES)
def test_the_steps_in_an_alias(alias, steps):
    assert _pado_steps.of_alias(alias) == steps


@pytest.mark.parametrize(("steps", "sessions", "milliseconds"), DELAYS)
def test_the_delay_with_so_many_sessions(steps, sessions, milliseconds):
    assert _pado_steps.at(steps, sessions) == milliseconds


@pytest.mark.parametrize(("delay", "possible"), POSSIBLE)
def test_the_delays_that_may_be_in_force(delay, possible):
    assert _pado_steps.possible(delay) == possible
