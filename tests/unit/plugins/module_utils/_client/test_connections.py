from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _check as _client_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._connections import Configured
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._capabilities import Pppd

DSL = Connection("dsl", "eth0", "cmz")

PARSED = [
    ({}, Configured("dsl", "eth0", None, 0)),
    ({"metric": 7}, Configured("dsl", "eth0", None, 7)),
    ({"default_route": False}, Configured("dsl", "eth0", None, None)),
    ({"vlan": 7, "link": "ppp-x"}, Configured("dsl", "eth0.7", "ppp-x", 0)),
    ({"unit": 3}, Configured("dsl", "eth0", "ppp3", 0)),
    ({"demand_idle": 9}, Configured("dsl", "eth0", None, 0, True)),
]


@pytest.mark.parametrize(("changes", "expected"), PARSED)
def test_what_is_written_is_read(changes, expected):
    content = _client_config.peers_file(Connection(**dict(vars(DSL), **changes)), Pppd())
    assert _client_connections.parse("dsl", content) == replace(expected, username="cmz")


def test_what_it_dials_with():
    wanted = Connection("dsl", "eth0", "it's me", ac_name="the gate", service_name="fast")
    found = _client_connections.parse("dsl", _client_config.peers_file(wanted, Pppd()))
    assert (found.username, found.ac_name, found.service_name) == ("it's me", "the gate", "fast")


@pytest.mark.parametrize(("there", "interface", "vlan"), [(["eth0"], "eth0", 7), (["eth0", "eth0.7"], "eth0.7", None)])
def test_dialled_again(there, interface, vlan):
    configured = Connection("dsl", "eth0", "cmz", vlan=7, ac_name="gate", metric=3, demand_idle=60)
    found = _client_connections.parse("dsl", _client_config.peers_file(configured, Pppd()))
    wanted = _client_connections.as_configured(found, there)
    assert (wanted.nic, wanted.interface, wanted.vlan) == ("eth0.7", interface, vlan)
    assert (wanted.username, wanted.ac_name, wanted.metric, wanted.default_route) == ("cmz", "gate", 3, True)
    assert wanted.demand_idle is not None


def test_nothing_to_dial_again():
    with pytest.raises(Refused, match="there is no connection 'dsl'"):
        _client_connections.as_configured(Configured("dsl"), [])


def test_a_file_that_pppd_cannot_read_either():
    assert _client_connections.parse("dsl", b"nic-eth0\nuser 'cmz\nunit 3\n") == Configured("dsl", "eth0")


def test_an_older_pppd_has_metric_0():
    content = _client_config.peers_file(DSL, Pppd(plugin="/usr/lib/pppd/2.4.7/rp-pppoe.so"))
    assert _client_connections.parse("dsl", content).metric == 0


CLASHES = [
    ({}, Configured("b", metric=0), "route_metric: 0 is the metric that the connection 'b' has"),
    ({}, Configured("b", metric=1), None),
    ({"metric": 1}, Configured("b", metric=1), "route_metric: 1 is the metric"),
    ({"default_route": False}, Configured("b", metric=0), None),
    ({}, Configured("b", link="ppp0"), None),
    ({"unit": 0}, Configured("b", link="ppp0"), "unit: ppp0 is the link of the connection 'b'."),
    ({"link": "ppp-x"}, Configured("b", link="ppp-x"), "link_interface: ppp-x is the link of the connection 'b'."),
    ({"link": "ppp-x"}, Configured("b", link="ppp-y"), None),
]


@pytest.mark.parametrize(("changes", "other", "message"), CLASHES)
def test_clashes(changes, other, message):
    wanted = Connection(**dict(vars(DSL), **changes))
    if message is None:
        _client_check._refuse_clashes(wanted, [other])
        return
    with pytest.raises(Refused) as refused:
        _client_check._refuse_clashes(wanted, [other])
    assert str(refused.value).startswith(message)
