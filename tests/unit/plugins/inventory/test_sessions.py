from __future__ import annotations

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
        ([session("cmz", "10.0.0.2"), session("cmz2", "10.0.0.3")], ["cmz", "cmz2"]),
        # One account, two sessions: neither has the name for itself.
        ([session("cmz", "10.0.0.2"), session("cmz", "10.0.0.3")], ["cmz@10.0.0.2", "cmz@10.0.0.3"]),
        ([session("cmz", "10.0.0.2"), session("cmz", "10.0.0.2", "other")], ["cmz@10.0.0.2", "cmz@10.0.0.2@other"]),
        # Nobody becomes another host by the name of his account.
        ([session("gate", "10.0.0.2"), session("localhost", "10.0.0.3")], ["gate@10.0.0.2", "localhost@10.0.0.3"]),
        ([session(None, "10.0.0.2")], ["10.0.0.2"]),
        # Nor a pattern, a path, a terminal's command or a template.
        (
            [session(name, f"10.0.0.{at}") for at, name in enumerate(HOSTILE)],
            [f"10.0.0.{at}" for at, _name in enumerate(HOSTILE)],
        ),
        (
            [session("josé@isp.example", "10.0.0.2"), session("a+b-c.d_e", "10.0.0.3")],
            ["josé@isp.example", "a+b-c.d_e"],
        ),
        # Nobody hides another by an account that looks like a host.
        (
            [
                session("a", "10.0.0.2"),
                session("a", "10.0.0.2"),
                session("a@10.0.0.2", "10.0.0.3"),
                session("a@10.0.0.2@gate", "10.0.0.4"),
            ],
            ["a@10.0.0.2", "a@10.0.0.2@gate", "a@10.0.0.2@gate#2", "a@10.0.0.2@gate@gate"],
        ),
        # A link that the server itself has dialled is no customer, nor is a server without sessions or answer.
        ([session("uplink", "192.0.2.7", role="client"), {"host": "gate"}, {"host": "x", "problem": "ssh"}], []),
    ],
)
def test_names(rows, names):
    found = sessions.named(rows, {"gate", "localhost"})
    assert [name for name, _session in found] == names
    assert [one["address"] for _name, one in found] == [row["address"] for row in rows if names]
