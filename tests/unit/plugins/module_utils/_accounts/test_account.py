from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

GOOD = {"name": "cmz", "secret": "hush-hush", "server": "*", "addresses": ["*"], "state": "present"}


@pytest.mark.parametrize(
    ("given", "parameter", "problem"),
    [
        ({"name": None}, "users[3].name", "is missing"),
        ({"name": ""}, "users[3].name", "is empty"),
        ({"name": "*"}, "users[3].name", "match every name"),
        ({"name": "a\nb"}, "users[3].name", "newline"),
        ({"name": "a\0b"}, "users[3].name", "NUL"),
        ({"name": "\udc80"}, "users[3].name", "not valid text"),
        ({"name": "n" * 257}, "users[3].name", "257 bytes long, pppd keeps 256"),
        ({"name": "é" * 64}, "users[3].name", "384 bytes long as pppd spells it"),
        ({"secret": None}, "users[3].secret", "is missing"),
        ({"secret": ""}, "users[3].secret", "is empty"),
        ({"secret": "hush\0hush"}, "users[3].secret", "NUL"),
        ({"secret": "hush\ud800"}, "users[3].secret", "not valid text"),
        ({"secret": "hush" * 64 + "!"}, "users[3].secret", "257 bytes long, pppd keeps 256"),
        ({"secret": "@/hush"}, "users[3].secret", "reads the file"),
        ({"secret": "@login"}, "users[3].secret", "system user"),
        ({"server": "srvé"}, "users[3].server", "ASCII"),
        ({"server": "a\nb"}, "users[3].server", "ASCII"),
        ({"server": "s" * 256}, "users[3].server", "256 bytes long"),
        ({"addresses": []}, "users[3].addresses", "allows no address"),
        ({"addresses": ["!10.0.0.1"]}, "users[3].addresses", "allows no address"),
        ({"addresses": ["*", "10.0.0.1"]}, "users[3].addresses[1]", "nothing behind '*'"),
        ({"addresses": ["10.0.0.1", "-"]}, "users[3].addresses[1]", "'-' is not an address"),
        ({"addresses": ["none"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": [""]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["--"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["!*"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["host.example.net"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["10.0.0.256"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["10.0.0.010"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["10.0.1"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["10.0.0.1\n"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["2001:db8::1"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["10.0.0.0/0"]}, "users[3].addresses[0]", "length"),
        ({"addresses": ["10.0.0.0/33"]}, "users[3].addresses[0]", "length"),
        ({"addresses": ["10.0.0.0/31+"]}, "users[3].addresses[0]", "length"),
        ({"addresses": ["10.0.0.0+"]}, "users[3].addresses[0]", "not an address"),
        ({"addresses": ["!10.0.0.1", "10.0.0.2"]}, "users[3].addresses[0]", "Put '10.0.0.2' before it"),
        ({"addresses": ["10.0.0.0/24", "!10.0.0.1", "10.0.1.0/24+"]}, "users[3].addresses[1]", "would offer"),
        ({"addresses": ["127.0.0.1"]}, "users[3].addresses[0]", "host can have"),
        ({"addresses": ["224.0.0.1"]}, "users[3].addresses[0]", "host can have"),
        ({"addresses": ["0.0.0.0"]}, "users[3].addresses[0]", "host can have"),  # noqa: S104
    ],
)
def test_what_pppd_would_not_read_back_is_refused(given, parameter, problem):
    with pytest.raises(Refused) as refused:
        _account.of_server(dict(GOOD, **given), "users[3]")
    assert refused.value.parameter == parameter
    assert problem in str(refused.value)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"name": b"cmz", "secret": b"hush-hush", "server": b"*", "addresses": (b"*",), "alias": None}),
        ({"name": "josé"}, {"name": b"josM-CM-)", "alias": "josé".encode(), "label": "josé"}),
        ({"name": "a\x1b[31m"}, {"name": b"a^[[31m", "label": "a^[[31m"}),
        ({"name": "n" * 256}, {"name": b"n" * 256}),
        ({"name": "two words#'\""}, {"name": b"two words#'\""}),
        ({"secret": "é\n"}, {"secret": b"\xc3\xa9\n"}),
        ({"secret": "s" * 256}, {"secret": b"s" * 256}),
        ({"secret": "@home"}, {"secret": b"@home"}),
        ({"server": None, "addresses": None}, {"server": b"*", "addresses": (b"*",)}),
        (
            {"addresses": ["10.0.0.0/24", "10.0.1.0/30+", "!10.0.0.1", "10.9.9.9", "*"]},
            {"addresses": (b"10.0.0.0/24", b"10.0.1.0/30+", b"!10.0.0.1", b"10.9.9.9", b"*"), "fixed": [b"10.9.9.9"]},
        ),
        ({"addresses": ["!10.0.0.1", "!10.1.0.0/16", "*"]}, {"fixed": []}),
        ({"addresses": ["10.0.0.1/32"]}, {"fixed": [b"10.0.0.1"]}),
        ({"state": "absent", "secret": None, "addresses": None}, {"present": False, "secret": None, "fixed": []}),
    ],
)
def test_what_stands_in_the_file(given, expected):
    account = _account.of_server(dict(GOOD, **given), "users[3]")
    assert {name: getattr(account, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"secret": "é"}, b"M-CM-)"),
        ({"secret": "s" * 255}, b"s" * 255),
        ({"secret": "s" * 256}, None),
        ({"secret": "é" * 50}, None),
        ({"name": "n" * 256}, None),
    ],
)
def test_pap_compares_passwords_in_its_notation_and_counts_them_in_a_byte(given, expected):
    if expected is None:
        with pytest.raises(Refused, match="pppd keeps 255"):
            _account.of_server(dict(GOOD, **given), "users[3]", pap=True)
    else:
        assert _account.of_server(dict(GOOD, **given), "users[3]", pap=True).secret == expected


