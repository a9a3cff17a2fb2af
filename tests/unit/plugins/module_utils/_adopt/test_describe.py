from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe as _adopt_describe
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _options as _adopt_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

OPTIONS = b"""\
require-chap
login
lcp-echo-interval 10
lcp-echo-failure 2
ms-dns 202.106.0.20
ms-dns 8.8.8.8
"""
SECRETS = b"# ours\ncmz * cmz *\ncmz2 * cmz2 192.168.10.3\nme * dialled-by-this-host\n"
RULE = _adopt_describe.Nat("iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", "eth0", (), True, False)
VARIABLES = {
    "pppoe_server_interfaces": ["eth1"],
    "pppoe_server_outside_interface": "eth0",
    "pppoe_server_nat_sources": ["0.0.0.0/0"],
    "pppoe_server_local_address": "192.168.10.109",
    "pppoe_server_pool": ["192.168.10.2-192.168.10.21"],
    "pppoe_server_system_login": True,
    "pppoe_server_dns_servers": ["202.106.0.20", "8.8.8.8"],
    "pppoe_server_lcp_echo_interval": 10,
    "pppoe_server_lcp_echo_failure": 2,
}


def observed(options: bytes | None = OPTIONS, secrets: bytes = SECRETS, flags: str = "", **more):
    """The guide's server, which runs, with some things otherwise."""
    argv = ["pppoe-server", "-I", "eth1", "-L", "192.168.10.109", "-R", "192.168.10.2", "-N", "20", *flags.split()]
    usual = {
        "command": _server_startup_lines.command(argv),
        "pid": 615,
        "boot": "line 3 of /etc/rc.local",
        "unit": None,
        "pool": [("192.168.10.109", f"192.168.10.{last}") for last in range(2, 22)],
        "options": None if options is None else _adopt_options.read(options),
        "accounts": _adopt_accounts.read(secrets),
        "nat": [RULE],
        "default_route": "eth0",
    }
    return _adopt_describe.Observed(**{**usual, **more})


def test_the_guide():
    variables, findings = _adopt_describe.describe(observed(without_system_account=["cmz"]))
    assert variables == VARIABLES
    assert [one["text"] for one in findings if one["kind"] == "problem"] == ["No system account: cmz."]
    assert "The server no longer hands out 192.168.10.3 of cmz2." in [one["text"] for one in findings]


@pytest.mark.parametrize(
    ("changes", "variables"),
    [
        ({"options": b"require-pap\n"}, {"pppoe_server_authentication": "pap"}),
        ({"options": b"require-mschap-v2 noipx\n"}, {"pppoe_server_authentication": "mschap-v2"}),
        ({"options": b"require-chap\nidle 600 # ten minutes\n"}, {"pppoe_server_options": ["idle 600"]}),
        ({"options": b"require-chap\n"}, {"pppoe_server_lcp_echo_interval": 0, "pppoe_server_lcp_echo_failure": 0}),
        ({"options": b"ms-dns 1.1.1.1\nms-dns 2.2.2.2\nms-dns 3.3.3.3"},
         {"pppoe_server_dns_servers": ["1.1.1.1", "3.3.3.3"]}),
        ({"flags": "-C gate -S gold -S silver -x 2"},
         {"pppoe_server_ac_name": "gate", "pppoe_server_service_names": ["gold", "silver"],
          "pppoe_server_sessions_per_mac": 2}),
        ({"nat": []}, {"pppoe_server_nat": False}),
        ({"systemd": False}, {"pppoe_server_startup": "rc_local"}),
        ({"host_addresses": ["192.168.10.2"]}, {"pppoe_server_pool": ["192.168.10.3-192.168.10.21"]}),
        ({"nat": [_adopt_describe.Nat("r", "eth0", ("10.0.0.0/8",), True, True)]},
         {"pppoe_server_nat_sources": ["10.0.0.0/8"]}),
    ],
)  # fmt: skip
def test_variables(changes, variables):
    found = _adopt_describe.describe(observed(**changes))[0]
    assert {key: found.get(key) for key in variables} == variables


