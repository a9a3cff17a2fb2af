from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _yaml as _adopt_yaml

# Hosts need not have it.
yaml = pytest.importorskip("yaml")

HARM = "{{ lookup('pipe', 'id') }}"
HOSTILE = [
    HARM, "{% if 1 %}", "{# x #}", "a\nb: 1", "a\r\nansible_connection: local", "\"'\\", "\x1b[2J\x07", "\0",
    "é\u2028x", "\ud800", "- x", "!!python/object/apply:os.system [id]", "*x", "&x", "yes", "0123", "", "~", " x ", "#",
    ": ", "---",
]  # fmt: skip


def server(**changes) -> dict:
    usual = {"command": ["pppoe-server", "-I", "eth1"], "pid": 12, "live_sessions": 3, "findings": [], "accounts": []}
    return {**usual, "variables": {"pppoe_server_interfaces": ["eth1"], "pppoe_server_nat": False}, **changes}


class Loader(yaml.SafeLoader):
    """Reads ``!unsafe`` as a mark that stays visible."""


Loader.add_constructor("!unsafe", lambda loader, node: ("unsafe", loader.construct_scalar(node)))


def loaded(*servers: dict, host: str = "gate", findings: tuple = ()) -> dict:
    text = _adopt_yaml.document({"servers": list(servers), "findings": list(findings)}, host)
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)
    return yaml.load(text, Loader)


def test_types_stay():
    variables = {
        "pppoe_server_interfaces": ["eth1", "eth2"],
        "pppoe_server_nat": False,
        "pppoe_server_pool": [],
        "pppoe_server_local_address": "10.0.0.1",
        "pppoe_server_lcp_echo_interval": 10,
        "pppoe_server_system_login": True,
    }
    assert loaded(server(variables=variables)) == variables


IN_VAULT = "{{ vault_radius_192_0_2_20_secret }}"


def radius(secret: str = IN_VAULT, **more) -> dict:
    return {"servers": [{"address": "192.0.2.20", "port": 1645, "secret": secret}], "nas_identifier": "gate", **more}


def test_servers_of_radius_have_a_variable_of_a_vault():
    text = _adopt_yaml.document({"servers": [server(variables={"pppoe_server_radius": radius()})]}, "gate")
    assert yaml.load(text, Loader) == {"pppoe_server_radius": radius()}
    assert "!unsafe" not in text


@pytest.mark.parametrize("secret", [*HOSTILE, "{{ vault_x }} {{ y }}", "{{ vault_x | x }}", "vault_x"])
def test_a_secret_is_nothing_but_a_variable_of_a_vault(secret):
    with pytest.raises(ValueError, match="no variable of a vault"):
        loaded(server(variables={"pppoe_server_radius": radius(secret)}))


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_radius_are_data(text):
    found = loaded(server(variables={"pppoe_server_radius": radius(nas_identifier=text)}))
    value = found["pppoe_server_radius"]["nas_identifier"]
    assert (value[1] if isinstance(value, tuple) else value) == text.encode("utf-8", "replace").decode()


def test_instances_have_one_set_of_radius_servers():
    names = ("eth1", "eth2")
    found = loaded(*(server(variables={"pppoe_server_name": one, "pppoe_server_radius": radius()}) for one in names))
    assert found == {"pppoe_server_radius": radius(), "pppoe_server_instances": [{"name": one} for one in names]}


def test_several_daemons_are_instances():
    finding = {"kind": "problem", "text": "x", "why": "y"}
    one = server(variables={"pppoe_server_name": "eth1", "pppoe_server_interfaces": ["eth1"], "pppoe_server_pool": []})
    two = server(
        variables={"pppoe_server_name": "eth2", "pppoe_server_interfaces": ["eth2"], "pppoe_server_nat": False},
        findings=[finding],
    )
    assert loaded(one, two) == {
        "pppoe_server_instances": [
            {"name": "eth1", "interfaces": ["eth1"], "pool": []},
            {"name": "eth2", "interfaces": ["eth2"], "nat": False},
        ]
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_data(text):
    found = loaded(server(variables={"pppoe_server_options": [text], "pppoe_server_ac_name": text}))
    readable = text.encode("utf-8", "replace").decode()
    for value in (found["pppoe_server_options"][0], found["pppoe_server_ac_name"]):
        assert value in (readable, ("unsafe", readable))
        assert isinstance(value, tuple) or not any(mark in value for mark in ("{{", "{%", "{#"))


@pytest.mark.parametrize("text", HOSTILE)
def test_comments_are_one_line_each_and_nothing_else(text):
    finding = {"kind": "problem", "text": text, "why": text}
    account = {"name": text, "addresses": [text], "variable": "vault_x_secret"}
    hostile = server(command=[text], findings=[finding], accounts=[account])
    found = loaded(hostile, host=text, findings=(finding,))
    assert found == {"pppoe_server_interfaces": ["eth1"], "pppoe_server_nat": False}


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": {"ansible_connection": "local"}},
        {"variables": {"pppoe_server_interfaces\nansible_connection": "local"}},
        {"variables": {"pppoe_server_interfaces": "eth1"}},
        {"variables": {"pppoe_server_interfaces": [["eth1"]]}},
        {"variables": {"pppoe_server_interfaces": [{"a": HARM}]}},
        {"variables": {"pppoe_server_nat": HARM}},
        {"variables": {"pppoe_server_lcp_echo_interval": True}},
        {"variables": {"pppoe_server_lcp_echo_interval": "10"}},
        {"pid": HARM},
        {"live_sessions": "x"},
        {"accounts": [{"name": "a", "addresses": [], "variable": "x }} {{ y"}]},
        {"findings": [{"kind": "problem"}]},
    ],
)
def test_what_the_module_does_not_return_is_an_error(changes):
    with pytest.raises((KeyError, TypeError, ValueError)):
        _adopt_yaml.document({"servers": [server(**changes)], "findings": []}, "gate")


def test_headings_and_accounts():
    findings = [{"kind": kind, "text": f"A {kind}.", "why": "Why."} for kind in ("change", "refused")]
    accounts = [{"name": f"c{n}", "addresses": ["*"], "variable": f"vault_c{n}_secret"} for n in range(22)]
    star = {"name": "*", "addresses": ["*"], "variable": "vault___secret"}
    text = _adopt_yaml.document({"servers": [server(findings=findings, accounts=[star, *accounts])]}, "gate")
    assert text.index("# - A refused. Why.") < text.index("# - A change. Why.")
    assert '#   - {name: "c0", addresses: ["*"], secret: "{{ vault_c0_secret }}"}' in text
    assert "#   and 2 more" in text
    assert 'name: "*"' not in text
    assert "No unmanaged pppoe-server was found." in _adopt_yaml.document({"servers": []}, "gate")
