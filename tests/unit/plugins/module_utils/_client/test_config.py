from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._config import Host
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import words

DSL = Connection("dsl", "eth0", "cmz")

# Changes of the connection, changes of the host, and the words that pppd then reads in addition and no more.
PEERS = [
    ({}, Host(), [], []),
    ({}, Host("rp-pppoe.so"), [b"rp-pppoe.so"], [b"pppoe.so", b"pppoe-padi-timeout", b"2"]),
    ({}, Host(version=(2, 5, 0)), [], []),
    (
        {}, Host(version=(2, 5, 2)),
        [b"net-init-script", b"/usr/local/libexec/dialtone-pppoe/pppoe-client-init"], [],
    ),
    ({"default_route": False}, Host(), [], [b"set", b"DIALTONE_METRIC=0"]),
    ({"username": 'a "b" #c'}, Host(), [b'a "b" #c'], [b"cmz"]),
    ({"username": "josé"}, Host(), ["josé".encode()], [b"cmz"]),
    ({"ac_name": "BRAS 1"}, Host(), [b"rp_pppoe_ac", b"BRAS 1"], []),
    ({"service_name": "it's"}, Host(), [b"rp_pppoe_service", b"it's"], []),
    ({"mtu": 1400}, Host(), [b"1400", b"1400"], [b"1492", b"1492"]),
    ({"dns": ("server",)}, Host(), [b"usepeerdns", b"DIALTONE_DNS=server"], [b"DIALTONE_DNS=none"]),
    ({"dns": ("192.0.2.1", "192.0.2.2")}, Host(), [b"DIALTONE_DNS=192.0.2.1 192.0.2.2"], [b"DIALTONE_DNS=none"]),
    ({"vlan": 7}, Host(), [b"nic-eth0.7"], [b"nic-eth0"]),
    ({"link": "ppp-office"}, Host(), [b"ifname", b"ppp-office"], []),
    ({"unit": 3}, Host(), [b"unit", b"3"], []),
    ({"metric": 7}, Host(), [b"DIALTONE_METRIC=7"], [b"DIALTONE_METRIC=0"]),
    ({"ipv6": True}, Host(), [b"+ipv6"], [b"noipv6"]),
    ({"methods": ("chap", "mschapv2")}, Host(), [b"refuse-pap", b"refuse-mschap", b"refuse-eap"], []),
    ({"methods": ("pap",)}, Host(), [b"refuse-chap", b"refuse-mschap-v2", b"refuse-mschap", b"refuse-eap"], []),
    ({"demand_idle": 300}, Host(),
     [b"demand", b"idle", b"300", b"holdoff", b"60", b"maxfail", b"0", b"ktune",
      b"ipcp-accept-local", b"ipcp-accept-remote", b"defaultroute", b"defaultroute-metric", b"0"], [b"nodefaultroute"]),
    ({"lcp_echo_interval": 7, "lcp_echo_failure": 8}, Host(), [b"7", b"8"], [b"20", b"3"]),
]  # fmt: skip

PLAIN = """plugin pppoe.so nic-eth0 pppoe-padi-timeout 2 user cmz remotename pppoe-client-dsl linkname pppoe-client-dsl
ipparam pppoe-client-dsl noauth hide-password noipdefault nodefaultroute set DIALTONE_METRIC=0 noipv6 mtu 1492 mru 1492
set DIALTONE_CONNECTION=dsl set DIALTONE_DNS=none ip-up-script /usr/local/libexec/dialtone-pppoe/pppoe-client-up
ip-down-script /usr/local/libexec/dialtone-pppoe/pppoe-client-down
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
        nic = next(word for word in words(content) if word.startswith(b"nic-"))
        assert words(content).index(b"pppoe-padi-timeout") < words(content).index(nic)
    assert _client_config.is_ours(content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, True), (b"", False), (b"user me\n", False), (b"# comment\n" + _client_config.MARKER.encode(), False)],
)
def test_only_what_has_our_first_line_is_ours(content, expected):
    assert _client_config.is_ours(content) is expected


@pytest.mark.parametrize(("changes", "line"), [
    ({}, "Type=notify"),
    ({}, "ExecStart=pppd call dsl nodetach"),
    ({}, "ExecStartPre=/usr/local/libexec/dialtone-pppoe/pppoe-client-attempt before dsl 5 60 eth0"),
    ({"vlan": 7}, "ExecStartPre=/usr/local/libexec/dialtone-pppoe/pppoe-client-attempt before dsl 5 60 eth0 7"),
    # A pause must end before systemd takes the start for failed.
    ({"redial_pause_max": 600}, "TimeoutStartSec=3030"),
    # One that waits for traffic has started once it waits.
    ({"demand_idle": 300}, "Type=exec"),
])  # fmt: skip
def test_unit_file(changes, line):
    unit = _client_config.unit_file(Connection(**dict(vars(DSL), **changes)))
    assert line in unit.decode().splitlines()
    assert _client_config.is_ours(unit)


def test_the_polkit_rule_is_ours():
    assert _client_config.is_ours(_client_config.rule_file("dsl", "netdev"))
    assert b"subject.isInGroup('netdev')" in _client_config.rule_file("dsl", "netdev")
    assert b"isInGroup" not in _client_config.rule_file("dsl", None)


def test_paths_of_a_connection():
    assert _layout_client.peers_path("dsl") == "/etc/ppp/peers/dsl"
    assert _layout_client.unit_path("dsl") == "/etc/systemd/system/pppoe-client@dsl.service"
    assert _layout_client.log_path("dsl") == "/run/pppoe-client-dsl.log"


def test_the_background_lines_are_a_shell_script(tmp_path):
    import subprocess

    script = "\n".join(_client_config.background_lines(DSL))
    assert subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True).stderr == ""
    assert "exec pppd call dsl persist maxfail 0 holdoff 60\n" in script