def test_a_client_sends_its_name_as_it_is():
    account = _account.of_client("josé", "é")
    assert (account.name, account.secret, account.addresses, account.alias) == (
        "josé".encode(),
        "é".encode(),
        None,
        None,
    )
    with pytest.raises(Refused, match="username: is 256 bytes long"):
        _account.of_client("n" * 256, "x")


def of(*entries):
    return [_account.of_server(dict(GOOD, **entry), f"users[{index}]") for index, entry in enumerate(entries)]


@pytest.mark.parametrize(
    ("entries", "parameter", "words"),
    [
        ([{}, {"name": "b"}, {"state": "absent"}], "users[2]", ["'cmz'", "users[0]"]),
        ([{"name": "josé"}, {"name": "josM-CM-)"}], "users[1]", ["users[0]"]),
        (
            [{"addresses": ["10.0.0.3"]}, {"name": "b", "addresses": ["10.0.0.4", "10.0.0.3/32"]}],
            "users[1].addresses",
            ["10.0.0.3", "'cmz' (users[0])"],
        ),
    ],
)
def test_accounts_that_cannot_stand_together(entries, parameter, words):
    with pytest.raises(Refused) as refused:
        _account.check_together(of(*entries))
    assert refused.value.parameter == parameter
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    "entries",
    [
        [{}, {"server": "s"}],
        [{"name": "cmz"}, {"name": "CMZ"}],
        [{"addresses": ["10.0.0.3"]}, {"server": "s", "addresses": ["10.0.0.3"]}],
        [{"addresses": ["10.0.0.3"]}, {"name": "b", "addresses": ["!10.0.0.3", "*"]}],
        [{"addresses": ["10.0.0.3"]}, {"name": "b", "addresses": ["10.0.0.3"], "state": "absent"}],
        [{"addresses": ["10.0.0.0/24"]}, {"name": "b", "addresses": ["10.0.0.0/24"]}],
    ],
)
def test_accounts_that_can(entries):
    _account.check_together(of(*entries))
