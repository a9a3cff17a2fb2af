"""What pppoe_session_info tells, held against what the kernel and the other end say."""

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
