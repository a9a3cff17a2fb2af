"""A run of pppoe_plans changes the living sessions: in which order, and what becomes of those that it cannot change."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import Shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_plans as _server_session_plans

SLOW, FAST = Shape(2_000_000, 1_000_000, "slow"), Shape(50_000_000, 10_000_000, "fast")


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """What is asked of the kernel, which refuses interfaces whose name ends with an x."""
    asked = []

    def change(what, interface, *shapes):
        asked.append((what, interface, *shapes))
        if interface.endswith("x"):
            raise OSError(95, "Operation not supported")

    monkeypatch.setattr(_server_session_plans, "_LINKS", str(tmp_path))
    monkeypatch.setattr(_plans_shaping, "prepare", lambda changes: asked.append(("prepare", *changes)))
    monkeypatch.setattr(_plans_shaping, "apply", lambda *words: change("apply", *words))
    monkeypatch.setattr(_plans_shaping, "clear", lambda *words: change("clear", *words))
    return asked


def changes(*wanted):
    return [_server_session_plans.RateChange(interface, None, before, after) for interface, before, after in wanted]


def test_the_queues_of_all_are_emptied_before_any_is_changed(kernel):
    wanted = [("ppp0", SLOW, FAST), ("ppp1", FAST, None), ("ppp2", None, SLOW)]
    _server_session_plans.apply(changes(*wanted))
    assert kernel == [
        ("prepare", *wanted), ("apply", "ppp0", SLOW, FAST), ("clear", "ppp1"), ("apply", "ppp2", None, SLOW),
    ]  # fmt: skip


def test_one_that_has_ended_is_no_error_and_one_that_is_refused_does_not_keep_the_others(kernel, tmp_path):
    (tmp_path / "ppp1x").mkdir()
    with pytest.raises(Failed, match=r"written, but not all .* ppp1x: .*Operation not supported\.$"):
        _server_session_plans.apply(changes(("ppp0x", SLOW, FAST), ("ppp1x", SLOW, None), ("ppp2", SLOW, FAST)))
    assert kernel[-1] == ("apply", "ppp2", SLOW, FAST)
