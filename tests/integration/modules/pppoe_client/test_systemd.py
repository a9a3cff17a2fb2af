"""Connections that systemd starts."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _observe as _client_observe


def test_users_may_start_it(with_systemd, client, monkeypatch):
    rule = with_systemd.path / "rules" / "60-pppoe-client-t3st.rules"
    monkeypatch.setattr(_client_observe, "POLKIT_ACTIONS", "/nonexistent")
    refused = client(state="present", user_control=True)
    assert refused["msg"].startswith("user_control: polkit, which lets users control units, is not installed")
    assert client(check=True, state="present", user_control=True)["changed"] is True
    monkeypatch.setattr(_client_observe, "POLKIT_ACTIONS", str(with_systemd.path))
    client(state="present", user_control=True, user_control_group="netdev")
    assert "netdev" in rule.read_text()
    client(state="present")
    assert not rule.exists()


def test_a_unit_is_written_and_enabled(with_systemd, client):
    host = with_systemd
    predicted = client(check=True, state="present")
    assert host.told_systemd() == []
    result = client(state="present")
    assert result["diff"] == predicted["diff"]
    assert (result["changed"], result["startup"]) == (True, "systemd")
    assert host.told_systemd() == ["daemon-reload", "enable pppoe-client@t3st.service"]
    assert b"Type=notify\n" in host.unit.read_bytes()
    assert not host.rc_local.exists()
    (host.path / "is-enabled").write_text("enabled\n")
    assert client(state="present")["changed"] is False
    assert client(state="present", boot=False)["changed"] is True
    assert host.told_systemd()[2:] == ["disable pppoe-client@t3st.service"]


def test_one_that_ends_in_order_to_dial_again_is_hung_up(with_systemd, client):
    client(state="present")
    (with_systemd.path / "is-active").write_text("deactivating\n")
    assert client(check=True, state="disconnected")["applied"] == "hung_up"
    client(state="disconnected")
    assert "stop pppoe-client@t3st.service" in with_systemd.told_systemd()


def test_from_systemd_to_rc_local_and_away(with_systemd, client):
    host = with_systemd
    client(state="present")
    (host.path / "is-enabled").write_text("enabled\n")
    result = client(state="present", startup="rc_local", dns=["198.51.100.1"])
    assert result["startup"] == "rc_local"
    assert not host.unit.exists()
    assert b"pppoe-client-attempt dial t3st 0 0 eth9 - persist" in host.rc_local.read_bytes()
    assert host.up_script.exists()
    (host.path / "is-enabled").write_text("disabled\n")
    client(state="absent")
    assert not host.rc_local.exists()
    assert not host.up_script.parent.exists()


def test_a_unit_that_did_not_end_well_is_forgotten_with_its_file(with_systemd, client):
    client(state="present")
    client(state="absent")
    assert with_systemd.told_systemd()[-2:] == ["daemon-reload", "reset-failed pppoe-client@t3st.service"]


def test_a_run_that_was_cut_before_systemd_read_the_unit_is_completed(with_systemd, client):
    host = with_systemd
    client(state="present")
    (host.path / "is-enabled").write_text("enabled\n")
    assert client(state="present")["changed"] is False
    (host.path / "needs-reload").write_text("yes\n")
    before = len(host.told_systemd())
    assert client(state="present", check=True)["changed"] is True
    assert client(state="present")["changed"] is True
    assert host.told_systemd()[before:] == ["daemon-reload"]


def test_one_question_to_systemd_and_no_program_more(with_systemd, client):
    host = with_systemd
    client(state="present")
    (host.path / "is-enabled").write_text("enabled\n")
    (host.path / "systemctl-calls").unlink()
    host.program("ip", "#!/bin/sh\necho ip >>@HERE@/systemctl-calls\n")
    assert client(state="present")["changed"] is False
    asked = (host.path / "systemctl-calls").read_text().splitlines()
    assert len(asked) == 1
    assert asked[0].endswith("pppoe-client@t3st.service NetworkManager.service systemd-networkd.service")
