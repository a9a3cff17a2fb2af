from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _render as _l2tpns_render
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _settings as _l2tpns_settings

SERVER = {"address": "10.0.0.2", "secret": "S3cret"}
MEMBERS = {"interface": "eth0", "members": ["10.0.0.11", "10.0.0.12"]}
PARAMETERS = {
    "interfaces": ["eth1"],
    "local_address": "10.99.0.1",
    "pool": [],
    "dns_servers": [],
    "authentication": "chap",
    "lcp_echo_interval": 10,
    "lcp_echo_failure": 3,
    "mtu": 1492,
    "mru": 1492,
    "ac_name": "",
    "service_names": [],
    "single_session": "allow",
    "radius": {"servers": [SERVER]},
    "cluster": {},
}


def settings(**more):
    return _l2tpns_settings.settings({**PARAMETERS, **more})


def radius(**more):
    return {"radius": {"servers": [SERVER], **more}}


def lines(**more) -> list[str]:
    return _l2tpns_render.startup_config(settings(**more)).splitlines()


def test_the_least_that_is_needed():
    found = settings()
    assert (found.interface, found.pool, found.echo, found.idle) == ("eth1", (), 10, 40)
    assert (found.cluster.address, found.cluster.interface, found.cluster.members) == ("10.99.0.1", "lo", ())


def test_a_member_may_say_from_which_address_it_asks():
    assert settings(cluster=MEMBERS, **radius(nas_address="10.0.0.12")).cluster.address == "10.99.0.1"


def test_all_members_come_to_the_same_mac():
    assert settings().cluster.mac == "02:70:0a:63:00:01"
    assert settings(cluster={"mac": "2:A:b:c:d:e"}).cluster.mac == "02:0a:0b:0c:0d:0e"


