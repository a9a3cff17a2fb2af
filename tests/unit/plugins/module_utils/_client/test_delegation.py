"""A delegated prefix for the networks behind a client: what may be asked for, what a host can do, and its files."""

from __future__ import annotations

import configparser
import json

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dial as _client_dial
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _ipv6 as _client_ipv6
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._delegation import (
    Delegation,
    Inside,
    ObservedDelegation,
    ObservedDhcpcd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Address, Interface

ONE = Delegation(("eth1",))
BY_DHCPCD = Delegation(("eth1",), client="dhcpcd")
THERE = {"eth1": Inside(True), "eth2": Inside(True)}


def asked(interfaces=("eth1",), length=56, ipv6=True, demand=False):
    value = {"interfaces": list(interfaces), "client": "auto", "length": length}
    return _client_delegation.delegation(value, ipv6, demand)


def test_asked_for():
    assert _client_delegation.delegation(None, False, True) is None
    assert asked() == ONE
    assert asked(["eth1", "eth2"], 63) == Delegation(("eth1", "eth2"), 63)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interfaces": []}, "ipv6_delegation.interfaces: there are none."),
        ({"interfaces": ["eth*"]}, "ipv6_delegation.interfaces[0]: 'eth*' is not the name"),
        ({"interfaces": ["eth1", "eth1"]}, "ipv6_delegation.interfaces[1]: eth1 is there twice."),
        ({"interfaces": ["a", "b", "c"], "length": 63}, "ipv6_delegation.length: a prefix of /63 has no /64 for each"),
        ({"length": 65}, "ipv6_delegation.length: 65 is out of range."),
        ({"ipv6": False}, "ipv6_delegation: it needs a link with IPv6."),
        ({"demand": True}, "ipv6_delegation: a link that is dialled on demand"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(Refused) as refused:
        asked(**changes)
    assert str(refused.value).startswith(message)


def check(wanted=ONE, outside=("eth0", "ppp-dsl"), to_systemd=True, check_mode=False, **changes):
    host = ObservedDelegation(**{"networkd": True, "inside": THERE, **changes})
    return _client_delegation.check(wanted, outside, host, to_systemd, check_mode)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outside": ("eth1",)}, "ipv6_delegation.interfaces[0]: eth1 leads outside."),
        ({"inside": {"eth1": Inside()}}, "ipv6_delegation.interfaces[0]: this host has no interface 'eth1'."),
        ({"to_systemd": False}, "ipv6_delegation: it needs systemd"),
        ({"networkd": False}, "ipv6_delegation.client: neither systemd-networkd nor dhcpcd is installed on this host."),
        ({"networkd": False, "wanted": Delegation(("eth1",), client="networkd")},
         "ipv6_delegation.client: systemd-networkd is not installed on this host."),
        ({"would": ("/etc/systemd/network/lan.network",)},
         "ipv6_delegation.client: systemd-networkd does not run here, and it would act on /etc/systemd/network/lan"),
    ],
)  # fmt: skip
def test_a_host_that_cannot(changes, message):
    with pytest.raises(Refused) as refused:
        check(**changes)
    assert str(refused.value).startswith(message)


def test_a_host_that_can():
    assert check() == []
    assert check(runs=True, would=("/etc/systemd/network/lan.network",)) == []
    [warning] = check(inside={"eth1": Inside(True, None, "NetworkManager")})
    assert warning.startswith("NetworkManager manages eth1, too")


@pytest.mark.parametrize(
    ("host", "message"),
    [
        (ObservedDhcpcd(), "dhcpcd and radvd are not installed on this host."),
        (ObservedDhcpcd("10.1.0"), "radvd is not installed on this host."),
        (ObservedDhcpcd("9.4.1", True), "dhcpcd 9.4.1 is installed here, which may get no prefix"),
        (ObservedDhcpcd("of an unknown version", True), "dhcpcd of an unknown version is installed here"),
        (ObservedDhcpcd("10.1.0", True, rival=7), "a dhcpcd that manages all interfaces runs here (process 7)"),
    ],
)
def test_a_host_whose_dhcpcd_cannot(host, message):
    with pytest.raises(Refused) as refused:
        check(BY_DHCPCD, networkd=False, dhcpcd=host)
    assert str(refused.value).startswith(f"ipv6_delegation.client: {message}")


