"""DHCPv6 as customers' routers speak it (RFC 8415), and as nobody should."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _dhcp
from hypothesis import given
from hypothesis import strategies as some

US, CLIENT = b"\x00\x04" + bytes(16), b"\x00\x03\x00\x01\x02\x00\x00\x00\x00\x01"
OWN, OTHER = ipaddress.IPv6Network("2001:db8:1::/56"), ipaddress.IPv6Network("2001:db8:2::/56")
FRAMED = ipaddress.IPv6Network("2001:db8:0:7::/64")
SERVER = ipaddress.IPv6Address("2001:db8:ffff::53")
LINK = _dhcp.Link(OWN, FRAMED, (SERVER,))
NOTHING = _dhcp.Link(None)


def option(kind, value=b""):
    return struct.pack("!HH", kind, len(value)) + value


def pd(*prefixes, iaid=1, lifetimes=(0, 0)):
    inner = [
        option(_dhcp.IA_PREFIX, struct.pack("!IIB", *lifetimes, one.prefixlen) + one.network_address.packed)
        for one in prefixes
    ]
    return option(_dhcp.IA_PD, struct.pack("!III", iaid, 0, 0) + b"".join(inner))


def na(*addresses, iaid=1):
    inner = [option(_dhcp.IA_ADDRESS, ipaddress.IPv6Address(one).packed + bytes(8)) for one in addresses]
    return option(_dhcp.IA_NA, struct.pack("!III", iaid, 0, 0) + b"".join(inner))


def message(kind, *options, client=CLIENT, server=None):
    server = US if server is None and kind in (3, 5, 8, 9) else server
    head = [option(_dhcp.CLIENT_ID, client)] if client else []
    head += [option(_dhcp.SERVER_ID, server)] if server else []
    return bytes([kind]) + b"abc" + b"".join([*head, *options])


def shown(answer):
    """An answer in words: its kind, and what is in it beside the identifiers."""
    if answer is None:
        return None
    assert answer[1:4] == b"abc"
    found = _dhcp.options(answer[4:])
    assert found is not None
    assert found[0] == (_dhcp.SERVER_ID, US)
    kind = {2: "advertise", 7: "reply"}[answer[0]]
    return " ".join([kind, *(one for one in (_option_shown(*one) for one in found[1:]) if one)])


def _option_shown(kind, value):
    if kind == _dhcp.CLIENT_ID:
        assert value == CLIENT
        return ""
    if kind == _dhcp.STATUS:
        return f"status={struct.unpack('!H', value)[0]}"
    if kind == _dhcp.RAPID_COMMIT:
        return "rapid"
    if kind == _dhcp.DNS:
        return f"dns={ipaddress.IPv6Address(value)}"
    if kind == _dhcp.IA_PREFIX:
        preferred, valid, length = struct.unpack_from("!IIB", value)
        return f"{ipaddress.IPv6Network((value[9:25], length))}={preferred},{valid}"
    if kind == _dhcp.IA_ADDRESS:
        return f"{ipaddress.IPv6Address(value[:16])}={struct.unpack_from('!II', value, 16)}".replace(" ", "")
    name, head = {3: ("na", 12), 4: ("ta", 4), 25: ("pd", 12)}[kind]
    times = struct.unpack_from("!II", value, 4) if head == 12 else (0, 0)
    inner = _dhcp.options(value[head:])
    assert inner is not None
    words = [_option_shown(*one) for one in inner]
    return f"{name}{struct.unpack_from('!I', value)[0]}({' '.join([f'{times[0]},{times[1]}', *words])})"


def asked(text, link=LINK, multicast=True):
    question = _dhcp.question(text)
    return None if question is None else shown(_dhcp.answer(question, link, US, multicast))


GIVEN = "pd1(1800,2880 2001:db8:1::/56=3600,7200)"
HAS_DNS = "dns=2001:db8:ffff::53"
ANY = ipaddress.IPv6Network("::/60")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (message(1, pd()), f"advertise {GIVEN} {HAS_DNS}"),
        (message(1, pd(), option(14)), f"reply rapid {GIVEN} {HAS_DNS}"),
        (message(3, pd(OWN)), f"reply {GIVEN} {HAS_DNS}"),
        (message(5, pd(OWN)), f"reply {GIVEN} {HAS_DNS}"),
        (message(6, pd(OWN)), f"reply {GIVEN} {HAS_DNS}"),
        # What he asks for instead, a length or the prefix of another, is a hint.
        (message(1, pd(ANY)), f"advertise {GIVEN} {HAS_DNS}"),
        (message(1, pd(OTHER)), f"advertise {GIVEN} {HAS_DNS}"),
        (message(3, pd(OTHER)), f"reply {GIVEN} {HAS_DNS}"),
        # What he believes to have ends at once.
        (message(5, pd(OTHER)), f"reply {GIVEN[:-1]} 2001:db8:2::/56=0,0) {HAS_DNS}"),
        (message(6, pd(OTHER, OWN)), f"reply {GIVEN[:-1]} 2001:db8:2::/56=0,0) {HAS_DNS}"),
        # Several associations: there is one prefix.
        (message(1, pd(), pd(iaid=2)), f"advertise {GIVEN} pd2(0,0 status=6) {HAS_DNS}"),
        (
            message(5, pd(OTHER, iaid=2), pd(OWN)),
            f"reply pd2(0,0 2001:db8:2::/56=0,0) {GIVEN} {HAS_DNS}",
        ),
        # Addresses are made from the advertised prefix.
        (message(1, na(), pd()), f"advertise na1(0,0 status=2) {GIVEN} {HAS_DNS}"),
        (message(5, na("2001:db8::5")), f"reply na1(0,0 2001:db8::5=(0,0)) {HAS_DNS}"),
        (message(1, option(4, bytes(4))), f"advertise ta0(0,0 status=2) {HAS_DNS}"),
        (message(1), f"advertise {HAS_DNS}"),
        # Only what is asked for.
        (message(1, pd(), option(6, b"\x00\x17\x00\x18")), f"advertise {GIVEN} {HAS_DNS}"),
        (message(1, pd(), option(6, b"\x00\x18")), f"advertise {GIVEN}"),
        (message(1, pd(), option(6)), f"advertise {GIVEN}"),
        (message(11, option(6, b"\x00\x17"), client=None), f"reply {HAS_DNS}"),
        (message(11), f"reply {HAS_DNS}"),
        (message(11, server=US), f"reply {HAS_DNS}"),
        # Given back, or doubted: it belongs to the session all the same.
        (message(8, pd(OWN)), "reply status=0"),
        (message(9, pd(OWN)), "reply status=0"),
        (message(8, pd(OTHER)), "reply status=0 pd1(0,0 status=3)"),
        (message(8, na("2001:db8::5")), "reply status=0 na1(0,0 status=3)"),
        # Confirm is about addresses.
        (message(4, na("2001:db8:0:7::5")), "reply status=0"),
        (message(4, na("2001:db8:0:8::5")), "reply status=4"),
        (message(4, na()), None),
        (message(4, pd(OWN)), None),
    ],
)
def test_what_is_answered(text, answer):
    assert asked(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (message(1, pd()), "advertise pd1(0,0 status=6)"),
        (message(1, pd(), option(14)), "reply rapid pd1(0,0 status=6)"),
        (message(6, pd(OTHER)), "reply pd1(0,0 2001:db8:2::/56=0,0)"),
        (message(4, na("2001:db8:0:7::5")), "reply status=4"),
        (message(8, pd(OTHER)), "reply status=0 pd1(0,0 status=3)"),
    ],
)
def test_a_session_without_a_prefix(text, answer):
    assert asked(text, NOTHING) == answer


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x01ab",
        message(2),
        message(7),
        message(12),
        message(255),
        message(1, client=None),
        message(1, server=US),
        message(4, na("2001:db8:0:7::5"), server=US),
        message(6, server=US),
        message(3, server=b"other"),
        bytes([3]) + b"abc" + option(1, CLIENT),
        message(11, pd()),
        message(11, server=b"other"),
        message(1, client=b"ab"),
        message(1, client=bytes(131)),
        message(1, option(1, CLIENT)),
        message(1, option(14), option(14)),
        message(1, option(6, b"\x00")),
        message(1) + b"\x00",
        message(1) + b"\x00\x19\x00\x0d" + bytes(12),
        message(1, option(25, bytes(11))),
        message(1, option(3, bytes(11))),
        message(1, option(25, bytes(12) + b"\x00\x1a\x00")),
        message(1, option(25, bytes(12) + option(26, bytes(24)))),
        message(1, option(25, bytes(12) + option(26, bytes(8) + b"\x81" + bytes(16)))),
        message(1, option(3, bytes(12) + option(5, bytes(23)))),
        message(1, *(pd(iaid=number) for number in range(17))),
        message(1, pd(*[OTHER] * 9)),
    ],
)
def test_what_is_not_answered(text):
    assert asked(text) is None


@pytest.mark.parametrize("kind", [1, 3, 4, 5, 6, 8, 9, 11])
def test_a_question_to_our_own_address(kind):
    expected = "reply status=5" if kind in (3, 5, 8, 9) else None
    assert asked(message(kind, *([] if kind == 11 else [pd(OWN)])), multicast=False) == expected


_KINDS = some.sampled_from([1, 3, 4, 5, 6, 8, 9, 11])
_OPTIONS = some.lists(
    some.one_of(
        some.sampled_from([pd(), pd(OWN), pd(OTHER), na(), na("::1"), option(14), option(1, CLIENT), option(2, US)]),
        some.builds(option, some.sampled_from([1, 2, 3, 4, 6, 14, 25]), some.binary(max_size=60)),
        some.binary(max_size=5),
    ),
    max_size=8,
)


@given(_KINDS, _OPTIONS, some.booleans())
def test_an_answer_is_of_this_link_only(kind, options, multicast):
    """Whatever is asked, nobody is given what is not his, and no answer is longer than a packet that needs no parts."""
    question = _dhcp.question(bytes([kind]) + b"abc" + b"".join(options))
    answer = None if question is None else _dhcp.answer(question, LINK, US, multicast)
    if question is None or answer is None:
        return
    assert _dhcp.options(answer[4:]) is not None
    assert len(answer) <= 4 + 22 + 134 + 16 * (16 + 29 + 8 * 29) + 24
    for association, value in _dhcp.options(answer[4:]):
        for inner, prefix in _dhcp.options(value[12:]) if association == _dhcp.IA_PD else []:
            alive = inner == _dhcp.IA_PREFIX and prefix[:8] != bytes(8)
            assert not alive or (prefix[8], prefix[9:25]) == (56, OWN.network_address.packed)


@given(some.binary(max_size=300))
def test_no_message_is_an_error(data):
    question = _dhcp.question(data)
    if question is not None:
        _dhcp.answer(question, LINK, US)
