from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0::/system.slice/rc-local.service\n", "rc-local.service"),
        ("0::/system.slice/system-pppoe.slice/pppoe@a.service/x\n", "pppoe@a.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", None),
        ("12:pids:/system.slice/cron.service\n1:name=systemd:/system.slice/cron.service\n", "cron.service"),
        ("", None),
    ],
)
def test_service(text, unit):
    assert _server_unmanaged.service(text) == unit
