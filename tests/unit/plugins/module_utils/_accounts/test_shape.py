from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.tests.support.yaml_traps import TEXTS, TRAPS

yaml = pytest.importorskip("yaml")


def refused(check, params) -> str:
    with pytest.raises(Refused) as caught:
        check(params)
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("written", "kind"), [trap for trap in TRAPS if "{{" not in trap[0]])
def test_what_yaml_makes_no_text_of_is_refused(written, kind):
    value = yaml.safe_load("value: " + written)["value"]
    if kind == "is missing":
        assert value is None
        return
    for key in ("name", "secret", "server"):
        message = refused(_shape.accounts, {key: value})
        assert message.startswith(f"{key}: is {kind}, not text")
        assert message.endswith(f'Put it in quotes, {key}: "…".')
        message = refused(_shape.accounts, {"users": [{"name": "a", "secret": "b"}, {key: value}]})
        assert message.startswith(f"users[1].{key}: is {kind}, not text")
    for key in ("name", "username", "secret", "ac_name", "service_name"):
        assert refused(_shape.connection, {key: value}).startswith(f"{key}: is {kind}, not text")
    if not isinstance(value, list):
        assert f"addresses: is {kind}, not a list" in refused(_shape.accounts, {"addresses": value})
    message = refused(_shape.accounts, {"users": [{"name": "a", "addresses": ["10.0.0.1", value]}]})
    assert message.startswith(f"users[0].addresses[1]: is {kind}, not text")


@pytest.mark.parametrize("written", TEXTS)
def test_what_stays_text_is_none_of_its_business(written):
    value = yaml.safe_load("value: " + written)["value"]
    _shape.accounts({"name": value, "secret": value, "users": [{"name": value, "secret": value, "server": value}]})
    _shape.connection({"username": value, "secret": value})


@pytest.mark.parametrize(
    ("users", "message"),
    [
        (None, "users: is null."),
        ("hunter2", "users: is text, not a list."),
        ({"bob": "hunter2"}, "users: is a dictionary, not a list."),
        (7, "users: is a number, not a list."),
        (True, "users: is a boolean, not a list."),
        ([["bob", "hunter2"]], "users[0]: is a list, not a dictionary with name and secret."),
        (["bob hunter2"], "users[0]: is text, not a dictionary with name and secret."),
        ([{"name": "a"}, 7], "users[1]: is a number, not a dictionary with name and secret."),
        ([{"name": "a"}, None], "users[1]: is empty."),
        ([{"name": "a", 7: "hunter2"}], "users[0], a key of it: is a number, not text"),
        ([{"name": {"bob": "hunter2"}}], "users[0].name: is a dictionary, not text"),
        ([{"name": "a", "addresses": {"hunter2": 1}}], "users[0].addresses: is a dictionary, not a list."),
    ],
)
def test_another_shape_is_refused_without_what_is_in_it(users, message):
    assert refused(_shape.accounts, {"users": users}).startswith(message)


@pytest.mark.parametrize("params", [{}, {"name": "a", "users": None}, {"src": "a.csv", "users": None}])
def test_parameters_that_are_not_given(params):
    _shape.accounts(params)


@pytest.mark.parametrize("value", [True, False])
def test_name_servers_are_no_boolean(value):
    assert refused(_shape.connection, {"dns": value}).startswith("dns: is a boolean")
