from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _forwarding
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._forwarding import Asked, ObservedForwarding

NOTHING = Asked()
STRICT = Asked("strict", "off", "eth0")
OF_LINK = {_forwarding.CONF.format(family, "ppp0", key): 9 for family, key in _forwarding.LINK_KEYS}
DEFAULTS = {_forwarding.CONF.format(family, "default", key): 7 for family, key in _forwarding.LINK_KEYS}


def plan(state, content, value, name="default", asked=NOTHING, **more):
    values = {_forwarding.KERNEL: value, **more.pop("values", {})}
    return _forwarding.plan(state, name, asked, ObservedForwarding(content, more.pop("links", ()), values, **more))


@pytest.mark.parametrize("former", [0, 1])
def test_a_host_forwards_and_afterwards_does_what_it_did_before(former):
    first = plan("present", None, former)
    assert first.value == 1
    assert b"\nnet.ipv4.ip_forward = 1\n" in first.content
    assert first.rules is None
    again = plan("present", first.content, 1)
    assert (again.content, again.value, again.kernel) == (first.content, 1, {})
    gone = plan("absent", first.content, 1)
    assert (gone.content, gone.value) == (None, former)


@pytest.mark.parametrize(
    ("content", "value", "after"),
    [
        (None, 1, 1),  # switched on by somebody else, and none of our business
        (None, 0, 0),
        (b"net.ipv4.ip_forward = 1\n", 1, 1),  # somebody has edited our note away: no reason to switch off
    ],
)
def test_absent_switches_off_only_what_was_switched_on(content, value, after):
    assert plan("absent", content, value).value == after


def test_a_value_that_was_lost_is_set_again_and_the_note_stays():
    content = plan("present", None, 0).content
    assert plan("present", content, 0).content == content
    assert plan("present", content, 0).value == 1


RP, NO_IPV6, RA = _forwarding.RP, _forwarding.NO_IPV6, _forwarding.RA


@pytest.mark.parametrize(
    ("asked", "rp_filter", "no_ipv6", "accept_ra"),
    [
        ([], None, None, None),
        ([NOTHING, NOTHING], None, None, None),
        ([Asked("strict")], 1, None, 0),
        ([Asked("loose"), Asked("strict"), Asked("off")], 1, None, 0),
        ([Asked("off"), NOTHING, Asked("loose")], 2, None, 0),
        ([Asked("off"), NOTHING], 0, None, 0),
        ([Asked(ipv6="on")], None, None, 0),
        ([Asked(ipv6="on"), Asked(ipv6="off")], None, 1, 0),
        ([STRICT, NOTHING, Asked("loose", "on")], 1, 1, 0),
    ],
)
def test_the_strictest_holds_in_any_order(asked, rp_filter, no_ipv6, accept_ra):
    for order in (asked, asked[::-1]):
        found = _forwarding.settings(order)
        assert (found.get(RP), found.get(NO_IPV6), found.get(RA)) == (rp_filter, no_ipv6, accept_ra)


def test_what_is_not_given_stays_and_what_is_given_counts():
    content = plan("present", None, 0, "a", STRICT).content
    assert plan("present", content, 1, "a").content == content
    loose = plan("present", content, 1, "a", Asked("loose"))
    assert _forwarding.owners(loose.content) == {"a": Asked("loose", "off", "eth0")}
    unchanged = plan("present", content, 1, "a", Asked("unchanged", "on"))
    assert _forwarding.owners(unchanged.content) == {"a": Asked("", "on", "eth0")}
    assert RP not in unchanged.settings


def test_links_get_the_strictest_and_go_back_to_what_new_links_have():
    host = {"links": ("ppp0",), "values": {**OF_LINK, **DEFAULTS}}
    made = plan("present", None, 1, "a", STRICT, **host)
    assert {path.rpartition("/")[2]: value for path, value in made.kernel.items()} == {
        "rp_filter": 1,
        "disable_ipv6": 1,
        "accept_ra": 0,
        "accept_redirects": 0,
        "accept_source_route": 0,
    }
    assert set(plan("absent", made.content, 1, "a", **host).kernel.values()) == {7}
    both = plan("present", made.content, 1, "b", Asked("loose"), **host)
    left = plan("absent", both.content, 1, "a", **host)
    assert left.kernel[_forwarding.CONF.format("ipv4", "ppp0", "rp_filter")] == 2
    assert left.kernel[_forwarding.CONF.format("ipv6", "ppp0", "disable_ipv6")] == 7


