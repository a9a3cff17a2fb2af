from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options

REFUSALS = [
    (None, [], set()),
    (b"", [], set()),
    (b"persist\nidle 5\nrequire-mschap-v2\n", [], set()),
    (b"-chap\n", ["-chap"], {"chap"}),
    (b"# -pap\nrefuse-pap refuse-mschap-v2 # -chap\n", ["refuse-pap", "refuse-mschap-v2"], {"pap", "mschapv2"}),
    (b"refuse-eap\n'unclosed\n", [], set()),
]


@pytest.mark.parametrize(("content", "options", "methods"), REFUSALS)
def test_methods_that_are_left_out(content, options, methods):
    there = _client_host_options.options(content)
    assert _client_host_options.refusals(there) == options
    assert _client_host_options.refused_methods(there) == methods


WARNINGS = [
    (b"persist\nmtu 1400\nnoauth\n", False, []),
    (b"noip\ndryrun\nnoip\n", False, ["dryrun", "noip"]),
    (b"demand\n", False, ["demand"]),
    (b"demand\n", True, []),
    (b"require-mppe-128\nconnect 'chat -v'\n", True, ["connect", "require-mppe-128"]),
]


@pytest.mark.parametrize(("content", "demand", "named"), WARNINGS)
def test_what_cannot_be_undone_is_named(content, demand, named):
    found = _client_host_options.warnings(_client_host_options.options(content), demand)
    assert [text.split(" has ")[1].split(",")[0] for text in found] == named
    assert all(text.startswith("/etc/ppp/options has ") for text in found)


@pytest.mark.parametrize(("content", "option"), [(b"nodetach\n", "nodetach"), (b"debug\n", None), (None, None)])
def test_what_keeps_pppd_in_the_foreground(content, option):
    assert _client_host_options.foreground(_client_host_options.options(content)) == option
