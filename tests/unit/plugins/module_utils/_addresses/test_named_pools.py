"""Named pools and the walled garden as a user writes them."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import (
    _named_pools,
    _pool,
    _walled_garden,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _pools as _manager_pools
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant

OWN = [_pool.Span(_pool.address("", "10.0.0.2"), _pool.address("", "10.0.0.9"), "10.0.0.2+8")]
LOCAL = _pool.address("", "10.0.0.1")


def named(pools=None, garden=None, radius=False, taken=()):
    parameters = {"pools": pools, "walled_garden": garden, "radius": radius}
    return _named_pools.named(parameters, OWN, LOCAL, taken)


def test_pools_without_the_addresses_of_accounts():
    fixed = _pool.reserved("reserved_addresses", ["10.1.0.3"])
    pools = {"a": {"addresses": ["10.1.0.2+3"], "next_pool": "b"}, "b": {"addresses": ["10.2.0.2"]}}
    found = named(pools, {"pool": ["10.99.0.2"]}, taken=fixed)
    assert [_pool.text(one) for one in found["a"].addresses] == ["10.1.0.2", "10.1.0.4"]
    assert (found["a"].follows, found["b"].follows) == ("b", None)
    assert set(_named_pools.addresses_of(_named_pools.file(found))) == {
        "10.1.0.2", "10.1.0.4", "10.2.0.2", "10.99.0.2",
    }  # fmt: skip
    assert _named_pools.file({}) is None


A = {"addresses": ["10.1.0.2"]}


@pytest.mark.parametrize(
    ("pools", "garden", "error"),
    [
        ({"a b": A}, None, "pools: 'a b' is not the name of a pool"),
        ({"default": A}, None, "pools: 'default' is not the name of a pool"),
        ({"walled-garden": A}, None, "pools: 'walled-garden' is not the name of a pool"),
        ({1: A}, None, "pools: 1 is not the name of a pool"),
        ({"a": {}}, None, "pools.a: has no list of addresses"),
        ({"a": ["10.1.0.2"]}, None, "pools.a: has no list of addresses"),
        ({"a": {"addresses": "10.1.0.2"}}, None, "pools.a: has no list of addresses"),
        ({"a": {**A, "next": "b"}}, None, "pools.a: has the unknown key next"),
        ({"a": {**A, "next_pool": "b"}}, None, "pools.a.next_pool: there is no pool 'b'. Defined are: default, a"),
        ({"a": {**A, "next_pool": "a"}}, None, "pools.a.next_pool: leads back to a"),
        ({"a": {"addresses": ["10.1.0.300"]}}, None, "pools.a.addresses[0]: '10.1.0.300' is not an IPv4 address"),
        ({"a": {"addresses": ["10.0.0.9"]}}, None, "pools.a.addresses: '10.0.0.9' and '10.0.0.2+8' both hold 10.0.0.9"),
        ({"a": A, "b": A}, None, "pools.b.addresses: '10.1.0.2' and '10.1.0.2' both hold 10.1.0.2"),
        ({"a": {"addresses": ["10.0.0.1"]}}, None, "pools.a.addresses: '10.0.0.1' holds 10.0.0.1, the server's own"),
        (None, {"pool": ["10.0.0.5"]}, "walled_garden.pool: '10.0.0.5' and '10.0.0.2+8' both hold 10.0.0.5"),
        (None, {"allow": ["10.9.0.0/24"]}, "walled_garden.pool: is missing"),
    ],
)
def test_bad_pools_are_refused(pools, garden, error):
    with pytest.raises(Refused) as caught:
        named(pools, garden)
    assert str(caught.value).startswith(error)


def test_two_pools_that_follow_each_other():
    with pytest.raises(Refused, match=r"^pools.a.next_pool: leads back to a"):
        named({"a": {**A, "next_pool": "b"}, "b": {"addresses": ["10.2.0.2"], "next_pool": "a"}})


@pytest.mark.parametrize(("pools", "garden"), [({"a": A}, None), (None, {"pool": ["10.99.0.2"]})])
def test_with_radius_they_are_for_framed_pool(pools, garden):
    assert named(pools, garden, radius=True) == named(pools, garden)


def test_accounts_that_take_a_whole_pool():
    with pytest.raises(Refused, match=r"^pools.a.addresses: accounts reserve every address"):
        named({"a": A}, taken=_pool.reserved("reserved_addresses", ["10.1.0.2"]))


GARDEN = {"pool": ["10.99.0.2+8"], "allow": [], "dns_server": None, "redirect": None}


def test_a_garden():
    found = _walled_garden.garden({**GARDEN, "allow": ["192.0.2.0/24"], "redirect": "198.51.100.7"})
    assert [str(one) for one in found.sources] == ["10.99.0.2-10.99.0.9"]
    assert [str(one) for one in found.outside] == [
        "0.0.0.0-192.0.1.255", "192.0.3.0-198.51.100.6", "198.51.100.8-255.255.255.255",
    ]  # fmt: skip
    assert found.redirect == "198.51.100.7:80"
    assert _walled_garden.garden({**GARDEN, "redirect": "198.51.100.7:8080"}).redirect == "198.51.100.7:8080"
    assert _walled_garden.garden(None) is _walled_garden.garden({}) is None
    assert _walled_garden.garden({**GARDEN, "pool": []}) is None


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({}, "walled_garden: nothing can be reached from it"),
        ({"redirect": "http://pay.example"}, "walled_garden.redirect: 'http://pay.example' is not an address"),
        ({"redirect": "192.0.2.1:0"}, "walled_garden.redirect: '192.0.2.1:0' is not"),
        ({"redirect": "192.0.2.1:70000"}, "walled_garden.redirect: '192.0.2.1:70000' is not"),
        ({"redirect": "192.0.2.300"}, "walled_garden.redirect: '192.0.2.300' is not"),
        ({"dns_server": "ns.example"}, "walled_garden.dns_server: 'ns.example' is not"),
        ({"allow": ["192.0.2.1/33"]}, "walled_garden.allow[0]: '192.0.2.1/33' is not"),
        ({"pool": ["10.99.0.9-10.99.0.2"], "redirect": "192.0.2.1"}, "walled_garden.pool[0]:"),
    ],
)
def test_bad_gardens_are_refused(more, error):
    with pytest.raises(Refused) as caught:
        _walled_garden.garden({**GARDEN, **more})
    assert str(caught.value).startswith(error)


def test_names_that_are_written_in_more_than_one_file():
    """The session manager is installed without the file that checks pools."""
    assert _named_pools.GARDEN == _plans_grant.GARDEN
    assert _named_pools.OWN == _manager_pools.OWN
