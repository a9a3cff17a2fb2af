from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _options as _client_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import Delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.tests.support import parameters

DSL = Connection("dsl", "eth0", "cmz")
DELEGATED = {"interfaces": ["eth1"], "client": "auto", "length": 56}


def connection(ethernet: int = 1500, **changes) -> Connection:
    wanted = _client_options.connection(dict(parameters.CLIENT, **changes))
    _client_options.check_mtu(wanted, ethernet)
    return wanted


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
    ({"mtu": 1500, "ethernet": 1508}, {"mtu": 1500}),
    ({"mtu": 1500, "interface_mtu": 1508}, {"mtu": 1500, "interface_mtu": 1508}),
    ({"secret": "@/etc/passwd"}, {}),
    ({"secret": "@login"}, {}),
    ({"secret": "a\nb \"c' \\ #"}, {}),
    ({"vlan": 4094}, {"vlan": 4094}),
    ({"link_interface": "ppp-office"}, {"link": "ppp-office"}),
    ({"unit": 0}, {"unit": 0}),
    ({"route_metric": 7}, {"metric": 7}),
    ({"authentication": ["pap", "chap", "pap"]}, {"methods": ("chap", "pap")}),
    ({"demand_idle": 300}, {"demand_idle": 300}),
    ({"ipv6": True}, {"ipv6": True}),
    (
        {"ipv6": True, "ipv6_delegation": DELEGATED},
        {"ipv6": True, "delegation": Delegation(("eth1",)), "link": "ppp-dsl"},
    ),
    (
        {"ipv6": True, "ipv6_delegation": DELEGATED, "unit": 3},
        {"ipv6": True, "delegation": Delegation(("eth1",)), "unit": 3},
    ),
    ({"firewall": "standalone"}, {"firewall": "standalone", "link": "ppp-dsl"}),
    ({"firewall": "masquerade", "unit": 3}, {"firewall": "masquerade", "unit": 3}),
    ({"firewall": "masquerade", "link_interface": "x"}, {"firewall": "masquerade", "link": "x"}),
    ({"redial_pause": 60}, {"redial_pause": 60}),
    ({"dns": "server"}, {"dns": ("server",)}),
    ({"dns": ["server"]}, {"dns": ("server",)}),
    ({"dns": "8.8.8.8"}, {"dns": ("8.8.8.8",)}),
    ({"dns": ["114.114.114.114", "8.8.8.8"]}, {"dns": ("114.114.114.114", "8.8.8.8")}),
    ({"dns": "114.114.114.114, 8.8.8.8"}, {"dns": ("114.114.114.114", "8.8.8.8")}),
    ({"dns": ["2001:db8::1"]}, {"dns": ("2001:db8::1",)}),
    ({"dns": ["fe80::1%eth0"]}, {"dns": ("fe80::1%eth0",)}),
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
    ({"secret": "a\0b"}, "secret: contains a NUL"),
    ({"ac_name": "a\nb"}, "ac_name: "),
    ({"service_name": "a\x1b[0m"}, "service_name: "),
    ({"ac_name": "a" * 256}, "ac_name: it is longer"),
    ({"mtu": 1493}, "mtu: 1493 is out of range. Give 128 to 1492 (eth0 has an MTU of 1500, PPPoE takes 8)."),
    ({"mtu": 1501, "ethernet": 9000}, "mtu: 1501 is out of range. Give 128 to 1500 (Ethernet's own)."),
    ({"vlan": 0}, "vlan: 0 is out of range. Give "),
    ({"vlan": 4095}, "vlan: 4095 is out of range. Give "),
    ({"vlan": 100, "interface": "enp0s31f6abc"}, "vlan: the VLAN's interface would be enp0s31f6abc.100"),
    ({"link_interface": "ppp-much-too-long"}, "link_interface: 'ppp-much-too-long' is not a valid interface name"),
    ({"link_interface": "a/b"}, "link_interface: 'a/b' is not a valid interface name"),
    ({"link_interface": "ppp-x", "unit": 1}, "link_interface: 'ppp-x' and unit 1 both name the link."),
    ({"firewall": "standalone", "name": "quite-long-name"}, "link_interface: is left out, and the rules"),
    ({"unit": -1}, "unit: -1 is out of range. Give "),
    ({"route_metric": -1}, "route_metric: -1 is out of range. Give "),
    ({"demand_idle": 0}, "demand_idle: 0 is out of range. Give "),
    ({"demand_idle": 300, "boot": False}, "demand_idle: 300, but with boot=false"),
    ({"redial_pause": 0}, "redial_pause: 0 is out of range. Give "),
    ({"redial_pause": 61}, "redial_pause_max: 60 is less than redial_pause, 61."),
    ({"mtu": 1500, "interface_mtu": 1507}, "interface_mtu: 1507 is out of range. Give 1508 to 9216."),
    ({"mtu": 127}, "mtu: 127"),
    (
        {"mtu": 1492, "ethernet": 1480},
        "mtu: 1492 is out of range. Give 128 to 1472 (eth0 has an MTU of 1480, PPPoE takes 8).",
    ),
    ({"dns": "google"}, "dns: 'google' is not the address"),
    ({"dns": ["server", "8.8.8.8"]}, "dns: 'server' is not the address"),
    ({"dns": []}, "dns: it is empty"),
    ({"dns": ""}, "dns: it is empty"),
    ({"dns": ["8.8.8"]}, "dns: '8.8.8' is not the address"),
    ({"dns": "8.8.8.8; reboot"}, "dns: "),
    ({"dns": {"a": 1}}, "dns: "),
    ({"dns": "fe80::1%eth0;reboot"}, "dns: "),
    ({"dns": "fe80::1%*"}, "dns: "),
    ({"dns": "8.8.8.8%eth0"}, "dns: "),
    ({"dns": "fe80::1%"}, "dns: "),
    # The kernel lets an interface have such a name.
    ({"interface": "a;reboot"}, "interface: 'a;reboot' has characters"),
    ({"interface": "$(reboot)"}, "interface: '$(reboot)' has characters"),
    ({"interface": "-h"}, "interface: '-h' has characters"),
    ({"lcp_echo_interval": -1}, "lcp_echo_interval: -1 is out of range. Give "),
    ({"timeout": 0}, "timeout: 0 is out of range. Give "),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_refused(changes, message):
    with pytest.raises(Refused) as refused:
        connection(**changes)
    assert str(refused.value).startswith(message)


def test_a_refusal_never_has_the_secret():
    with pytest.raises(Refused) as refused:
        connection(secret="my secret\0")
    assert "my secret" not in str(refused.value)
