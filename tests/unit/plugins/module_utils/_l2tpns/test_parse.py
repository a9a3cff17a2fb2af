"""What l2tpns 2.4.1 prints, and what a customer can make of it by the name that he logs in with."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from hypothesis import given
from hypothesis import strategies as st

HEADER = (
    "  SID LkToSID  TID Username                         IP              I T G 6     opened downloaded   uploaded idle"
    "   Rem.Time LAC(L)/RLNS(R)/PPPOE(P) CLI"
)
CLUSTER = """\
gate> show cluster
Cluster status   : {status}
My address       : 192.168.5.11
VIP address      : 10.99.0.1
Multicast address: 239.192.13.13
UDP port         : 32792
Multicast i'face : eth0
"""


def row(sid: int, name: str, address: str = "10.50.9.3", mac: str = "02:C5:EF:00:00:01") -> str:
    """A line as cli.c prints it."""
    return f"{sid:5} {0:7} {1:4} {name:<32} {address:<15} N N N N {61:10} {700:10} {800:10} {1:4} {0:10} (P){mac:<20} *"


def printed(*rows: str, users: int | None = None) -> str:
    count = len(rows) if users is None else users
    return "\n".join(
        [
            "",
            "gate> uptime",
            f"09:20:38 up 4 secs, {count} users, load average: 14.10, 10.28, 6.27",
            "Bandwidth: UDP-ETH:0/0  ETH-UDP:0/0  TOTAL:0.0   IN:0 OUT:0",
            "",
            "gate> show session",
            HEADER,
            *rows,
            "",
            "gate> quit",
            "",
        ]
    )


def test_telnet_is_taken_out():
    data = b"\xff\xfb\x03\xff\xfb\x01\xff\xfd\x03\xff\xfd\x01\r\nvm> show pool\r\nFree: 1\r\r\nUsed: 2\r\n"
    assert _l2tpns_parse.plain(data) == "\nvm> show pool\nFree: 1\nUsed: 2\n"


def test_sessions():
    found, may, sound = _l2tpns_parse.table(printed(row(1, "u1"), row(12, "u2@isp", "10.50.9.4")))
    assert sound
    assert may == {1, 12}
    assert found[0] == _l2tpns_parse.CliSession(1, "u1", "10.50.9.3", 61, 700, 800, "02:c5:ef:00:00:01")
    assert (found[1].sid, found[1].username, found[1].address) == (12, "u2@isp", "10.50.9.4")


def test_no_sessions():
    assert _l2tpns_parse.table(printed()) == ([], set(), True)
    assert _l2tpns_parse.table("")[2] is False


def test_one_who_has_not_said_who_he_is_yet_is_none():
    found, _may, sound = _l2tpns_parse.table(printed(row(1, "*", "0.0.0.0")))  # noqa: S104
    assert (found, sound) == ([], True)


FORGED = row(9, "admin", "10.0.0.9")


@pytest.mark.parametrize(
    "rows",
    [
        # A line break in a name, with a session that does not exist behind it.
        [row(1, f"x\n{FORGED}\n")],
        # What is left of his own line is made a whole one before and after it.
        [row(1, f"x 10.0.0.1 N N N N 1 1 1 1 1 (P)02:00:00:00:00:01 *\n{FORGED}\n   10 0 1 y")],
        # A name with blanks that reads like the rest of the line.
        [row(1, "x 10.0.0.1 N N N N 1 1 1 1 1 (P)02:00:00:00:00:01 *")],
        # The prompt, so that what follows is taken for the end.
        [row(1, "x\ngate> quit"), row(2, "u2")],
        [row(1, "x\ngate>"), row(2, "u2")],
        # Someone else's ID again.
        [row(1, "u1"), row(2, f"x 10.0.0.1 N N N N 1 1 1 1 1 (P)02:00:00:00:00:01 *\n{row(1, 'evil')}\n")],
    ],
)
def test_a_name_that_forges_sessions_is_noticed_and_its_session_asked_for_by_id(rows):
    _found, may, sound = _l2tpns_parse.table(printed(*rows))
    assert not sound
    assert {int(one.split()[0]) for one in rows} <= may


def test_a_count_that_differs_is_noticed():
    assert _l2tpns_parse.table(printed(row(1, "u1"), users=2))[2] is False


def test_a_forged_header_before_the_true_one_is_not_possible_but_a_second_one_is_no_session():
    _found, _may, sound = _l2tpns_parse.table(printed(row(1, f"x\n{HEADER}\n")))
    assert not sound


def detail(sid: int, name: str, address: str = "10.50.9.3", tunnel: int = 1) -> str:
    return (
        f"\ngate> show session {sid}\n\nSession {sid}:\n\tUser:\t\t{name}\n\tCalling Num:\t\n\tCalled Num:\t\n"
        f"\tTunnel ID:\t{tunnel}\n\tPPP Phase:\tNetwork\n\t IPCP state:\tOpened\n\tIP address:\t{address}\n"
        "\tUnique SID:\t3\n\tOpened:\t\t61 seconds\n\tIdle time:\t2 seconds\n\tBytes In/Out:\t700/800\n\ngate> quit\n"
    )


def test_one_session_by_its_id():
    one = _l2tpns_parse.details(detail(5, "u1"), 5)
    assert one == _l2tpns_parse.CliSession(5, "u1", "10.50.9.3", 61, 700, 800, "")
    assert _l2tpns_parse.details(detail(5, "none", tunnel=0), 5) is None
    assert _l2tpns_parse.details('Invalid session id "99999"', 99999) is None


@pytest.mark.parametrize(
    "name",
    [
        "x\n\tIP address:\t10.0.0.9\n\tBytes In/Out:\t1/1",
        "x\n\nSession 5:\n\tUser:\t\tadmin\n\tTunnel ID:\t1\n\tIP address:\t10.0.0.9",
        "x\ngate> quit",
    ],
)
def test_a_name_cannot_change_what_l2tpns_knows_by_itself(name):
    one = _l2tpns_parse.details(detail(5, name), 5)
    assert one is not None
    assert (one.username, one.address, one.to_customer, one.from_customer) == ("x", "10.50.9.3", 700, 800)


@given(st.text(max_size=127), st.text(max_size=40))
def test_whatever_a_name_is_a_sound_table_has_the_true_addresses(name, other):
    found, may, sound = _l2tpns_parse.table(printed(row(3, name), row(7, other, "10.50.9.4")))
    if sound:
        true = [(3, name, "10.50.9.3"), (7, other, "10.50.9.4")]
        # Blanks at the end of a name are as those that fill the column.
        seen = [(sid, called.rstrip(" "), address) for sid, called, address in true]
        assert [(one.sid, one.username, one.address) for one in found] == [one for one in seen if one[1] != "*"]
    else:
        assert {3, 7} <= may


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(data):
    text = _l2tpns_parse.plain(data)
    _l2tpns_parse.table(text)
    _l2tpns_parse.details(text, 1)
    _l2tpns_parse.cluster(text)
    _l2tpns_parse.pool(text)


def test_a_master_and_a_slave():
    peers = "1 peers.\n             Address    Basetime      Age\n        192.168.5.12  1795857000        2\n"
    state = _l2tpns_parse.cluster(CLUSTER.format(status="Master") + peers)
    assert state == _l2tpns_parse.ClusterState(True, "192.168.5.11", "", True, {"192.168.5.12": 0.2})
    slave = (
        "My master        : 192.168.5.12 (last heartbeat 0.1 seconds old)\nUptodate         : Yes\n"
        "0 sessions undefined of 10\n"
    )
    state = _l2tpns_parse.cluster(CLUSTER.format(status="Slave") + slave)
    assert (state.master, state.master_address, state.up_to_date) == (False, "192.168.5.12", True)
    lost = slave.replace("192.168.5.12 (", "Not defined (").replace("Yes", "No")
    state = _l2tpns_parse.cluster(CLUSTER.format(status="Slave") + lost)
    assert (state.master_address, state.up_to_date) == ("", False)


def test_the_pool():
    assert _l2tpns_parse.pool("(Not displaying unused addresses)\n\n\nFree: 244\n\nUsed: 10\n\ngate> quit\n") == (
        10,
        244,
    )
    assert _l2tpns_parse.pool("Can't do this on a slave.  Do it on 192.168.5.12\n") is None


def test_the_count():
    assert _l2tpns_parse.session_count(printed(row(1, "u1"))) == 1
    assert _l2tpns_parse.session_count("") == 0
