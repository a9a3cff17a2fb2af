"""Messages of netlink about routes, and that no message is an error."""

from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._prefixes import Prefix
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6._routes import DELEGATED, FRAMED, UNUSED, Route

ROUTES = [
    Route(Prefix("2001:db8:0:7::/64"), 5, FRAMED, 3),
    Route(Prefix("2001:db8:100::/56"), 9, DELEGATED),
    Route(Prefix("2001:db8::/32"), 0, UNUSED),
]


def read(kind, *bodies):
    return _routes.events([_netlink.Message(kind, body) for body in bodies])


@pytest.mark.parametrize("route", ROUTES)
def test_a_message_is_read_as_it_was_written(route):
    assert read(24, _routes.body_of(route)) == [(True, route)]
    assert read(25, *[_routes.body_of(route)] * 2) == [(False, route), (False, route)]


@pytest.mark.parametrize("change", [(0, 2), (4, 255), (5, 4)])
def test_routes_of_others_are_passed_over(change):
    """Of IPv4, of another table, of another protocol."""
    at, value = change
    text = bytearray(_routes.body_of(ROUTES[0]))
    text[at] = value
    assert read(24, bytes(text)) == []


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
