from __future__ import annotations

import sys

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Address, Interface
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _parse as _sessions_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions._parse import (
    KernelSession,
    ObservedSessions,
    PppdCommand,
)

TAIL = ["192.168.10.109:192.168.10.6", "nodetach", "noaccomp", "nopcomp", "default-asyncmap", "mru", "1492"]
OURS = ["file", "/etc/ppp/pppoe-server/default.options", *TAIL]
THEIRS = ["file", "/etc/ppp/pppoe-server-options", *TAIL]
RELAY = "/usr/sbin/pppoe -n -I eth1 -e 5:02:64:74:00:02:01 -S ''"
PLUGIN = "/usr/lib/pppd/2.5.2/pppoe.so"
PEERS = {
    "dsl": ["plugin", "pppoe.so", "nic-eth0", "user", "cmz"],
    "old": ["plugin", "rp-pppoe.so", "nic-eth0", "user", "my user"],
    "modem": ["/dev/ttyS0", "115200", "user", "cmz"],
}

COMMANDS = [
    (["pppd", "pty", RELAY, *OURS], PppdCommand("server", "user", "eth1", 5, "02:64:74:00:02:01", "default")),
    (["pppd", "pty", RELAY, *THEIRS], PppdCommand("server", "user", "eth1", 5, "02:64:74:00:02:01", None)),
    (["pppd", "plugin", PLUGIN, "nic-eth1", "rp_pppoe_sess", "7:2:64:74:0:2:1", *OURS],
     PppdCommand("server", "kernel", "eth1", 7, "02:64:74:00:02:01", "default")),
    (["/usr/sbin/pppd", "plugin", "rp-pppoe.so", "nic-eth1.7", "pppoe-sess", "65534:02:64:74:00:02:0A", *OURS],
     PppdCommand("server", "kernel", "eth1.7", 65534, "02:64:74:00:02:0a", "default")),
    (["pppd", "call", "dsl", "nodetach"], PppdCommand("client", "kernel", "eth0", None, None, "dsl", "cmz")),
    (["pppd", "call", "old"], PppdCommand("client", "kernel", "eth0", None, None, "old", "my user")),
    (["pppd", "plugin", "pppoe.so", "eth0", "user", "x"], PppdCommand("client", "kernel", None, None, None, None, "x")),
    (["pppd", "pty", "/usr/sbin/pppoe -p /run/x.pid -I eth0 -T 80 -U -m 1412", "user", "x"],
     PppdCommand("client", "user", "eth0", None, None, None, "x")),
    (["pppd", "call", "modem"], None),
    (["pppd", "call", "missing"], None),
    (["pppd", "pty", "pptp 192.0.2.1 --nolaunchpppd", "user", "x"], None),
    (["pppd", "pty", "/usr/bin/pppoesomething -e 5:02:64:74:00:02:01"], None),
    (["pppoe-server", "-I", "eth1"], None),
    (["vim", "pppd", "plugin", "pppoe.so"], None),
    (["pppd"], None),
    ([], None),
]  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), COMMANDS)
def test_parse_command(words, expected):
    assert _sessions_parse.parse_command(words, lambda name: PEERS.get(name, [])) == expected


def raw(session_id: int) -> str:
    """An id as the kernel prints it on this machine."""
    return f"{int.from_bytes(session_id.to_bytes(2, 'big'), sys.byteorder):08X}"


# Spaces as the kernel sets them.
KERNEL = f"""Id       Address              Device
{raw(1)} 02:64:74:00:01:02     eth0
{raw(0x1234)} 02:64:74:00:0A:02     eth1.7
"""


def test_parse_kernel():
    assert _sessions_parse.parse_kernel(KERNEL) == [
        KernelSession(1, "02:64:74:00:01:02", "eth0"),
        KernelSession(0x1234, "02:64:74:00:0a:02", "eth1.7"),
    ]
    assert _sessions_parse.parse_kernel("") == []


@pytest.mark.skipif(sys.byteorder != "little", reason="the line was printed by a little-endian machine")
def test_a_line_as_printed_by_a_kernel():
    text = "Id       Address              Device\n00000100 02:64:74:00:01:02     eth0\n"
    assert _sessions_parse.parse_kernel(text) == [KernelSession(1, "02:64:74:00:01:02", "eth0")]


def test_parse_counters():
    text = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     720      10    0    0    0     0          0         0      720      10    0    0    0     0       0          0
  ppp0:4294967297   27064    0    0    0     0          0         0  1584098   14484    0    0    0     0       0          0
