from __future__ import annotations

import subprocess

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import Delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._capabilities import Pppd
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import words

DSL = Connection("dsl", "eth0", "cmz")
OLD = Pppd(plugin="/usr/lib/pppd/2.4.7/rp-pppoe.so", version=(2, 4, 7))

# Changes of the connection, changes of the host, and the words that pppd then reads in addition and no more.
PEERS = [
    ({}, Pppd(), [], []),
    ({}, OLD, [b"rp-pppoe.so"], [b"pppoe.so", b"pppoe-padi-timeout", b"2"]),
    ({}, Pppd(version=(2, 5, 0)), [], []),
    (
        {}, Pppd(version=(2, 5, 2)),
        [b"net-init-script", b"/usr/local/libexec/dialtone-pppoe/pppoe-client-init"], [],
    ),
    ({"default_route": False}, Pppd(), [], [b"set", b"DIALTONE_METRIC=0"]),
    ({"username": 'a "b" #c'}, Pppd(), [b'a "b" #c'], [b"cmz"]),
    ({"username": "josé"}, Pppd(), ["josé".encode()], [b"cmz"]),
    ({"ac_name": "BRAS 1"}, Pppd(), [b"rp_pppoe_ac", b"BRAS 1"], []),
    ({"service_name": "it's"}, Pppd(), [b"rp_pppoe_service", b"it's"], []),
    ({"mtu": 1400}, Pppd(), [b"1400", b"1400"], [b"1492", b"1492"]),
    ({"dns": ("server",)}, Pppd(), [b"usepeerdns", b"DIALTONE_DNS=server"], [b"DIALTONE_DNS=none"]),
    ({"dns": ("192.0.2.1", "192.0.2.2")}, Pppd(), [b"DIALTONE_DNS=192.0.2.1 192.0.2.2"], [b"DIALTONE_DNS=none"]),
    ({"vlan": 7}, Pppd(), [b"nic-eth0.7"], [b"nic-eth0"]),
    ({"link": "ppp-office"}, Pppd(), [b"ifname", b"ppp-office"], []),
    ({"unit": 3}, Pppd(), [b"unit", b"3"], []),
    ({"metric": 7}, Pppd(), [b"DIALTONE_METRIC=7"], [b"DIALTONE_METRIC=0"]),
    ({"ipv6": True}, Pppd(), [b"+ipv6", b"set", b"DIALTONE_IPV6=1"], [b"noipv6"]),
    # systemd-networkd reads the advertisements itself.
    ({"ipv6": True, "delegation": Delegation(("eth1",))}, Pppd(), [b"+ipv6"], [b"noipv6"]),
    ({"ipv6": True, "delegation": Delegation(("eth1",), client="dhcpcd")}, Pppd(),
     [b"+ipv6", b"set", b"DIALTONE_IPV6=1"], [b"noipv6"]),
    ({"methods": ("chap", "mschapv2")}, Pppd(), [b"refuse-pap", b"refuse-mschap", b"refuse-eap"], []),
    ({"methods": ("pap",)}, Pppd(), [b"refuse-chap", b"refuse-mschap-v2", b"refuse-mschap", b"refuse-eap"], []),
    ({"demand_idle": 300}, Pppd(),
     [b"demand", b"set", b"DIALTONE_DEMAND=1", b"300", b"holdoff", b"60", b"maxfail", b"0", b"ktune",
      b"ipcp-accept-local", b"ipcp-accept-remote", b"defaultroute", b"defaultroute-metric"],
     [b"nodefaultroute", b"nopersist"]),
    ({"lcp_echo_interval": 7, "lcp_echo_failure": 8}, Pppd(), [b"7", b"8"], [b"3", b"3"]),
]  # fmt: skip

PLAIN = """plugin pppoe.so nic-eth0 pppoe-padi-timeout 2 user cmz remotename pppoe-client-dsl linkname pppoe-client-dsl
ipparam pppoe-client-dsl noauth hide-password
nopersist idle 0 maxconnect 0 noipdefault nodefaultroute set DIALTONE_METRIC=0 noipv6 mtu 1492 mru 1492
set DIALTONE_CONNECTION=dsl set DIALTONE_DNS=none ip-up-script /usr/local/libexec/dialtone-pppoe/pppoe-client-up
ip-down-script /usr/local/libexec/dialtone-pppoe/pppoe-client-down
lcp-restart 1 lcp-max-configure 20 lcp-echo-interval 3 lcp-echo-failure 3 lcp-echo-adaptive child-timeout 15
logfile /run/pppoe-client-dsl.log"""


@pytest.mark.parametrize(("changes", "pppd", "more", "less"), PEERS)
def test_peers_file(changes, pppd, more, less):
    content = _client_config.peers_file(Connection(**dict(vars(DSL), **changes)), pppd)
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
    assert _layout_client.is_ours(content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, True), (b"", False), (b"user me\n", False), (b"# comment\n" + _layout_client.MARKER.encode(), False)],
)
def test_only_what_has_our_first_line_is_ours(content, expected):
    assert _layout_client.is_ours(content) is expected


@pytest.mark.parametrize(("changes", "line"), [
    ({}, "Type=notify"),
    ({}, "ExecStart=/usr/local/libexec/dialtone-pppoe/pppoe-client-attempt dial dsl 5 60 eth0 - nodetach"),
    ({"vlan": 7}, "ExecStart=/usr/local/libexec/dialtone-pppoe/pppoe-client-attempt dial dsl 5 60 eth0 7 nodetach"),
    ({"redial_pause": 9}, "ExecStopPost=/usr/local/libexec/dialtone-pppoe/pppoe-client-attempt after dsl 9"),
    # A pause must end before systemd takes the start for failed.
    ({"redial_pause_max": 600}, "TimeoutStartSec=3030"),
    # One that waits for traffic has started once it waits.
    ({"demand_idle": 300}, "Type=exec"),
    ({"delegation": Delegation(("eth1",))}, "Wants=systemd-networkd.service"),
    ({"delegation": Delegation(("eth1",), client="dhcpcd")},
     "Wants=pppoe-client-prefix@dsl.service pppoe-client-advertise@dsl.service"),
])  # fmt: skip
def test_unit_file(changes, line):
    unit = _client_config.unit_file(Connection(**dict(vars(DSL), **changes)))
    assert line in unit.decode().splitlines()
    assert _layout_client.is_ours(unit)


def test_the_polkit_rule_is_ours():
    assert _layout_client.is_ours(_client_config.rule_file("dsl", "netdev"))
    assert b"subject.isInGroup('netdev')" in _client_config.rule_file("dsl", "netdev")
    assert b"isInGroup" not in _client_config.rule_file("dsl", None)


def test_the_background_lines_are_a_shell_script():
    script = "\n".join(_client_config.background_lines(DSL))
    assert subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True).stderr == ""
    assert "pppoe-client-attempt dial dsl 0 0 eth0 - persist maxfail 0 holdoff 60\n" in script
