"""Who has which address: tables without a host."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book
from ansible_collections.dialtone.pppoe.tests.support.programs import calls


@pytest.fixture
def book():
    made = _book.Book()
    made.set_pool("default", ["10.0.0.2", "10.0.0.3", "10.0.0.4"])
    return made


numbers = itertools.count(100)


def session(**values):
    return _book.Session(next(numbers), 1, 0.0, "default", **values)


def free(book):
    return list(book.pools["default"].free)


def test_the_suggested_address_or_the_longest_free_one(book):
    assert book.take(session(), "10.0.0.3") == "10.0.0.3"
    assert book.take(session(), "10.0.0.3") == "10.0.0.2"
    first = session()
    assert book.take(first, "192.0.2.1") == "10.0.0.4"
    assert book.take(session(), "10.0.0.4") is None
    book.gone(first.pid)
    assert free(book) == ["10.0.0.4"]


@pytest.mark.parametrize(
    ("free_at_first", "granted"),
    # Of a large pool a third; the last ones go to whoever asks.
    [(30, 10), (20, 7), (9, 3), (5, 2), (3, 2), (2, 2), (1, 1), (0, 0)],
)
def test_one_client_does_not_take_a_pool_by_asking(free_at_first, granted):
    book = _book.Book()
    book.set_pool("default", [f"10.0.0.{number}" for number in range(2, 2 + free_at_first)])
    taken = 0
    while not book.over_share("default", "02:00:00:00:00:01"):
        if book.take(session(mac="02:00:00:00:00:01"), "") is None:
            break
        taken += 1
    assert taken == granted
    others = [book.take(session(mac=f"02:00:00:00:01:{number:02x}"), "") for number in range(free_at_first - taken)]
    assert None not in others


def test_sessions_that_are_up_and_clients_without_a_mac_are_not_counted(book):
    book.set_pool("default", [f"10.0.0.{number}" for number in range(2, 8)])
    for number in range(4):
        one = session(mac="02:00:00:00:00:01")
        book.take(one, "")
        book.came_up(one.pid, f"ppp{number}", one.address)
        book.take(session(), "") if number < 2 else None
    assert book.over_share("default", "02:00:00:00:00:01") == 0
    assert book.over_share("default", "") == 0
    assert book.over_share("other", "02:00:00:00:00:01") == 0


def test_a_fixed_address_takes_the_place_of_the_given_one(book):
    one = session()
    book.take(one, "10.0.0.2")
    assert book.came_up(one.pid, "ppp0", "10.0.0.4") is None
    assert free(book) == ["10.0.0.3", "10.0.0.2"]
    book.went_down(one.pid)
    assert free(book) == ["10.0.0.3", "10.0.0.2"]
    book.gone(one.pid)
    assert free(book) == ["10.0.0.3", "10.0.0.2", "10.0.0.4"]


def test_the_second_of_two_is_seen_when_it_comes_up(book):
    first, second, third = session(), session(), session()
    for each, suggested in ((first, "10.0.0.2"), (second, "10.0.0.3"), (third, "10.0.0.4")):
        book.take(each, suggested)
    assert book.came_up(first.pid, "ppp0", "10.0.0.2") is None
    assert book.came_up(second.pid, "ppp1", "10.0.0.2") is first
    # While both have it, and after each of them has gone, it is not free.
    assert "10.0.0.2" not in free(book)
    book.gone(first.pid)
    assert "10.0.0.2" not in free(book)
    assert book.came_up(third.pid, "ppp2", "10.0.0.2") is second
    book.gone(second.pid)
    book.gone(third.pid)
    assert sorted(free(book)) == ["10.0.0.2", "10.0.0.3", "10.0.0.4"]


def test_one_that_was_only_given_it_comes_second(book):
    """A fixed address that is given to somebody who is on his way."""
    on_its_way, fixed = session(), session()
    book.take(on_its_way, "10.0.0.2")
    book.take(fixed, "10.0.0.3")
    assert book.came_up(fixed.pid, "ppp0", "10.0.0.2") is None
    assert book.came_up(on_its_way.pid, "ppp1", "10.0.0.2") is fixed


def test_what_interfaces_have_is_not_free(book):
    book.interface_has(7, "10.0.0.2")
    book.interface_has(8, "10.0.0.2")
    book.interface_lost(7, "10.0.0.2")
    assert free(book) == ["10.0.0.3", "10.0.0.4"]
    book.set_pool("default", ["10.0.0.2", "10.0.0.9", "10.0.0.9"])
    assert free(book) == ["10.0.0.9"]
    book.forget_interfaces()
    assert free(book) == ["10.0.0.9", "10.0.0.2"]


def test_a_choice_does_not_look_at_the_pool(book, monkeypatch):
    """With 3,990 of 4,000 addresses taken it costs what it costs with none: no call for each address."""
    calls = 0
    is_free = book.is_free

    def counted(address):
        nonlocal calls
        calls += 1
        return is_free(address)

    book.set_pool("default", [f"10.1.{high}.{low}" for high in range(16) for low in range(250)])
    monkeypatch.setattr(book, "is_free", counted)
    costs = []
    for _each in range(3990):
        before = calls
        book.take(session(), "10.1.0.0")
        costs.append(calls - before)
    assert set(costs) == {1}


def test_sessions_of_an_account(book):
    one, other, coming = session(), session(), session()
    for each in (one, other, coming):
        book.take(each, "")
        book.set_account(each, "cmz")
    book.came_up(one.pid, "ppp0", one.address)
    book.came_up(other.pid, "ppp1", other.address)
    assert book.of_account("cmz", other.pid) == [one]
    book.set_account(one, "bob")
    assert book.of_account("cmz", other.pid) == []
    assert book.of_account("bob", other.pid) == [one]
    one.ended = True
    assert book.of_account("bob", other.pid) == []
    for each in (one, other, coming):
        book.gone(each.pid)
    assert book.of_account("cmz", 0) == []


def test_an_account_is_found_without_a_look_at_all_sessions(book):
    costs = []
    for number in range(1, 1001):
        one = session()
        book.add(one)
        book.set_account(one, f"account{number}")
        if number in (10, 1000):
            costs.append(calls(lambda: book.of_account("account7", 0)))
    assert costs[0] == costs[1]