def test_a_numbered_uplink_of_anybody_is_no_customers():
    first = plan("present", None, 1, "a", Asked("strict", "on", "ppp0"), links=("ppp0", "ppp1"))
    second = plan("present", first.content, 1, "b", STRICT, links=("ppp0", "ppp1"), values=OF_LINK)
    assert not [path for path in second.kernel if "/ppp0/" in path]
    assert b'KERNEL=="ppp0", GOTO="dialtone_pppoe_end"\n' in second.rules
    assert b"\n-net.ipv6.conf.ppp0.accept_ra\n" in second.content


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        (b"# For: a second\nnet.ipv4.ip_forward = 1\n", NOTHING),
        (
            b"# For: a second\n-net.ipv4.conf.ppp[0-9]*.rp_filter = 1\n-net.ipv4.conf.ppp3.rp_filter\n"
            b"-net.ipv6.conf.ppp[0-9]*.disable_ipv6 = 1\n",
            Asked("strict", "off", "ppp3"),
        ),
    ],
)
def test_a_file_of_an_earlier_version_has_the_same_for_all(lines, asked):
    assert _forwarding.owners(lines) == {"a": asked, "second": asked}


@pytest.mark.parametrize("line", ["# For a: rp_filter=strict evil=1", "# For a: rp_filter=strict  x"])
def test_words_that_nobody_wrote_are_left_out(line):
    assert _forwarding.owners(line.encode() + b"\n") == {"a": Asked("strict")}


NO_ADDRESS = "0" * 32
IPV6_ROUTE = "".join(
    f"{NO_ADDRESS} 00 {NO_ADDRESS} 00 {hop} 00000400 00000001 00000000 {flags} {link:>8}\n"
    for hop, flags, link in [
        ("fe800000000000000000000000000099", "00450003", "eth0"),
        ("fe800000000000000000000000000001", "00000003", "eth1"),
        (NO_ADDRESS, "00200200", "lo"),
    ]
)
UPLINK_RA = _forwarding.CONF.format("ipv6", "eth0", "accept_ra")


def test_default_routes_by_advertisements():
    assert _forwarding.ra_routes(IPV6_ROUTE) == {"eth0"}
    assert _forwarding.ra_routes("") == frozenset()


@pytest.mark.parametrize(
    ("accept_ra", "routes", "ipv6", "kept"),
    [(1, {"eth0"}, "on", True), (0, {"eth0"}, "on", False), (1, set(), "on", False), (1, {"eth0"}, "off", False)],
)
def test_an_uplink_keeps_on_taking_advertisements_if_it_did(accept_ra, routes, ipv6, kept):
    asked = Asked("", ipv6, "eth0")
    made = plan("present", None, 1, "a", asked, values={UPLINK_RA: accept_ra}, ra_routes=frozenset(routes))
    assert made.kernel == ({UPLINK_RA: 2} if kept else {})
    assert (b"\n-net/ipv6/conf/eth0/accept_ra = 2\n" in made.content) == kept
    if kept:
        again = plan("present", made.content, 1, "a", asked, values={UPLINK_RA: 2})
        assert (again.content, again.kernel) == (made.content, {})
        assert plan("absent", made.content, 1, "a", values={UPLINK_RA: 2}).kernel == {UPLINK_RA: 1}


def test_a_host_without_udev_gets_no_rules():
    assert plan("present", None, 1, "a", STRICT, udev=False).rules is None


@pytest.mark.parametrize("former", [0, 1])
def test_ipv6_is_forwarded_as_long_as_somebody_asks_for_it(former):
    def planned(state, content, value, name, asked=NOTHING):
        return plan(state, content, 1, name, asked, values={_forwarding.KERNEL6: value})

    asks = Asked(ipv6="on", forward6="on")
    first = planned("present", None, former, "one", asks)
    assert b"\n-net.ipv6.conf.all.forwarding = 1\n" in first.content
    assert first.kernel.get(_forwarding.KERNEL6) == (None if former else 1)
    again = planned("present", first.content, 1, "one", asks)
    assert (again.content, again.kernel) == (first.content, {})
    second = planned("present", first.content, 1, "two", asks)
    left = planned("present", second.content, 1, "one", Asked(forward6="off"))
    assert (b"all.forwarding" in left.content, left.kernel) == (True, {})
    for state, asked in (("absent", NOTHING), ("present", Asked(forward6="off"))):
        gone = planned(state, left.content, 1, "two", asked)
        assert b"all.forwarding" not in (gone.content or b"")
        assert gone.kernel.get(_forwarding.KERNEL6) == (None if former else 0)


def test_who_does_not_ask_leaves_ipv6_forwarding_alone():
    assert plan("present", None, 1, values={_forwarding.KERNEL6: 0}).kernel == {}
    assert plan("absent", plan("present", None, 1).content, 1, values={_forwarding.KERNEL6: 1}).kernel == {}


def test_an_uplink_keeps_its_advertisements_before_ipv6_is_forwarded():
    values = {_forwarding.KERNEL6: 0, UPLINK_RA: 1, _forwarding.CONF.format("ipv6", "eth0", "forwarding"): 0}
    asked = Asked(ipv6="on", uplink="eth0", forward6="on")
    found = plan("present", None, 1, asked=asked, values=values, ra_routes=frozenset({"eth0"}))
    assert list(found.kernel) == [UPLINK_RA, _forwarding.KERNEL6]
