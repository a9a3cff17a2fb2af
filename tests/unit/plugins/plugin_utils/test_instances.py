from __future__ import annotations

import pytest
import yaml
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _batch
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _instances, _instances_accounts, _role_variables
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

ROLE = REPOSITORY / "roles" / "pppoe_server"
OPTIONS = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEFAULTS = {
    name[len("pppoe_server_") :]: value
    for name, value in yaml.safe_load((ROLE / "defaults/main.yml").read_text()).items()
}
VALUES = {**DEFAULTS, "interfaces": ["eth1"], "outside_interface": "eth0", "local_address": "10.0.0.1"}


def test_each_variable_reaches_a_module_or_is_used_by_the_role():
    """A variable that nothing takes would be one that the user sets for nothing."""
    taken = {part.variable(name) for part in _instances.PARTS.values() for name in part.arguments}
    others = {
        "accounts",
        "accounts_src",
        "accounts_exclusive",
        "accounts_max_removals",
        "keep_accounts",
        "nat",
        "metrics",
    }
    # The engine is of the host, and the module of metrics takes it as well.
    assert set(DEFAULTS) - taken - others == set(_role_variables.OF_THE_HOST) - taken


def test_variables_are_the_defaults_of_entries():
    north, south = _instances.instances(
        {**VALUES, "mtu": 1400, "instances": [{"name": "n"}, {"name": "s", "mtu": 1500}]}
    )
    assert [_instances.parameters(one)["server"]["mtu"] for one in (north, south)] == [1400, 1500]
    assert (north.label("mtu"), south.label("mtu")) == ("pppoe_server_mtu", "pppoe_server_instances (s): mtu")


def parameters(values):
    return [_instances.parameters(one) for one in _instances.instances(values)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"instances": [{"name": "n"}, {"name": "n"}]}, "pppoe_server_instances[1].name: 'n' is listed twice."),
        ({"instances_exclusive": True}, "pppoe_server_instances_exclusive: is set, but"),
        ({"instances_exclusive": "true"}, "pppoe_server_instances_exclusive: is set, but"),
        ({"outside_interface": ""}, "pppoe_server_outside_interface: not set."),
        (
            {"instances": [{"name": "n", "outside_interface": ""}]},
            "pppoe_server_instances (n): outside_interface: not set.",
        ),
        ({"instances": [{"name": "n", "mtu": "big"}]}, "pppoe_server_instances (n): argument 'mtu' is of type"),
    ],
)
def test_what_is_refused(values, words):
    with pytest.raises(Refused) as refusal:
        parameters({**VALUES, **values})
    assert str(refusal.value).startswith(words)


def test_what_is_decided_from_other_variables():
    (one,) = _instances.instances({**VALUES, "nat": "no", "startup": "rc_local", "metrics": True, "session_count": "7"})
    parts = _instances.parameters(one)
    assert parts["masquerade"]["state"] == "absent"
    assert parts["access"]["startup"] == parts["masquerade"]["startup"] == "rc_local"
    assert parts["metrics"]["state"] == "present"
    assert parts["server"]["session_count"] == 7
    assert parts["server"]["ac_name"] is None


