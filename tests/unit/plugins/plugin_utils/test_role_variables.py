from __future__ import annotations

import pytest
import yaml
from ansible_collections.dialtone.pppoe.plugins.action import check_role
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _role_variables
from ansible_collections.dialtone.pppoe.tests.support.repository import REPOSITORY

ROLES = REPOSITORY / "roles"
OPTIONS = {
    role: yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    for role in ("pppoe_server", "pppoe_client")
}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("pppoe_server_dns", "pppoe_server_dns_servers"),
        ("pppoe_server_dns_server", "pppoe_server_dns_servers"),
        ("pppoe_server_users", "pppoe_server_options"),
        ("pppoe_server_interface", "pppoe_server_interfaces"),
        ("pppoe_server_outside", "pppoe_server_outside_interface"),
        ("pppoe_server_acounts", "pppoe_server_accounts"),
        ("pppoe_server_accounts_file", "pppoe_server_accounts"),
        ("pppoe_server_auth", "pppoe_server_authentication"),
        ("pppoe_server_lcp_interval", "pppoe_server_lcp_echo_interval"),
        ("pppoe_server_address", "pppoe_server_local_address"),
        ("pppoe_client_connection", "pppoe_client_connections"),
        ("pppoe_client_unmanged", "pppoe_client_unmanaged"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_one(name, meant):
    role = name[:12]
    (error,) = _role_variables.unknown(role, OPTIONS[role], {name: 1, **OPTIONS[role]})
    assert error.startswith(f"{name}: the role {role} has no such variable.")
    # A name that is near to none is not worth a guess that is right by chance.
    assert meant in error or name == "pppoe_server_users"


def test_a_name_that_is_near_to_none():
    (error,) = _role_variables.unknown("pppoe_server", OPTIONS["pppoe_server"], {"pppoe_server_xyzzy": 1})
    assert error.endswith("has no such variable. Give it a name without pppoe_server_ before it.")


@pytest.mark.parametrize(
    "variables",
    [
        {"pppoe_servers": 1, "pppoe_server": "gate", "_pppoe_server_accounts_check": 1, "pppoe_serverx_dns": 1},
        {"pppoe_client_dns": 1},
        # A result that a playbook has registered.
        {"pppoe_server_status": {"changed": False, "sessions": []}, "pppoe_server_x": {"skipped": True}},
        dict.fromkeys(OPTIONS["pppoe_server"]),
    ],
)
def test_what_is_not_meant_for_the_role(variables):
    assert _role_variables.unknown("pppoe_server", OPTIONS["pppoe_server"], variables) == []


@pytest.mark.parametrize(
    ("connections", "message"),
    [
        ([["a", "hunter2"]], "pppoe_client_connections[0]: is a list, not a dictionary"),
        (["hunter2"], "pppoe_client_connections[0]: is text, not a dictionary"),
        ({"a": "hunter2"}, "pppoe_client_connections: is a dictionary, not a list."),
        ("hunter2", "pppoe_client_connections: is text, not a list."),
        (None, "pppoe_client_connections: is null."),
        ([{"name": "a", "secert": "hunter2"}], "pppoe_client_connections[0]: secert. Supported parameters include"),
        ([{"name": "a"}, {"username": "hunter2"}], "pppoe_client_connections[1]: missing required arguments: name"),
        ([{"name": "a", "mtu": "big"}], "pppoe_client_connections[0]: argument 'mtu' is of type str"),
        ([{"name": "a", "state": "up"}], "pppoe_client_connections[0]: value of state must be one of"),
        ([{"name": "a", "secret": 83}], "pppoe_client_connections[0].secret: is a number, not text"),
        ([{"name": "a", "username": "a", "secret": "hunter2", "dns": ["8.8.8.8"]}], None),
        ([], None),
    ],
)
def test_connections_are_checked_without_showing_them(connections, message):
    option = OPTIONS["pppoe_client"]["pppoe_client_connections"]
    errors = _role_variables.entries("pppoe_client_connections", option, connections)
    assert "hunter2" not in "".join(errors)
    assert [error.startswith(message) for error in errors] == [True] if message else not errors


@pytest.mark.parametrize(
    ("role", "text", "connection", "expected"),
    [
        ("pppoe_server", "pool: 'x' is", None, "pppoe_server_pool: 'x' is"),
        ("pppoe_server", "customers.csv:5: has 2", None, "customers.csv:5: has 2"),
        ("pppoe_server", "path: /etc/ppp/x", None, "path: /etc/ppp/x"),
        ("pppoe_server", "The rules", None, "The rules"),
        ("pppoe_client", "secret: is", "dsl", "pppoe_client_connections (dsl): secret: is"),
    ],
)
def test_an_error_names_the_variable_of_the_role(role, text, connection, expected):
    assert _role_variables.message(role, OPTIONS[role], text, connection) == expected


@pytest.mark.parametrize(
    ("version", "problems"),
    [("2.18.6", 1), ("2.9.27", 1), ("2.19.0", 0), ("2.21.5", 0), ("2.22.0.dev0", 0), ("3.0", 0)],
)
def test_an_ansible_core_that_is_too_old_is_refused_in_one_sentence(version, problems):
    found = check_role.too_old(version)
    assert len(found) == problems
    assert not found or found[0].endswith(f"needs ansible-core 2.19 or newer, and this is {version}: upgrade it.")
