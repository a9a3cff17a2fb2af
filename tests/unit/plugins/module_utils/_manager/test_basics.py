"""What the session manager logs, and where that is found."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics


@pytest.fixture
def syslog(monkeypatch):
    """What goes to syslog."""
    said: list[str] = []
    monkeypatch.setattr(_basics.syslog, "syslog", lambda _priority, line: said.append(line))
    return said


def test_a_line_is_found_in_the_unit_of_its_instance(tmp_path, monkeypatch, syslog):
    monkeypatch.setattr(_basics, "JOURNAL", str(tmp_path / "socket"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(_basics.JOURNAL)
        _basics.say("ppp7: cmz\nOBJECT_SYSTEMD_UNIT=ssh.service\x1b[2J is refused", "two")
        fields = journal.recv(4096).decode().splitlines()
    assert "MESSAGE=ppp7: cmz?OBJECT_SYSTEMD_UNIT=ssh.service?[2J is refused" in fields
    assert [line for line in fields if line.startswith("OBJECT")] == ["OBJECT_SYSTEMD_UNIT=pppoe-server@two.service"]
    assert "SYSLOG_IDENTIFIER=pppoe-server" in fields
    assert syslog == []


def test_without_a_journal_it_goes_to_syslog(tmp_path, monkeypatch, syslog):
    monkeypatch.setattr(_basics, "JOURNAL", str(tmp_path / "none"))
    _basics.say("of an instance", "two")
    _basics.say("of none\n", None)
    assert syslog == ["of an instance", "of none?"]
