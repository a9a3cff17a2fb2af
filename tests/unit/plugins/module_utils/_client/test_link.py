from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Address
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process

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


def test_links_of_several_connections_are_found_at_once(monkeypatch, tmp_path):
    monkeypatch.setattr(_client_link._pppd_pid_files, "FOLDERS", (str(tmp_path),))
    monkeypatch.setattr(_client_link._layout_client, "RUN", str(tmp_path))
    monkeypatch.setattr(_client_link._interfaces, "mtu", lambda _name: 1480)
    ends = {"ppp0": Address("inet", "192.0.2.7", 32, "192.0.2.1"), "ppp1": Address("inet", "10.64.64.64", 32, "x")}
    monkeypatch.setattr(_client_link._interfaces, "ends", ends.get)
    running = [Process(pid, 1, ("pppd", "call", name)) for pid, name in ((7, "dsl"), (8, "sleeps"), (9, "new"))]
    monkeypatch.setattr(_client_link._processes, "every", lambda: running)
    for name, text in (("dsl", "7\nppp0\n"), ("sleeps", "8\nppp1\n"), ("new", "5\nppp9\n")):
        (tmp_path / f"ppp-pppoe-client-{name}.pid").write_text(text)
    found = _client_link.links({"dsl": False, "sleeps": True, "new": False, "gone": False})
    assert found == {
        "dsl": Link(7, "ppp0", "192.0.2.7", "192.0.2.1", 1480),
        "sleeps": Link(8, "ppp1", asleep=True),
        "new": Link(9),
    }
    # A file that a pppd has left behind is none of a living one.
    monkeypatch.setattr(_client_link._processes, "started", lambda pid: 1 if pid == 7 else None)
    assert _client_link.quick("dsl", False) == found["dsl"]
    assert _client_link.quick("new", False) is None
