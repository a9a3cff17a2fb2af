from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _selection as _sessions_selection

NOTHING = dict.fromkeys(_sessions_selection.ARGUMENTS)


def session(interface: str, **changes) -> dict:
    session = {
        "interface": interface,
        "role": "server",
        "username": "cmz",
        "address": "192.0.2.2",
        "peer_mac": "02:64:74:00:01:02",
        "instance": "default",
    }
    return dict(session, **changes)


SESSIONS = [
    session("ppp0"),
    session(
        "ppp1",
        address="192.0.2.3",
        peer_mac="02:64:74:00:01:03",
        framed_ipv6_prefix="2001:db8:1:2::/64",
        delegated_ipv6_prefix="2001:db8:100::/56",
    ),
    session("ppp2", username="josM-CM-)", address="192.0.2.4", instance="campus"),
    session("ppp3", username="josé", address=None),
    session("ppp4", role="client", username="uplink", peer_mac=None, instance="uplink"),
    session("ppp5", username=None, instance=None),
]

CASES = [
    ({}, [0, 1, 2, 3, 4, 5]),
    ({"username": ["cmz"]}, [0, 1]),
    ({"username": ["CMZ"]}, []),
    # CHAP and PAP tell the same name differently, and so may people.
    ({"username": ["josé"]}, [2, 3]),
    ({"username": ["josM-CM-)"]}, [2, 3]),
    ({"username": ["cmz", "uplink"]}, [0, 1, 4]),
    ({"username": []}, []),
    ({"username": [], "role": "server"}, []),
    ({"address": ["192.0.2.3"]}, [1]),
    ({"address": ["2001:db8:100:7::9"]}, [1]),
    ({"address": ["2001:db8:1:2::2", "192.0.2.4"]}, [1, 2]),
    ({"address": ["2001:db8:101::1"]}, []),
    ({"mac": ["2:64-74:0:1:3".replace("-", ":")]}, [1]),
    ({"mac": ["02-64-74-00-01-02"], "role": "server"}, [0, 2, 3, 5]),
    ({"interface": ["ppp1", "ppp9"]}, [1]),
    ({"instance": ["campus", "uplink"]}, [2, 4]),
    ({"role": "client"}, [4]),
    ({"username": ["cmz"], "interface": ["ppp1"]}, [1]),
    ({"username": ["cmz"], "address": ["192.0.2.4"]}, []),
]


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_chosen(given, expected):
    wanted = _sessions_selection.selection(dict(NOTHING, **given))
    found = _sessions_selection.chosen(SESSIONS, wanted)
    assert [entry["interface"] for entry in found] == [f"ppp{number}" for number in expected]


@pytest.mark.parametrize(
    ("given", "parameter", "value"),
    [
        ({"address": ["192.0.2.3", "192.0.2.300"]}, "address[1]", "192.0.2.300"),
        ({"address": ["192.0.2.0/24"]}, "address[0]", "192.0.2.0/24"),
        ({"mac": ["02:64:74:00:01"]}, "mac[0]", "02:64:74:00:01"),
        ({"mac": ["02:64-74:00:01:02"]}, "mac[0]", "02:64-74:00:01:02"),
        ({"interface": [""]}, "interface[0]", "empty"),
        ({"instance": ["default", ""]}, "instance[1]", "empty"),
    ],
)
def test_refused(given, parameter, value):
    with pytest.raises(Refused) as refusal:
        _sessions_selection.selection(dict(NOTHING, **given))
    assert refusal.value.parameter == parameter
    assert value in str(refusal.value)
