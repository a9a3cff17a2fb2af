from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.filter.host_rows import host_rows
from ansible_collections.dialtone.pppoe.plugins.filter.wires import wires


@pytest.mark.parametrize(
    ("result", "rows"),
    [
        ({"up": [{"a": 1}, {"a": 2}], "down": [{"b": 3}]}, [{"a": 1}, {"a": 2}, {"b": 3}]),
        ({"up": [], "down": []}, [{}]),
        # A host does not speak in the name of another.
        ({"up": [{"host": "one", "a": 1}], "down": []}, [{"a": 1}]),
        (
            {"up": ["a"], "down": []},
            [{"state": "failed", "problem": "It has returned something else than was asked for."}],
        ),
        ({"failed": True, "msg": "No root."}, [{"state": "failed", "problem": "No root."}]),
        ({"unreachable": True, "msg": "ssh."}, [{"state": "unreachable", "problem": "ssh."}]),
        (None, [{"state": "unreachable", "problem": "It could not be asked."}]),
    ],
)
def test_what_hosts_have_returned(result, rows):
    hostvars = {"one": {"found": {"up": [{"a": 0}], "down": []}}, "two": {} if result is None else {"found": result}}
    assert host_rows(hostvars, ["one", "two"], "found", ["up", "down"]) == [
        {"host": "one", "a": 0},
        *({"host": "two", **row} for row in rows),
    ]


def test_the_reason_has_the_key_that_was_asked_for():
    hostvars = {"one": {"found": {"failed": True, "msg": "No root."}}}
    assert host_rows(hostvars, ["one"], "found", ["up"], "last_error") == [
        {"host": "one", "state": "failed", "last_error": "No root."}
    ]


def test_wires():
    connections = [
        {"name": "a", "interface": "eth0"},
        {"name": "b", "interface": "eth0", "vlan": 7},
        {"name": "c", "interface": "eth0", "vlan": None},
        {"name": "gone", "state": "absent"},
    ]
    assert wires(connections) == ["eth0", "eth0.7"]
    assert wires([]) == []
