from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.tests.support import parameters

GUIDE = {
    **parameters.SERVER,
    "local_address": "192.168.10.109",
    "pool": ["192.168.10.2+20"],
    "reserved_addresses": ["*", "192.168.10.3"],
    "dns_servers": ["202.106.0.20", "8.8.8.8"],
    "lcp_echo_failure": 2,
}
DEBIAN_12 = _server_config.Capabilities(
    "/usr/sbin/pppoe-server", "3.15", frozenset("CFHILMNOPQRSTXdfhilmopqrsux"), "/usr/sbin/pppd", "/p/pppoe.so", None
)
DEBIAN_13 = _server_config.Capabilities(
    "/usr/sbin/pppoe-server", "4.0", frozenset("CFHILMNOPQRSTXdfghiklmopqrsux"), "/usr/sbin/pppd", "/p/pppoe.so", None
)
BARE = _server_config.Capabilities(None, None, frozenset(), None, None, None)
NO_PPP = _server_config.Capabilities(
    "/usr/sbin/pppoe-server", "4.0", DEBIAN_13.flags, "/usr/sbin/pppd", "/p/pppoe.so", "the kernel has no PPP"
)


def made(**changes):
    return _server_config.instance({**GUIDE, **changes})


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {},
            [
                "auth",
                "require-chap",
                "noipv6",
                "lcp-echo-interval 10",
                "lcp-echo-failure 2",
                "ms-dns 202.106.0.20",
                "ms-dns 8.8.8.8",
                "mtu 1492",
                "mru 1492",
            ],
        ),
        (
            {"authentication": "pap", "system_login": True, "dns_servers": [], "lcp_echo_interval": 0, "mtu": 1400},
            ["auth", "require-pap", "login", "noipv6", "mtu 1400", "mru 1492"],
        ),
        (
            {"ipv6": True, "dns_servers": [], "lcp_echo_interval": 0},
            ["auth", "require-chap", "+ipv6", "ipv6 ::1,::2", "mtu 1492", "mru 1492"],
        ),
        (
            {
                "dns_servers": [],
                "lcp_echo_interval": 0,
                "options": ["idle 600", "ipparam 'two words'", "  nobsdcomp # of no use"],
            },
            ["auth", "require-chap", "noipv6", "mtu 1492", "mru 1492", "idle 600", 'ipparam "two words"', "nobsdcomp"],
        ),
        (
            {"dns_servers": [], "lcp_echo_interval": 0, "single_session": "replace", "options": ["idle 600"]},
            [
                *["auth", "require-chap", "noipv6", "mtu 1492", "mru 1492", "set DIALTONE_SINGLE_SESSION=replace"],
                "idle 600",
            ],
        ),
        (
            {"dns_servers": [], "lcp_echo_interval": 0, "options": ["ip-up-script /mine"]},
            ["auth", "require-chap", "noipv6", "mtu 1492", "mru 1492", "ip-up-script /mine"],
        ),
    ],
)
def test_options_file(changes, lines):
    assert _server_config.options_file(made(**changes)).decode().splitlines()[1:] == lines