def test_a_drained_server_runs():
    (one,) = _instances.instances({**VALUES, "state": "drained", "pado_delay": 20})
    parts = _instances.parameters(one)
    assert (parts["server"]["state"], parts["access"]["drained"], parts["access"]["pado_delay"]) == (
        "started",
        True,
        20,
    )
    steps = [{"sessions": 200, "delay": 100}]
    (one,) = _instances.instances({**VALUES, "pado_delay": steps})
    assert _instances.parameters(one)["access"]["pado_delay"] == steps
    # Another state does not end what the playbook drain.yml has begun.
    (one,) = _instances.instances(VALUES)
    assert _instances.parameters(one)["access"]["drained"] is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"name": "n", "pool": ["10.0.0.2+3"], "mtu": 1400, "session_count": 3}], None),
        ([["n", "hunter2"]], "pppoe_server_instances: is not a list of dictionaries."),
        ("hunter2", "pppoe_server_instances: is not a list of dictionaries."),
        ([{"pool": ["10.0.0.2+3"]}], "pppoe_server_instances[0]: missing required arguments: name"),
        ([{"name": "n", "pol": []}], "pppoe_server_instances[0].pol: there is no such key. Did you mean pool?"),
        ([{"name": "n", "packages": []}], "pppoe_server_instances[0].packages: there is no such key."),
        ([{"name": "n", "mtu": "big"}], "pppoe_server_instances[0]: argument 'mtu' is of type str"),
        ([{"name": "n", "accounts": [["a", "hunter2"]]}], "pppoe_server_instances[0].accounts[0]: is a list"),
        (
            [{"name": "n", "accounts": [{"name": "a", "secret": 83}]}],
            "pppoe_server_instances[0].accounts[0].secret: ",
        ),
    ],
)
def test_entries_are_checked_without_showing_them(value, words):
    errors = _role_variables.instances("pppoe_server_instances", OPTIONS, value)
    assert "hunter2" not in "".join(errors)
    assert [error.startswith(words) for error in errors] == [True] if words else errors == []


def listed(*entries, rows=None, **values):
    wanted = _instances.instances({**VALUES, **values, "instances": list(entries)})
    return wanted, {one.name: _instances_accounts.of(one, rows) for one in wanted}


def names(file):
    return [account.name.decode() for account in _batch.accounts_of(file.accounts)]


A, B = {"name": "a", "secret": "s"}, {"name": "b", "secret": "s", "addresses": ["10.0.0.9"]}


def test_accounts_that_several_have_alike_are_one():
    wanted, lists = listed({"name": "n"}, {"name": "s", "accounts": [{**A, "server": "*"}, B]}, accounts=[A])
    (file,) = _instances_accounts.files(wanted, lists)
    assert (file.path, names(file), file.managed) == ("/etc/ppp/chap-secrets", ["a", "b"], True)


def test_each_kind_of_authentication_has_its_file():
    wanted, lists = listed({"name": "n"}, {"name": "s", "authentication": "pap", "accounts": [B]}, accounts=[A])
    found = {file.path: names(file) for file in _instances_accounts.files(wanted, lists)}
    assert found == {"/etc/ppp/chap-secrets": ["a"], "/etc/ppp/pap-secrets": ["b"]}


def test_a_file_without_accounts_is_only_read():
    wanted, lists = listed({"name": "n"})
    assert [file.managed for file in _instances_accounts.files(wanted, lists)] == [False]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (
            [{"name": "n", "accounts": [A]}, {"name": "s", "accounts": [{**A, "secret": "other"}]}],
            "pppoe_server_instances (s): accounts[0]: the account 'a' is already listed in pppoe_server_instances (n)",
        ),
        ([{"name": "n", "accounts": [A, A]}], "pppoe_server_instances (n): accounts[1]: the account 'a' is already"),
        (
            [{"name": "n", "accounts": [B]}, {"name": "s", "accounts": [{**B, "name": "c"}]}],
            "pppoe_server_instances (s): accounts[0].addresses: 10.0.0.9 is already the address of 'b'",
        ),
        ([{"name": "n", "accounts": [A]}, {"name": "s", "accounts_exclusive": True}],
         "pppoe_server_instances (s): accounts_exclusive: differs from that of instance 'n'"),
        ([{"name": "n", "accounts_exclusive": True}], "pppoe_server_accounts: is empty, and with exclusive"),
        ([{"name": "n", "accounts_max_removals": "-1"}], "pppoe_server_instances (n): accounts_max_removals: -1 "),
    ],
)  # fmt: skip
def test_accounts_that_are_refused(entries, words):
    with pytest.raises(Refused) as refusal:
        _instances_accounts.files(*listed(*entries))
    assert str(refusal.value).startswith(words)


