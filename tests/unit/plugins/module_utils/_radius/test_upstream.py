"""The RADIUS servers of a host as its own FreeRADIUS has them, and what they do not answer."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _proxy, _upstream
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius._settings import RadiusSettings, Server, Tls
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius._upstream import Upstream

SERVERS = (
    Server("192.0.2.1", 1812, "s1"),
    Server("2001:db8::1", 1645, 's{2}"'.replace('"', "")),
    Server("192.0.2.9", 2083, "radsec", Tls("/a", "/b", "/c")),
)
FIRST, SECOND, SECURE = (
    Upstream("192.0.2.1", 1812, "s1", "192.0.2.100", False),
    Upstream("2001:db8::1", 1645, "s{2}", "", False),
    Upstream("192.0.2.9", 2083, "radsec", "192.0.2.100", True),
)


def test_the_servers_in_what_is_written():
    settings = RadiusSettings(SERVERS, "nas", "192.0.2.100", "", ())
    text = _proxy.configuration(settings, "192.0.2.100", "own", "/usr/lib/freeradius", "/etc/x", "freerad")
    assert _upstream.servers(text) == [FIRST, SECOND, SECURE]
    assert [one.name for one in (FIRST, SECOND)] == ["192.0.2.1:1812", "[2001:db8::1]:1645"]
    assert _upstream.servers("") == []


FAILING = 'Failing proxied request for user "{}", due to lack of any response from home server {} port {}'


@pytest.mark.parametrize(
    ("messages", "counts"),
    [
        (["(5) ERROR: " + FAILING.format("cmz", "192.0.2.1", 1812)], (1, 0)),
        # A record: the port for accounting. FreeRADIUS 3.2 says no user there.
        (["(5) ERROR: Failing proxied request, due to lack of any response from home server 2001:db8::1 port 1646"],
         (0, 1)),
        (["ERROR: (0) ERROR: " + FAILING.format("a", "192.0.2.1", 1812), FAILING.format("a", "192.0.2.1", 1812)],
         (2, 0)),
        # A user's name that looks like it, and a server that is not one of ours.
        (["(5) Login incorrect: [" + FAILING.format("x", "192.0.2.1", 1812) + "] (from client pppd)"], (0, 0)),
        ([FAILING.format("cmz", "203.0.113.1", 1812)], (0, 0)),
    ],
)  # fmt: skip
def test_failures(messages, counts):
    assert tuple(_upstream.failures(messages, [FIRST, SECOND]).values()) == counts


@pytest.mark.parametrize(("secret", "answers"), [(b"right", True), (b"wrong", False)])
def test_seconds(secret, answers):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def once():
            packet, address = server.recvfrom(4096)
            server.sendto(b"noise", address)
            head = struct.pack("!BBH", 2, packet[1], 20)
            digest = hashlib.md5(head + packet[4:20] + secret, usedforsecurity=False).digest()
            server.sendto(head + digest, address)

        thread = threading.Thread(target=once)
        thread.start()
        found = _upstream.seconds(Upstream("127.0.0.1", server.getsockname()[1], "right", "", False))
        thread.join()
    assert (found is not None) is answers


def test_nobody_answers():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert _upstream.seconds(Upstream("127.0.0.1", silent.getsockname()[1], "s", "", False), 0.05) is None
    assert _upstream.seconds(Upstream("127.0.0.1", 1, "s", "", False)) is None
