"""Which account has which prefix."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._prefixes import Allotment, Pool, Prefix
from hypothesis import given
from hypothesis import strategies as some

POOL = Pool((Prefix("2001:db8:1::/54"), Prefix("2001:db8:2::/55")), 56)


def test_a_pool_is_divided():
    assert POOL.total == 6
    assert [str(POOL.prefix(POOL.at(index))) for index in (0, 3, 4, 5)] == [
        "2001:db8:1::/56",
        "2001:db8:1:300::/56",
        "2001:db8:2::/56",
        "2001:db8:2:100::/56",
    ]
    with pytest.raises(IndexError):
        POOL.at(6)
    assert Prefix("2001:db8:1:300::/56") in POOL
    assert Prefix("2001:db8:1:300::/57") not in POOL
    assert Prefix("2001:db8:1:400::/56") not in POOL


def test_an_account_keeps_its_prefix():
    first = Allotment(POOL, {}, {})
    prefix = first.allot("cmz")
    assert prefix in POOL
    assert first.allot("cmz") == first.of("cmz") == prefix
    assert Allotment(POOL, {}, {}).allot("cmz") == prefix, "by its name alone"
    other = next(str(one) for one in (POOL.prefix(POOL.at(index)) for index in range(6)) if one != prefix)
    assert str(Allotment(POOL, {}, {"cmz": other}).allot("cmz")) == other, "by the table"


@given(some.lists(some.text(min_size=1, max_size=8), unique=True, min_size=6, max_size=12))
def test_nobody_has_what_another_one_has(names):
    table = Allotment(POOL, {}, {})
    found = [table.allot(name) for name in names]
    assert None not in found[:6]
    assert set(found[6:]) <= {None}, "exhausted"
    assert len(set(found[:6])) == 6
    assert [table.allot(name) for name in names] == found


def test_what_accounts_have_of_their_own_is_nobody_elses():
    own = {"a": "2001:db8:1::/55", "b": "2001:db8:2:100::/56", "c": "2001:db8:9::/48"}
    given = {"a": "2001:db8:1:200::/56", "d": "2001:db8:1::/56", "e": "2001:db8:1:300::/56", "f": "2001:db8:1:300::/56"}
    table = Allotment(POOL, own, given)
    assert [str(table.of(name)) for name in "abcdef"] == [*own.values(), "None", given["e"], "None"]
    assert {str(table.allot(name)) for name in "dfg"} == {"2001:db8:1:200::/56", "2001:db8:2::/56", "None"}


def test_without_a_pool_only_accounts_with_their_own_have_one():
    table = Allotment(Pool((), 64), {"a": "2001:db8:1::/64"}, {"b": "2001:db8:2::/64"})
    assert [str(table.allot(name)) for name in "ab"] == ["2001:db8:1::/64", "None"]


@pytest.mark.parametrize(
    ("text", "framed", "delegated"),
    [
        ("", {}, {}),
        ("# remark of - a\n", {}, {}),
        ("2001:db8::/64 2001:db8:1::/56 a\n", {"a": "2001:db8::/64"}, {"a": "2001:db8:1::/56"}),
        ("2001:db8::/64 - two words\n", {"two words": "2001:db8::/64"}, {}),
        ("2001:db8::/64 - a\n- 2001:db8:1::/56 a\n", {}, {"a": "2001:db8:1::/56"}),
        ("2001:db8::/64 - a\n2001:db8:2::/64 - b", {"a": "2001:db8::/64"}, {}),
        ("2001:db8::1/64 - a\n2001:db8::/64 -\n2001:db8::/64 - \nx - a\n2001:db8:: - a\n", {}, {}),
    ],
)
def test_table(text, framed, delegated):
    assert _prefixes.read(text) == (framed, delegated)


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("", ""),
        ("# head\n2001:db8::/64 - a\n", "# head\n2001:db8::/64 - a\n"),
        ("# a\n2001:db8::/64 - a\n- - b\n2001:db8:1::/64 - a\n", "# a\n- - b\n2001:db8:1::/64 - a\n"),
        # What is no line of an account stays, as does one that a power cut has left without its end.
        ("x - a\n2001:db8::/64 - a\n\n2001:db8:1::/64 - a", "x - a\n2001:db8::/64 - a\n\n2001:db8:1::/64 - a"),
    ],
)
def test_former_lines_of_accounts(text, tidy):
    assert _prefixes.without_former(text) == tidy
    assert _prefixes.read(text) == _prefixes.read(tidy)


def test_a_line_is_read_as_it_was_written():
    text = _prefixes.line("a b", ipaddress.IPv6Network("2001:db8::/64"), None)
    assert _prefixes.read(text) == ({"a b": "2001:db8::/64"}, {})