def test_a_host_whose_dhcpcd_can():
    assert check(BY_DHCPCD, networkd=False, dhcpcd=ObservedDhcpcd("10.1.0", True)) == []
    # What the role installs after it has checked.
    assert check(BY_DHCPCD, networkd=False, check_mode=True) == []
    with pytest.raises(Refused, match="it needs systemd, which runs dhcpcd"):
        check(BY_DHCPCD, to_systemd=False)


@pytest.mark.parametrize(
    ("wanted", "changes", "changed", "action"),
    [
        (ONE, {}, True, "start"),
        (ONE, {}, False, "start"),
        (ONE, {"runs": True}, True, "reload"),
        (ONE, {"runs": True}, False, None),
        (None, {"runs": True}, False, None),
        (None, {}, True, None),
        (None, {"runs": True}, True, "stop"),
        (BY_DHCPCD, {"runs": True}, True, "stop"),
        (BY_DHCPCD, {}, True, None),
        (None, {"runs": True, "enabled": True}, True, "reload"),
        (None, {"runs": True, "would": ("/etc/systemd/network/lan.network",)}, True, "reload"),
        (None, {"runs": True, "others": True}, True, "reload"),
    ],
)
def test_what_follows_for_networkd(wanted, changes, changed, action):
    assert _client_delegation.action(wanted, ObservedDelegation(**changes), changed) == action


def files(interfaces=("eth1",), **changes):
    host = ObservedDelegation(inside={**THERE, "eth2": Inside(True, "/run/systemd/network/lan.network")})
    wanted = Connection("dsl", "eth0", "cmz", link="ppp-dsl", ipv6=True, **changes)
    found = _client_networkd.files(wanted, Delegation(tuple(interfaces)), host)
    parsed = {}
    for path, content in found.items():
        parsed[path] = configparser.ConfigParser()
        parsed[path].read_string(content.decode())
    return parsed


def test_files():
    folder = "/etc/systemd/network/"
    found = files(("eth1", "eth2"))
    assert list(found) == [
        folder + "04-pppoe-client.dsl.network",
        folder + "60-pppoe-client.dsl.eth1.network",
        folder + "lan.network.d/60-pppoe-client.dsl.eth2.conf",
    ]
    link, alone, beside = found.values()
    assert (link["Match"]["Name"], link["DHCPv6"]["PrefixDelegationHint"]) == ("ppp-dsl", "::/56")
    assert "RouteMetric" not in link["IPv6AcceptRA"]
    assert (alone["Match"]["Name"], alone["Network"]["KeepConfiguration"]) == ("eth1", "yes")
    # What the administrator's file says stays.
    assert set(beside["Network"]) == {"ipv6acceptra", "ipv6sendra", "dhcpprefixdelegation"}
    assert "Match" not in beside
    assert [one["DHCPPrefixDelegation"]["SubnetId"] for one in (alone, beside)] == ["0", "1"]
    for path in found:
        assert _client_networkd.is_ours(path)
    assert [_client_networkd.interface_of(path) for path in found] == [None, "eth1", "eth2"]
    assert _client_networkd.interface_of(folder + "60-pppoe-client.dsl.eth1.7.network") == "eth1.7"


@pytest.mark.parametrize(
    ("changes", "gateway", "metric"),
    [({}, "yes", None), ({"metric": 7}, "yes", "7"), ({"default_route": False, "metric": 7}, "no", None)],
)
def test_default_route(changes, gateway, metric):
    section = next(iter(files(**changes).values()))["IPv6AcceptRA"]
    assert (section["UseGateway"], section.get("RouteMetric")) == (gateway, metric)


