"""What pppoe_session_info tells, held against what the kernel and the other end say."""

import json
import re

import pytest

testinfra_hosts = ["ansible://pppoe_servers"]


@pytest.fixture
def sessions(host):
    found = host.ansible("dialtone.pppoe.pppoe_session_info", check=False)["sessions"]
    return {session["username"]: session for session in found}


def test_who_is_connected(host, sessions):
    assert sorted(sessions) == ["cmz", "cmz2"]
    assert sessions["cmz2"]["address"] == "192.168.10.3"
    for session in sessions.values():
        assert (session["role"], session["instance"], session["mode"]) == ("server", "default", "kernel")
        link = host.check_output(f"ip -4 -o addr show dev {session['interface']}")
        assert f"192.168.10.109 peer {session['address']}/32" in link
        assert host.file(f"/proc/{session['pid']}/comm").content_string == "pppd\n"


def test_ids_and_macs_are_the_kernel_s(host, sessions):
    lines = [line.split() for line in host.file("/proc/net/pppoe").content_string.splitlines()[1:]]
    # The kernel prints the 16 bits as they are on the wire (drivers/net/ppp/pppoe.c pppoe_seq_show).
    kernel = {(int.from_bytes(int(words[0], 16).to_bytes(2, "little"), "big"), words[1]) for words in lines}
    assert {(session["session_id"], session["peer_mac"]) for session in sessions.values()} == kernel


def test_bytes_grow_with_traffic(host, sessions):
    before = sessions["cmz2"]["bytes_in"]
    host.check_output("ping -c 1 -W 5 192.168.10.3")
    found = host.ansible("dialtone.pppoe.pppoe_session_info", check=False)["sessions"]
    after = next(session for session in found if session["username"] == "cmz2")["bytes_in"]
    assert after >= before + 84
    assert re.match(r"20\d\d-\d\d-\d\dT", sessions["cmz2"]["since"])


def test_who_is_online_as_a_table_and_as_a_file(host, sessions, playbook, tmp_path):
    name = host.backend.get_hostname()
    written = tmp_path / "sessions.json"
    shown = playbook("sessions", f"--limit={name}", "-e", f"output={written}").stdout
    for session in sessions.values():
        row = next(line for line in shown.splitlines() if line.startswith(session["username"] + " "))
        assert row.split()[1:5] == [session["address"], session["peer_mac"], name, "default"]
    rows = json.loads(written.read_text())
    assert {row["username"]: row["pid"] for row in rows} == {user: one["pid"] for user, one in sessions.items()}
    assert oct(written.stat().st_mode & 0o777) == "0o600"
    by_address = playbook("sessions", f"--limit={name}", "-e", "address=192.168.10.3,192.168.10.200").stdout
    assert [line.split()[0] for line in by_address.splitlines() if name in line and "192.168" in line] == ["cmz2"]
    assert "No session matches." in playbook("sessions", f"--limit={name}", "-e", "account=cmz3").stdout
