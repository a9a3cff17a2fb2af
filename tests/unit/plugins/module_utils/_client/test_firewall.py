"""Which rules a connection has."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _firewall
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import Delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import delegation_request


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


def test_what_an_earlier_run_has_made_is_known(tmp_path, monkeypatch):
    rules = tmp_path / "direct.xml"
    monkeypatch.setattr(_boot, "FIREWALLD_RULES", str(rules))
    monkeypatch.setattr(_boot, "RULES_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(_boot, "UNIT_DIRECTORY", str(tmp_path))
    one, other = delegation_request("dsl", "ppp0"), delegation_request("dsl2", "ppp0")
    assert not _boot.made(one)
    rules.write_text("-m comment --comment 'dialtone.pppoe delegation.dsl firewalld' -j TCPMSS")
    assert (_boot.made(one), _boot.made(other)) == (True, False)
    (tmp_path / "delegation-dsl2.nft").write_text("")
    assert _boot.made(other)