def live(*addresses: str) -> list[_adopt_describe.Session]:
    return [_adopt_describe.Session(f"ppp{number}", address, "user") for number, address in enumerate(addresses)]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"sessions": live("10.0.0.3", "10.0.0.3")}, "problem", "10.0.0.3 belongs to 2 live sessions (ppp0, ppp1)."),
        ({"pid": None}, "change", "The access concentrator is started."),
        ({"options": None}, "problem", "/etc/ppp/pppoe-server-options is not there."),
        ({"options": b"noauth\n"}, "change", "Clients must prove who they are"),
        ({"options": b"require-chap\nrequire-pap\n"}, "change", "asked for chap only"),
        ({"options": b"require-chap\nmtu 1400\n"}, "stays", "'mtu 1400' has no effect"),
        ({"options": b"require-chap\nipcp-accept-remote\n"}, "change", "The option 'ipcp-accept-remote' is left out."),
        ({"options": b"require-chap\nconnect '{{ x }}'\n"}, "change", "The option 'connect \"{{ x }}\"' is left out."),
        ({"flags": "-C 'x;reboot'"}, "change", "is left out."),
        ({"flags": "-l"}, "change", "The option -l is left out"),
        ({"secrets": b"a * '' *\n"}, "problem", "An empty secret: a."),
        ({"secrets": b"a * x *\nb * x *\na * y *\n"}, "problem", "An account more than once: a (lines 1, 3)."),
        ({"secrets": b"a * x 10.0.0.9\nb * x 10.0.0.9\n"}, "problem", "10.0.0.9 (a, b)"),
        ({"secrets_mode": 0o644}, "problem", "has the mode 0644"),
        ({"forwards": False}, "change", "The host passes packets on"),
        ({"forwards_at_boot": False}, "change", "Packets are passed on after a reboot too."),
        ({"default_route": "eth9"}, "problem", "The NAT is for eth0, the default route by eth9."),
        ({"boot": None}, "change", "At boot, the unit pppoe-server@default.service starts it."),
        ({"nat": [RULE, RULE]}, "problem", "The same rule stands there more than once."),
        ({"nat": [_adopt_describe.Nat("a\nb", None, (), False, False)]}, "stays", "The rule 'a?b' is left to you."),
    ],
)
def test_findings(changes, kind, words):
    findings = _adopt_describe.describe(observed(**changes))[1]
    assert [one for one in findings if one["kind"] == kind and words in one["text"]]
    # None of it is there without the cause.
    assert not [one for one in _adopt_describe.describe(observed())[1] if words in one["text"]]


def test_accounts_are_those_that_may_log_in_and_have_no_secret():
    accounts = _adopt_accounts.read(SECRETS)
    assert [account.shown() for account in accounts] == [
        {"name": "cmz", "server": "*", "addresses": ["*"], "line": 2},
        {"name": "cmz2", "server": "*", "addresses": ["192.168.10.3"], "line": 3},
    ]
    assert "dialled" not in repr(_adopt_accounts.read(b"a * dialled *\n"))


@pytest.mark.parametrize(
    ("addresses", "text"),
    [
        ([], []),
        (["10.0.0.1"], ["10.0.0.1"]),
        (["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.0.9"], ["10.0.0.254-10.0.1.0", "10.0.0.9"]),
    ],
)
def test_spans(addresses, text):
    assert _adopt_describe.spans(addresses) == text


def test_base_options_give_what_the_file_does_not_say():
    base = b"lcp-echo-interval 30\nlcp-echo-failure 4\nidle 5\nasyncmap 0\n"
    found = _adopt_options.read(b"require-chap\nlcp-echo-interval 10\n", base)
    assert (found.lcp_echo_interval, found.lcp_echo_failure, found.others) == (10, 4, [])


@pytest.mark.parametrize(
    ("flags", "sessions", "told"), [("", [], True), ("-k", live("10.0.0.9"), True), ("-k", [], False)]
)
def test_kernel_mode_is_told_where_it_is_new(flags, sessions, told):
    findings = _adopt_describe.describe(observed(flags=flags, sessions=sessions))[1]
    assert any("carried by the kernel" in one["text"] for one in findings) is told
