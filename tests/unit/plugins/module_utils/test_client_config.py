# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils import _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client_config import Connection, Host
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._words import words

PARAMETERS = {
    "name": "dsl",
    "interface": "eth0",
    "username": "cmz",
    "secret": "open sesame",
    "ac_name": None,
    "service_name": None,
    "default_route": True,
    "dns": "none",
    "mtu": 1492,
    "lcp_echo_interval": 20,
    "lcp_echo_failure": 3,
    "timeout": 60,
}
DSL = Connection("dsl", "eth0", "cmz", None, None, True, ("none",), 1492, 20, 3)


def connection(interface_mtu: int = 1500, **changes) -> Connection:
    return _client_config.connection(dict(PARAMETERS, **changes), interface_mtu)


ACCEPTED = [
    ({}, {}),
    ({"name": "a" * 32}, {"name": "a" * 32}),
    ({"name": "A_b-9"}, {"name": "A_b-9"}),
    ({"secret": None}, {}),
    ({"username": "user@isp.example/PPPoE 1"}, {"username": "user@isp.example/PPPoE 1"}),
    ({"username": "josé"}, {"username": "josé"}),
    ({"ac_name": ""}, {}),
    ({"ac_name": "BRAS 1"}, {"ac_name": "BRAS 1"}),
    ({"service_name": "internet"}, {"service_name": "internet"}),
    ({"mtu": 128}, {"mtu": 128}),
    ({"dns": "server"}, {"dns": ("server",)}),
    ({"dns": ["server"]}, {"dns": ("server",)}),
    ({"dns": "8.8.8.8"}, {"dns": ("8.8.8.8",)}),
    ({"dns": ["114.114.114.114", "8.8.8.8"]}, {"dns": ("114.114.114.114", "8.8.8.8")}),
    ({"dns": "114.114.114.114, 8.8.8.8"}, {"dns": ("114.114.114.114", "8.8.8.8")}),
    ({"dns": ["2001:db8::1"]}, {"dns": ("2001:db8::1",)}),
    ({"lcp_echo_interval": 0, "lcp_echo_failure": 0}, {"lcp_echo_interval": 0, "lcp_echo_failure": 0}),
]


@pytest.mark.parametrize(("changes", "expected"), ACCEPTED)
def test_accepted(changes, expected):
    assert connection(**changes) == Connection(**dict(vars(DSL), **expected))


