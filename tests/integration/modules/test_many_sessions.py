"""Many sessions on a host: what is said of them, and that no program is started for each of them."""

from __future__ import annotations

import os

import pytest
from ansible_collections.dialtone.pppoe.tests.support import many, router

pytestmark = pytest.mark.skipif(bool(router.why_not()), reason=f"no host can be made here: {router.why_not()}")
COUNT = 300
#: The processes of a reload, most of them for text; it waits for the daemon, twenty times a second.
RELOAD = 100


@pytest.fixture(scope="module")
def host():
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("there is no /dev/net/tun")
    with many.sessions(COUNT) as made:
        yield made


def test_sessions(host):
    cost = host.module("pppoe_session_info")
    found = cost.result["sessions"]
    assert len({(one["username"], one["address"], one["interface"], one["session_id"]) for one in found}) == COUNT
    assert found[-1]["username"] == f"account{COUNT - 1}"
    # Itself and ip.
    assert cost.processes == 2


def test_server(host):
    cost = host.module("pppoe_server_info")
    assert cost.result["servers"][0]["sessions"] == COUNT
    # Itself, and pppoe-server for its version where it is installed.
    assert cost.processes <= 3


def test_metrics(host):
    cost = host.python(many.METRICS)
    assert (
        f'pppoe_server_sessions{{server="default"}} {COUNT}\n' in host.run("cat", "/run/pppoe_server_default.prom").said
    )
    assert cost.processes <= 2


def test_the_session_manager_that_begins(host):
    host.run("sh", "-c", "echo 'set DIALTONE_SINGLE_SESSION=replace' >/etc/ppp/pppoe-server/default.options")
    assert host.python(many.MANAGER).result == {"up": COUNT, "accounts": COUNT}


def test_one_of_them_is_hung_up(host):
    cost = host.module("pppoe_session", state="absent", username=["account7"])
    assert [one["address"] for one in cost.result["sessions"]] == ["10.16.0.8"]
    assert cost.processes == 2


def test_a_new_daemon_takes_the_place_of_the_one_before(host):
    """Whatever it starts, it does not start it for each session."""
    host.install()
    host.reload()
    before = host.run("cat", "/run/pppoe-server/default.pid").said
    try:
        cost = host.reload()
        assert host.run("cat", "/run/pppoe-server/default.pid").said != before
        assert host.module("pppoe_session_info").result["count"] == COUNT - 1
        assert cost.processes <= RELOAD
    finally:
        host.run("sh", "-c", "kill -9 $(cat /run/pppoe-server/default.pid); /run/scripts/pppoe-server-manager stop")
