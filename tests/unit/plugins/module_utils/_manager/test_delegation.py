"""Which routes sessions get, with a kernel and sessions that are made up, and with the real table on a disk."""

from __future__ import annotations

import dataclasses
import ipaddress
import os

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes, _settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._prefixes import Prefix
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._routes import (
    DELEGATED,
    FRAMED,
    UNUSED,
    Event,
    Link,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _book, _delegation, _kernel, _names, _table

FRAMED_POOL, DELEGATED_POOL = Prefix("2001:db8:1::/48"), Prefix("2001:db8:100::/40")
SETTINGS = _settings.Settings(2, (FRAMED_POOL,), (DELEGATED_POOL,), 56, (ipaddress.IPv6Address("2001:db8::53"),))


class Kernel:
    """Routes in memory; ``events``: what is reported next."""

    def __init__(self):
        self.table, self.events, self.links = {}, [], {}

    def open(self, _groups):
        return self

    def fileno(self):
        return 0

    def routes(self):
        return list(self.table.values())

    def with_address(self):
        return list(self.links)

    def changes(self):
        events, self.events = self.events, []
        return events

    def add(self, route):
        assert route.index == 0 or route.index in self.links
        # The kernel keeps several of different metrics: the way to nowhere counts last.
        assert self.key(route) not in self.table, "a prefix leads to one link"
        self.table[self.key(route)] = route

    def delete(self, route):
        self.table.pop(self.key(route), None)

    def key(self, route):
        return route.prefix, route.protocol == UNUSED


class Host:
    def __init__(self, folder, monkeypatch):
        self.folder, self.kernel, self.said, self.names = folder, Kernel(), [], {}
        self.sessions, self.now, self.recorded = {}, 100.0, []
        (folder / "etc").mkdir()
        monkeypatch.setattr(_routes, "Kernel", self.kernel.open)
        monkeypatch.setattr(_delegation.socket, "if_indextoname", self.name)
        monkeypatch.setattr(_kernel, "pid_of", lambda name, run: int(name[3:]) + 1000 if name in self.pids() else None)
        monkeypatch.setattr(_kernel, "age", lambda started: 50.0)
        monkeypatch.setattr(
            _names, "accounts", lambda pids, run: {pid: self.names[pid] for pid in pids & {*self.names}}
        )
        monkeypatch.setattr(_delegation._basics, "say", lambda line, instance: self.said.append(line))
        monkeypatch.setattr(_delegation.time, "monotonic", lambda: self.now)
        #: The pids of those who are in the walled garden.
        self.walled = set()
        self.delegation = self.another()

    def another(self):
        """Another manager of the same host."""
        folders = [str(self.folder / name) for name in ("etc", "lib", "run")]
        return _delegation.Delegation(*folders, self.record, lambda session: session.pid in self.walled)

    def record(self, session, prefix, new):
        self.recorded.append((session.pid, str(prefix), new))

    def accounts(self, pids, _run):
        return {pid: self.names[pid] for pid in pids if pid in self.names}

    def pids(self):
        return {f"ppp{pid - 1000}" for pid in self.sessions}

    def name(self, index):
        if index not in self.kernel.links:
            raise OSError
        return self.kernel.links[index]

    def configure(self, settings=SETTINGS, own=b"", name="default"):
        (self.folder / "etc" / f"{name}.ipv6").write_bytes(_settings.text(settings))
        (self.folder / "etc" / f"{name}.ipv6-accounts").write_bytes(own)
        self.delegation.load()

    def dial(self, number, account="cmz", instance="default"):
        """A session whose IPv6CP is up: its link has the number as index and in its name."""
        session = _book.Session(number + 1000, 1, 0.0, instance)
        self.sessions[session.pid] = session
        if account:
            self.names[session.pid] = account
        self.kernel.links[number] = f"ppp{number}"
        self.kernel.events.append(Event(True, number))
        return self.look()

    def end(self, number):
        del self.sessions[number + 1000], self.kernel.links[number]
        gone = [route for route in self.kernel.table.values() if route.index == number]
        for route in gone:
            self.kernel.delete(route)
        self.kernel.events.append(Event(False, Link(number, f"ppp{number}", 1492)))
        self.look()

    def look(self):
        return self.delegation.look(self.sessions)

    def of(self, number):
        """The framed and the delegated prefix of a link."""
        found = {route.protocol: str(route.prefix) for route in self.kernel.table.values() if route.index == number}
        return found.get(FRAMED), found.get(DELEGATED)

    def given(self):
        path = self.folder / "lib" / "default.prefixes"
        return path.read_text().splitlines()[1:] if path.exists() else []


@pytest.fixture
def host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def test_without_settings_nothing_is_asked_of_the_kernel(host):
    host.delegation.load()
    host.dial(1)
    assert host.delegation.fileno() is None
    assert host.kernel.table == {}


def test_a_session_gets_its_prefixes_and_keeps_them(host):
    host.configure()
    assert host.dial(1) is False
    framed, delegated = host.of(1)
    assert Prefix(framed).subnet_of(FRAMED_POOL)
    assert Prefix(framed).prefixlen == 64
    assert Prefix(delegated).subnet_of(DELEGATED_POOL)
    assert Prefix(delegated).prefixlen == 56
    assert {route.slot for route in host.kernel.table.values() if route.index} == {2}
    assert host.given() == [f"{framed} {delegated} cmz"]
    host.end(1)
    assert host.of(1) == (None, None)
    host.dial(2)
    assert host.of(2) == (framed, delegated)
    assert len(host.given()) == 1


def test_who_had_which_prefix_is_recorded(host):
    host.configure()
    host.dial(1)
    framed, delegated = host.of(1)
    assert host.recorded == [(1001, delegated, True), (1001, framed, True)], "a router may ask at once"
    # The newest session of the account takes them; what ends with its link needs no word.
    del host.recorded[:]
    host.dial(2)
    assert host.recorded == [
        (1001, delegated, False), (1002, delegated, True), (1001, framed, False), (1002, framed, True),
    ]  # fmt: skip
    del host.recorded[:]
    host.end(2)
    assert host.recorded == [(1001, delegated, True), (1001, framed, True)]
    host.kernel.events.append(Event(False, 1))
    host.look()
    assert host.recorded[2:] == [(1001, delegated, False), (1001, framed, False)]


def test_prefixes_are_counted(host):
    host.configure(_settings.Settings(2, (Prefix("2001:db8:1::/63"),), (), 56))
    assert host.delegation.counts() == {"default": {"framed": 0, "delegated": 0, "missing": 0}}
    for number in range(1, 4):
        host.dial(number, f"user{number}")
    assert host.delegation.counts() == {"default": {"framed": 2, "delegated": 0, "missing": 1}}
    host.end(3)
    assert host.delegation.counts() == {"default": {"framed": 2, "delegated": 0, "missing": 0}}


def test_what_nobody_has_leads_nowhere(host):
    host.configure(own=b"- 2001:db8:9::/48 a\n- 2001:db8:100::/56 b\n")
    nowhere = {str(route.prefix) for route in host.kernel.table.values() if route.protocol == UNUSED}
    assert nowhere == {str(FRAMED_POOL), str(DELEGATED_POOL), "2001:db8:9::/48"}
    (host.folder / "etc" / "default.ipv6").unlink()
    host.delegation.load()
    assert host.kernel.table == {}


def test_another_manager_changes_nothing(host):
    host.configure()
    for number in range(1, 41):
        host.dial(number, f"user{number}")
    before = dict(host.kernel.table)
    host.kernel.add = host.kernel.delete = None
    host.delegation = host.another()
    host.delegation.load()
    assert host.look() is False
    assert host.kernel.table == before


def test_a_session_whose_account_is_said_later(host):
    host.configure()
    assert host.dial(1, account=None) is True
    host.names[1001] = "cmz"
    assert host.look() is True, "not at once again"
    host.now += 1
    assert host.look() is False
    assert host.of(1) != (None, None)


def test_who_never_says_his_account_has_none(host):
    host.configure()
    host.dial(1, account=None)
    for _turn in range(_delegation.ATTEMPTS):
        host.now += 1
        host.look()
    assert host.of(1) == (None, None)
    assert host.look() is False
    assert "ppp1 gets no IPv6 prefix" in host.said[0]


def test_only_sessions_of_instances_with_prefixes(host):
    host.configure()
    host.dial(1, instance="other")
    host.kernel.links[2] = "eth0"
    host.kernel.events.append(Event(True, 2))
    assert host.look() is False
    assert [host.of(number) for number in (1, 2)] == [(None, None)] * 2


def test_the_newest_session_of_an_account_has_its_prefixes(host):
    host.configure()
    host.dial(1)
    prefixes = host.of(1)
    host.dial(2)
    assert (host.of(1), host.of(2)) == ((None, None), prefixes)
    host.end(2)
    assert host.of(1) == prefixes, "the former one has them again"


def test_ipv6cp_that_ends_takes_the_routes_along(host):
    host.configure()
    host.dial(1)
    host.kernel.events.append(Event(False, 1))
    host.look()
    assert host.of(1) == (None, None)
    host.kernel.events.append(Event(True, 1))
    host.look()
    assert host.of(1) != (None, None)


def test_other_settings_hold_at_once(host):
    host.configure()
    host.dial(1)
    host.dial(2, "other")
    taken = host.of(2)
    host.configure(own=f"2001:db8:7::/64 {taken[1]} cmz\n".encode())
    host.look()
    assert host.of(1) == ("2001:db8:7::/64", taken[1])
    assert host.of(2)[0] == taken[0]
    assert host.of(2)[1] not in (None, taken[1])
    host.configure(_settings.Settings(2))
    host.look()
    assert (host.of(1), host.of(2)) == ((None, None), (None, None))


def test_the_table_says_what_sessions_have_when_networks_are_taken_away_and_given_back(host):
    host.configure()
    for number, account in enumerate(("cmz", "other", "third"), 1):
        host.dial(number, account)
    before = [host.of(number) for number in (1, 2, 3)]
    table = host.folder / "lib" / "default.prefixes"
    # One is left for all of them.
    host.configure(dataclasses.replace(SETTINGS, delegated=(Prefix("2001:db8:1ff:ff00::/56"),)))
    host.look()
    left = [host.of(number) for number in (1, 2, 3)]
    assert sorted(str(one[1]) for one in left) == ["2001:db8:1ff:ff00::/56", "None", "None"]
    assert [one[0] for one in left] == [one[0] for one in before]
    for _again in range(2):
        host.configure()
        host.look()
        after = [host.of(number) for number in (1, 2, 3)]
        # Who got it keeps it; the others have what they had.
        assert after == [one if one[1] else former for one, former in zip(left, before)]
        lines = [line.split() for line in table.read_text().splitlines()[1:]]
        assert sorted(lines, key=lambda line: line[2]) == [
            [*one, name] for one, name in zip(after, ("cmz", "other", "third"))
        ]
    assert oct(table.stat().st_mode)[-3:] == "600"


def test_an_exhausted_pool_is_said(host):
    host.configure(_settings.Settings(2, (Prefix("2001:db8:1::/64"),), (), 56))
    host.dial(1)
    host.dial(2, "other")
    assert host.of(1) == ("2001:db8:1::/64", None)
    assert host.of(2) == (None, None)
    assert host.said == ["ppp2: no /64 for a session is left in the IPv6 prefixes of default, so other has none"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Framed-IPv6-Prefix 2001:db8:f::/64\n", ("2001:db8:f::/64", "table")),
        (
            "Framed-IPv6-Prefix 2001:db8:f::/64\nDelegated-IPv6-Prefix 2001:db8:e00::/56\n",
            ("2001:db8:f::/64", "2001:db8:e00::/56"),
        ),
        ("Framed-IPv6-Prefix 2001:db8:f::/60\n", ("table", "table")),
        ("Delegated-IPv6-Prefix x\n", ("table", "table")),
    ],
)
def test_what_radius_says_counts_more(host, text, expected):
    host.configure()
    (host.folder / "run").mkdir()
    (host.folder / "run" / "radattr.ppp1").write_text(text)
    host.dial(1)
    framed, delegated = host.given()[0].split()[:2] if host.given() else ("", "")
    table = (framed, delegated)
    assert host.of(1) == tuple(own if one == "table" else one for one, own in zip(expected, table))
    assert bool(host.said) is (expected == ("table", "table"))