@pytest.mark.parametrize(
    ("pool", "networks"),
    [
        (["10.50.9.0/24"], ("10.50.9.0/24",)),
        (["10.50.9.2+2"], ("10.50.9.2/31",)),
        (["10.50.9.1-10.50.9.6"], ("10.50.9.1/32", "10.50.9.2/31", "10.50.9.4/31", "10.50.9.6/32")),
        (["10.50.9.7", "10.60.0.0/30"], ("10.50.9.7/32", "10.60.0.0/30")),
    ],
)
def test_a_pool_is_networks(pool, networks):
    assert settings(pool=pool).pool == networks


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"interfaces": []}, "interfaces: 0 are given."),
        ({"interfaces": ["eth1", "eth2"]}, "interfaces: 2 are given. l2tpns listens on one access interface."),
        ({"interfaces": ['e"1']}, "interfaces[0]: "),
        ({"local_address": "gate"}, "local_address: 'gate' is not an IPv4 address."),
        ({"pool": ["10.99.0.0/24"]}, "pool: '10.99.0.0/24' holds 10.99.0.1, an address of the server."),
        ({"dns_servers": ["10.0.0.1", "10.0.0.2", "10.0.0.3"]}, "dns_servers: 3 are given."),
        ({"dns_servers": ["::1"]}, "dns_servers[0]: "),
        ({"ipv6_prefixes": ["2001:db8:1::/64"]}, "ipv6_prefixes: they need ipv6."),
        ({"ipv6": True}, "ipv6_prefixes: 0 are given. l2tpns gives all customers addresses of one /64."),
        ({"ipv6": True, "ipv6_prefixes": ["2001:db8::/64"] * 2}, "ipv6_prefixes: 2 are given."),
        ({"ipv6": True, "ipv6_prefixes": ["2001:db8::/56"]}, "ipv6_prefixes[0]: '2001:db8::/56' is not a network for"),
        ({"ipv6": True, "ipv6_prefixes": ["fe80::/64"]}, "ipv6_prefixes[0]: 'fe80::/64' is not a network for"),
        ({"ipv6": True, "ipv6_prefixes": ["::/64"]}, "ipv6_prefixes[0]: '::/64' is not a network for"),
        ({"ipv6": True, "ipv6_prefixes": ["x\nset debug 5"]}, "ipv6_prefixes[0]: "),
        ({"ipv6_dns_servers": ["192.0.2.1"]}, "ipv6_dns_servers[0]: '192.0.2.1' is not an IPv6 address."),
        ({"ipv6_dns_servers": ["2001:db8::1"] * 3}, "ipv6_dns_servers: 3 are given."),
        ({"lcp_echo_interval": 0}, "lcp_echo_interval: 0 is out of range."),
        ({"mtu": 1500, "mru": 1500}, "mtu: 1500 is out of range."),
        ({"mru": 1400}, "mru: 1400 differs from mtu, 1492."),
        ({"ac_name": 'gate"\nset radius_secret "x'}, "ac_name: "),
        ({"service_names": ["a", "b"]}, "service_names: 2 are given."),
        ({"service_names": ["a\nset debug 5"]}, "service_names[0]: "),
        ({"radius": {}}, "radius.servers: 0 are given. l2tpns has no accounts of its own"),
        ({"radius": {"servers": [SERVER] * 3}}, "radius.servers: 3 are given."),
        ({"radius": {"servers": [{**SERVER, "address": "::1"}]}}, "radius.servers[0].address: "),
        ({"radius": {"servers": [{**SERVER, "tls": {"ca": "/a"}}]}}, "radius.servers[0].tls: "),
        ({"radius": {"servers": [SERVER, {**SERVER, "secret": "other"}]}}, "radius.servers[1].secret: it differs"),
        (radius(disconnect_secret="other"), "radius.disconnect_secret: it differs"),
        (radius(disconnect_from=["host"]), "radius.disconnect_from[0]: 'host' is not"),
        (radius(nas_identifier="gate"), "radius.nas_identifier: l2tpns sends none."),
        (radius(nas_address="10.0.0.11"), "radius.nas_address: 10.0.0.11 is neither cluster.address, 10.99.0.1, nor"),
        (radius(interim=5), "radius.interim: 5 is out of range."),
        ({"cluster": MEMBERS, "pool": ["10.50.9.0/24"]}, "pool: a member of l2tpns 2.4.1 that takes over"),
        ({"cluster": {"members": ["10.0.0.11"]}}, "cluster.members: one member, or one twice."),
        ({"cluster": {"members": ["10.0.0.11", "10.0.0.11"]}}, "cluster.members: one member, or one twice."),
        ({"cluster": {"members": MEMBERS["members"]}}, "cluster.interface: not set."),
        ({"cluster": {**MEMBERS, "interface": "eth1"}}, "cluster.interface: eth1 is the access interface"),
        ({"cluster": {**MEMBERS, "address": "10.0.0.12"}}, "cluster.address: 10.0.0.12 is a member's own address."),
        ({"cluster": {"group": "10.0.0.1"}}, "cluster.group: '10.0.0.1' is not a multicast address."),
        ({"cluster": {"mac": "01:00:5e:00:00:01"}}, "cluster.mac: '01:00:5e:00:00:01' is not"),
        ({"cluster": {"bgp": {"as_number": 70000, "neighbors": []}}}, "cluster.bgp.as_number: 70000 is out of range."),
        ({"cluster": {"bgp": {"as_number": 65001, "neighbors": []}}}, "cluster.bgp.neighbors: 0 are given."),
    ],
)
def test_refused_by_name(given, text):
    with pytest.raises(Refused) as error:
        settings(**given)
    assert str(error.value).startswith(text)


@pytest.mark.parametrize("secret", ["", 'a"b', "a b", "why?", "a\\b", "a\nb", "ä", "x" * 64, "a$b", "a`b"])
def test_a_secret_that_l2tpns_would_read_differently_is_refused_and_not_shown(secret):
    with pytest.raises(Refused) as error:
        settings(radius={"servers": [{**SERVER, "secret": secret}]})
    assert str(error.value).startswith("radius.servers[0].secret: ")
    assert not secret or secret not in str(error.value)


