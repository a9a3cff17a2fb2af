from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe as _adopt_describe
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe_pool as _adopt_describe_pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _nat as _adopt_nat
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
RULE = _adopt_nat.Nat("iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE", "eth0", (), True, None)
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


def observed(
    options: bytes | None = OPTIONS,
    secrets: bytes = SECRETS,
    pap: bytes = b"",
    flags: str = "",
    mode: int = 0o600,
    **more,
):
    """The guide's server, which runs, with some things otherwise."""
    argv = ["pppoe-server", "-I", "eth1", "-L", "192.168.10.109", "-R", "192.168.10.2", "-N", "20", *flags.split()]
    usual = {
        "command": _server_startup_lines.command(argv),
        "pid": 615,
        "boot": "line 3 of /etc/rc.local",
        "unit": None,
        "pool": [("192.168.10.109", f"192.168.10.{last}") for last in range(2, 22)],
        "options": None if options is None else _adopt_options.read(options),
        "chap": _adopt_accounts.read(secrets, "/etc/ppp/chap-secrets", mode),
        "pap": _adopt_accounts.read(pap, "/etc/ppp/pap-secrets"),
        "own_names": {"me"},
        "nat": [RULE],
        "default_route": "eth0",
    }
    return _adopt_describe.ObservedDaemon(**{**usual, **more})


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
        ({"nat": [_adopt_nat.Nat("r", "eth0", ("192.168.0.0/16",), True, "a file")]},
         {"pppoe_server_nat_sources": ["192.168.0.0/16"]}),
    ],
)  # fmt: skip
def test_variables(changes, variables):
    found = _adopt_describe.describe(observed(**changes))[0]
    assert {key: found.get(key) for key in variables} == variables


def live(*addresses: str) -> list[_adopt_describe.LiveSession]:
    return [_adopt_describe.LiveSession(f"ppp{number}", address, "user") for number, address in enumerate(addresses)]


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"sessions": live("10.0.0.3", "10.0.0.3")}, "problem", "10.0.0.3 belongs to 2 live sessions (ppp0, ppp1)."),
        ({"pid": None}, "change", "The access concentrator is started."),
        ({"options": None}, "problem", "/etc/ppp/pppoe-server-options is not there."),
        ({"options": b"noauth\n"}, "change", "Clients must authenticate"),
        ({"options": b"require-chap\nrequire-pap\n"}, "change", "asked for chap only"),
        ({"options": b"require-chap\nmtu 1400\n"}, "stays", "'mtu 1400' has no effect"),
        ({"options": b"require-chap\nipcp-accept-remote\n"}, "change", "The option 'ipcp-accept-remote' is left out."),
        ({"options": b"require-chap\nconnect '{{ x }}'\n"}, "change", "The option 'connect \"{{ x }}\"' is left out."),
        ({"flags": "-C 'x;reboot'"}, "change", "is left out."),
        ({"flags": "-l"}, "change", "The option -l is left out"),
        ({"secrets": b"a * '' *\n"}, "problem", "An empty secret: a."),
        ({"secrets": b"a * x *\nb * x *\na * y *\n"}, "problem", "Accounts that occur more than once: a (lines 1, 3)."),
        ({"secrets": b"a * x 10.0.0.9\nb * x 10.0.0.9\n"}, "problem", "10.0.0.9 (a, b)"),
        ({"mode": 0o644}, "problem", "has the mode 0644"),
        ({"forwards": False}, "change", "The host forwards packets"),
        ({"forwards_at_boot": False}, "change", "Packets are forwarded after a reboot too."),
        ({"default_route": "eth9"}, "problem", "The NAT is for eth0, the default route by eth9."),
        ({"boot": None}, "change", "At boot, the unit pppoe-server@default.service starts it."),
        ({"nat": [RULE, RULE]}, "problem", "The same rule stands there more than once."),
        ({"nat": [_adopt_nat.Nat("a\nb", None, (), False, None)]}, "stays", "The rule 'a?b' is left to you."),
    ],
)
def test_findings(changes, kind, words):
    findings = _adopt_describe.describe(observed(**changes))[1]
    assert [one for one in findings if one["kind"] == kind and words in one["text"]]
    # None of it is there without the cause.
    assert not [one for one in _adopt_describe.describe(observed())[1] if words in one["text"]]


