from __future__ import annotations

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _plan
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _instances

VALUES = {
    "name": "default",
    "state": "started",
    "interfaces": ["eth1"],
    "outside_interface": "eth0",
    "local_address": "10.0.0.1",
    "pool": ["10.0.0.2+20"],
    "networks": [],
    "authentication": "chap",
    "startup": "systemd",
    "nat": True,
    "nat_sources": [],
    "port_forwards": [],
    "metrics": False,
    "metrics_directory": "/var/lib/x",
    "session_count": "",
    "ac_name": "",
}
SOUTH = {"name": "south", "interfaces": ["eth2"], "local_address": "10.1.0.1", "pool": ["10.1.0.2+20"]}


def asked(*entries, fixed=()):
    """What the controller sends for a list of instances."""
    wanted = _instances.instances({**VALUES, "instances": list(entries)})
    fixed = [*fixed, *[[]] * len(wanted)]
    return [
        {"name": one.name, "present": one.present, "parts": _instances.parameters(one), "fixed_addresses": addresses}
        for one, addresses in zip(wanted, fixed)
    ]


def test_each_instance_reserves_its_own_and_leaves_out_those_of_others():
    north, south = _plan.planned(asked({"name": "north"}, SOUTH, fixed=[["10.0.0.3"], ["10.1.0.3"]]), [], ["10.0.0.4"])
    assert north.parts["server"]["reserved_addresses"] == ["10.0.0.3"]
    assert north.parts["server"]["excluded_addresses"] == ["10.0.0.4", "10.1.0.3"]
    assert south.parts["server"]["reserved_addresses"] == ["10.1.0.3"]
    assert south.parts["masquerade"]["source"] == ["10.1.0.2-10.1.0.21"]
    assert "10.0.0.3" not in north.beside["south"].addresses
    assert list(north.beside) == ["south"]


def test_accounts_of_all_instances_belong_to_the_one_with_their_network():
    both = ["10.0.0.3", "10.1.0.3", "172.16.0.9"]
    north, south = _plan.planned(asked({"name": "north"}, SOUTH, fixed=[both, both]), [], [])
    assert north.parts["server"]["reserved_addresses"] == ["10.0.0.3", "172.16.0.9"]
    assert north.parts["server"]["excluded_addresses"] == ["10.1.0.3"]
    assert south.parts["server"]["reserved_addresses"] == ["10.1.0.3", "172.16.0.9"]


def test_instances_that_are_removed_are_not_beside_others():
    (north,) = _plan.planned(asked({"name": "north"}, {**SOUTH, "state": "absent"}), ["south", "old"], [])
    assert north.beside == {"south": None, "old": None}


FORWARD = {"protocol": "tcp", "port": "80", "to_address": "10.0.0.3"}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([{"name": "north", "port_forwards": [FORWARD]}, {**SOUTH, "port_forwards": [FORWARD]}], None),
        (
            [{"name": "n", "port_forwards": [FORWARD]},
             {**SOUTH, "port_forwards": [{**FORWARD, "port": "79-81", "to_address": "10.1.0.3"}]}],
            "port_forwards: tcp port 79-81 is forwarded to 10.0.0.3 by instance 'n'",
        ),
        (
            [{"name": "n", "port_forwards": [FORWARD]},
             {**SOUTH, "outside_interface": "eth9", "port_forwards": [{**FORWARD, "to_address": "10.1.0.3"}]}],
            None,
        ),
        ([{"name": "n", "port_forwards": [{**FORWARD, "to_address": "10.0.0.5"}]}], "port_forwards: 10.0.0.5 is not"),
        ([{"name": "n", "pool": ["x"]}], "pool[0]: 'x'"),
        ([{"name": "n", "networks": ["x"]}], "networks"),
        ([{"name": "n"}, {**SOUTH, "dns_servers": ["1.1.1.1", "1.1.1.2", "1.1.1.3"]}], "dns_servers: 3 servers"),
    ],
)  # fmt: skip
def test_instances_that_contradict_each_other(entries, words):
    fixed = [["10.0.0.3"], ["10.1.0.3"]]
    if words is None:
        _plan.planned(asked(*entries, fixed=fixed), [], [])
        return
    with pytest.raises(Failed) as error:
        _plan.planned(asked(*entries, fixed=fixed), [], [])
    assert str(error.value).startswith(words)
    assert error.value.result["instance"] == entries[-1]["name"]


@pytest.mark.parametrize(
    ("entries", "exclusive", "removed", "unlisted"),
    [
        ([], False, [], []),
        ([{"name": "north"}], False, [], ["old", "south"]),
        ([{"name": "north"}], True, ["old", "south"], ["old", "south"]),
        ([{"name": "north"}, {**SOUTH, "state": "absent"}], False, ["south"], ["old"]),
        ([{"name": "north"}, {**SOUTH, "state": "absent"}], True, ["south", "old"], ["old"]),
    ],
)
def test_what_is_removed(entries, exclusive, removed, unlisted):
    params = {"instances": asked(*entries), "listed": bool(entries), "exclusive": exclusive}
    assert _plan.to_remove(params, ["north", "old", "south"]) == (removed, unlisted)


def test_an_instance_that_goes_has_the_parameters_of_each_part():
    (gone,) = _plan.gone(_instances.absent(_instances.instances(VALUES)[0]), ["old"])
    assert {parameters["name"] for parameters in gone.parts.values()} == {"old"}
    assert {parameters["state"] for parameters in gone.parts.values()} == {"absent"}


def test_nat_and_other_instances_know_all_pools():
    pools = {"business": {"addresses": ["10.20.0.0/24"]}}
    garden = {"pool": ["10.99.0.2"], "allow": ["192.0.2.1"]}
    one, _south = _plan.planned(asked({"name": "north", "pools": pools, "walled_garden": garden}, SOUTH), [], [])
    assert one.parts["masquerade"]["source"] == ["10.0.0.2-10.0.0.21", "10.20.0.0/24", "10.99.0.2/32"]
    shared = {**SOUTH, "pools": {"other": {"addresses": ["10.20.0.9"]}}}
    (south,) = [
        other
        for other in _plan.planned(asked({"name": "north", "pools": pools}, shared), [], [])
        if other.name == "south"
    ]
    assert "10.20.0.9" in south.beside["north"].every_address
