"""pppoe_client_info on real files and processes; pppd, ip and systemctl are stand-ins."""

from __future__ import annotations

import os

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.tests.support.programs import called, stand_in

# inf0 is enabled, and other is between two attempts.
FAKE_SYSTEMCTL = """#!/bin/sh
printf 'Id=pppoe-client@inf0.service\nActiveState=inactive\nUnitFileState=enabled\n\n'
printf 'Id=pppoe-client@other.service\nActiveState=activating\nUnitFileState=disabled\n'
"""
REFUSED = "PPP session is 7\nCHAP authentication failed: go away\nConnection terminated.\n"


@pytest.fixture
def folder(folder_of_pppd, tmp_path, monkeypatch):
    peers = tmp_path / "peers"
    peers.mkdir()
    monkeypatch.setattr(_layout_client, "PEERS", str(peers))
    monkeypatch.setattr(_systemd, "running", lambda: True)
    ends = {"ppp7": _interfaces.Address("inet", "192.0.2.7", 32, "192.0.2.1")}
    monkeypatch.setattr(_interfaces, "ends", ends.get)
    monkeypatch.setattr(_interfaces, "mtu", lambda _name: 1480)
    stand_in(tmp_path / "systemctl", FAKE_SYSTEMCTL)
    for name in ("inf0", "other"):
        (peers / name).write_text(f"{_layout_client.MARKER}\nplugin pppoe.so\nnic-eth9\nuser 'my account'\n")
    (peers / "by-hand").write_text("plugin pppoe.so\nnic-eth9\nuser x\n")
    (peers / "broken").write_text(f"{_layout_client.MARKER}\nuser 'x\n")
    return tmp_path


@pytest.fixture
def pppd(folder):
    with called(folder, "inf0") as process:
        yield process


def by_name(result: dict) -> dict:
    assert result["changed"] is False
    assert result["count"] == len(result["connections"])
    return {connection["name"]: connection for connection in result["connections"]}


@pytest.mark.parametrize("check", [True, False])
def test_connections_that_are_not_up(folder, run_module, check):
    (folder / "pppoe-client-other.log").write_text(REFUSED)
    found = by_name(run_module("pppoe_client_info", {}, check=check))
    assert {name: connection["state"] for name, connection in found.items()} == {
        "broken": "disconnected",
        "other": "dialling",
        "inf0": "disconnected",
    }
    assert (found["inf0"]["boot"], found["other"]["boot"]) == (True, False)
    assert (found["other"]["reason"], found["inf0"]["reason"]) == ("account_refused", None)
    assert "refused the account 'my account' (go away)" in found["other"]["last_error"]
    assert found["other"]["last_error_at"].endswith("Z")
    assert (found["other"]["device"], found["other"]["address"], found["broken"]["username"]) == ("eth9", None, None)


def test_while_an_attempt_is_under_way_the_one_before_is_told_of(folder, run_module, pppd):
    (folder / "pppoe-client-inf0.log").write_text("Send PPPOE Discovery V1T1 PADI session 0x0 length 4\n")
    (folder / "pppoe-client-inf0.log.before").write_text(REFUSED)
    found = by_name(run_module("pppoe_client_info", {}))["inf0"]
    assert (found["state"], found["reason"]) == ("dialling", "account_refused")
    pppd.kill()
    pppd.wait()
    found = by_name(run_module("pppoe_client_info", {}))["inf0"]
    assert (found["state"], found["reason"]) == ("disconnected", None)


def test_a_connection_that_is_up(folder, run_module, pppd):
    (folder / "ppp7.pid").write_text(f"{pppd.pid}\n")
    (folder / "ppp-pppoe-client-inf0.pid").write_text(f"{pppd.pid}\nppp7\n")
    (folder / "dev").write_text("a\nb\n  ppp7: 11 0 0 0 0 0 0 0 22 0 0 0 0 0 0 0\n")
    # What an attempt before has said is history.
    (folder / "pppoe-client-inf0.log").write_text(REFUSED)
    connection = by_name(run_module("pppoe_client_info", {}))["inf0"]
    assert 0 <= connection.pop("seconds") < 60
    assert connection.pop("since").endswith("Z")
    assert connection == {
        "name": "inf0", "state": "connected", "device": "eth9", "username": "my account", "interface": "ppp7",
        "address": "192.0.2.7", "peer_address": "192.0.2.1", "mtu": 1480, "bytes_in": 11, "bytes_out": 22,
        "boot": True, "reason": None, "last_error": None, "last_error_at": None,
        "ipv6_address": None, "delegated_ipv6_prefix": None, "inside_ipv6_prefixes": {},
    }  # fmt: skip


def test_a_pppd_without_an_address_still_dials(folder, run_module, pppd):
    assert by_name(run_module("pppoe_client_info", {}))["inf0"]["state"] == "dialling"


def test_names(folder, run_module):
    result = run_module("pppoe_client_info", {"name": ["inf0", "by-hand", "gone"]})
    assert (list(by_name(result)), result["missing"]) == (["inf0"], ["by-hand", "gone"])


def test_without_root_it_says_so_instead_of_nothing(folder, run_module, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = run_module("pppoe_client_info", {})
    assert result["failed"]
    assert result["msg"] == "The connections of a host can only be read by root. Run the task as root: become: true."
