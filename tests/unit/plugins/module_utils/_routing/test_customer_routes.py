"""Routes as the kernel writes them, and a real table where namespaces can be made."""

from __future__ import annotations

import ipaddress
import socket
import struct

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _customer_routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing._customer_routes import MAIN, Route


def route(text="192.0.2.7/32", index=7, metric=0):
    return Route(ipaddress.ip_network(text), index, metric)


@pytest.mark.parametrize("text", ["192.0.2.7/32", "192.0.2.0/24", "2001:db8:7::/48"])
@pytest.mark.parametrize("table", [100, 8863])
def test_there_and_back(text, table):
    body = _customer_routes.message(route(text, metric=16777213), table)
    assert _customer_routes.parsed(body, table) == route(text, metric=16777213)
    assert _customer_routes.parsed(body, MAIN) is None


def kernels(text, kind=1, table=MAIN, protocol=2, flags=0, index=7):
    """A route as the kernel reports it."""
    prefix = ipaddress.ip_network(text)
    family = socket.AF_INET if prefix.version == 4 else socket.AF_INET6
    head = struct.pack("=BBBBBBBBI", family, prefix.prefixlen, 0, 0, table, protocol, 253, kind, flags)
    return head + _netlink.packed(1, prefix.network_address.packed) + _netlink.packed(4, struct.pack("=I", index))


def test_a_route_of_the_main_table():
    assert _customer_routes.parsed(kernels("192.0.2.7/32"), MAIN) == route()
    assert _customer_routes.parsed(kernels("192.0.2.7/32", table=100), 100) is None, "is none of ours"


@pytest.mark.parametrize(
    "body",
    [
        kernels("fe80::/64"),
        kernels("ff00::/8"),
        kernels("0.0.0.0/0"),
        kernels("192.0.2.7/32", kind=2),
        kernels("192.0.2.7/32", table=255),
        kernels("192.0.2.7/32", index=0),
        kernels("2001:db8::1/128", flags=0x200),
    ],
)
def test_what_no_customer_has(body):
    assert _customer_routes.parsed(body, MAIN) is None