def test_accounts_are_those_that_may_log_in_and_have_no_secret():
    accounts = _adopt_accounts.read(SECRETS).accounts
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
    assert _adopt_describe_pool.spans(addresses) == text


def test_base_options_give_what_the_file_does_not_say():
    base = b"lcp-echo-interval 30\nlcp-echo-failure 4\nidle 5\nasyncmap 0\n"
    found = _adopt_options.read(b"require-chap\nlcp-echo-interval 10\n", base)
    assert (found.lcp_echo_interval, found.lcp_echo_failure, found.others) == (10, 4, [])


@pytest.mark.parametrize(
    ("flags", "sessions", "reported"), [("", [], True), ("-k", live("10.0.0.9"), True), ("-k", [], False)]
)
def test_kernel_mode_is_reported_where_it_is_new(flags, sessions, reported):
    findings = _adopt_describe.describe(observed(flags=flags, sessions=sessions))[1]
    assert any("carried by the kernel" in one["text"] for one in findings) is reported


BOTH = b"a * x *\n"


@pytest.mark.parametrize(
    ("options", "base", "chap", "pap", "method"),
    [
        (b"require-chap\n", b"", BOTH, b"", "chap"),
        (b"require-pap\n", b"", b"", BOTH, "pap"),
        # CHAP is asked for first, whatever the order (lcp.c lcp_addci), if any account is for it (auth.c auth_reset).
        (b"require-pap\nrequire-chap\n", b"", BOTH, BOTH, "chap"),
        (b"require-pap require-chap", b"", b"", BOTH, "pap"),
        (b"require-mschap-v2 require-chap", b"", BOTH, b"", "chap"),
        (b"require-mschap-v2 require-pap", b"", BOTH, BOTH, "mschap-v2"),
        (b"name srv require-mschap-v2 ms-dns 9.9.9.9", b"", BOTH, b"", "mschap-v2"),
        (b"lcp-echo-interval 10 require-pap", b"", BOTH, BOTH, "pap"),
        # An account without an address, or of another server, is none.
        (b"require-pap\nrequire-chap\n", b"", b"a * x\nb other x *\n", BOTH, "pap"),
        (b"require-pap\nrequire-chap\nname other\n", b"", b"b other x *\n", BOTH, "chap"),
        # No require-…: pppd asks for what there are accounts for.
        (b"ms-dns 8.8.8.8\n", b"", b"", BOTH, "pap"),
        (b"ms-dns 8.8.8.8\n", b"auth\n", b"", BOTH, "pap"),
        (b"auth\n", b"", BOTH, BOTH, "chap"),
        (b"auth\n", b"", b"", b"", "chap"),
        (b"", b"", b"", b"", "chap"),
        # /etc/ppp/options counts as well.
        (b"ms-dns 8.8.8.8\n", b"require-pap\n", BOTH, BOTH, "pap"),
        (b"require-chap\n", b"auth\n-pap\n+chap\n", BOTH, BOTH, "chap"),
        # login lets PAM check, so that PAP needs no account.
        (b"login\nrequire-pap\nrequire-chap\n", b"", b"", b"", "pap"),
        # Methods that the role does not have.
        (b"require-eap\n", b"", BOTH, b"", "chap"),
        (b"require-mschap\n", b"", BOTH, b"", "chap"),
    ],
)
def test_authentication(options, base, chap, pap, method):
    seen = observed(secrets=chap, pap=pap)
    seen.options = _adopt_options.read(options, base)
    assert seen.method == method
    variables = _adopt_describe.describe(seen)[0]
    assert variables.get("pppoe_server_authentication", "chap") == method


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        # who gets in
        ({"options": b"ms-dns 8.8.8.8\n"}, "change", "Clients must authenticate (auth, require-chap)."),
        ({"options": b"require-chap\nnoauth\n"}, "change", "Clients must authenticate"),
        ({"options": b"require-pap\nrequire-mschap-v2\n"}, "change", "Clients are asked for mschap-v2 only."),
        ({"options": b"require-chap\nrequire-pap\n", "pap": b"p * x *\n"}, "problem",
         "Accounts that are only in /etc/ppp/pap-secrets: p."),
        ({"options": b"require-mschap-v2 plugin winbind.so\n"}, "refused", "asks a Windows domain."),
        ({"options": b"plugin mine.so\n"}, "refused", "asks something of its own."),
        ({"options": b"\xef\xbb\xbfrequire-chap\n"}, "problem", "pppoe-server-options begins with a byte order mark"),
        ({"options": b"require-chap\nname 'srv\nlogin\n"}, "problem",
         "Line 2 of /etc/ppp/pppoe-server-options: a quotation mark is not closed."),
        # accounts
        ({"secrets": b"a * x *\nb other x *\n"}, "problem", "b (line 2, for the server 'other')"),
        ({"secrets": b"a * x *\nc * x\n"}, "problem", "c (line 2, without an address)"),
        ({"secrets": b"a * x *\nc * x -\n"}, "problem", "c (line 2, without an address)"),
        ({"secrets": b"a * x *\nc * x !10.0.0.0/8\n"}, "problem", "c (line 2, without an address)"),
        ({"secrets": b"a * x *\nb localhost x *\n", "options": b"require-chap name srv"}, "problem",
         "b (line 2, for the server 'localhost')"),
        ({"secrets": b"* * x *\n"}, "problem", "An account *"),
        ({"secrets": b"a * a *\no'brien * b *\nc * c *\n"}, "problem", "Line 2 of /etc/ppp/chap-secrets: a quot"),
        ({"secrets": b"\xef\xbb\xbfalice * a *\n"}, "problem", "/etc/ppp/chap-secrets begins with a byte order mark"),
        # what is lost
        ({"flags": "-q /usr/local/sbin/pppd-v6"}, "change", "The option -q /usr/local/sbin/pppd-v6 is left out"),
        ({"flags": "-s"}, "change", "The option -s is left out"),
        ({"flags": "-r"}, "change", "The option -r is left out"),
        ({"flags": "-o 100"}, "change", "The option -o 100 is left out"),
        # the pool
        ({"flags": "-R 192.168.10.2-21"}, "problem", "'-R 192.168.10.2-21' is not a range for pppoe-server"),
        ({"flags": "-L 192.168.10.109/24"}, "stays", "'-L 192.168.10.109/24' is 192.168.10.109 alone."),
        ({"elsewhere": {"192.168.10.2": "eth7", "192.168.10.3": "eth7"}}, "problem",
         "The daemon on eth7 hands out the same addresses: 192.168.10.2-192.168.10.3."),
        ({"pool_problems": [("The pool file 'x' cannot be read.", "y")]}, "problem", "The pool file 'x'"),
        # what starts it
        ({"boot": None}, "problem", "No line that was read starts process 615."),
        ({"refused": [("Line 3 of /etc/cron.d/x …", "Take it out.")]}, "refused", "Line 3 of /etc/cron.d/x"),
        ({"same_interface": [9, 10]}, "refused", "Another daemon serves the same interface (process 9, 10)."),
    ],
)  # fmt: skip
def test_more_findings(changes, kind, words):
    findings = _adopt_describe.describe(observed(**changes))[1]
    assert [one for one in findings if one["kind"] == kind and words in one["text"]], findings
    assert not [one for one in _adopt_describe.describe(observed())[1] if words in one["text"]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        # PAM checks the password of the account that "*" stands for.
        ({"options": b"require-pap login", "secrets": b"", "pap": b"*\t*\t\"\"\t*\n", "without_system_account": ["*"]},
         ["empty secret", "No system account", "An account *"]),
        ({"options": b"require-chap\n", "secrets": b"me * x\n"}, ["never log in"]),
        ({"options": b"require-chap\nplugin rp-pppoe.so\n"}, ["plugin"]),
        ({"secrets": b"a * x *\r\nb * x *\r\n"}, ["never log in", "quotation"]),
    ],
)  # fmt: skip
def test_no_false_alarm(changes, words):
    findings = _adopt_describe.describe(observed(**changes))[1]
    texts = [one["text"] for one in findings if one["kind"] in ("problem", "refused")]
    assert not [text for text in texts for word in words if word in text]


