"""Accounts as rows of FreeRADIUS's tables."""

from __future__ import annotations

import re

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import (
    _database,
    _inventory,
    _nt_hash,
    _settings,
    _users,
)


def place(index: int) -> str:
    return f"users[{index}]"


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"name": "a b", "secret": "x"}, "users[0].name: 'a b' has a blank"),
        ({"name": "a@b", "secret": "x"}, "users[0].name: 'a@b' has a realm without a dot"),
        ({"name": "a..b", "secret": "x"}, "users[0].name: 'a..b' has two dots in a row"),
        ({"name": "a'b", "secret": "x"}, 'users[0].name: "a\'b" has one of'),
        ({"name": "a", "secret": "`id`"}, "users[0].secret: begins and ends with `"),
        ({"name": "a", "secret": "'"}, "users[0].secret: begins and ends with '"),
        ({"name": "a", "secret": "a\\nb"}, "users[0].secret: has a backslash"),
        ({"name": "a", "secret": "x" * 129}, "users[0].secret: is longer than 128 bytes"),
        ({"name": "a"}, "users[0].secret: is missing"),
        ({"name": "a", "secret": "x", "server": "gate1"}, "users[0].server: 'gate1' is a server"),
        ({"name": "a", "secret": "x", "addresses": ["10.0.0.0/24"]}, "users[0].addresses: is not a single address"),
        ({"name": "a", "secret": "x", "addresses": ["10.0.0.1", "10.0.0.2"]}, "users[0].addresses: is not a single"),
        ({"name": "a", "secret": "x", "attributes": {"User-Password": "y"}}, "users[0].attributes.User-Password: is a"),
        (
            {"name": "a", "secret": "x", "attributes": {"Filter-Id": "`id`"}},
            "users[0].attributes.Filter-Id: begins and",
        ),
        ({"name": "a", "secret": "x", "attributes": {"Filter-Id": True}}, "users[0].attributes.Filter-Id: is neither"),
        ({"name": "a", "secret": "x", "group": "g\n"}, "users[0].group: is not the name"),
    ],
)
def test_entries_that_are_refused_without_a_word_of_their_secret(entry, error):
    with pytest.raises(Refused, match=re.escape(error)) as raised:
        _users.encode([entry], place)
    assert len(entry.get("secret", "")) < 3 or entry["secret"] not in str(raised.value)


def test_what_two_entries_cannot_both_have():
    one = {"name": "ann", "secret": "x", "addresses": ["10.0.0.5"]}
    with pytest.raises(Refused, match=r"users\[1\]: the account 'ann' is already listed in users\[0\]"):
        _users.encode([one, {"name": "ann", "secret": "y"}], place)
    with pytest.raises(Refused, match=r"users\[1\]\.addresses: 10\.0\.0\.5 is already the address in users\[0\]"):
        _users.encode([one, {**one, "name": "bob"}], place)


def test_rows():
    entries = [
        {"name": "ann", "secret": "pässword 1", "addresses": ["10.0.0.5"], "group": "home"},
        {"name": "bob", "secret": "x", "attributes": {"Simultaneous-Use": 1, "Framed-Route": ["a", "b"]}},
        {"name": "cid", "state": "absent"},
    ]
    assert _users.encode(entries, place).rows.decode().splitlines() == [
        "c\tann\tCleartext-Password\t:=\tpässword 1",
        "r\tann\tFramed-IP-Address\t:=\t10.0.0.5",
        "g\tann\t\t\thome",
        "c\tbob\tCleartext-Password\t:=\tx",
        "c\tbob\tSimultaneous-Use\t:=\t1",
        "r\tbob\tFramed-Route\t:=\ta",
        "r\tbob\tFramed-Route\t+=\tb",
        "a\tcid\t\t\t",
    ]


def test_chap_needs_the_clear_text():
    with pytest.raises(Refused, match="store: nt keeps a hash"):
        _users.check_store("nt", "chap")
    _users.check_store("nt", "pap")
    _users.check_store("clear", "chap")