def test_a_file_on_the_controller():
    def rows(source, _form):
        if source == "missing.csv":
            raise Refused("src", "missing.csv cannot be read: no.", "Correct it.")
        return [dict(A)], [f"{source}:2"]

    wanted, lists = listed({"name": "n", "accounts": [B]}, rows=rows, accounts_src="list.csv")
    assert names(_instances_accounts.files(wanted, lists)[0]) == ["b", "a"]
    with pytest.raises(Refused, match=r"pppoe_server_accounts_src: missing\.csv cannot be read"):
        listed({"name": "n"}, rows=rows, accounts_src="missing.csv")


def test_accounts_of_removed_instances():
    wanted, _lists = listed(
        {"name": "n", "state": "absent", "accounts": [A]}, {"name": "s", "accounts": [B], "keep_accounts": True}
    )
    (file,) = _instances_accounts.removed(wanted)
    assert [(account.name, account.present) for account in _batch.accounts_of(file.accounts)] == [(b"a", False)]
    assert not file.exclusive


def test_the_plans_of_an_instance_come_without_secrets():
    plans = {"home": {"rate": {"download": "20M"}}}
    accounts = [{"name": "a", "secret": "x", "plan": "home"}, {"name": "b", "secret": "y"}]
    wanted, _lists = listed({"name": "n", "plans": plans, "accounts": accounts, "default_plan": "home"})
    part = _instances.parameters(wanted[0])["plans"]
    assert (part["state"], part["plans"], part["default_plan"], part["accounts"]) == ("present", plans, "home", [])
    found = _instances_accounts.with_plans(wanted[0], lambda source, _form: ([], []))
    assert [(name, account.plan) for name, account in found.items()] == [("a", "home")]
    assert not _instances.has_plans(listed({"name": "n"})[0][0])


def test_an_error_of_a_plan_names_the_account():
    wanted, _lists = listed({"name": "n", "plans": {"home": {}}, "accounts": [dict(A), {**B, "plan": 5}]})
    with pytest.raises(
        Refused, match=r"pppoe_server_instances \(n\): accounts\[1\]\.plan: 5 is not the name of a plan"
    ):
        _instances_accounts.with_plans(wanted[0], lambda source, _form: ([], []))


def test_the_ipv6_prefixes_of_an_instance():
    accounts = [{"name": "a", "secret": "x", "framed_ipv6_prefix": "2001:db8:7::/64"}, {"name": "b", "secret": "y"}]
    given = {"name": "n", "ipv6": True, "ipv6_prefixes": ["2001:db8::/48"], "ipv6_delegated_length": 60}
    wanted, lists = listed({**given, "accounts": accounts})
    parts = _instances.parameters(wanted[0])
    part = parts["ipv6"]
    assert (part["state"], part["prefixes"], part["delegated_length"]) == ("present", ["2001:db8::/48"], 60)
    assert (part["accounts"], part["startup"]) == ([], "auto")
    assert (parts["forwarding"]["ipv6"], parts["forwarding"]["ipv6_forwarding"]) == (True, True)
    found = _instances_accounts.with_prefixes(wanted[0], lambda source, _form: ([], []))
    assert [(name, str(framed), delegated) for name, (framed, delegated) in found.items()] == [
        ("a", "2001:db8:7::/64", None)
    ]
    assert names(_instances_accounts.files(wanted, lists)[0]) == ["a", "b"]


def test_without_ipv6_prefixes_ipv6_is_not_forwarded():
    wanted, _lists = listed({"name": "n", "ipv6": True})
    parts = _instances.parameters(wanted[0])
    assert (parts["ipv6"]["state"], parts["forwarding"]["ipv6_forwarding"]) == ("absent", False)
    with pytest.raises(Refused, match=r"pppoe_server_ipv6: is false, but there are IPv6 prefixes for customers\."):
        _instances.parameters(listed({"name": "n", "ipv6_prefixes": ["2001:db8::/48"]})[0][0])


