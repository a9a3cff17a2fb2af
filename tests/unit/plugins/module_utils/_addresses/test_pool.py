from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from hypothesis import given
from hypothesis import strategies as st

SETS = st.lists(st.integers(0, 30), max_size=20)


def listed(entries, reserved=()):
    taken = _pool.reserved("reserved_addresses", reserved)
    return [_pool.text(address) for address in _pool.free(_pool.spans("pool", entries), taken)]


@pytest.mark.parametrize(
    ("entries", "first", "last", "count"),
    [
        (["192.168.10.2+20"], "192.168.10.2", "192.168.10.21", 20),
        (["10.0.0.250-10.0.1.5"], "10.0.0.250", "10.0.1.5", 12),
        (["10.0.0.0/30"], "10.0.0.1", "10.0.0.2", 2),
        (["10.0.0.4/31"], "10.0.0.4", "10.0.0.5", 2),
        (["10.0.0.9"], "10.0.0.9", "10.0.0.9", 1),
        (["10.0.0.9", " 10.0.0.1+2"], "10.0.0.9", "10.0.0.2", 3),
        (["10.0.0.0/17"], "10.0.0.1", "10.0.127.254", 32766),
    ],
)
def test_forms_of_a_pool(entries, first, last, count):
    addresses = listed(entries)
    assert (addresses[0], addresses[-1], len(addresses)) == (first, last, count)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([], "no address"),
        (["10.0.0.100-200"], "10.0.0.100-10.0.0.200"),
        (["10.0.0.9-10.0.0.3"], "ends before it begins"),
        (["10.0.0.9-300"], "'300' is not an address"),
        (["10.0.0.300"], "pool[0]: '10.0.0.300' is not an IPv4 address"),
        (["10.0.0.1+0"], "no count"),
        (["10.0.0.1+many"], "no count"),
        (["10.0.0.1/24"], "host bits set"),
        (["10.0.0.1+5", "10.0.0.5"], "pool[1]: '10.0.0.5' and '10.0.0.1+5' both hold 10.0.0.5"),
        (["10.0.0.0/8"], "split the pool"),
        (["224.0.0.1+3"], "unicast"),
        (["127.0.0.1"], "unicast"),
        (["223.255.255.255+2"], "unicast"),
        (["0.0.0.0"], "unicast"),  # noqa: S104
        ([""], "not an IPv4 address"),
    ],
)
def test_refused_pools(entries, words):
    with pytest.raises(Refused) as refusal:
        _pool.spans("pool", entries)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("reserved", "left"),
    [
        (["192.168.10.3"], ["192.168.10.2", "192.168.10.4", "192.168.10.5"]),
        (["*", "-", "!192.168.10.3", "a.host.name"], ["192.168.10.2", "192.168.10.3", "192.168.10.4", "192.168.10.5"]),
        (["192.168.10.4/31", "10.9.9.9"], ["192.168.10.2", "192.168.10.3"]),
        (["192.168.10.2/31+", "*", "*"], ["192.168.10.4", "192.168.10.5"]),
        (["192.168.10.3-192.168.10.4", "10.9.9.1-10.9.9.9"], ["192.168.10.2", "192.168.10.5"]),
    ],
)
def test_addresses_of_accounts_are_carved_out(reserved, left):
    assert listed(["192.168.10.2+4"], reserved) == left


def test_one_fixed_address_for_two_accounts_is_refused():
    with pytest.raises(Refused, match=r"reserved_addresses\[2\].*192\.168\.10\.3 is given twice.*\[0\]"):
        _pool.reserved("reserved_addresses", ["192.168.10.3", "*", "192.168.10.3"])


def test_a_pool_that_another_instance_hands_out_is_refused():
    pool = _pool.spans("pool", ["10.0.0.1+10"])
    _pool.refuse_shared("pool", pool, {"vlan20": ["10.0.0.11", "10.0.0.200"]})
    with pytest.raises(Refused, match=r"10\.0\.0\.7, which instance 'vlan20'"):
        _pool.refuse_shared("pool", pool, {"vlan20": ["10.0.0.11", "10.0.0.7"]})


@given(SETS, SETS)
def test_ranges_are_the_addresses_one_by_one(some, others):
    first, second = _pool.merged((one, one) for one in some), _pool.merged((one, one) for one in others)
    for ranges, addresses in ((first, set(some)), (_pool.subtract(first, second), set(some) - set(others))):
        assert [one for low, high in ranges for one in range(low, high + 1)] == sorted(addresses)
        # As few as can be: none begins where another ends.
        assert all(left[1] + 1 < right[0] for left, right in zip(ranges, ranges[1:]))
    for low in range(30):
        for high in (low, low + 4):
            assert _pool.touches(first, (low, high)) == any(low <= one <= high for one in some)


def test_networks_are_whole_and_may_overlap():
    entries = ["10.0.0.0/24", "10.0.0.7", "10.0.1.0-10.0.1.9", "10.0.0.200+300", "10.0.9.9/23"]
    shown = [_pool.range_text(one) for one in _pool.networks("networks", entries)]
    assert shown == ["10.0.0.0-10.0.1.243", "10.0.8.0-10.0.9.255"]
    with pytest.raises(Refused, match=r"networks\[1\]: 'eth1' is not an IPv4 address"):
        _pool.networks("networks", ["10.0.0.0/8", "eth1"])
