"""What the manager does about plans, with sessions that are made up and rates that go nowhere."""

from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _basics,
    _book,
    _grants,
    _kernel,
    _names,
    _pools,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import PlanAccount, Shape

PLANS = {
    "home": {"download": 20_000_000, "upload": 5_000_000},
    "hour": {"session_timeout": 3600},
    "second": {"session_timeout": 1},
    "little": {"volume": 1000},
    "idle": {"idle_timeout": 60},
}
ACCOUNTS = {
    "off": PlanAccount(enabled=False),
    "locked": PlanAccount("home", mac="02:00:00:00:00:01"),
    **{name: PlanAccount(name) for name in PLANS},
}


class Host:
    """``shapes``: the rates that interfaces were given; ``counters``: their bytes."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.shapes, self.names, self.aliases = folder, [], {}, {}
        for name in ("etc", "run", "net"):
            (folder / name).mkdir()
        monkeypatch.setattr(_plans_shaping, "apply", lambda name, before, shape: self.shapes.append((name, shape)))
        monkeypatch.setattr(_names, "accounts", lambda pids, run: {pid: self.names[pid] for pid in pids})
        monkeypatch.setattr(_grants, "_LINKS", str(folder / "net"))
        monkeypatch.setattr(_kernel, "age", lambda started: 3000.0)
        self.said = []
        self.book = _book.Book()
        self.pools = _pools.Pools(self.book, str(folder / "etc"), str(folder / "lanes"), self.read)
        monkeypatch.setattr(_grants._basics, "say", lambda line, _instance: self.said.append(line))
        self.grants = _grants.Grants(str(folder / "etc"), str(folder / "run"), self.pools)

    def read(self, path):
        return _basics.text(path), True

    def tables(self, default="home", attribute=None, plans=PLANS, accounts=ACCOUNTS):
        (self.folder / "etc" / "default.plans").write_bytes(_plans_grant.plans_text(plans, default, attribute))
        (self.folder / "etc" / "default.customers").write_bytes(_plans_grant.accounts_text(accounts))

    def session(self, number=1, up=True):
        interface = f"ppp{number}" if up else None
        return _book.Session(
            1000 + number, 5, 0.0, "default", str(number), "02:00:00:00:00:0A", "10.0.0.2", interface
        )  # fmt: skip

    def link(self, name, count=0, alias=""):
        (self.folder / "net" / name / "statistics").mkdir(parents=True, exist_ok=True)
        (self.folder / "net" / name / "ifalias").write_text(alias)
        for way in ("rx", "tx"):
            (self.folder / "net" / name / "statistics" / f"{way}_bytes").write_text(f"{count}\n")

    def look(self, *sessions):
        self.grants._looked = -1000.0
        return self.grants.look(sessions)


@pytest.fixture
def host(tmp_path, monkeypatch):
    return Host(tmp_path, monkeypatch)


def test_without_plans_nothing_is_done(host):
    assert not host.grants.has_plans("default")
    assert host.grants.begin(host.session(), "a", "ppp1") is None
    assert host.look(host.session()) == []
    assert host.shapes == []


@pytest.mark.parametrize(
    ("account", "shape"),
    [("anybody", Shape(20_000_000, 5_000_000, "home")), ("hour", Shape(None, None, "hour"))],
)
def test_a_session_gets_its_rates(host, account, shape):
    host.tables()
    assert host.grants.begin(host.session(), account, "ppp1") is None
    assert host.shapes == [("ppp1", shape)]


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("off", "the account off is disabled"),
        ("locked", "the account locked is for 02:00:00:00:00:01 only, and this is 02:00:00:00:00:0A"),
    ],
)
def test_who_is_refused(host, account, reason):
    host.tables()
    assert host.grants.begin(host.session(), account, "ppp1") == reason
    assert host.shapes == []


def test_a_mac_is_the_same_in_capitals(host):
    host.tables(accounts={"a": PlanAccount(mac="02:00:00:00:00:0a")})
    assert host.grants.begin(host.session(), "a", "ppp1") is None


def test_tables_that_change_count_from_the_next_question_on(host):
    host.tables()
    host.grants.begin(host.session(), "a", "ppp1")
    host.tables(default="hour")
    host.grants.begin(host.session(), "a", "ppp1")
    (host.folder / "etc" / "default.plans").write_text("{")
    host.grants.begin(host.session(), "a", "ppp1")
    assert [shape.plan for _name, shape in host.shapes] == ["home", "hour"]
    assert host.said[0].startswith("the plans of default cannot be read: ")


def test_the_rates_of_radius_count_more(host):
    host.tables(attribute="Filter-Id")
    (host.folder / "run" / "radattr.ppp1").write_text("Filter-Id 3000/1000\n")
    host.grants.begin(host.session(), "a", "ppp1")
    (host.folder / "run" / "radattr.ppp1").write_text("Filter-Id gold\n")
    host.grants.begin(host.session(), "a", "ppp1")
    # What a pppd that was killed has left is not this session's.
    os.utime(host.folder / "run" / "radattr.ppp1", (time.time() - 4000, time.time() - 4000))
    (host.folder / "run" / "radattr.ppp2").write_text("Filter-Id 3000/1000\n")
    os.utime(host.folder / "run" / "radattr.ppp2", (time.time() - 4000, time.time() - 4000))
    host.grants.begin(host.session(2), "a", "ppp2")
    assert [(shape.download, shape.upload) for _name, shape in host.shapes] == [
        (3_000_000, 1_000_000),
        (20_000_000, 5_000_000),
        (20_000_000, 5_000_000),
    ]
    assert "is not download/upload in kbit/s" in host.said[0]


def test_sessions_that_did_not_ask_get_their_rates_once(host):
    host.tables()
    host.names = {1001: "a", 1002: "hour"}
    host.link("ppp1")
    host.link("ppp2", alias=_plans_grant.alias(Shape(1, 1, "other")))
    sessions = [host.session(1), host.session(2), host.session(3, up=False)]
    for _look in range(2):
        assert host.look(*sessions) == []
    assert [name for name, _shape in host.shapes] == ["ppp1"]


@pytest.mark.parametrize(
    ("account", "count", "reason"),
    [
        ("second", 0, "it has lasted for 1 seconds, the limit of its plan"),
        ("hour", 0, None),
        ("little", 499, None),
        ("little", 500, "it has transferred 1000 bytes, the limit of its plan"),
    ],
)
def test_limits(host, account, count, reason):
    host.tables()
    host.link("ppp1", count)
    session = host.session()
    host.grants.begin(session, account, "ppp1")
    assert host.look(session) == ([(session, reason)] if reason else [])


def test_a_session_that_is_idle_for_long_is_ended(host, monkeypatch):
    host.tables()
    session, now = host.session(), [100.0]
    monkeypatch.setattr(_grants.time, "monotonic", lambda: now[0])
    host.grants.begin(session, "idle", "ppp1")
    found = []
    for at, count in ((100, 0), (159, 0), (160, 7), (219, 7), (220, 7)):
        now[0] = float(at)
        host.link("ppp1", count)
        found.append(bool(host.look(session)))
    assert found == [False, False, False, False, True]


def test_a_device_of_a_session_that_is_gone_is_removed(host, monkeypatch):
    removed = []
    monkeypatch.setattr(_plans_shaping, "remove_device", removed.append)
    host.tables()
    for name in ("ppp1", "ifb-ppp1", "ifb-ppp2", "ifb0", "ifb-mine", "eth1"):
        host.link(name)
    host.look()
    assert removed == ["ppp2"]


def test_the_age_of_this_process():
    assert 0 <= _kernel.age(_kernel.started(os.getpid())) < 3600 * 24


def test_a_pool_of_the_plan_and_the_walled_garden(host):
    pools = {name: {"addresses": [address], "next": None, "options": []} for name, address in (
        ("business", "10.1.0.2"), ("walled-garden", "10.99.0.2"))}  # fmt: skip
    (host.folder / "etc" / "default.pools").write_text(json.dumps(pools))
    host.book.set_pool("default", ["10.0.0.2"])
    accounts = {
        "firm": PlanAccount("firm"),
        "off": PlanAccount(enabled=False),
        "both": PlanAccount("firm", enabled=False),
    }
    text = _plans_grant.plans_text({"firm": {"pool": "business"}}, None, None, garden=True)
    (host.folder / "etc" / "default.plans").write_bytes(text)
    (host.folder / "etc" / "default.customers").write_bytes(_plans_grant.accounts_text(accounts))

    def begin(account, address):
        session = host.session()
        session.address = address
        return host.grants.begin(session, account, "ppp1")

    assert begin("firm", "10.1.0.2") is begin("plain", "10.0.0.2") is begin("off", "10.99.0.2") is None
    assert begin("both", "10.99.0.2") is begin("firm", "172.16.0.1") is None
    assert begin("firm", "10.0.0.2") == "10.0.0.2 is not of the pool business, which is that of its account"
    disabled = "is disabled, and {} is not an address of the walled garden"
    assert begin("off", "10.0.0.2").endswith(disabled.format("10.0.0.2"))
    assert begin("off", "172.16.0.1").endswith(disabled.format("172.16.0.1"))

    def look(account, address):
        session = host.session()
        session.address = address
        host.link("ppp1")
        host.grants.begin(session, account, "ppp1")
        return [reason for _session, reason in host.look(session)]

    assert look("off", "10.99.0.2") == look("firm", "10.1.0.2") == look("firm", "10.0.0.2") == []
    (host.folder / "etc" / "default.customers").write_bytes(_plans_grant.accounts_text({}))
    assert look("off", "10.99.0.2") == [
        "its account is enabled again, and the next session is outside of the walled garden"
    ]


def test_an_account_that_expires(host, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(_grants.time, "time", lambda: now[0])
    host.tables(accounts={"guest": PlanAccount("home", expires=2000)})
    session = host.session()
    host.link("ppp1")
    assert host.grants.begin(session, "guest", "ppp1") is None
    assert host.look(session) == []
    now[0] = 2000.0
    expired = "has expired (1970-01-01T00:33:20Z)"
    assert host.look(session) == [(session, f"its account {expired}")]
    assert host.grants.begin(session, "guest", "ppp1") == f"the account guest {expired}"


def test_an_account_that_expires_goes_to_the_walled_garden(host, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(_grants.time, "time", lambda: now[0])
    pools = {"walled-garden": {"addresses": ["10.99.0.2"], "next": None, "options": ["noipv6"]}}
    (host.folder / "etc" / "default.pools").write_text(json.dumps(pools))
    host.book.set_pool("default", ["10.0.0.2"])
    text = _plans_grant.plans_text({}, None, None, garden=True, expiries=[2000, 3000])
    (host.folder / "etc" / "default.plans").write_bytes(text)
    (host.folder / "etc" / "default.customers").write_bytes(
        _plans_grant.accounts_text({"guest": PlanAccount(expires=2000)})
    )

    def files():
        return {path.name: path.read_text() for path in (host.folder / "lanes").iterdir()}

    session, walled = host.session(), host.session(2)
    walled.address = "10.99.0.2"
    host.link("ppp1")
    host.link("ppp2")
    host.grants.expect("default")
    assert files() == {"until-2000": "", "until-3000": ""}
    assert host.grants.begin(session, "guest", "ppp1") is None
    now[0] = 2000.0
    # Before anybody dials, and at each look.
    host.grants.expect("default")
    assert files() == {"until-2000": "file pool-walled-garden\n", "until-3000": ""}
    now[0] = 3000.0
    assert [reason for _one, reason in host.look(session)] == ["its account has expired (1970-01-01T00:33:20Z)"]
    assert files()["until-3000"] == "file pool-walled-garden\n"
    assert host.grants.begin(walled, "guest", "ppp2") is None
    assert host.look(walled) == []
    # Another manager finds them as they are, and moments that nobody has any more go.
    (host.folder / "etc" / "default.plans").write_bytes(_plans_grant.plans_text({}, None, None, garden=True))
    host.grants.expect("default")
    assert files() == {}


def test_the_pool_that_radius_names(host):
    pools = {name: {"addresses": [address], "next": None, "options": []} for name, address in (
        ("business", "10.1.0.2"), ("walled-garden", "10.99.0.2"))}  # fmt: skip
    (host.folder / "etc" / "default.pools").write_text(json.dumps(pools))
    host.book.set_pool("default", ["10.0.0.2"])
    (host.folder / "etc" / "default.plans").write_bytes(_plans_grant.plans_text({}, None, None, garden=True))
    file = host.folder / "run" / "radattr.ppp1"
    host.link("ppp1")

    def begin(pool, address):
        file.write_text(f"Framed-Pool {pool}\n")
        session = host.session()
        session.address = address
        reason = host.grants.begin(session, "a", "ppp1")
        # At its look, the file may be gone.
        file.unlink()
        return reason, host.look(session)

    assert begin("business", "10.1.0.2") == begin("walled-garden", "10.99.0.2") == (None, [])
    assert begin("business", "10.0.0.2")[0] == "10.0.0.2 is not of the pool business, which is that of its account"
    assert begin("walled-garden", "10.0.0.2")[0].startswith("10.0.0.2 is not of the pool walled-garden")
    # An address that RADIUS gives itself.
    assert begin("business", "172.16.0.1") == (None, [])
