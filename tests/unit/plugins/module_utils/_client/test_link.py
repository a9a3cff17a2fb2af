from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces, _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Route
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process

ROUTES = [
    ("", []),
    ("[]", []),
    ([{"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "flags": []}], [Route("eth0", "192.0.2.1", 0)]),
    ([{"dst": "default", "dev": "ppp0", "scope": "link", "flags": []}], [Route("ppp0", None, 0)]),
    ([{"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "protocol": "dhcp", "metric": 100, "flags": []}],
     [Route("eth0", "192.0.2.1", 100)]),
    # Of a route with several next hops ip tells no device at this level.
    ([{"dst": "default", "flags": [], "nexthops": []}], []),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "expected"), ROUTES)
def test_parse_routes(entries, expected):
    assert _interfaces.parse_routes(entries if isinstance(entries, str) else json.dumps(entries)) == expected


def test_route_in_words():
    assert str(Route("eth0", "192.0.2.1", 0)) == "via 192.0.2.1 on eth0"
    assert str(Route("ppp0", None, 0)) == "on ppp0"


PROCESSES = [
    (("pppd", "call", "dsl", "nodetach"), True),
    (("/usr/sbin/pppd", "call", "dsl"), True),
    (("pppd", "call", "dsl2"), False),
    (("pppd", "dsl"), False),
    (("pppd", "nodetach", "call"), False),
    (("sh", "-c", "pppd call dsl"), False),
    (("grep", "call", "dsl"), False),
]


@pytest.mark.parametrize(("argv", "expected"), PROCESSES)
def test_pids(monkeypatch, argv, expected):
    monkeypatch.setattr(_client_link._processes, "every", lambda: [Process(7, 1, argv)])
    assert _client_link.pids("dsl") == ([7] if expected else [])


def test_started_at():
    assert abs(time.time() - _processes.started_at(os.getpid())) < 600
    assert _processes.started_at(os.getpid()) <= time.time()
    assert _processes.started_at(2**22 + 1) == 0.0
