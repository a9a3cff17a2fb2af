"""What a session may do, and where that is kept."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import Grant, PlanAccount, Shape

PLANS = {"home": {"download": 20, "upload": 5, "session_timeout": 60}, "fast": {"download": 100, "queue": "cake"}}


@pytest.mark.parametrize(
    "shape",
    [Shape(), Shape(20_000_000, 5_000_000, "home"), Shape(None, 5_000_000, "x", "cake", "shape"), Shape(1, None)],
)
def test_the_alias_of_an_interface_says_its_rates(shape):
    assert _plans_grant.of_alias(_plans_grant.alias(shape) + "\n") == shape
    assert len(_plans_grant.alias(shape)) < 256


@pytest.mark.parametrize(
    "text", ["", "uplink", "dialtone.pppoe plan", "dialtone.pppoe plan a download=x upload=5 fq_codel police"]
)
def test_an_alias_of_somebody_else_says_none(text):
    assert _plans_grant.of_alias(text) is None


def test_each_account_of_many_is_found_again():
    accounts = {f"user{number}": PlanAccount("home", number, None) for number in range(1, 2000)}
    accounts.update(
        {"user": PlanAccount("fast"), "jM-CM-<rgen 1": PlanAccount(enabled=False), "z": PlanAccount(mac="02:00")}
    )
    text = _plans_grant.accounts_text(accounts)
    assert {name: _plans_grant.find(text, name) for name in accounts} == accounts
    for name in ("", "use", "user0", "user2000", "zz", "\x00", "~", "user1\x1fhome", "ü"):
        assert _plans_grant.find(text, name) is None
    assert _plans_grant.find(b"", "a") is None


def test_few_lines_are_read_to_find_one_of_many(monkeypatch):
    text = _plans_grant.accounts_text({f"user{number:06}": PlanAccount("home") for number in range(100_000)})
    reads = []
    read = _plans_grant._Lines.__getitem__
    monkeypatch.setattr(_plans_grant._Lines, "__getitem__", lambda self, at: (reads.append(at), read(self, at))[1])
    assert _plans_grant.find(text, "user099999") == PlanAccount("home")
    assert len(reads) <= 25


@pytest.mark.parametrize(
    ("account", "name", "rates", "grant"),
    [
        (None, "a", None, Grant(Shape(20, 5, "home"), 60)),
        (PlanAccount("fast"), "a", None, Grant(Shape(100, None, "fast", "cake"))),
        (PlanAccount("fast", 7), "a", None, Grant(Shape(7, None, "fast", "cake"))),
        (
            PlanAccount(enabled=False, mac="02:00"),
            "a",
            None,
            Grant(Shape(20, 5, "home"), 60, enabled=False, mac="02:00"),
        ),
        (PlanAccount("gone"), "a", None, Grant(Shape())),
        (PlanAccount("fast"), None, None, Grant(Shape(20, 5, "home"), 60)),
        # What RADIUS says counts more; 0 is no limit.
        (PlanAccount("fast", 7), "a", (50, 0), Grant(Shape(50, None, "fast", "cake"))),
        (None, "a", (None, 9), Grant(Shape(20, 9, "home"), 60)),
    ],
)
def test_what_an_account_is_allowed(account, name, rates, grant):
    accounts = _plans_grant.accounts_text({"a": account} if account else {})
    tables = _plans_grant.tables(_plans_grant.plans_text(PLANS, "home", None), accounts)
    assert tables.grant(name, rates) == grant


def test_without_a_plan_there_is_no_limit():
    tables = _plans_grant.tables(_plans_grant.plans_text(PLANS, None, "Filter-Id"), b"")
    assert tables.attribute == "Filter-Id"
    assert tables.grant("a") == Grant()
    assert not Grant().limited


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"plans": 1}'])
def test_what_is_no_table_is_an_error(text):
    with pytest.raises(ValueError):  # noqa: PT011
        _plans_grant.tables(text, b"")


def test_a_look_up_among_100000_accounts_reads_a_few_lines(monkeypatch):
    text = _plans_grant.accounts_text({f"account{number}": PlanAccount("home") for number in range(100_000)})
    reads = []
    read = _plans_grant._Lines.__getitem__
    monkeypatch.setattr(_plans_grant._Lines, "__getitem__", lambda lines, place: reads.append(1) or read(lines, place))
    assert _plans_grant.find(text, "account77777") == PlanAccount("home")
    assert len(reads) <= len(text).bit_length() + 2
    reads.clear()
    assert _plans_grant.find(text, "nobody") is None
    assert len(reads) <= len(text).bit_length() + 2


def test_an_account_that_expires():
    accounts = {
        "guest": PlanAccount(expires=100),
        "off": PlanAccount(enabled=False, expires=100),
        "later": PlanAccount("home", 7, 8, True, "02:00:00:00:00:01", 200),
        "plain": PlanAccount("home"),
    }
    text = _plans_grant.accounts_text(accounts)
    assert {name: _plans_grant.find(text, name) for name in accounts} == accounts
    assert _plans_grant.moments(text) == [100, 200]
    tables = _plans_grant.tables(_plans_grant.plans_text(PLANS, None, None, garden=True, expiries=[100, 200]), text)
    assert tables.expiries == (100, 200)
    assert tables.grant("guest", now=99.9).refusal is None
    found = tables.grant("guest", now=100.0)
    assert (found.walled, found.pool, found.refusal) == (True, "walled-garden", "has expired (1970-01-01T00:01:40Z)")
    assert tables.grant("off", now=100.0).refusal == "is disabled"
    assert tables.grant("later", now=100.0).enabled
    # Without a walled garden, the manager need not know them.
    assert b"expiries" not in _plans_grant.plans_text(PLANS, None, None, expiries=[100])


@pytest.mark.parametrize(
    ("plans", "garden", "accounts", "timed"),
    [
        (
            {"home": {"download": 20, "session_timeout": 0, "volume": 0}},
            False,
            {"a": PlanAccount("home", mac="02:00:00:00:00:01")},
            False,
        ),
        ({"home": {"idle_timeout": 60}}, False, {}, True),
        ({"home": {"volume": 60}}, False, {}, True),
        ({}, True, {}, True),
        ({}, False, {"a": PlanAccount(expires=60)}, True),
    ],
)
def test_whether_sessions_have_to_be_looked_at(plans, garden, accounts, timed):
    text = _plans_grant.plans_text(plans, None, None, garden)
    assert _plans_grant.tables(text, _plans_grant.accounts_text(accounts)).timed is timed
