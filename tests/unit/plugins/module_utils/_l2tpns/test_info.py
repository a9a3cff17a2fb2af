from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _info as _l2tpns_info
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns._parse import CliSession
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _info as _server_info
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import Status

ALONE = {"pppoe_if_to_bind": "eth1", "cluster_interface": "lo"}
MEMBER = {"pppoe_if_to_bind": "eth1", "cluster_interface": "eth0"}
SESSIONS = [CliSession(1, "cmz", "10.0.0.7", 60, 100, 10, ""), CliSession(2, "late", "", 1, 0, 0, "")]
VERSION = "gate> show version\nL2TPNS 2.4.1\n"
POOL = "Free: {}\n\nUsed: {}\n"
CLUSTER = """\
Cluster status   : {}
My address       : 192.168.5.11
My master        : 192.168.5.12
Uptodate         : {}
1 peers.
    192.168.5.12          77          {}
"""


def describe(values=ALONE, text=VERSION, **more):
    given = {"enabled": True, "sessions": SESSIONS, "there": ["eth1"], **more}
    return _l2tpns_info.describe(values, given["enabled"], text, given["sessions"], given["there"])


def test_a_single_server():
    found = describe(text=VERSION + CLUSTER.format("Master", "Yes", 5) + POOL.format(200, 10))
    assert (found["name"], found["engine"], found["mode"], found["version"]) == ("l2tpns", "l2tpns", "l2tpns", "2.4.1")
    # The other one dials yet.
    assert (found["sessions"], found["bytes_in"], found["bytes_out"]) == (1, 10, 100)
    assert (found["pool_size"], found["pool_used"], found["pool_free"]) == (210, 10, 200)
    assert (found["cluster_role"], found["warnings"], found["interfaces"]) == (None, [], ["eth1"])


WARNED = [
    ("Master", "Yes", 5, "master", []),
    ("Master", "Yes", 50, "master", ["It hears no other member of the cluster."]),
    ("Slave", "Yes", 5, "member", []),
    ("Slave", "No", 5, "member", ["It does not have all sessions of the cluster yet."]),
]


@pytest.mark.parametrize(("status", "uptodate", "age", "role", "warnings"), WARNED)
def test_a_member(status, uptodate, age, role, warnings):
    found = describe(MEMBER, VERSION + CLUSTER.format(status, uptodate, age))
    assert (found["cluster_role"], found["warnings"]) == (role, warnings)


def test_what_is_wrong():
    found = describe(MEMBER, None, enabled=False, sessions=[], there=["eth0"])
    assert (found["running"], found["interfaces"], found["version"], found["mode"]) == (False, [], None, None)
    assert found["warnings"] == ["It does not run.", "Its interface eth1 is gone.", "Its unit does not start at boot."]
    assert describe(text=VERSION + POOL.format(0, 5))["warnings"] == ["The pool is used up."]
    assert describe(text=VERSION + POOL.format(1, 99))["warnings"] == ["The pool is nearly used up."]


def test_it_has_the_keys_of_an_instance_of_rp_pppoe():
    other = _server_info.describe(Status("default", None, (), (), ()), "3.15", _server_info.Around(), Settings())
    assert list(describe()) == list(other)
