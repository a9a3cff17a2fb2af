from __future__ import annotations

import re

import pytest
from ansible_collections.dialtone.pppoe.plugins.inventory import sessions

HOSTILE = [
    "!gate", "&gate", "~.*", "*", "a,b", "a:b", "[0:9]", "../../etc/passwd", "a/b", "-e", ".", "@file", "a b", "a\nb",
    "\x1b[2J", "{{ 1 }}", "a\n", "x" * 300,
]  # fmt: skip


def session(username, address, host="gate", role="server"):
    return {"host": host, "role": role, "username": username, "address": address}


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([session("cmz", "10.0.0.2"), session("cmz2", "10.0.0.3")], ["session@cmz", "session@cmz2"]),
        # One account, two sessions: neither has the name for itself.
        ([session("cmz", "10.0.0.2"), session("cmz", "10.0.0.3")], ["session@cmz#10.0.0.2", "session@cmz#10.0.0.3"]),
        (
            [session("cmz", "10.0.0.2"), session("cmz", "10.0.0.2", "other")],
            ["session@cmz#10.0.0.2", "session@cmz#10.0.0.2#other"],
        ),
        # Nobody becomes another host or a group by the name of his account.
        (
            [session(name, f"10.0.0.{at}") for at, name in enumerate(["gate", "localhost", "all", "127.0.0.1", "::1"])],
            ["session@gate", "session@localhost", "session@all", "session@127.0.0.1", "session@%3A%3A1"],
        ),
        ([session("x", "10.0.0.2")], ["session@x#10.0.0.2"]),
        ([session(None, "10.0.0.2"), session("10.0.0.2", "10.0.0.3")], ["session@#10.0.0.2", "session@10.0.0.2"]),
        ([session("josé@isp.example", "10.0.0.2"), session("a+b-c.d_e", "10.0.0.3")],
         ["session@josé@isp.example", "session@a+b-c.d_e"]),
        ([session("x" * 300, "10.0.0.2")], ["session@#10.0.0.2"]),
        # Nobody hides another by an account that looks like a host.
        (
            [
                session("a", "10.0.0.2"),
                session("a", "10.0.0.2"),
                session("a", "10.0.0.2"),
                session("a#10.0.0.2", "10.0.0.3"),
                session("a%2310.0.0.2", "10.0.0.4"),
            ],
            [
                "session@a#10.0.0.2",
                "session@a#10.0.0.2#gate",
                "session@a#10.0.0.2#gate#2",
                "session@a%2310.0.0.2",
                "session@a%252310.0.0.2",
            ],
        ),
    ],
)  # fmt: skip
def test_names(rows, names):
    found = sessions.named(rows, {"gate", "localhost", "session@x"})
    assert [name for name, _session in found] == names
    assert [one["address"] for _name, one in found] == [row["address"] for row in rows]


def test_no_name_is_a_pattern_a_path_a_command_of_a_terminal_or_a_template():
    found = [name for name, _one in sessions.named([session(name, "10.0.0.2") for name in HOSTILE], set())]
    assert len(set(found)) == len(HOSTILE)
    for name in found:
        assert re.fullmatch(r"session@[\w.@+%-]*(#10\.0\.0\.2)?", name), name


@pytest.mark.parametrize("text", [*HOSTILE, "%2F", "ü", "e\u0301", "\udcff"])
def test_no_two_accounts_have_one_name(text):
    assert [other for other in [*HOSTILE, "%2F", "ü"] if sessions.escaped(other) == sessions.escaped(text)] in (
        [text],
        [],
    )


GOOD = session("cmz", "10.0.0.2")


@pytest.mark.parametrize(
    ("row", "odd"),
    [
        # A link that the server itself has dialled is no customer, nor is a server without sessions or answer.
        (session("uplink", "192.0.2.7", role="client"), []),
        ({"host": "gate"}, []),
        ({"host": "x", "problem": "ssh"}, []),
        ("text", []),
        ({"role": "server", "address": "10.0.0.3", "username": "nobody's"}, []),
        # An option of ssh, a template, another type.
        (session("cmz", "-oProxyCommand=id"), ["gate"]),
        (session("cmz", "{{ 1 }}"), ["gate"]),
        (session("cmz", "core1"), ["gate"]),
        (session("cmz", ["10.0.0.3"]), ["gate"]),
        (session("cmz", "10.0.0.3\n"), ["gate"]),
        (session({"a": 1}, "10.0.0.3"), ["gate"]),
        (session(["cmz"], "10.0.0.3"), ["gate"]),
    ],
)
def test_rows_that_are_no_sessions(row, odd):
    assert sessions.valid([row, GOOD]) == ([GOOD], odd)


def test_only_plain_values_are_passed_on():
    assert sessions.valid([dict(GOOD, mtu=1492, evil={"ansible_host": "core1"})]) == ([dict(GOOD, mtu=1492)], [])
    assert sessions.valid("text") == sessions.valid(None) == ([], [])
