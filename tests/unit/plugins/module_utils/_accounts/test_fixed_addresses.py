from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account, _batch, _fixed_addresses
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool

FILE = b"""\
# cmz * x 10.9.9.9
cmz * x 10.0.0.3
cmz2 * x *
'a b' * "x 10.9.9.8" '10.0.0.4' # 10.9.9.7
net * x 10.9.8.0/24
own\t* x 10.1.0.9/24+
late * x !10.9.9.6 10.0.0.5/32 * -- 10.9.9.5
odd * x 10.0.0.300 host.example 10.0.1
crlf * x 10.0.0.9\r
half 10.9.9.4
last * x 10.0.0.7"""


def test_what_a_file_gives_to_single_accounts():
    found = [(name.decode(), _pool.range_text(held)) for name, held in _fixed_addresses.of_text(FILE)]
    assert found == [
        ("cmz", "10.0.0.3"),
        ("a b", "10.0.0.4"),
        ("own", "10.1.0.0-10.1.0.255"),
        ("late", "10.0.0.5"),
        ("crlf", "10.0.0.9"),
        ("last", "10.0.0.7"),
    ]


ENTRIES = [
    {"name": "cmz", "secret": "x", "addresses": ["10.0.0.3"]},
    {"name": "josé", "secret": "x", "addresses": ["10.0.0.5", "!10.0.0.1"]},
    {"name": "net", "secret": "x", "addresses": ["10.9.8.0/24"]},
    {"name": "gone", "state": "absent", "addresses": ["10.0.0.7"]},
]
ACCOUNTS = [_account.of_server(entry, f"users[{index}]") for index, entry in enumerate(ENTRIES)]
BATCH = _batch.encode(ENTRIES, "users[{}]".format)


@pytest.mark.parametrize("accounts", [ACCOUNTS, BATCH])
def test_those_of_a_call_and_those_of_others(accounts):
    assert _fixed_addresses.listed(FILE, accounts) == {
        "fixed_addresses": ["10.0.0.3", "10.0.0.5"],
        "other_fixed_addresses": ["10.0.0.4", "10.0.0.7", "10.0.0.9", "10.1.0.0-10.1.0.255"],
    }


@pytest.mark.parametrize("accounts", [ACCOUNTS, BATCH])
def test_a_pool_that_hands_them_to_others(accounts):
    assert _fixed_addresses.in_pools(accounts, {}) == []
    assert _fixed_addresses.in_pools(accounts, {"default": ["10.0.0.2", "10.0.0.4", "10.0.0.7", "10.9.8.1"]}) == []
    warnings = _fixed_addresses.in_pools(accounts, {"vlan": ["10.0.0.5"], "default": ["10.0.0.2", "10.0.0.3"]})
    assert len(warnings) == 1
    assert "10.0.0.3 of 'cmz' (default); 10.0.0.5 of 'josM-CM-)' (vlan)." in warnings[0]
    assert "reserved_addresses" in warnings[0]
