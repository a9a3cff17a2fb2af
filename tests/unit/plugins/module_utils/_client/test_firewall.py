"""Which rules a connection has."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _firewall
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import Delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection


@pytest.mark.parametrize(
    ("firewall", "delegation", "kinds"),
    [
        ("none", None, [None, None]),
        ("none", Delegation(("eth1",)), [None, None]),
        ("masquerade", None, ["client", None]),
        ("masquerade", Delegation(("eth1",)), ["client", "delegation"]),
        ("standalone", Delegation(("eth1",)), ["client", "delegation"]),
    ],
)
def test_rules(firewall, delegation, kinds):
    wanted = Connection("dsl", "eth0", "cmz", link="ppp-dsl", firewall=firewall, delegation=delegation, ipv6=True)
    found = _firewall._rules(ClientRequest("dsl", "connected", wanted))
    assert [None if one is None else one.kind for one in found] == kinds
    assert {one.out_interface for one in found if one is not None} <= {"ppp-dsl"}
    assert [one.admits for one in found if one is not None and one.kind == "delegation"] == ["ip6"] * (
        kinds[1] is not None
    )


def test_a_connection_that_goes_has_none():
    assert _firewall._rules(ClientRequest("dsl", "absent")) == (None, None)