"""  # noqa: E501
    assert _sessions_parse.parse_counters(text) == {"lo": (720, 720), "ppp0": (4294967297, 1584098)}
    assert _sessions_parse.parse_counters("") == {}


LOGS = [
    ("", None),
    ("PPP session is 7\n", 7),
    ("PPP session is 7\nx\nPPP session is 65534\n", 65534),
    ("x PPP session is 7\n", None),
]


@pytest.mark.parametrize(("log", "expected"), LOGS)
def test_own_session_id(log, expected):
    assert _sessions_parse.own_session_id(log) == expected


def link(name: str, local: str, peer: str) -> Interface:
    return Interface(name, 1492, (Address("inet", local, 32, peer),))


SERVER = ["pppd", "plugin", PLUGIN, "nic-eth1", "rp_pppoe_sess", "7:02:64:74:00:02:01", *OURS]
MAC = "02:64:74:00:01:02"


def host(**changes) -> ObservedSessions:
    parts = {
        "commands": {10: SERVER},
        "variables": {10: {"IFNAME": "ppp0", "PEERNAME": "cmz", "DEVICE": "eth1", "MACREMOTE": MAC.upper()}},
        "kernel": [KernelSession(7, "02:64:74:00:02:01", "eth1")],
        "interfaces": {"ppp0": link("ppp0", "192.0.2.1", "192.0.2.7")},
        "counters": {"ppp0": (11, 22)},
        "peers": lambda name: PEERS.get(name, []),
    }
    return ObservedSessions(**dict(parts, **changes))


def test_a_session_of_a_server():
    assert _sessions_parse.sessions(host()) == [
        {
            "interface": "ppp0", "role": "server", "username": "cmz", "address": "192.0.2.7",
            "local_address": "192.0.2.1", "peer_address": "192.0.2.7", "peer_mac": "02:64:74:00:02:01",
            "session_id": 7, "device": "eth1", "instance": "default", "mode": "kernel", "mtu": 1492, "pid": 10,
            "bytes_in": 11, "bytes_out": 22,
        }
    ]  # fmt: skip


def test_a_session_of_a_client():
    found = _sessions_parse.sessions(
        host(
            commands={10: ["pppd", "call", "dsl"]},
            kernel=[KernelSession(3, MAC, "eth0"), KernelSession(4, MAC, "eth9")],
            variables={10: {"IFNAME": "ppp0", "DEVICE": "eth0", "MACREMOTE": MAC.upper(), "PEERNAME": "server"}},
        )
    )
    entry = found[0]
    assert (entry["role"], entry["username"], entry["address"]) == ("client", "cmz", "192.0.2.1")
    assert (entry["session_id"], entry["peer_mac"], entry["device"], entry["instance"]) == (3, MAC, "eth0", "dsl")


# What the kernel lists on eth0 from one server, what the connection's own log says, and what may be told.
AMBIGUOUS = [
    ([3], None, 3),
    ([3], 9, 3),
    ([3, 4], None, None),
    ([3, 4], 4, 4),
    ([3, 4], 9, None),
    ([], 3, None),
]


@pytest.mark.parametrize(("ids", "logged", "expected"), AMBIGUOUS)
def test_an_id_is_told_only_if_it_is_certain(ids, logged, expected):
    found = _sessions_parse.sessions(
        host(
            commands={10: ["pppd", "call", "dsl"]},
            kernel=[KernelSession(number, MAC, "eth0") for number in ids],
            variables={10: {"IFNAME": "ppp0", "MACREMOTE": MAC}},
            own_session=lambda _name: logged,
        )
    )
    assert found[0]["session_id"] == expected


COMING_UP = [
    ({"variables": {}}, None, None),
    ({"variables": {10: {"PEERNAME": "cmz"}}}, None, "cmz"),
    ({"interfaces": {}}, None, "cmz"),
    ({"interfaces": {"ppp0": Interface("ppp0", 1492, ())}}, "ppp0", "cmz"),
    # What a pppd that was killed has left behind.
    ({"commands": {11: SERVER}}, None, None),
]


@pytest.mark.parametrize(("changes", "interface", "username"), COMING_UP)
def test_a_session_that_is_coming_up(changes, interface, username):
    (entry,) = _sessions_parse.sessions(host(**changes))
    assert (entry["interface"], entry["username"], entry["address"]) == (interface, username, None)
    assert (entry["session_id"], entry["peer_mac"]) == (7, "02:64:74:00:02:01")


def test_no_pppd_no_session():
    assert _sessions_parse.sessions(host(commands={})) == []


def test_without_a_database_the_interface_comes_from_the_pid_file():
    found = _sessions_parse.sessions(host(variables={}, interface_of=lambda pid: "ppp0" if pid == 10 else None))
    assert (found[0]["interface"], found[0]["username"], found[0]["address"]) == ("ppp0", None, "192.0.2.7")


def test_a_thousand_sessions():
    numbers = range(1, 1001)
    many = host(
        commands={
            number: ["pppd", "plugin", PLUGIN, "nic-eth1", "rp_pppoe_sess", f"{number}:02:64:74:00:02:01", *OURS]
            for number in numbers
        },
        variables={number: {"IFNAME": f"ppp{number}", "PEERNAME": f"user{number}"} for number in numbers},
        kernel=[KernelSession(number, "02:64:74:00:02:01", "eth1") for number in numbers],
        interfaces={f"ppp{number}": link(f"ppp{number}", "192.0.2.1", "192.0.2.7") for number in numbers},
    )
    found = _sessions_parse.sessions(many)
    assert [entry["username"] for entry in found] == [f"user{number}" for number in numbers]
