from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _instances as _server_instances

START = "/usr/local/libexec/dialtone-pppoe/pppoe-server-instance start {} eth9 -- {}"
SERVER = "/usr/sbin/pppoe-server -F -I {} -O /etc/ppp/pppoe-server/{}.options"
UNIT = "[Service]\nExecStart=" + START + "\nExecReload=" + START + "\n"


def test_instances_are_known_by_what_starts_them_or_else_by_what_runs():
    fresh = SERVER.format("eth2", "fresh")
    texts = [
        UNIT.format("one", SERVER.format("eth1", "one"), "one", SERVER.format("eth1", "one")),
        "#!/bin/sh\n" + START.format("two", SERVER.format("eth3", "two") + " -S fast") + " &\nexit 0\n",
    ]
    running = [SERVER.format("eth8", "one"), fresh, "/usr/sbin/pppoe-server -I eth7", "/usr/bin/vi x"]
    found = _server_instances.commands(texts, [line.split() for line in running])
    assert {name: (command.interfaces, command.all("S")) for name, command in found.items()} == {
        "one": (["eth1"], []),
        "two": (["eth3"], ["fast"]),
        "fresh": (["eth2"], []),
    }


OTHER = _server_instances.commands([], [(SERVER.format("eth1", "any")).split()])
FAST = _server_instances.commands([], [(SERVER.format("eth1.20", "quick") + " -S fast -S faster").split()])


@pytest.mark.parametrize(
    ("interfaces", "services", "others", "parameter"),
    [
        (["eth2", "eth1"], [], OTHER, "interfaces[1]"),
        (["eth1"], ["slow"], OTHER, "interfaces[0]"),
        (["eth1.20"], [], FAST, "interfaces[0]"),
        (["eth1.20"], ["slow", "fast"], FAST, "service_names[1]"),
        (["eth1.20"], ["slow"], FAST, None),
        (["eth1"], [], FAST, None),
        (["eth2"], ["fast"], FAST, None),
        (["eth1"], [], {}, None),
    ],
)
def test_two_instances_for_the_same_clients_are_refused(interfaces, services, others, parameter):
    if parameter is None:
        _server_instances.refuse_rivals(interfaces, services, others)
        return
    with pytest.raises(Refused) as refusal:
        _server_instances.refuse_rivals(interfaces, services, others)
    assert refusal.value.parameter == parameter


@pytest.mark.parametrize(
    ("before", "after", "peers", "words"),
    [
        (["10.0.0.2", "10.0.0.3"], ["10.0.0.2"], ["10.0.0.3"], "sessions have 10.0.0.3, which"),
        (["10.0.0.2", "10.0.0.3"], ["10.0.0.2"], ["10.0.0.2"], None),
        # It was not the pool that gave it out.
        (["10.0.0.2"], ["10.0.0.3"], ["10.9.9.9"], None),
        ([f"10.0.0.{n}" for n in range(40)], [], [f"10.0.0.{n}" for n in range(25)], "10.0.0.19 and 5 more"),
    ],
)
def test_addresses_that_leave_the_pool_are_named(before, after, peers, words):
    warning = _server_instances.leaving(before, after, peers)
    if words is None:
        assert warning is None
    else:
        assert words in warning
