"""The module on real files and processes, with a pppd that only pretends to dial. Real dials are the lab's business."""

from __future__ import annotations

import json
import os
import stat

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.tests.support.client_host import (
    SECRET,
)


def test_a_connection_from_nothing_to_nothing(host, client):
    predicted = client(check=True)
    assert host.files() == {}
    assert host.calls() == []
    assert (predicted["changed"], predicted["applied"], predicted["address"]) == (True, "dialled", None)

    made = client()
    assert made["diff"] == predicted["diff"]
    expected = {"changed": True, "applied": "dialled", "interface": "ppp0", "address": "192.0.2.7", "mtu": 1492}
    expected.update({"peer_address": "192.0.2.1", "startup": "rc_local"})
    assert {name: made[name] for name in expected} == expected
    assert host.calls() == ["call t3st persist maxfail 0 holdoff 60"]
    assert host.chap.read_bytes() == b'cmz pppoe-client-t3st "open sesame"\n'
    assert host.pap.read_bytes() == host.chap.read_bytes()
    assert SECRET.encode() not in host.peers.read_bytes()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (host.chap, host.pap, host.peers, host.rc_local)]
    assert modes == [0o600, 0o600, 0o600, 0o755]

    for check in (True, False):
        again = client(check=check)
        assert (again["changed"], again["applied"], again["address"]) == (False, "none", "192.0.2.7")
    assert len(host.calls()) == 1

    predicted = client(check=True, state="absent")
    assert (predicted["changed"], predicted["applied"]) == (True, "hung_up")
    assert len(_client_link.pids("t3st")) == 1
    gone = client(state="absent")
    assert (gone["changed"], gone["applied"]) == (True, "hung_up")
    assert host.files() == {str(host.chap): b"", str(host.pap): b""}
    assert _client_link.pids("t3st") == []
    assert client(state="absent")["changed"] is False


REDIALS = [
    ({"username": "other"}, "redialled"),
    ({"secret": "another secret"}, "redialled"),
    ({"mtu": 1400}, "redialled"),
    ({"service_name": "x"}, "redialled"),
    ({"dns": "198.51.100.1"}, "redialled"),
    ({"boot": False}, "none"),
    ({"secret": None}, "none"),
    ({"link_interface": "ppp-x"}, "redialled"),
    ({"authentication": ["chap"]}, "redialled"),
    ({"ipv6": True}, "redialled"),
    ({"redial_pause": 7}, "none"),
    ({"on_up": "true", "on_down": "true"}, "none"),
]


@pytest.mark.parametrize(("changes", "applied"), REDIALS)
def test_what_needs_a_redial(host, client, changes, applied):
    client()
    predicted = client(check=True, **changes)
    assert len(host.calls()) == 1
    result = client(**changes)
    assert (predicted["applied"], result["applied"]) == (applied, applied)
    assert len(host.calls()) == (2 if applied == "redialled" else 1)
    assert len(_client_link.pids("t3st")) == 1
    assert client(**changes)["changed"] is False


def test_another_username_leaves_nothing_of_the_first(host, client):
    host.chap.write_bytes(b"# mine\ncmz * cmz *\n")
    client()
    client(username="other")
    assert host.chap.read_bytes() == b'# mine\ncmz * cmz *\nother pppoe-client-t3st "open sesame"\n'


@pytest.mark.parametrize("changes", [{"mtu": 1400}, {"secret": "another secret"}])
def test_present_touches_no_live_link(host, client, changes):
    client()
    pids = _client_link.pids("t3st")
    for changed in (True, False):
        predicted = client(check=True, state="present", **changes)
        result = client(state="present", **changes)
        assert (predicted["changed"], predicted["applied"]) == (changed, "pending")
        assert (result["changed"], result["applied"], result["address"]) == (changed, "pending", "192.0.2.7")
    assert _client_link.pids("t3st") == pids
    assert client(**changes)["applied"] == "redialled"
    assert client(state="present", **changes)["applied"] == "none"


