from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _move as _adopt_move

# Hosts need not have it.
yaml = pytest.importorskip("yaml")


class Loader(yaml.SafeLoader):
    """Reads ``!unsafe`` as the text."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def moved(content: bytes) -> tuple[list[dict], list[str]]:
    found = _adopt_move.document(content, "/etc/ppp/chap-secrets", "gate", "gate1")
    accounts = yaml.load(found.text, Loader)["pppoe_server_accounts"]
    assert found.count == len(accounts)
    assert "geheim" not in "".join(found.left)
    return accounts, found.left


def test_what_radius_can_have():
    content = b"""\
# customers
alice * geheim-1 *
bob   gate  "geheim 2" 10.0.0.5 # fixed
carol * geheim-3 *
dave * "{{ geheim }}" 10.0.0.6/32
"""
    accounts, left = moved(content)
    assert accounts == [
        {"name": "alice", "secret": "geheim-1"},
        {"name": "bob", "secret": "geheim 2", "addresses": ["10.0.0.5"]},
        {"name": "carol", "secret": "geheim-3"},
        {"name": "dave", "secret": "{{ geheim }}", "addresses": ["10.0.0.6"]},
    ]
    assert left == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"bob * geheim", "'bob' has no address, so that it cannot log in"),
        (b"bob * geheim -", "'bob' has no address, so that it cannot log in"),
        (b"bob other geheim *", "'bob' is for the server 'other'"),
        (b"bob *", "it has no secret"),
        (b"* * geheim *", "the account * opens any name"),
        (b"bob * @/etc/geheim *", "the secret of 'bob' is in another file"),
        (b"bob * geheim 10.0.0.5 10.0.0.6", "'bob' has addresses other than a single one or *"),
        (b"bob * geheim 10.0.0.0/24", "'bob' has addresses other than a single one or *"),
        (b"bob * geheim !10.0.0.5 *", "'bob' has addresses other than a single one or *"),
        (b"bob * geheim * -- idle 5", "'bob' has options of pppd (--), for which RADIUS has attributes"),
        (b'"b b" * geheim *', "the name of 'b b': 'b b' has a blank, and FreeRADIUS refuses such names"),
        (b"bob * 'geheim\\\\' *", "the secret of 'bob': has a backslash"),
        (b"bob * '' *", "the secret of 'bob'"),
        (b"bob * geheim\xff *", "it is not UTF-8"),
        (b"alice * geheim *", "pppd takes an earlier line of this account"),
    ],
)
def test_what_radius_cannot_have_is_named_with_its_line(line, reason):
    accounts, left = moved(b"alice * geheim-1 *\n\n" + line + b"\ncarol * geheim-3 *\n")
    assert [account["name"] for account in accounts] == ["alice", "carol"]
    assert len(left) == 1
    assert left[0].startswith(f"Line 3 of /etc/ppp/chap-secrets: {reason}")


def test_a_line_that_pppd_cannot_read_is_named():
    accounts, left = moved(b"alice * geheim-1 *\no'brien * geheim-2 *\ncarol * geheim-3 *\n")
    assert [account["name"] for account in accounts] == ["alice", "carol"]
    assert "line 2 of /etc/ppp/chap-secrets: a quotation mark is not closed" in left[0]


def test_no_account():
    assert moved(b"# nobody\n") == ([], [])
