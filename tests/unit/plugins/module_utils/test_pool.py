from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused


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
        (["10.0.0.9-300"], "'300' is no address"),
        (["10.0.0.300"], "pool[0]: '10.0.0.300' is no IPv4 address"),
        (["10.0.0.1+0"], "no count"),
        (["10.0.0.1+many"], "no count"),
        (["10.0.0.1/24"], "host bits set"),
        (["10.0.0.1+5", "10.0.0.5"], "pool[1]: '10.0.0.5' and '10.0.0.1+5' both hold 10.0.0.5"),
        (["10.0.0.0/8"], "split the pool"),
        (["224.0.0.1+3"], "unicast"),
        (["127.0.0.1"], "unicast"),
        (["223.255.255.255+2"], "unicast"),
        (["0.0.0.0"], "unicast"),  # noqa: S104
        ([""], "no IPv4 address"),
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