def test_hashes():
    """RFC 1320, and what everybody knows of "password"."""
    assert _nt_hash.md4(b"").hex() == "31d6cfe0d16ae931b73c59d7e0c089c0"
    assert _nt_hash.md4(b"1234567890" * 8).hex() == "e33b4ddc9c38f2199c3e7b164fcc0536"
    assert _nt_hash.nt_hash("password") == "8846f7eaee8fb117ad06bdd830b7586c"


def test_a_verifier_of_postgresql():
    """RFC 7677 section 3: the client's proof there leads to this stored key; here, that it is stable and no secret."""
    made = _database.scram("pencil", b"salt")
    assert made == _database.scram("pencil", b"salt")
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:c2FsdA==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=", made)
    assert "pencil" not in made


def test_a_secrets_file():
    content = b'# x\nann * "geh eim" *\nbob gate1 x 10.0.0.5 -- mtu 1400\nown isp secret\n* * all *\ncid * @/etc/x *\n'
    content += b"dan * y 10.0.0.0/24\nbob * x *\n"
    entries, places, warnings = _users.of_secrets_file(content, "chap-secrets")
    assert [(one["name"], one["secret"], one["addresses"]) for one in entries] == [
        ("ann", "geh eim", None),
        ("bob", "x", ["10.0.0.5"]),
        ("dan", "y", None),
    ]
    assert places == ["chap-secrets:2", "chap-secrets:3", "chap-secrets:7"]
    assert warnings == [
        "chap-secrets: not taken over, since RADIUS has nothing like it: "
        "line 4, line 5, line 6, the addresses of line 7."
    ]
    with pytest.raises(Refused, match="chap-secrets:2: the account 'ann' has another secret"):
        _users.of_secrets_file(b"ann a x *\nann b y *\n", "chap-secrets")


def test_attributes_in_a_field():
    assert _users.attributes_of("Filter-Id=a/b| Session-Timeout = 5 |", "x") == {
        "Filter-Id": "a/b",
        "Session-Timeout": "5",
    }
    with pytest.raises(Refused, match="x: is not a list"):
        _users.attributes_of("Filter-Id", "x")


HOSTS = {
    "gate 1": {
        "ansible_host": "192.168.5.109",
        "pppoe_server_radius": {"servers": [{"address": "192.168.5.20", "secret": "s1"}], "disconnect_secret": "d"},
        "pppoe_server_accounts": [{"name": "ann", "secret": "x", "plan": "home"}],
    },
    "gate2": {
        "pppoe_server_radius": {"servers": [{"address": "192.168.5.21", "secret": "s2"}], "nas_address": "10.1.1.1"},
        "pppoe_server_accounts": [{"name": "ann", "secret": "x"}, {"name": "bob", "secret": "y"}],
    },
    "gate3": {"pppoe_server_accounts": [{"name": "cid", "secret": "z"}]},
}


def test_clients_and_accounts_of_an_inventory():
    assert _inventory.clients(HOSTS, HOSTS, ["192.168.5.20"]) == [
        {"name": "gate-1", "address": "192.168.5.109", "secret": "s1", "disconnect_secret": "d"}
    ]
    assert _inventory.clients(HOSTS, HOSTS, ["192.168.5.21"])[0]["address"] == "10.1.1.1"
    assert [one["name"] for one in _inventory.accounts(HOSTS, HOSTS)] == ["ann", "bob"]


@pytest.mark.parametrize(
    ("servers", "secret"),
    [
        ([{"address": "192.168.5.20", "tls": {"ca": "/a"}}], None),
        # That one is for TLS.
        ([{"address": "192.168.5.20", "tls": {"ca": "/a"}, "secret": "other"}], None),
        ([{"address": "192.168.5.20", "tls": {"ca": "/a"}}, {"address": "192.168.5.20", "secret": "s1"}], "s1"),
    ],
)
def test_a_client_by_tls_has_no_secret_for_udp(servers, secret):
    hosts = {"gate1": {"ansible_host": "192.168.5.109", "pppoe_server_radius": {"servers": servers}}}
    (client,) = _inventory.clients(hosts, hosts, ["192.168.5.20"])
    assert client["secret"] == secret


