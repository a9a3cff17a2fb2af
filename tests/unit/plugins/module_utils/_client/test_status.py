from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _status as _client_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link


@pytest.mark.parametrize(
    ("link", "waiting", "state"),
    [
        (None, False, "disconnected"),
        (None, True, "dialling"),
        (Link(1), True, "dialling"),
        (Link(1, "ppp0"), False, "dialling"),
        (Link(1, "ppp0", asleep=True), True, "asleep"),
        (Link(1, "ppp0", "192.168.10.2"), True, "connected"),
    ],
)
def test_states(link, waiting, state):
    assert _client_status.state_of(link, waiting) == state
