"""Each mistake in plans and accounts, and the whole message: where it is, what is wrong, and what to do."""

from __future__ import annotations

import datetime

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _check as _plans_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _probe as _plans_probe
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_plans as _server_session_plans


def plans(plan, pools=()):
    return lambda: _plans_check.plans("plans", {"home": plan}, pools)


def accounts(*entries):
    def checked():
        found = _plans_check.accounts(entries, "accounts[{}]".format)
        text = _plans_grant.accounts_text(found).decode()
        _plans_check.table("accounts", text, ["home", "fast"], None)

    return checked


def default():
    _plans_check.table("accounts", "", ["home"], "fats")


def faster_than_the_interface():
    found = _plans_check.plans("plans", {"home": {"rate": {"download": "2G"}}})
    _plans_check.within("plans", found, {"eth1": 1_000_000_000})


DIRECTION = "Give {download: 20M, upload: 5M}, from the customer's point of view; without one there is no limit."
MOMENT = "Give a date, which begins at 00:00 UTC, or a time with its zone, such as 2026-12-31T18:00:00+01:00."
UNIT = "Give a number and k, M or G, for bit/s, such as 20M."


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            plans({"rate": "20M/5M"}),
            f"plans.home.rate: '20M/5M' does not say which direction it is for. {DIRECTION}",
        ),
        (plans({"rate": {"rx": "20M"}}), f"plans.home.rate: ['rx'] are not download and upload. {DIRECTION}"),
        (
            plans({"rate": {"download": 20}}),
            f"plans.home.rate.download: 20 is not a rate with its unit. {UNIT}",
        ),
        (
            plans({"rate": {"upload": "20Mbit"}}),
            f"plans.home.rate.upload: '20Mbit' is not a rate with its unit. {UNIT}",
        ),
        (
            plans({"rate": {"upload": "0M"}}),
            "plans.home.rate.upload: 0M is out of range. Give 64k to 10G, or leave it out for no limit.",
        ),
        (
            faster_than_the_interface,
            "plans.home.rate.download: 2000000000 bit/s are more than eth1 has, 1000000000 bit/s. "
            "Correct the rate, or leave it out.",
        ),
        (
            plans({"pool": "busines"}, ["business"]),
            "plans.home.pool: there is no pool 'busines'. Defined are: business.",
        ),
        (plans({"pool": "business"}), "plans.home.pool: there is no pool 'business'. Defined are: none."),
        (
            accounts({"name": "cmz", "plan": "fats"}),
            "accounts: the account cmz has the plan 'fats', which is not defined. Defined are: home, fast.",
        ),
        (default, "default_plan: there is no plan 'fats'. Defined are: home."),
        (
            accounts({"name": "cmz", "plan": "home"}, {"name": "cmz", "plan": "fast"}),
            "accounts[1]: cmz has another plan or rate in accounts[0]. Give an account one plan.",
        ),
        (
            accounts({"name": "cmz", "plan": ["home", "fast"]}),
            "accounts[0].plan: ['home', 'fast'] is not the name of a plan. Name one of the plans, in quotes.",
        ),
        (
            accounts({"name": "cmz", "expires": "31.12.2026"}),
            f"accounts[0].expires: 31.12.2026 is neither a date nor a time with its zone. {MOMENT}",
        ),
        (
            accounts({"name": "cmz", "expires": "2026-12-31T18:00"}),
            f"accounts[0].expires: 2026-12-31T18:00 is neither a date nor a time with its zone. {MOMENT}",
        ),
        # As YAML makes of a time without quotes and zone.
        (
            accounts({"name": "cmz", "expires": datetime.datetime(2026, 12, 31, 18)}),
            f"accounts[0].expires: 2026-12-31 18:00:00 is neither a date nor a time with its zone. {MOMENT}",
        ),
        (
            accounts({"name": "cmz", "expires": "2026-02-30"}),
            f"accounts[0].expires: there is no 2026-02-30. {MOMENT}",
        ),
        (
            accounts({"name": "cmz", "expires": "1969-12-31"}),
            f"accounts[0].expires: 1969-12-31 is before 1970. {MOMENT}",
        ),
        (
            accounts({"name": "cmz", "expires": 20261231}),
            f"accounts[0].expires: 20261231 is neither a date nor a time with its zone. {MOMENT}",
        ),
        (
            lambda: _plans_check.moments("accounts", range(5001)),
            "accounts: with a walled garden, accounts can expire at 5000 different times, not 5001. "
            "Give days or full hours.",
        ),
    ],
)
def test_the_message(check, message):
    with pytest.raises(Refused) as caught:
        check()
    assert str(caught.value) == message


