"""Messages of netlink about routes, and that no message is an error."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._prefixes import Prefix
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._routes import DELEGATED, FRAMED, UNUSED, Route

ROUTES = [
    Route(Prefix("2001:db8:0:7::/64"), 5, FRAMED, 3),
    Route(Prefix("2001:db8:100::/56"), 9, DELEGATED),
    Route(Prefix("2001:db8::/32"), 0, UNUSED),
]


@pytest.mark.parametrize("route", ROUTES)
def test_a_message_is_read_as_it_was_written(route):
    assert _routes.parse(_routes.message(route, 24, 0)) == ([(True, route)], False)
    assert _routes.parse(_routes.message(route, 25, 0) * 2) == ([(False, route), (False, route)], False)


@pytest.mark.parametrize("change", [(16, 2), (20, 255), (21, 4)])
def test_routes_of_others_are_passed_over(change):
    """Of IPv4, of another table, of another protocol."""
    at, value = change
    text = bytearray(_routes.message(ROUTES[0], 24, 0))
    text[at] = value
    assert _routes.parse(bytes(text)) == ([], False)


def test_the_end_of_an_answer():
    assert _routes.parse(struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)) == ([], True)
    assert _routes.parse(bytes(16)) == ([], True)
    assert _routes.parse(b"") == ([], False)


def test_the_prefixes_of_links_by_name(monkeypatch):
    class Kernel:
        def __init__(self, _groups):
            pass

        def routes(self):
            return ROUTES

        def close(self):
            pass

    def name(index):
        if index != 5:
            raise OSError
        return "ppp0"

    monkeypatch.setattr(_routes, "Kernel", Kernel)
    monkeypatch.setattr(_routes.socket, "if_indextoname", name)
    assert _routes.of_links() == {("ppp0", FRAMED): "2001:db8:0:7::/64"}, "a link may be gone by now"