@pytest.mark.parametrize(
    ("changes", "parameter", "words"),
    [
        ({"name": "a b"}, "name", "characters"),
        ({"name": "../x"}, "name", "characters"),
        ({"interfaces": []}, "interfaces", "no interface"),
        ({"interfaces": ["eth1", "eth1"]}, "interfaces[1]", "twice"),
        ({"interfaces": ["eth1;reboot"]}, "interfaces[0]", "not the name of an interface"),
        ({"local_address": "300.1.1.1"}, "local_address", "not an IPv4 address"),
        ({"local_address": "192.168.10.7"}, "pool", "the server's own address"),
        ({"pool": ["192.168.10.3"]}, "pool", "reserve every address"),
        ({"options": ["noipv6"]}, "options[0]", "Use ipv6."),
        ({"session_count": 20}, "session_count", "19 free addresses"),
        ({"session_count": 0}, "session_count", "from 1 to 19"),
        ({"pool": ["10.0.0.1+65534"], "session_count": 65535}, "session_count", "65534 free addresses"),
        ({"pool": ["10.0.0.1+65535"]}, "pool", "One server can number 65534 sessions"),
        # Each account with an address of its own needs a session id too.
        ({"pool": ["10.0.0.1+65534"]}, "reserved_addresses", "could be 65535 sessions"),
        ({"dns_servers": ["1.1.1.1", "8.8.8.8", "9.9.9.9"]}, "dns_servers", "at most two"),
        ({"dns_servers": ["8.8.8.8", "dns.example"]}, "dns_servers[1]", "not an IPv4 address"),
        ({"lcp_echo_interval": -1}, "lcp_echo_interval", "Give 0 to "),
        ({"mtu": 1501}, "mtu", "Give 128 to 1500"),
        ({"ac_name": "it's"}, "ac_name", "not allowed"),
        ({"ac_name": ""}, "ac_name", "not allowed"),
        ({"ac_name": "two words"}, "ac_name", "not allowed"),
        ({"ac_name": "bell\a"}, "ac_name", "not allowed"),
        ({"service_names": ["ok", "$(reboot)"]}, "service_names[1]", "not allowed"),
        ({"service_names": ['"fast"']}, "service_names[0]", "not allowed"),
        ({"service_names": ["-q/bin/sh"]}, "service_names[0]", "not allowed"),
        ({"service_names": ["a\nb"]}, "service_names[0]", "not allowed"),
        ({"service_names": ["ok\n"]}, "service_names[0]", "not allowed"),
        ({"options": ["noauth"]}, "options[0]", "without a password"),
        # pppd reads words, not lines.
        ({"options": ["debug", "show-password"]}, "options[1]", "'show-password' is not for this list"),
        ({"options": ["idle 600 noauth"]}, "options[0]", "'noauth' follows 'idle'"),
        ({"options": ["idle 600", "nobsdcomp 'no'auth"]}, "options[1]", "a separate entry"),
        ({"options": ["nodeflate :10.0.0.1"]}, "options[0]", "a separate entry"),
        ({"options": ["idle 60", "'no''auth'"]}, "options[1]", "without a password"),
        ({"options": ["10.0.0.1:10.0.0.2"]}, "options[0]", "local_address and pool"),
        ({"options": ["idle 60\nnoauth"]}, "options[0]", "not a pppd option"),
        ({"options": ["'open"]}, "options[0]", "quotation"),
        ({"options": ["# nothing"]}, "options[0]", "not a pppd option"),
        ({"options": ["mtu 1400"]}, "options[0]", "Use mtu"),
        ({"options": ["nodetach"]}, "options[0]", "pppoe-server"),
        (
            {"options": ["idle 60", "ip-up-script /x"], "radius": True},
            "options[1]",
            "radius has a script",
        ),
        ({"radius": True, "system_login": True}, "system_login", "PAM"),
        ({"radius": True, "ac_name": "a=b"}, "ac_name", "a=b"),
        ({"radius": True, "ac_name": "a" * 64}, "ac_name", "63 characters"),
        ({"radius": True, "session_count": 70000}, "session_count", "65534"),
        (
            {"options": ["idle 60", "ip-up-script /x"], "single_session": "deny"},
            "options[1]",
            "single_session=deny has a script",
        ),
    ],
)
def test_refused(changes, parameter, words):
    with pytest.raises(Refused) as refusal:
        made(**changes)
    assert refusal.value.parameter == parameter
    assert words in str(refusal.value)


def test_what_the_pool_leaves_out():
    left = made(excluded_addresses=["192.168.10.1-192.168.10.9", "10.0.0.0/8"], reserved_addresses=["192.168.10.11"])
    assert left.addresses[:2] == ("192.168.10.10", "192.168.10.12")
    with pytest.raises(Refused, match="pool: accounts reserve every address of it"):
        made(excluded_addresses=["192.168.10.0/27"])


def test_addresses_of_accounts_that_are_outside_of_everything():
    connected = {"eth1": ["192.168.10.0/24"]}
    near = ["*", "192.168.10.3", "192.168.10.200-192.168.10.210", "10.7.0.1"]
    changes = {**GUIDE, "networks": ["10.7.0.0/16"]}
    assert _server_config.outside({**changes, "reserved_addresses": near}, connected) is None
    warning = _server_config.outside(
        {**changes, "reserved_addresses": [*near, "192.168.9.255-192.168.10.5"]}, connected
    )
    assert "accounts have 192.168.9.255, in no pool or network of instance 'default' " in warning
    assert "(192.168.10.2+20, 10.7.0.0/16, 192.168.10.0/24 of eth1)" in warning
    many = _server_config.outside({**GUIDE, "reserved_addresses": [f"10.8.{one}.1" for one in range(30)]}, connected)
    assert "10.8.19.1 and 10 more, in no pool" in many
    with pytest.raises(Refused, match=r"networks\[0\]"):
        _server_config.outside({**GUIDE, "networks": ["here"]}, connected)