@pytest.mark.parametrize("value", ["5M/20M 10M/40M 4M/16M 8/8", "5M/20M 0/0 0/0 0/0 8", "5M/20M 10M/40M"])
def test_bursts_are_said_and_never_half_kept(value):
    with pytest.raises(ValueError, match="asks for bursts or a priority, which are not supported"):
        _plans_attributes.rates("Mikrotik-Rate-Limit", {"Mikrotik-Rate-Limit": value})


@pytest.mark.parametrize(
    ("plan", "lacks", "needs"),
    [
        ({}, "sch_tbf", "queue=fq_codel upload_by=police"),
        ({"queue": "cake"}, "sch_cake", "queue=cake upload_by=police"),
        ({"upload_by": "shape"}, "ifb", "queue=fq_codel upload_by=shape"),
    ],
)
def test_a_kernel_without_a_queue_is_told_by_its_module(monkeypatch, plan, lacks, needs):
    monkeypatch.setattr(_plans_probe, "missing", lambda shapes: lacks)
    found = _plans_check.plans("plans", {"home": plan})
    tables = _plans_grant.tables(_plans_grant.plans_text(found, None, None), b"")
    problem = _server_session_plans._kernel_problem(tables)
    assert problem == f"the kernel of this host does not have {lacks}, which {needs} needs."


@pytest.mark.parametrize(
    ("accounts", "attribute", "asked"),
    [
        ({"a": _plans_grant.PlanAccount(enabled=False, expires=5)}, None, False),
        ({"a": _plans_grant.PlanAccount(upload=5_000_000)}, None, True),
        ({}, "Filter-Id", True),
    ],
)
def test_the_kernel_is_asked_only_if_there_are_rates(monkeypatch, accounts, attribute, asked):
    monkeypatch.setattr(_plans_probe, "missing", lambda shapes: "sch_tbf")
    text = _plans_grant.plans_text({}, None, attribute)
    tables = _plans_grant.tables(text, _plans_grant.accounts_text(accounts))
    assert (_server_session_plans._kernel_problem(tables) is not None) == asked


class Module:
    """A run of pppoe_plans that may write nothing."""

    check_mode, _diff = False, True

    def __init__(self, **params):
        self.params = {"name": "default", "state": "present", "plans": {"home": {"rate": {"download": "20M"}}},
                       "pools": {}, "walled_garden": None, "default_plan": None, "accounts": [], "accounts_src": None,
                       "rate_attribute": None, "interfaces": [], "require_kernel": True, **params}  # fmt: skip


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {},
            "plans: the kernel of this host does not have sch_tbf, which queue=fq_codel upload_by=police needs. "
            "Install this module of the kernel, or choose others.",
        ),
        ({"default_plan": "fats"}, "default_plan: there is no plan 'fats'. Defined are: home."),
        (
            {"accounts": [{"name": "cmz", "expires": "soon"}]},
            f"accounts[0].expires: soon is neither a date nor a time with its zone. {MOMENT}",
        ),
    ],
)
def test_nothing_is_written_before_all_is_checked(monkeypatch, params, message):
    monkeypatch.setattr(_plans_probe, "missing", lambda shapes: "sch_tbf")
    monkeypatch.setattr(_server_session_plans._root, "require_root", lambda what: None)
    for name in ("write", "changes"):
        monkeypatch.setattr(_server_session_plans._files, name, lambda *_any: pytest.fail("it writes"))
    monkeypatch.setattr(_server_session_plans, "apply", lambda *_any: pytest.fail("it changes sessions"))
    with pytest.raises(Refused) as caught:
        _server_session_plans.run(Module(**params))
    assert str(caught.value) == message