def test_an_error_of_a_prefix_names_the_account():
    entry = {**B, "delegated_ipv6_prefix": "2001:db8::1/56"}
    wanted, _lists = listed(
        {"name": "n", "ipv6": True, "ipv6_prefixes": ["2001:db8::/48"], "accounts": [dict(A), entry]}
    )
    words = (
        r"pppoe_server_instances \(n\): accounts\[1\]\.delegated_ipv6_prefix: '2001:db8::1/56' is not an IPv6 prefix"
    )
    with pytest.raises(Refused, match=words):
        _instances_accounts.with_prefixes(wanted[0], lambda source, _form: ([], []))


def test_accounts_name_the_pool_of_their_plan_and_that_of_the_walled_garden():
    accounts = [
        {"name": "plain", "secret": "x"},
        {"name": "firm", "secret": "x", "plan": "office"},
        {"name": "fixed", "secret": "x", "plan": "office", "addresses": ["10.0.0.7"]},
        {"name": "gone", "secret": "x", "plan": "office", "enabled": False, "expires": "1970-01-01T00:00:09Z"},
        {"name": "guest", "secret": "x", "plan": "office", "expires": "1970-01-01T00:00:09Z"},
        {"name": "other", "secret": "x", "expires": "1970-01-01T00:00:09Z"},
    ]
    values = {**VALUES, "accounts": accounts, "plans": {"office": {"pool": "business"}, "home": {}}}
    garden = {"walled_garden": {"pool": ["10.99.0.2"], "allow": ["192.0.2.1"]}}

    def lines(**more):
        (one,) = _instances.instances({**values, **more})
        batch = _instances_accounts.of(one, lambda *_path: pytest.fail("there is no file")).batch
        assert batch.pools
        return batch.text.decode().splitlines()

    firm = "firm * x * -- file pool-business"
    office = [f"{name} * x * -- file pool-business" for name in ("gone", "guest")]
    assert lines() == ["plain * x *", firm, "fixed * x 10.0.0.7", *office, "other * x *"]
    # Who expires goes there later, without a run.
    walled = "gone * x * -- file pool-walled-garden"
    until = [f"{office[1]} file ../until-9", "other * x * -- file ../until-9"]
    assert lines(**garden)[1:] == [firm, "fixed * x 10.0.0.7", walled, *until]
    assert lines(default_plan="office")[0] == "plain * x * -- file pool-business"
    assert lines(plans={})[3] == "gone * x *"
    (one,) = _instances.instances({**values, **garden, "nat": False})
    with pytest.raises(Refused, match="pppoe_server_walled_garden: its rules are part of NAT"):
        _instances.parameters(one)


@pytest.mark.parametrize("own", [{"enabled": False}, {"mac": "02:00:00:00:00:01"}, {"expires": "2026-12-31"}])
def test_accounts_that_may_not_always_connect_count_without_plans(own):
    for given, rows in (({"accounts": [{**B, **own}]}, []), ({"accounts_src": "c.csv"}, [{**B, **own}])):
        (one,) = _instances.instances({**VALUES, **given})
        assert _instances.has_plans(one, rows)
        assert _instances.parameters(one, rows)["plans"]["state"] == "present"
    (one,) = _instances.instances({**VALUES, "accounts": [{**B, **own, "state": "absent"}, {**B, "enabled": True}]})
    assert not _instances.has_plans(one)


def test_a_plan_of_radius_has_no_pool():
    values = {**VALUES, "plans": {"office": {"pool": "business"}}, "pools": {"business": {"addresses": ["10.2.0.2"]}}}
    (one,) = _instances.instances({**values, "radius": {"servers": [{"address": "192.0.2.20", "secret": "x"}]}})
    with pytest.raises(Refused, match=r"^pppoe_server_plans: the plan office has a pool, but with RADIUS"):
        _instances.parameters(one)
