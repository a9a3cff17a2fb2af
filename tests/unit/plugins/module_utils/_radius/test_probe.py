from __future__ import annotations

import hashlib
import socket
import struct
import threading

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _probe as _radius_probe
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings


def answer(asked: bytes, secret: bytes) -> bytes:
    head = struct.pack("!BBH", 2, asked[1], 20)
    return head + hashlib.md5(head + asked[4:20] + secret, usedforsecurity=False).digest()


@pytest.fixture
def server():
    """A server on this host that has a secret, or none and is silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.settimeout(5)

        def begin(secret: bytes | None) -> _radius_settings.Server:
            def serve() -> None:
                asked, sender = own.recvfrom(4096)
                if secret is not None:
                    own.sendto(answer(asked, secret), sender)

            threading.Thread(target=serve, daemon=True).start()
            return _radius_settings.Server("127.0.0.1", own.getsockname()[1], "right")

        yield begin


@pytest.mark.parametrize(
    ("secret", "problem"), [(b"right", None), (b"other", _radius_probe.WRONG), (None, _radius_probe.SILENT)]
)
def test_a_server(server, secret, problem):
    assert _radius_probe.problems([server(secret)], "", patience=0.4) == [problem]


def test_a_port_where_nobody_listens():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        port = own.getsockname()[1]
    one = _radius_settings.Server("127.0.0.1", port, "right")
    tls = _radius_settings.Server("127.0.0.1", port, "radsec", _radius_settings.Tls("/a", "/b", "/c"))
    closed, refused = _radius_probe.problems([one, tls], "", patience=0.2)
    assert closed == _radius_probe.NOBODY
    assert "nothing answers" in refused


def test_an_answer_to_another_request_is_none():
    asked = _radius_probe.request(b"right", 7, b"0" * 16)
    assert _radius_probe.is_from(answer(asked, b"right"), asked, b"right")
    other = _radius_probe.request(b"right", 8, b"0" * 16)
    assert _radius_probe.is_from(answer(asked, b"right"), other, b"right") is None
    assert _radius_probe.is_from(b"", asked, b"right") is None