def test_disconnected_leaves_the_configuration(host, client):
    client()
    before = host.files()
    assert client(check=True, state="disconnected")["applied"] == "hung_up"
    result = client(state="disconnected")
    assert (result["changed"], result["applied"]) == (True, "hung_up")
    assert host.files() == before
    assert client(state="disconnected")["changed"] is False
    assert client()["applied"] == "dialled"


def test_a_name_alone_dials_what_is_configured(host, client, run_module):
    client(state="present", ac_name="gate", mtu=1480)
    before = host.files()
    assert run_module("pppoe_client", {"name": "t3st"}, check=True)["applied"] == "dialled"
    assert host.calls() == []
    result = run_module("pppoe_client", {"name": "t3st"})
    assert (result["changed"], result["applied"], result["address"]) == (True, "dialled", "192.0.2.7")
    assert host.files() == before
    assert run_module("pppoe_client", {"name": "t3st"})["changed"] is False
    # A link that has another configuration is not dropped for it.
    client(state="present", mtu=1400)
    assert run_module("pppoe_client", {"name": "t3st"})["changed"] is False


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "interface: it is missing, and there is no connection 't3st' that could be dialled"),
        ({"mtu": 1400}, "mtu: an option of a connection needs its interface. Give interface and username too."),
        ({"secret": SECRET}, "secret: an option of a connection needs its interface."),
        ({"interface": "eth9"}, "parameters are required together: interface, username"),
        ({"state": "present"}, "state is present but all of the following are missing: interface, username"),
    ],
)
def test_a_name_alone_is_not_enough(host, run_module, parameters, message):
    result = run_module("pppoe_client", {"name": "t3st", **parameters})
    assert message in result["msg"]
    assert SECRET not in json.dumps(result)
    assert (host.files(), host.calls()) == ({}, [])


def test_a_secret_that_looks_like_a_file(host, client):
    secret = "@/open sesame"
    made = client(secret=secret)
    assert secret not in json.dumps(made)
    file = host.path / "hooks" / "pppoe-client-t3st.secret"
    assert file.read_bytes() == b'"@/open sesame"\n'
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert host.chap.read_bytes() == f"cmz pppoe-client-t3st @{file}\n".encode()
    assert client(secret=secret)["changed"] is False
    assert client(secret="@/another")["applied"] == "redialled"
    client(secret=SECRET)
    assert not file.exists()


def test_hooks_are_scripts_of_root(host, client):
    made = client(on_up="hushed $1", on_down="#!/bin/bash\nexit\n")
    # They may have secrets in them.
    assert "hushed" not in json.dumps(made)
    assert "bash" not in json.dumps(made)
    up, down = host.path / "hooks" / "t3st.up", host.path / "hooks" / "t3st.down"
    assert (up.read_text(), down.read_text()) == ("#!/bin/sh\nhushed $1\n", "#!/bin/bash\nexit\n")
    assert stat.S_IMODE(up.stat().st_mode) == 0o700
    assert client(on_up="hushed $1")["changed"] is True
    assert up.exists()
    assert not down.exists()
    client(state="absent")
    assert not up.parent.exists()


def test_a_peers_file_from_the_future_is_no_reason_to_redial(host, client):
    client()
    os.utime(host.peers, (2**31, 2**31))
    assert client()["changed"] is False
    assert len(host.calls()) == 1


def test_what_is_shared_stays_until_the_last_connection_goes(host, client):
    client(state="present", dns=["198.51.100.1"])
    client(state="present", dns=["198.51.100.1"], name="t3st2", default_route=False)
    client(state="absent")
    assert host.up_script.exists()
    client(state="absent", name="t3st2")
    assert not host.up_script.exists()


def test_name_servers_of_a_link_that_was_killed_are_taken_back(host, client, monkeypatch):
    resolv_conf = host.path / "resolv.conf"
    monkeypatch.setenv("DIALTONE_RESOLV_CONF", str(resolv_conf))
    monkeypatch.setenv("DIALTONE_RUN", str(host.path))
    client(state="present", dns=["198.51.100.1"])
    resolv_conf.write_text("# BEGIN dialtone.pppoe t3st\nnameserver 198.51.100.1\n# END dialtone.pppoe t3st\n# mine\n")
    client(state="absent")
    assert resolv_conf.read_text() == "# mine\n"
