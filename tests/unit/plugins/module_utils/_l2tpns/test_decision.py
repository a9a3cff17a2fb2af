from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns._decision import (
    L2tpnsDecision,
    ObservedL2tpns,
    decide,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns._parse import ClusterState

MASTER = ClusterState(True, "10.0.0.11", "", True, {"10.0.0.12": 0.1})
ALONE = ClusterState(True, "10.0.0.11", "", True, {})
LEFT = ClusterState(True, "10.0.0.11", "", True, {"10.0.0.12": 9.0})
SLAVE = ClusterState(False, "10.0.0.12", "10.0.0.11", True, {})


@pytest.mark.parametrize(
    ("cluster", "sessions", "changed", "fixed", "on_change", "expected"),
    [
        (ALONE, 5, False, False, "restart", L2tpnsDecision("none", kept=5)),
        (ALONE, 5, True, False, "live", L2tpnsDecision("reload", kept=5)),
        (ALONE, 5, True, True, "live", L2tpnsDecision("none", "5 sessions would end", 5)),
        (ALONE, 0, True, True, "when_idle", L2tpnsDecision("restart")),
        (ALONE, 5, True, True, "restart", L2tpnsDecision("restart", dropped=5)),
        (MASTER, 5, True, True, "live", L2tpnsDecision("restart", kept=5)),
        (LEFT, 5, True, True, "live", L2tpnsDecision("none", "5 sessions would end", 5)),
        (SLAVE, 5, True, True, "live", L2tpnsDecision("restart", kept=5)),
        (MASTER, 5, True, True, "when_idle", L2tpnsDecision("none", "5 sessions would end", 5)),
        (MASTER, 5, True, True, "restart", L2tpnsDecision("restart", kept=5)),
        (ALONE, 5, True, False, "never", L2tpnsDecision("none", "on_change is never", 5)),
        (None, 0, True, True, "live", L2tpnsDecision("restart")),
    ],
)
def test_of_one_that_runs(cluster, sessions, changed, fixed, on_change, expected):
    assert decide(ObservedL2tpns(True, True, cluster, sessions), changed, fixed, on_change) == expected


def test_of_one_that_does_not_run():
    assert decide(ObservedL2tpns(False, False), True, True, "never") == L2tpnsDecision("start")