def test_a_client_without_a_secret_is_one_of_radsec():
    radsec = {"certificate": "/x", "key": "/y", "ca": "/z"}
    clients = [{"name": "a", "address": "10.0.0.1"}]
    assert _settings.centre({**BASE, "clients": clients, "radsec": radsec}).clients[0].secret == ""
    clients = [{"name": "a", "address": "10.0.0.1", "secret": "radsec"}]
    with pytest.raises(Refused, match="the secret that everybody has"):
        _settings.centre({**BASE, "clients": clients, "radsec": radsec})


def test_accounts_of_instances_move_too():
    instances = [{"name": "a", "accounts": [{"name": "eve", "secret": "e"}]}, {"name": "b"}]
    gone = {"name": "c", "state": "absent", "accounts": [{"name": "fay", "secret": "f"}]}
    hosts = {"gate4": {"pppoe_server_radius": {"servers": [{}]}, "pppoe_server_instances": [*instances, gone]}}
    assert _inventory.accounts(hosts, hosts) == [{"name": "eve", "secret": "e"}]


def test_accounts_of_the_centre_and_of_servers_are_together():
    mine = [{"name": "dan", "secret": "d", "group": "home"}, {"name": "bob", "secret": "y"}]
    found = _inventory.accounts(HOSTS, HOSTS, mine)
    assert [one["name"] for one in found] == ["dan", "bob", "ann"]
    assert found[0]["group"] == "home"


@pytest.mark.parametrize("other", [{"name": "bob", "secret": "other"}, {"name": "bob", "secret": "y", "group": "home"}])
def test_an_account_that_is_another_one_elsewhere_is_refused(other):
    words = "pppoe_server_accounts of gate2: the account 'bob' is in pppoe_radius_accounts with other values"
    with pytest.raises(Refused, match=re.escape(words)) as raised:
        _inventory.accounts(HOSTS, HOSTS, [other])
    assert "other." not in str(raised.value)
    elsewhere = {**HOSTS, "gate5": {**HOSTS["gate2"], "pppoe_server_accounts": [other]}}
    with pytest.raises(Refused, match="pppoe_server_accounts of gate5: the account 'bob' is in pppoe_server_accounts"):
        _inventory.accounts(elsewhere, elsewhere)


BASE = {
    "clients": [],
    "database": {},
    "pools": {},
    "groups": {},
    "interim_interval": 300,
    "single_session": "allow",
    "stale_after": 3600,
    "keep_days": 365,
    "radsec": None,
}


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"clients": [{"name": "a", "address": "x", "secret": "s"}]}, "clients[0].address: 'x' is not an address"),
        ({"clients": [{"name": "a", "address": "10.0.0.1"}]}, "clients[0].secret: is missing"),
        ({"clients": [{"name": "a", "address": "10.0.0.1", "secret": "a'b"}]}, "clients[0].secret: is too long or has"),
        ({"clients": [{"name": "a b", "address": "10.0.0.1", "secret": "s"}]}, "clients[0].name: 'a b' is not a name"),
        (
            {"clients": [{"name": "a", "address": "0.0.0.0/0", "secret": "s"}]},
            "clients[0].address: 0.0.0.0/0 is nearly",
        ),
        ({"pools": {"a": ["10.0.0.1-10.0.0.9"], "b": ["10.0.0.9"]}}, "pools.b: shares addresses of 10.0.0.9"),
        ({"groups": {"home": {"pool": "x"}}}, "groups.home.pool: there is no pool 'x'"),
        ({"groups": {"home": {"x": 1}}}, "groups.home: is not a dictionary of pool and attributes"),
        ({"stale_after": 800}, "stale_after: 800 is less than three times interim_interval, 300"),
        ({"keep_days": -1}, "keep_days: -1 is out of range"),
        ({"database": {"host": "db.example", "ca": "/x"}}, "database.password: is missing"),
        ({"database": {"host": "db.example", "password": "x"}}, "database.ca: is missing"),
        ({"radsec": {"certificate": "x", "key": "/y", "ca": "/z"}}, "radsec.certificate: is not a path"),
    ],
)
def test_settings_that_are_refused(params, error):
    with pytest.raises(Refused, match=re.escape(error)):
        _settings.centre({**BASE, **params})
