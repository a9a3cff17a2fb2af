from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._decision import DaemonDecision, decide


@pytest.mark.parametrize(
    ("state", "on_change", "running", "differs", "sessions", "decision"),
    [
        ("started", "live", False, False, 0, DaemonDecision("start", "started", 0, 0)),
        ("started", "never", False, False, 3, DaemonDecision("start", "started", 3, 0)),
        ("started", "live", True, False, 3, DaemonDecision("none", "none", 3, 0)),
        ("started", "live", True, True, 3, DaemonDecision("replace", "live", 3, 0)),
        ("started", "when_idle", True, True, 3, DaemonDecision("none", "pending", 3, 0)),
        ("started", "when_idle", True, True, 0, DaemonDecision("restart", "restarted", 0, 0)),
        ("started", "restart", True, True, 3, DaemonDecision("restart", "restarted", 0, 3)),
        ("started", "never", True, True, 3, DaemonDecision("none", "pending", 3, 0)),
        ("present", "restart", True, True, 3, DaemonDecision("none", "pending", 3, 0)),
        ("present", "live", False, False, 0, DaemonDecision("none", "none", 0, 0)),
        ("stopped", "live", True, False, 3, DaemonDecision("stop", "stopped", 0, 3)),
        ("stopped", "live", False, False, 2, DaemonDecision("stop", "stopped", 0, 2)),
        ("absent", "live", False, False, 0, DaemonDecision("none", "none", 0, 0)),
    ],
)
def test_decide(state, on_change, running, differs, sessions, decision):
    assert decide(state, on_change, running, differs, sessions) == decision