def test_no_second_method_is_told_of_one_that_stands_twice():
    seen = observed()
    seen.options = _adopt_options.read(b"require-chap\n", b"+chap\n-pap\nauth\n")
    assert not [one for one in _adopt_describe.describe(seen)[1] if "asked for" in one["text"]]


def test_radius_in_the_base_options_stays():
    seen = observed()
    seen.options = _adopt_options.read(b"require-chap\n", b"plugin radius.so\nradius-config-file /etc/x\n")
    findings = _adopt_describe.describe(seen)[1]
    assert [one for one in findings if one["kind"] == "stays" and "a RADIUS server" in one["text"]]
    assert not [one for one in findings if one["kind"] == "refused"]


def test_a_bad_line_leaves_the_rest():
    found = _adopt_accounts.read(b'alice * a *\no\'brien * b *\ncarol * c *\n"x" * d 10.0.0.1\n', "f")
    assert [account.name for account in found.accounts] == ["alice", "carol", "x"]
    assert [account.line for account in found.accounts] == [1, 3, 4]
    assert found.broken[0].startswith("line 2 of f: ")


@pytest.mark.parametrize(
    ("content", "others", "dns"),
    [
        (b"name srv debug require-mschap-v2\nms-wins 10.0.0.3 ms-dns 9.9.9.9 idle 60", ["debug", "ms-wins 10.0.0.3",
         "idle 60", "name srv"], ["9.9.9.9"]),
        (b"proxyarp ipparam pppoe\nset A=b unknown-thing x y", ["proxyarp", "ipparam pppoe", "set A=b",
         "unknown-thing x y"], []),
        (b"unknown-thing x idle 60", ["unknown-thing x", "idle 60"], []),
        (b"idle\n600", ["idle 600"], []),
        (b"plugin radius.so\nradius-config-file /etc/x\nidle 5", ["idle 5"], []),
        (b"ms-dns 1.1.1.1 ms-dns 2.2.2.2\r\nms-dns 3.3.3.3\r\n", [], ["1.1.1.1", "3.3.3.3"]),
    ],
)  # fmt: skip
def test_pppd_sees_no_lines(content, others, dns):
    found = _adopt_options.read(content)
    assert (found.others, found.dns_servers) == (others, dns)


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (b"10.9.0.10-50\n#x\n\n10.9.0.60\r\n", []),
        (b"10.9.1.10-300\n10.9.2.1-10.9.2.5\n10.9.0.50-10\n10.9.0.300\nx\n", [1, 2, 3, 4, 5]),
    ],
)
def test_pool_file(content, numbers):
    assert [text.split()[1] for text, _why in _adopt_describe_pool.of_file(content, "f")] == list(map(str, numbers))


def test_variables_of_a_vault_are_told_apart():
    assert _adopt_describe.placeholders(["a b", "a-b", "josé"]) == [
        "vault_a_b_secret", "vault_a_b_secret_2", "vault_jos__secret",
    ]  # fmt: skip