def test_the_configuration_of_a_member():
    found = lines(
        dns_servers=["10.0.0.53"],
        service_names=["internet"],
        radius={"servers": [SERVER, {**SERVER, "address": "10.0.0.3", "port": 1645}]},
        cluster={**MEMBERS, "bgp": {"as_number": 65001, "neighbors": [{"address": "10.0.0.1", "as_number": None}]}},
    )
    for line in (
        'set radius_secret "S3cret"',
        "set secondary_radius 10.0.0.3",
        "set secondary_radius_port 1645",
        "set bind_address 10.99.0.1",
        'set pppoe_if_to_bind "eth1"',
        'set pppoe_service_name "internet"',
        "set pppoe_only_equal_svc_name yes",
        "set l2tp_mtu 1530",
        "set secondary_dns 10.0.0.53",
        "set cluster_master_min_adv 1",
        "set cli_bind_address 127.0.0.1",
    ):
        assert line in found
    assert found[-3:] == [
        "router bgp 65001",
        "neighbour 10.0.0.1 remote-as 65001",
        "neighbour 10.0.0.1 timers 3 9",
    ]
    assert not [line for line in found if "sessionctl" in line]


def test_ipv6():
    found = lines(ipv6=True, ipv6_prefixes=["2001:DB8:1::/64"], ipv6_dns_servers=["2001:db8::53"])
    assert "set ipv6_prefix 2001:db8:1::" in found
    assert "set primary_ipv6_dns 2001:db8::53" in found
    assert not [line for line in lines() if line.startswith("set ipv6_prefix")]
    # It sets an address of its device at the start only; name servers are read again.
    without, other = "\n".join(lines()), "\n".join(lines(ipv6_dns_servers=["2001:db8::53"]))
    assert _l2tpns_render.needs_restart(without, "\n".join(found))
    assert not _l2tpns_render.needs_restart(without, other)


def test_what_is_not_set_is_written_too_since_a_missing_line_changes_nothing():
    found = lines()
    assert "set secondary_radius 0.0.0.0" in found
    assert "set primary_dns 0.0.0.0" in found
    assert 'set pppoe_service_name ""' in found


def test_only_those_who_have_to_reach_its_ports_and_a_member_leaves_its_sessions_to_the_others():
    alone = _l2tpns_render.drop_in(settings(**radius(disconnect_from=["10.1.0.0/16"])))
    assert "IPAddressDeny=any\nIPAddressAllow=localhost 10.0.0.2 10.1.0.0/16\n" in alone
    assert "KillSignal=SIGQUIT\n" in alone
    member = _l2tpns_render.drop_in(settings(cluster=MEMBERS))
    assert "IPAddressAllow=localhost 10.0.0.2 239.192.112.112 10.0.0.11 10.0.0.12\n" in member
    assert "KillSignal=SIGTERM\n" in member
    assert "ip link set dev eth1 address 02:70:0a:63:00:01\n" in member


def test_what_would_end_the_session_of_another_is_dropped():
    rules = _l2tpns_render.access_rules(settings())
    assert 'hook ingress device "eth1"' in rules
    assert "ether type 0x8863 @nh,8,8 0xa7 drop" in rules


@pytest.mark.parametrize(
    ("more", "restart"),
    [
        ({"dns_servers": ["10.0.0.53"]}, False),
        ({"lcp_echo_interval": 5}, False),
        ({"mtu": 1400, "mru": 1400}, False),
        ({"ac_name": "gate"}, False),
        ({"single_session": "replace"}, False),
        ({"authentication": "pap"}, False),
        (radius(interim=60), False),
        ({"radius": {"servers": [{**SERVER, "secret": "new"}]}}, False),
        ({"interfaces": ["eth2"]}, True),
        ({"local_address": "10.99.0.2"}, True),
        ({"cluster": MEMBERS}, True),
        ({"cluster": {"bgp": {"as_number": 65001, "neighbors": [{"address": "10.0.0.1", "as_number": 65002}]}}}, True),
    ],
)
def test_what_needs_a_new_process(more, restart):
    before = _l2tpns_render.startup_config(settings())
    assert _l2tpns_render.needs_restart(before, _l2tpns_render.startup_config(settings(**more))) is restart


def test_the_password_of_its_command_line_is_kept():
    token = "0123456789abcdef" * 2
    assert _l2tpns_render.token_of(_l2tpns_render.users(token)) == token
    assert _l2tpns_render.token_of("# enable:" + token) == ""
    assert _l2tpns_render.token_of("enable:short\n") == ""
