"""What a user may write of IPv6 prefixes, and what of it is kept on the host."""

from __future__ import annotations

import ipaddress

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _check, _prefixes, _settings

GIVEN = {
    "prefixes": ["2001:db8:1::/48"],
    "delegated_prefixes": ["2001:db8:100::/40", "fd00:1::/48"],
    "delegated_length": 56,
    "dns_servers": ["2001:db8::53"],
}


def test_settings_are_read_as_they_were_written():
    settings = _check.settings(GIVEN, 7)
    assert settings.slot == 7
    assert settings.dns == (ipaddress.IPv6Address("2001:db8::53"),)
    assert [pool.total for pool in settings.pools] == [65536, 65536 + 256]
    assert _settings.read(_settings.text(settings)) == settings


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"slot": null}', b"1"])
def test_what_is_no_settings(content):
    with pytest.raises(ValueError, match=r"."):
        _settings.read(content)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"prefixes": ["10.0.0.0/8"]}, "prefixes[0]: '10.0.0.0/8' is not an IPv6 prefix. Write it like"),
        ({"prefixes": ["2001:db8:1::"]}, "prefixes[0]: '2001:db8:1::' is not an IPv6 prefix. Give its length"),
        ({"prefixes": ["2001:db8:1::1/64"]}, "bits set beyond its length; the prefix is 2001:db8:1::/64."),
        ({"prefixes": [12]}, "prefixes[0]: 12 is not an IPv6 prefix. "),
        ({"prefixes": ["2001:db8:1::/72"]}, "prefixes[0]: 2001:db8:1::/72 has no room for a prefix of /64."),
        ({"prefixes": ["fe80::/64"]}, "prefixes[0]: fe80::/64 is not a prefix for hosts. "),
        ({"prefixes": ["ff02::/64"]}, "prefixes[0]: ff02::/64 is not a prefix for hosts. "),
        ({"prefixes": ["::/0"]}, "prefixes[0]: ::/0 is not a prefix for hosts. "),
        ({"delegated_prefixes": ["2001:db8:100::/60"]}, "delegated_prefixes[0]: 2001:db8:100::/60 has no room for"),
        ({"delegated_length": 65}, "delegated_length: 65 is out of range. Give a number from 32 to 64."),
        (
            {"delegated_prefixes": ["2001:db8:200::/40", "2001:db8:210::/48"]},
            "delegated_prefixes[1]: 2001:db8:210::/48 overlaps delegated_prefixes[0] (2001:db8:200::/40).",
        ),
        ({"delegated_prefixes": ["2001:db8::/40"]}, "delegated_prefixes[0]: 2001:db8::/40 overlaps prefixes[0] "),
        ({"dns_servers": ["8.8.8.8"]}, "dns_servers[0]: '8.8.8.8' is not an IPv6 address. "),
        ({"dns_servers": ["::1"] * 4}, "dns_servers: 4 servers are given. "),
    ],
)
def test_what_is_refused(changed, error):
    with pytest.raises(Refused) as refused:
        _check.settings({**GIVEN, **changed}, 1)
    assert error in str(refused.value)


def test_accounts():
    entries = [
        {"name": "a", "framed_ipv6_prefix": "2001:db8:1:7::/64"},
        {"name": "b c", "delegated_ipv6_prefix": "2001:db8:100::/48", "secret": "hidden"},
        {"name": "a", "framed_ipv6_prefix": "2001:db8:1:7::/64"},
        {"name": "nothing"},
        {"name": "gone", "state": "absent", "framed_ipv6_prefix": "x"},
    ]
    text = _check.accounts_text(_check.accounts(entries, "accounts[{}]".format))
    assert text == b"2001:db8:1:7::/64 - a\n- 2001:db8:100::/48 b c\n"
    assert _prefixes.read(text.decode()) == ({"a": "2001:db8:1:7::/64"}, {"b c": "2001:db8:100::/48"})


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"name": 7, "framed_ipv6_prefix": "2001:db8:2::/64"}, "accounts[1].name: is not text."),
        ({"name": "b", "framed_ipv6_prefix": "2001:db8:2::/56"}, "accounts[1].framed_ipv6_prefix: 2001:db8:2::/56 is"),
        ({"name": "b", "delegated_ipv6_prefix": "2001:db8::/31"}, "accounts[1].delegated_ipv6_prefix: 2001:db8::/31"),
        ({"name": "b", "delegated_ipv6_prefix": 5}, "accounts[1].delegated_ipv6_prefix: 5 is not an IPv6 prefix."),
        (
            {"name": "b", "delegated_ipv6_prefix": "2001:db8:1::/56"},
            "accounts[1].delegated_ipv6_prefix: 2001:db8:1::/56 overlaps accounts[0].framed_ipv6_prefix",
        ),
        (
            {"name": "a", "framed_ipv6_prefix": "2001:db8:1:8::/64"},
            "accounts[1]: a has other prefixes in another entry",
        ),
    ],
)
def test_accounts_that_are_refused(entry, error):
    first = {"name": "a", "framed_ipv6_prefix": "2001:db8:1:7::/64"}
    with pytest.raises(Refused) as refused:
        _check.accounts([first, entry], "accounts[{}]".format)
    assert str(refused.value).startswith(error)
