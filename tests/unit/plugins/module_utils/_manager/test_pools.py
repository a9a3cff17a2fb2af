"""Pools of plans: what a session is offered, and what it may stay with."""

from __future__ import annotations

import json

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book, _pools

POOLS = {
    "business": {"addresses": ["10.1.0.2"], "next": "spare", "options": []},
    "spare": {"addresses": ["10.2.0.2", "10.2.0.3"], "next": None, "options": []},
    "house": {"addresses": ["10.3.0.2"], "next": "default", "options": []},
    "walled-garden": {"addresses": ["10.99.0.2"], "next": None, "options": ["noipv6"]},
}


class Host:
    def __init__(self, folder, pools=POOLS):
        self.folder, self.book = folder, _book.Book()
        (folder / "default.pools").write_text(json.dumps(pools))
        self.pools = self.manager()
        self.book.set_pool("default", ["10.0.0.2", "10.0.0.3", "10.0.0.4"])

    def manager(self):
        return _pools.Pools(self.book, str(self.folder), str(self.folder / "lanes"), self.read)

    def read(self, path):
        return _basics.text(path), False

    def session(self, number, offer=True):
        one = _book.Session(number, 5, 0.0, "default", str(number), "02:00:00:00:00:01")
        if self.book.take(one, "10.0.0.2") is None:
            self.book.take_none(one)
        if offer:
            assert self.pools.offer(one)
        return one

    def files(self, number):
        lane = self.folder / "lanes" / str(number)
        return {path.name: path.read_text() for path in lane.iterdir()}


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_a_session_is_offered_an_address_of_each_pool_and_keeps_one(host):
    one = host.session(1)
    assert host.files(1) == {
        "pool-business": ":10.1.0.2\n",
        "pool-spare": ":10.2.0.2\n",
        "pool-house": ":10.3.0.2\n",
        "pool-walled-garden": "noipv6\n:10.99.0.2\n",
    }
    assert not host.book.is_free("10.1.0.2")
    host.book.came_up(1, "ppp0", "10.1.0.2")
    assert not host.book.is_free("10.1.0.2")
    for address in ("10.0.0.2", "10.2.0.2", "10.3.0.2", "10.99.0.2"):
        assert host.book.is_free(address)
    host.book.gone(1)
    assert host.book.is_free("10.1.0.2")
    assert one.offered == ()


def test_no_address_is_offered_twice_and_the_next_pool_serves_when_one_is_full(host):
    host.session(1)
    host.session(2)
    assert host.files(2) == {
        "pool-business": ":10.2.0.3\n",
        "pool-spare": ":10.2.0.3\n",
        # The pool of the instance itself: the session keeps what it has.
        "pool-house": "",
    }
    host.session(3)
    assert host.files(3) == {"pool-house": ""}
    host.book.gone(1)
    host.session(4)
    assert host.files(4)["pool-business"] == ":10.1.0.2\n"


def test_files_of_an_earlier_session_with_this_number_are_gone(host):
    host.session(7)
    host.book.came_up(7, "ppp0", "10.1.0.2")
    host.book.gone(7)
    for number in (1, 2):
        host.session(number)
    host.session(7)
    assert host.files(7) == {"pool-house": ""}


def test_who_ends_on_the_way_gives_everything_back(host):
    host.session(1)
    host.book.gone(1)
    assert all(host.book.is_free(address) for one in POOLS.values() for address in one["addresses"])


def test_another_manager_knows_what_a_session_on_its_way_was_offered(host):
    host.session(1)
    book = host.book = _book.Book()
    pools = host.manager()
    one = _book.Session(1, 5, 0.0, "default", "1", "02:00:00:00:00:01", "10.0.0.2")
    book.add(one)
    pools.restore(one)
    other = _book.Session(2, 5, 0.0, "default", "2", "02:00:00:00:00:02", "10.0.0.3")
    book.add(other)
    pools.offer(other)
    assert not set(one.offered) & set(other.offered)


@pytest.mark.parametrize(
    ("address", "pool", "problem"),
    [
        ("10.1.0.2", "business", None),
        ("10.2.0.2", "business", None),
        ("10.0.0.3", "house", None),
        ("10.0.0.3", None, None),
        ("172.16.0.9", "business", None),
        ("172.16.0.9", None, None),
        ("10.0.0.3", "business", "10.0.0.3 is not of the pool business, which is that of its account"),
        ("10.3.0.2", None, "10.3.0.2 is not of the pool default, which is that of its account"),
        ("10.99.0.2", "business", "10.99.0.2 is not of the pool business, which is that of its account"),
    ],
)
def test_which_address_an_account_may_have(host, address, pool, problem):
    one = host.session(1)
    host.book.came_up(1, "ppp0", address)
    assert host.pools.problem(one, pool) == problem


def test_a_full_pool_is_the_reason(host):
    for number, address in enumerate(["10.1.0.2", "10.2.0.2", "10.2.0.3"], 1):
        host.session(number)
        host.book.came_up(number, f"ppp{number}", address)
    one = host.session(9)
    assert "pool-business" not in host.files(9)
    assert host.pools.problem(one, "business") == "living sessions hold every address of the pool business"


def test_without_pools_nothing_is_offered(tmp_path):
    host = Host(tmp_path, {})
    assert not host.pools.offer(host.session(1, offer=False))
    assert host.pools.problem(host.book.sessions[1], None) is None
    assert not (tmp_path / "lanes").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 5}', '{"a": {}}'])
def test_a_file_that_is_none_is_said_and_changes_nothing(tmp_path, monkeypatch, text):
    said = []
    monkeypatch.setattr(_basics, "say", lambda line, _instance: said.append(line))
    host = Host(tmp_path, {})
    (tmp_path / "default.pools").write_text(text)
    host.pools = host.manager()
    assert not host.pools.offer(host.session(1, offer=False))
    assert len(said) == 1
    assert said[0].startswith("the pools of default cannot be read")
