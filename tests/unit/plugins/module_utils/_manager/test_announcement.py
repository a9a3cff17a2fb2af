"""Which routes are announced, with a kernel and sessions that are made up."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _announcement, _book, _kernel
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _customer_routes, _stamp
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing._customer_routes import Event, Route

NOW = 1_800_000_000.0


class Kernel:
    """Two tables in memory; ``events``: what is reported next, ``None`` for lost."""

    def __init__(self):
        self.main, self.ours, self.events, self.table, self.closed = set(), set(), [], None, 0

    def open(self, table):
        self.table = table
        return self

    def close(self):
        self.closed += 1

    def fileno(self):
        return 7

    def routes(self, table):
        return list(self.main if table == _customer_routes.MAIN else self.ours)

    def changes(self):
        events, self.events = self.events, []
        return events

    def add(self, route):
        self.ours.add(route)

    def delete(self, route):
        same = {one for one in self.ours if (one.prefix, one.index) == (route.prefix, route.index)}
        self.ours -= {one for one in same if not route.metric or one.metric == route.metric}


class Host:
    def __init__(self, folder, monkeypatch):
        self.file, self.kernel, self.sessions, self.links = folder / "announced", Kernel(), {}, {}
        self.now, self.monotonic, self.booted = NOW, 100.0, NOW - 1000
        monkeypatch.setattr(_customer_routes, "Kernel", self.kernel.open)
        monkeypatch.setattr(_announcement.socket, "if_indextoname", self.name)
        monkeypatch.setattr(_announcement.time, "time", lambda: self.now)
        monkeypatch.setattr(_announcement.time, "monotonic", lambda: self.monotonic)
        monkeypatch.setattr(_announcement.time, "clock_gettime", lambda _which: self.now - self.booted)
        monkeypatch.setattr(_kernel, "pid_of", lambda name, _run: self.pids().get(name))
        # Ticks are seconds since boot here.
        monkeypatch.setattr(_kernel, "age", lambda started: self.now - self.booted - started)
        self.file.write_text("# a comment\ntable 88\narp eth0\n")
        self.neighbors = []
        monkeypatch.setattr(_announcement._arp, "announce", lambda *words: self.neighbors.append(words))
        self.announcement = self.another()

    def another(self):
        made = _announcement.Announcement(str(self.file), "/run")
        made.load(self.sessions)
        return made

    def name(self, index):
        if index not in self.links:
            raise OSError
        return self.links[index]

    def pids(self):
        return {f"ppp{pid - 1000}": pid for pid in self.sessions}

    def dial(self, index, *prefixes, since=0, instance="default"):
        """A session that began some seconds after the first."""
        self.sessions[index + 1000] = _book.Session(index + 1000, 900 + since, 0.0, instance)
        self.route(index, *prefixes)

    def route(self, index, *prefixes):
        self.links[index] = f"ppp{index}"
        for prefix in prefixes:
            found = Route(ipaddress.ip_network(prefix), index)
            self.kernel.main.add(found)
            self.kernel.events.append(Event(True, found))

    def look(self):
        return self.announcement.look(self.sessions)

    def announced(self):
        """The prefixes by link."""
        return sorted((one.index, str(one.prefix)) for one in self.kernel.ours)

    def metrics(self):
        return {one.index: one.metric for one in self.kernel.ours}


@pytest.fixture
def host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def test_a_session_and_all_that_leads_to_it(host):
    host.dial(1, "10.0.0.7/32", "2001:db8:7::/48")
    assert host.look() is False
    host.route(1, "10.9.0.0/24")
    host.look()
    assert host.announced() == [(1, "10.0.0.7/32"), (1, "10.9.0.0/24"), (1, "2001:db8:7::/48")]
    assert set(host.metrics().values()) == {_stamp.metric(NOW - 100, NOW)}


def test_the_newest_has_the_smallest_metric(host):
    host.dial(1, "10.0.0.7/32")
    host.dial(2, "10.0.0.7/32", since=1)
    host.look()
    metrics = host.metrics()
    assert metrics[2] == metrics[1] - 1


def test_a_prefix_that_leaves_a_session(host):
    host.dial(1, "10.0.0.7/32", "2001:db8:7::/48")
    host.look()
    host.kernel.events.append(Event(False, Route(ipaddress.ip_network("2001:db8:7::/48"), 1, 1024)))
    host.look()
    assert host.announced() == [(1, "10.0.0.7/32")]


def test_what_is_no_session_of_an_instance(host):
    host.dial(1, "10.0.0.7/32", instance=None)
    host.links[2] = "eth0"
    host.kernel.events.append(Event(True, Route(ipaddress.ip_network("192.0.2.0/24"), 2)))
    host.kernel.events.append(Event(True, Route(ipaddress.ip_network("10.0.0.8/32"), 99)))
    assert host.look() is False
    assert host.announced() == []


def test_a_link_whose_session_is_known_later(host):
    host.route(1, "10.0.0.7/32")
    assert host.look() is True
    host.dial(1)
    assert host.look() is True
    assert host.announced() == []
    host.monotonic += _announcement.SOON
    assert host.look() is False
    assert host.announced() == [(1, "10.0.0.7/32")]


def test_a_link_that_is_nobodys(host):
    host.route(1, "10.0.0.7/32")
    looks = 0
    while host.look():
        looks, host.monotonic = looks + 1, host.monotonic + _announcement.SOON
    assert (looks, host.announced()) == (_announcement.ATTEMPTS, [])


def test_another_manager_changes_nothing_of_living_sessions(host):
    host.dial(1, "10.0.0.7/32")
    host.look()
    before = set(host.kernel.ours)
    host.now += 3600.6
    host.kernel.ours.add(Route(ipaddress.ip_network("10.0.0.9/32"), 8, 5))
    host.announcement = host.another()
    assert host.kernel.ours == before


def test_lost_events(host):
    host.dial(1, "10.0.0.7/32")
    host.kernel.events = None
    host.look()
    assert host.announced() == [(1, "10.0.0.7/32")]


def test_a_clock_that_is_set(host):
    host.dial(1, "10.0.0.7/32")
    host.look()
    host.now, host.booted = host.now + 86400, host.booted + 86400
    host.look()
    assert host.metrics() == {1: _stamp.metric(NOW + 86400 - 100, NOW + 86400)}


def test_another_era(host):
    host.dial(1, "10.0.0.7/32")
    host.look()
    host.now += _stamp.WORST
    host.dial(2, "10.0.0.8/32", since=_stamp.WORST)
    host.look()
    assert host.metrics()[1] == _stamp.WORST
    assert host.metrics()[2] < _stamp.WORST


def test_nothing_is_announced_any_more(host):
    host.dial(1, "10.0.0.7/32")
    host.look()
    host.file.unlink()
    host.announcement.load(host.sessions)
    assert (host.announced(), host.announcement.fileno(), host.kernel.closed) == ([], None, 1)
    assert host.look() is False


def test_another_table(host):
    host.dial(1, "10.0.0.7/32")
    host.look()
    host.file.write_text("table 77\n")
    host.announcement.load(host.sessions)
    assert (host.announced(), host.kernel.table) == ([(1, "10.0.0.7/32")], 77)


def test_neighbors_learn_of_an_address_once(host):
    host.dial(1, "10.0.0.7/32", "10.9.0.0/24", "2001:db8:7::/48")
    host.look()
    host.announcement = host.another()
    assert host.neighbors == [("eth0", "10.0.0.7")]
