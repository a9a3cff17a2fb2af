"""What a user may write of plans and accounts."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _check as _plans_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans._grant import PlanAccount


@pytest.mark.parametrize(("text", "rate"), [("64k", 64_000), ("20M", 20_000_000), ("2.5M", 2_500_000), ("1G", 10**9)])
def test_a_rate_has_a_unit(text, rate):
    assert _plans_check.rate("rate", text) == rate


@pytest.mark.parametrize("value", ["20", 20, "20m", "20Mbit", "0k", "63k", "11G", "20M/5M", "-5M", "", None, True])
def test_what_is_no_rate_is_refused(value):
    with pytest.raises(Refused, match=r"^plans.home.rate.download: "):
        _plans_check.plans("plans", {"home": {"rate": {"download": value}}})


@pytest.mark.parametrize("value", ["20M/5M", "20M", {}, {"rx": "20M"}, {"down": "5M"}, None, 5])
def test_a_rate_names_its_direction(value):
    with pytest.raises(Refused, match=r"^plans.home.rate: .*download"):
        _plans_check.plans("plans", {"home": {"rate": value}})


def test_a_plan_with_everything():
    plan = {"rate": {"download": "20M", "upload": "5M"}, "queue": "cake", "upload_by": "shape", "volume": "50GB"}
    plan.update(session_timeout=86400, idle_timeout="600")
    assert _plans_check.plans("plans", {"home": plan, "free": {}}) == {
        "home": {
            "download": 20_000_000,
            "upload": 5_000_000,
            "queue": "cake",
            "upload_by": "shape",
            "session_timeout": 86400,
            "idle_timeout": 600,
            "volume": 50 * 10**9,
        },
        "free": {"queue": "fq_codel", "upload_by": "police", "session_timeout": 0, "idle_timeout": 0, "volume": 0},
    }


@pytest.mark.parametrize(
    ("plans", "error"),
    [
        ([], "plans: is not a dictionary"),
        ({1: {}}, "plans: 1 is not the name"),
        ({"a b": {}}, "plans: 'a b' is not the name"),
        ({"home": None}, "plans.home: is not a dictionary"),
        ({"home": {"rates": {}}}, "plans.home: has the unknown key rates"),
        ({"home": {"queue": "htb"}}, "plans.home.queue: 'htb' is unknown. Give fq_codel or cake"),
        ({"home": {"session_timeout": True}}, "plans.home.session_timeout: True is not"),
        ({"home": {"idle_timeout": "10m"}}, "plans.home.idle_timeout: '10m' is not"),
        ({"home": {"volume": "50G"}}, "plans.home.volume: '50G' is not"),
        ({"home": {"volume": "0GB"}}, "plans.home.volume: '0GB' is not"),
    ],
)
def test_bad_plans_are_refused(plans, error):
    with pytest.raises(Refused) as caught:
        _plans_check.plans("plans", plans)
    assert str(caught.value).startswith(error)


def place(index):
    return f"accounts[{index}]"


def test_accounts_with_something_of_their_own():
    entries = [
        {"name": "plain", "secret": "x"},
        {"name": "jürgen", "plan": "home"},
        {"name": "cmz", "rate": {"download": "2M"}, "mac": "02:64:74:00:0A:02"},
        {"name": "late", "enabled": False},
        {"name": "gone", "plan": "home", "state": "absent"},
    ]
    assert _plans_check.accounts(entries, place) == {
        "jM-CM-<rgen": PlanAccount("home"),
        "cmz": PlanAccount(None, 2_000_000, mac="02:64:74:00:0a:02"),
        "late": PlanAccount(enabled=False),
    }


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"name": 12, "plan": "home"}, "accounts[0].name: is not text"),
        ({"name": "a", "plan": 20}, "accounts[0].plan: 20 is not the name"),
        ({"name": "a", "rate": "20M"}, "accounts[0].rate: '20M' does not say which direction"),
        ({"name": "a", "enabled": "no"}, "accounts[0].enabled: 'no' is not a boolean"),
        ({"name": "a", "mac": "02-64-74-00-01-02"}, "accounts[0].mac: '02-64-74-00-01-02' is not a MAC"),
    ],
)
def test_bad_accounts_are_refused(entry, error):
    with pytest.raises(Refused) as caught:
        _plans_check.accounts([entry], place)
    assert str(caught.value).startswith(error)


def test_an_account_has_one_plan():
    with pytest.raises(Refused, match=r"^accounts\[1\]: a has another plan or rate in accounts\[0\]"):
        _plans_check.accounts([{"name": "a", "plan": "home"}, {"name": "a", "plan": "fast"}], place)
    twice = [{"name": "a", "plan": "home", "server": "x"}, {"name": "a", "plan": "home", "server": "y"}]
    assert _plans_check.accounts(twice, place) == {"a": PlanAccount("home")}


def test_plans_that_nobody_has_defined_are_refused():
    text = _plans_grant.accounts_text({"a": PlanAccount("home"), "b": PlanAccount("fast")}).decode()
    _plans_check.table("accounts", text, ["home", "fast"], "home")
    with pytest.raises(Refused, match=r"^accounts: the account b has the plan 'fast', which is not defined"):
        _plans_check.table("accounts", text, ["home"], None)
    with pytest.raises(Refused, match=r"^default_plan: there is no plan 'slow'"):
        _plans_check.table("accounts", text, ["home", "fast"], "slow")


def test_a_plan_is_not_faster_than_the_wire():
    plans = _plans_check.plans("plans", {"home": {"rate": {"download": "200M"}}})
    _plans_check.within("plans", plans, {"eth1": 10**9})
    with pytest.raises(Refused, match=r"^plans.home.rate.download: 200000000 bit/s are more than eth2 has"):
        _plans_check.within("plans", plans, {"eth1": 10**9, "eth2": 10**8})


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-12-31", "2026-12-31T00:00:00Z"),
        (datetime.date(2026, 12, 31), "2026-12-31T00:00:00Z"),
        ("2026-12-31T18:00Z", "2026-12-31T18:00:00Z"),
        ("2026-12-31 18:00:07+01:00", "2026-12-31T17:00:07Z"),
        ("2026-12-31T23:30:00-05:30", "2027-01-01T05:00:00Z"),
        (datetime.datetime(2026, 12, 31, 18, tzinfo=datetime.timezone.utc), "2026-12-31T18:00:00Z"),
        ("1970-01-01", "1970-01-01T00:00:00Z"),
    ],
)
def test_when_an_account_expires(value, moment):
    assert _text.moment(_plans_check.expires("expires", value)) == moment