def test_what_a_killed_pppd_has_left_is_not_read(host):
    host.configure()
    (host.folder / "run").mkdir()
    path = host.folder / "run" / "radattr.ppp1"
    path.write_text("Framed-IPv6-Prefix 2001:db8:f::/64\n")
    os.utime(path, (0, 0))
    host.dial(1)
    assert host.of(1)[0] != "2001:db8:f::/64"


def test_a_prefix_that_radius_gives_twice_stays_with_the_first(host):
    host.configure()
    (host.folder / "run").mkdir()
    for number in (1, 2):
        (host.folder / "run" / f"radattr.ppp{number}").write_text("Delegated-IPv6-Prefix 2001:db8:e00::/56\n")
    host.dial(1)
    host.dial(2, "other")
    assert (host.of(1)[1], host.of(2)[1]) == ("2001:db8:e00::/56", None)
    assert host.said == ["other does not get the IPv6 prefix 2001:db8:e00::/56, since cmz has it"]
    host.end(1)
    assert host.of(2)[1] == "2001:db8:e00::/56"


def test_a_line_after_one_that_was_cut(tmp_path):
    path = str(tmp_path / "lib" / "default.prefixes")
    _table.append(path, "2001:db8::/64 - a\n")
    with open(path, "a", encoding="ascii") as handle:
        handle.write("2001:db8:1::/64 - b")
    table = _table.Table(SETTINGS, "", path, "default")
    framed, _delegated = table.of("c")
    with open(path, encoding="ascii") as handle:
        assert handle.read().splitlines()[1:4:2] == ["2001:db8::/64 - a", f"{framed} {_delegated} c"]
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_settings_that_cannot_be_read(host):
    host.configure()
    host.dial(1)
    (host.folder / "etc" / "default.ipv6").write_text("{")
    host.delegation.load()
    assert "the IPv6 settings of default cannot be read" in host.said[0]


def test_a_session_in_the_walled_garden_has_no_prefixes(host):
    host.configure()
    host.dial(1)
    assert None not in host.of(1)
    # RADIUS has given it an address of there, after its IPv6CP was up.
    host.walled.add(1001)
    host.delegation.again(1)
    host.look()
    assert host.of(1) == (None, None)
    host.walled.add(1002)
    host.dial(2)
    assert host.of(2) == (None, None)
