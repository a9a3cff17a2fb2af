from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _managers as _client_managers

NMCLI = "eth0:connecting (getting IP configuration)\nmgmt0:connected (externally)\nppp7:disconnected\nppp8:unmanaged\n"


def test_of_network_manager():
    assert _client_managers.of_network_manager(NMCLI) == {"eth0", "ppp7"}
    assert _client_managers.of_network_manager("") == set()


STATES = [
    ("", False),
    ("ADMIN_STATE=unmanaged\nOPER_STATE=routable\n", False),
    ("ADMIN_STATE=pending\n", False),
    ("# private\nADMIN_STATE=configuring\nOPER_STATE=carrier\n", True),
    ("ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/50-all.network\n", True),
]


@pytest.mark.parametrize(("text", "expected"), STATES)
def test_of_networkd(text, expected):
    assert _client_managers.of_networkd(text) is expected


def test_only_the_link_is_warned_of():
    found = {"NetworkManager": ["eth0", "ppp7"], "systemd-networkd": ["eth0"]}
    warned = _client_managers.warnings(found, "ppp7")
    assert [warning.partition(", too, ")[0] for warning in warned] == ["NetworkManager manages ppp7"]
    assert _client_managers.warnings(found, None) == []