@pytest.mark.parametrize(
    ("can", "kernel_mode", "changes", "ending"),
    [
        (DEBIAN_12, "auto", {}, ["-Q", "kernel", "-N", "20"]),
        (DEBIAN_13, "auto", {}, ["-k", "-g", "pppoe.so", "-N", "20"]),
        (DEBIAN_13, "always", {"mtu": 1400}, ["-k", "-g", "pppoe.so", "-N", "20"]),
        (DEBIAN_13, "never", {}, ["-N", "20"]),
        (NO_PPP, "auto", {}, ["-N", "20"]),
        # Accounts with an address of their own have a slot beside those of the pool; a network is nobody's.
        (NO_PPP, "auto", {"reserved_addresses": ["192.168.10.3", "10.1.1.1", "10.2.0.0/24"]}, ["-N", "21"]),
        (NO_PPP, "auto", {"session_count": 7, "reserved_addresses": ["10.1.1.1"]}, ["-N", "7"]),
        (
            DEBIAN_12,
            "never",
            {"ac_name": "gate", "service_names": ["fast", "slow"], "sessions_per_mac": 2},
            ["-C", "gate", "-S", "fast", "-S", "slow", "-x", "2", "-N", "20"],
        ),
    ],
)
def test_command(can, kernel_mode, changes, ending):
    instance = made(**changes)
    how = _server_config.mode(kernel_mode, can, instance)
    words = _server_config.command(instance, can, how)
    assert words == [
        *["/usr/sbin/pppoe-server", "-F", "-I", "eth1", "-L", "192.168.10.109"],
        *["-O", "/etc/ppp/pppoe-server/default.options"],
        *ending,
        *["-q", "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"],
    ]


@pytest.mark.parametrize(
    ("can", "kernel_mode", "changes", "parameter"),
    [
        (NO_PPP, "always", {}, "kernel_mode"),
        (DEBIAN_12, "never", {"mru": 1400}, "mtu"),
        (NO_PPP, "auto", {"mtu": 1400}, "mtu"),
    ],
)  # fmt: skip
def test_refused_modes(can, kernel_mode, changes, parameter):
    with pytest.raises(Refused) as refusal:
        _server_config.mode(kernel_mode, can, made(**changes))
    assert refusal.value.parameter == parameter


def test_a_relay_instead_of_the_kernel_has_a_reason():
    assert _server_config.mode("auto", NO_PPP, made()).reason == "the kernel has no PPP"
    assert _server_config.mode("never", DEBIAN_13, made()).reason is None


def test_nothing_is_known_of_a_bare_host_and_yet_a_command_predicted():
    instance = made()
    words = _server_config.command(instance, BARE, _server_config.mode("auto", BARE, instance))
    assert words[:2] == ["/usr/sbin/pppoe-server", "-F"]


def test_unit_starts_the_command_and_waits_for_the_interfaces():
    instance = made(interfaces=["eth1", "eth2"])
    unit = _server_config.unit_file(instance, ["/usr/sbin/pppoe-server", "-F"]).decode()
    start = (
        "/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start default eth1 eth2 -- /usr/sbin/pppoe-server -F"
    )
    assert f"\nExecStart={start}\nExecReload={start}\n" in unit
    assert "\nExecStop=/usr/local/libexec/dialtone-pppoe/pppoe-server-instance hangup default $MAINPID\n" in unit


def test_help_of_version_4():
    text = """Usage: pppoe-server [options]
Options:
   -I if_name     -- Specify interface (default eth0.)
   -O fname       -- Use PPPD options from specified file
                     (default /etc/ppp/pppoe-server-options).
   -k             -- Use kernel-mode PPPoE.

PPPoE-Server Version 4.0, Copyright (C) 2001-2009 Roaring Penguin Software Inc.
"""
    assert _server_config.parse_help(text) == ("4.0", frozenset("IOk"))