REFUSED = [
    ({"name": ""}, "name: '' cannot be"),
    ({"name": "a" * 33}, "name: "),
    ({"name": "-x"}, "name: "),
    ({"name": "a/b"}, "name: "),
    ({"name": ".."}, "name: "),
    ({"name": "dsl\n"}, "name: "),
    ({"name": "dsl@1"}, "name: "),
    ({"username": ""}, "username: is empty"),
    ({"username": "*"}, "username: '*'"),
    ({"username": "a\nb"}, "username: "),
    ({"username": "a" * 256}, "username: is 256 bytes long"),
    ({"secret": ""}, "secret: is empty"),
    ({"secret": "@/etc/passwd"}, "secret: begins with '@/'"),
    ({"secret": "a\0b"}, "secret: has a NUL"),
    ({"ac_name": "a\nb"}, "ac_name: "),
    ({"service_name": "a\x1b[0m"}, "service_name: "),
    ({"ac_name": "a" * 256}, "ac_name: it is longer"),
    ({"mtu": 1493}, "mtu: 1493 is out of range. Give 128 to 1492 (the most that PPPoE carries)."),
    ({"mtu": 127}, "mtu: 127"),
    ({"mtu": 1492, "interface_mtu": 1480}, "mtu: 1492 is out of range. Give 128 to 1472 (eth0 has an MTU of 1480)."),
    ({"dns": "google"}, "dns: 'google' is no address"),
    ({"dns": ["server", "8.8.8.8"]}, "dns: 'server' is no address"),
    ({"dns": []}, "dns: it is empty"),
    ({"dns": ""}, "dns: it is empty"),
    ({"dns": ["8.8.8"]}, "dns: '8.8.8' is no address"),
    ({"dns": "8.8.8.8; reboot"}, "dns: "),
    ({"dns": {"a": 1}}, "dns: "),
    ({"lcp_echo_interval": -1}, "lcp_echo_interval: -1 is too small. Give 0 or more."),
    ({"timeout": 0}, "timeout: 0 is too small. Give 1 or more."),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_refused(changes, message):
    with pytest.raises(Refused) as refused:
        connection(**changes)
    assert str(refused.value).startswith(message)


def test_a_refusal_never_has_the_secret():
    with pytest.raises(Refused) as refused:
        connection(secret="@/my secret")
    assert "my secret" not in str(refused.value)


# Changes of the connection, changes of the host, and the words that pppd then reads in addition and no more.
PEERS = [
    ({}, Host(), [], []),
    ({}, Host("rp-pppoe.so"), [b"rp-pppoe.so"],
     [b"pppoe.so", b"pppoe-padi-timeout", b"2", b"defaultroute-metric", b"0"]),
    ({"default_route": False}, Host(), [b"nodefaultroute"], [b"defaultroute", b"defaultroute-metric", b"0"]),
    ({"username": 'a "b" #c'}, Host(), [b'a "b" #c'], [b"cmz"]),
    ({"username": "josé"}, Host(), ["josé".encode()], [b"cmz"]),
    ({"ac_name": "BRAS 1"}, Host(), [b"rp_pppoe_ac", b"BRAS 1"], []),
    ({"service_name": "it's"}, Host(), [b"rp_pppoe_service", b"it's"], []),
    ({"mtu": 1400}, Host(), [b"1400", b"1400"], [b"1492", b"1492"]),
    ({"dns": ("server",)}, Host(),
     [b"usepeerdns", b"set", b"DIALTONE_CONNECTION=dsl", b"set", b"DIALTONE_DNS=server",
      b"ip-up-script", b"/usr/local/libexec/dialtone-pppoe/pppoe-client-up",
      b"ip-down-script", b"/usr/local/libexec/dialtone-pppoe/pppoe-client-down"], []),
    ({"dns": ("192.0.2.1", "192.0.2.2")}, Host(),
     [b"set", b"DIALTONE_CONNECTION=dsl", b"set", b"DIALTONE_DNS=192.0.2.1 192.0.2.2",
      b"ip-up-script", b"/usr/local/libexec/dialtone-pppoe/pppoe-client-up",
      b"ip-down-script", b"/usr/local/libexec/dialtone-pppoe/pppoe-client-down"], []),
    ({"lcp_echo_interval": 7, "lcp_echo_failure": 8}, Host(), [b"7", b"8"], [b"20", b"3"]),
]  # fmt: skip

PLAIN = """plugin pppoe.so nic-eth0 pppoe-padi-timeout 2 user cmz remotename pppoe-client-dsl linkname pppoe-client-dsl
ipparam pppoe-client-dsl noauth hide-password noipdefault defaultroute defaultroute-metric 0 mtu 1492 mru 1492
lcp-restart 1 lcp-max-configure 20 lcp-echo-interval 20 lcp-echo-failure 3 child-timeout 15
logfile /run/pppoe-client-dsl.log"""


@pytest.mark.parametrize(("changes", "host", "more", "less"), PEERS)
def test_peers_file(changes, host, more, less):
    content = _client_config.peers_file(Connection(**dict(vars(DSL), **changes)), host)
    expected = [word.encode() for word in PLAIN.split()]
    for word in less:
        expected.remove(word)
    assert sorted(words(content)) == sorted(expected + more)
    # The plugin must be there before its options, and the interface is one of them.
    assert words(content)[0] == b"plugin"
    if b"pppoe-padi-timeout" in words(content):
        # Behind the interface it would not count in 2.4.9.
        assert words(content).index(b"pppoe-padi-timeout") < words(content).index(b"nic-eth0")
    assert _client_config.is_ours(content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, True), (b"", False), (b"user me\n", False), (b"# comment\n" + _client_config.MARKER.encode(), False)],
)
def test_only_what_has_our_first_line_is_ours(content, expected):
    assert _client_config.is_ours(content) is expected


def test_unit_file():
    notify = _client_config.unit_file(DSL, Host()).decode()
    assert "Type=notify\n" in notify
    assert "ExecStart=pppd call dsl nodetach up_sdnotify\n" in notify
    simple = _client_config.unit_file(DSL, Host(notifies=False)).decode()
    assert "Type=simple\n" in simple
    assert "ExecStart=pppd call dsl nodetach\n" in simple
    assert _client_config.is_ours(simple.encode())


def test_paths_of_a_connection():
    assert _client_config.peers_path("dsl") == "/etc/ppp/peers/dsl"
    assert _client_config.unit_path("dsl") == "/etc/systemd/system/pppoe-client@dsl.service"
    assert _client_config.log_path("dsl") == "/run/pppoe-client-dsl.log"


def test_the_background_lines_are_a_shell_script(tmp_path):
    import subprocess

    script = "\n".join(_client_config.background_lines(DSL))
    assert subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True).stderr == ""
    assert "exec pppd call dsl persist maxfail 0 holdoff 30\n" in script