def test_files_of_dhcpcd_and_radvd():
    wanted = Connection("dsl", "eth0", "cmz", link="ppp-dsl", ipv6=True, delegation=BY_DHCPCD)
    found = _client_dhcpcd.files(wanted, Delegation(("eth1", "eth2.7"), 48, "dhcpcd"), "0123abcd")
    assert list(found) == [
        "/etc/ppp/pppoe-client/dsl.dhcpcd",
        "/etc/ppp/pppoe-client/dsl.radvd",
        "/etc/systemd/system/pppoe-client-prefix@dsl.service",
        "/etc/systemd/system/pppoe-client-advertise@dsl.service",
    ]
    conf, radvd, prefix, advertise = (content.decode() for content in found.values())
    assert conf.endswith("interface ppp-dsl\n  ia_pd 1/::/48 eth1/0/64 eth2.7/1/64\n")
    [duid] = [line.split()[1] for line in conf.splitlines() if line.startswith("duid ")]
    assert len(duid) == 18 * 3 - 1
    assert duid.startswith("00:04:")
    assert duid != _client_dhcpcd.duid("0123abce")
    # Ours and pppd's: IPv4, the address of the link, and its default route.
    assert {"noipv4", "noipv6rs", "script /dev/null"} <= set(conf.splitlines())
    assert _client_dhcpcd.inside_of(radvd) == ["eth1", "eth2.7"]
    assert not any(_client_networkd.is_ours(path) for path in found)
    for unit in (prefix, advertise):
        parsed = configparser.ConfigParser(strict=True)
        parsed.read_string(unit)
        assert parsed["Unit"]["BindsTo"] == "pppoe-client@dsl.service"
        assert parsed["Unit"]["BindsTo"] in parsed["Unit"]["After"].split()
    assert " ppp-dsl\n" in prefix
    assert "pppoe-client-prefix@dsl.service" in advertise


@pytest.mark.parametrize(
    ("text", "version", "major"),
    [
        ("dhcpcd 10.1.0\nCopyright (c) 2006-2024 Roy Marples\n", "10.1.0", 10),
        ("dhcpcd 9.4.1\n", "9.4.1", 9),
        ("", "of an unknown version", 0),
    ],
)
def test_version_of_dhcpcd(text, version, major):
    assert (_client_dhcpcd.version_of(text), _client_dhcpcd.major(version)) == (version, major)


def test_the_file_of_an_earlier_run_stays_one_of_its_own():
    own = "/etc/systemd/network/60-pppoe-client.dsl.eth1.network"
    assert _client_networkd.inside_path("dsl", "eth1", own) == own


def address(text, prefix=64):
    return Address("inet6", text, prefix)


LINK = [address("fe80::2", 128), address("2001:db8:1:2::2")]
UNREACHABLE = {"type": "unreachable", "dst": "2001:db8:100::/56", "dev": "lo", "protocol": "dhcp"}
DEFAULT = {"dst": "default", "gateway": "fe80::1", "dev": "ppp-dsl", "protocol": "ra"}


def seen(link=(), eth1=(), routes=(), inside=("eth1",)):
    interfaces = {"ppp-dsl": Interface("ppp-dsl", 1492, tuple(link)), "eth1": Interface("eth1", 1500, tuple(eth1))}
    return _client_ipv6.read(interfaces, json.dumps(list(routes)), "ppp-dsl", inside)


def test_what_there_is():
    assert seen() == _client_ipv6.Ipv6()
    assert seen([address("fe80::2")]).speaks
    own, given = address("fd00::1"), address("2001:db8:100:0:7c7a:1ff:fef9:a2c4")
    whole = seen(LINK, [address("fe80::9"), own, given], [DEFAULT, UNREACHABLE, {"dst": "fd00::/64", "dev": "eth1"}])
    assert whole == _client_ipv6.Ipv6(True, "2001:db8:1:2::2", True, "2001:db8:100::/56", {"eth1": "2001:db8:100::/64"})
    # A single /64 leaves nothing that would be unreachable.
    assert seen(LINK, [given], [DEFAULT]).inside == {"eth1": "2001:db8:100::/64"}
    assert seen(LINK, [given], [dict(UNREACHABLE, protocol="16")], ()).inside == {}


