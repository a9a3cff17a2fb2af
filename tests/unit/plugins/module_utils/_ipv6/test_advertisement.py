"""Router solicitations that are heard, and advertisements that are sent."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _advertisement
from hypothesis import given
from hypothesis import strategies as some

SOLICITATION = bytes.fromhex("8500000000000000")
LINK_LAYER = bytes.fromhex("0101020000000001")
PREFIX = ipaddress.IPv6Network("2001:db8:0:7::/64")


@pytest.mark.parametrize(
    ("message", "source", "hop_limit", "valid"),
    [
        (SOLICITATION, "fe80::2", 255, True),
        (SOLICITATION, "fe80::2%ppp0", 255, True),
        (SOLICITATION, "::", 255, True),
        (SOLICITATION + LINK_LAYER, "fe80::2", 255, True),
        (SOLICITATION, "fe80::2", 64, False),
        (SOLICITATION, "2001:db8::2", 255, False),
        (SOLICITATION[:7], "fe80::2", 255, False),
        (b"\x86" + SOLICITATION[1:], "fe80::2", 255, False),
        (b"\x85\x01" + SOLICITATION[2:], "fe80::2", 255, False),
        (SOLICITATION + b"\x01", "fe80::2", 255, False),
        (SOLICITATION + bytes(8), "fe80::2", 255, False),
        (SOLICITATION + b"\x01\x02" + bytes(6), "fe80::2", 255, False),
    ],
)
def test_solicitation(message, source, hop_limit, valid):
    assert _advertisement.is_solicitation(message, source, hop_limit) is valid


@given(some.binary(max_size=200))
def test_no_solicitation_is_an_error(message):
    assert _advertisement.is_solicitation(SOLICITATION[:4] + message, "fe80::2", 255) in (True, False)


def test_advertisement():
    """Byte by byte: flag O and no M, a lifetime as a router, the prefix not on link (RFC 4861, 4.2 and 4.6)."""
    dns = [ipaddress.IPv6Address("2001:db8:ffff::53")]
    assert _advertisement.advertisement(PREFIX, 1492, dns).hex() == "".join(
        [
            *["86000000", "40", "40", "0708", "00000000", "00000000"],
            *["0304", "40", "40", "00001c20", "00000e10", "00000000", "20010db8000000070000000000000000"],
            *["0501", "0000", "000005d4"],
            *["1903", "0000", "00000708", "20010db8ffff00000000000000000053"],
        ]
    )


def test_a_former_prefix_ends_at_once():
    former = ipaddress.IPv6Network("2001:db8:0:6::/64")
    message = _advertisement.advertisement(PREFIX, 1492, former=[former, PREFIX])
    assert message[16:].startswith(bytes.fromhex("03044040") + bytes(12) + former.network_address.packed + b"\x03\x04")
    assert message.count(PREFIX.network_address.packed) == 1


def test_without_a_prefix_it_says_that_dhcpv6_has_more():
    assert _advertisement.advertisement(None, 1492).hex() == "86000000404007080000000000000000" + "05010000000005d4"