@pytest.mark.parametrize(
    ("found", "inside", "default_route", "sentence"),
    [
        (seen(), (), True, "ppp-dsl has no IPv6: the server has not agreed to it (IPv6CP)."),
        (seen(LINK), (), True, "There is no IPv6 default route: the server on ppp-dsl has not advertised"),
        (seen(LINK), (), False, None),
        (seen(LINK[:1]), (), False, "ppp-dsl has only a link-local IPv6 address"),
        (seen(LINK), ("eth1",), False, "The server has not delegated an IPv6 prefix on ppp-dsl (DHCPv6)."),
        (seen(LINK, [address("2001:db8:100::9")]), ("eth1", "eth2"), False, "eth2 has no IPv6 prefix:"),
        (seen(LINK[:1], [address("2001:db8:100::9")], [DEFAULT]), ("eth1",), True, None),
    ],
)
def test_what_is_missing(found, inside, default_route, sentence):
    text = _client_ipv6.missing(found, "ppp-dsl", inside, default_route)
    assert text == sentence if sentence is None else text.startswith(sentence)


class Looks:
    """What is seen, look by look, the last again and again, and the time that passes meanwhile."""

    def __init__(self, monkeypatch, *found):
        self.found, self.now, self.warnings = list(found), 0.0, []
        monkeypatch.setattr(_client_dial._client_ipv6, "observe", lambda *_words: self.look())
        monkeypatch.setattr(_client_dial.time, "sleep", self.sleep)
        monkeypatch.setattr(_client_dial.time, "monotonic", lambda: self.now)

    def look(self):
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]

    def sleep(self, seconds):
        self.now += seconds

    def warn(self, text):
        self.warnings.append(text)

    def wait(self, timeout=60, dialled=True, **changes):
        wanted = Connection("dsl", "eth0", "cmz", link="ppp-dsl", ipv6=True, **changes)
        link = Link(7, "ppp-dsl", "192.0.2.7", "192.0.2.1", 1492)
        return _client_dial.wait_for_ipv6(self, wanted, link, timeout, dialled)


NOTHING = _client_ipv6.Ipv6(True, None, True)
SUBNET = _client_ipv6.Ipv6(True, None, True, None, {"eth1": "2001:db8:100::/64"})
WHOLE = _client_ipv6.Ipv6(True, None, True, "2001:db8:100::/56", {"eth1": "2001:db8:100::/64"})


@pytest.mark.parametrize(
    ("looks", "found", "longest"),
    [([NOTHING, WHOLE], WHOLE, 1), ([NOTHING, SUBNET, WHOLE], WHOLE, 1), ([NOTHING, SUBNET], SUBNET, 2)],
)
def test_a_delegated_prefix_is_waited_for(monkeypatch, looks, found, longest):
    seen_so_far = Looks(monkeypatch, *looks)
    assert seen_so_far.wait(delegation=ONE) == found
    assert seen_so_far.now < longest


def test_a_prefix_that_does_not_come(monkeypatch):
    with pytest.raises(_client_dial.DialFailed, match="has not delegated an IPv6 prefix on ppp-dsl") as failed:
        Looks(monkeypatch, NOTHING).wait(delegation=ONE, timeout=5)
    assert failed.value.reason == "no_ipv6"


@pytest.mark.parametrize(("dialled", "warnings"), [(True, 1), (False, 0)])
def test_an_address_that_does_not_come(monkeypatch, dialled, warnings):
    looks = Looks(monkeypatch, NOTHING)
    assert looks.wait(dialled=dialled) == NOTHING
    assert (len(looks.warnings), looks.now < 4) == (warnings, True)
