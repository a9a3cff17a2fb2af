"""site.yml over six hosts, of which one is down, one does not answer in time, and one has a broken file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support" / "fleet"))

import hosts
from ansible_collections.dialtone.pppoe.tests.support.programs import stand_in

import playbooks

COUNT = 6
DOWN, SLOW, BROKEN = "host002", "host003", "host004"
#: Module runs of a run that changes nothing, whatever the accounts and the number of instances.
MOST = 2
pytestmark = pytest.mark.skipif(bool(hosts.why_not()), reason=f"no fleet can be made here: {hosts.why_not()}")


@pytest.fixture(scope="module")
def fleet():
    with hosts.short_folder() as folder:
        made = hosts.Fleet(Path(folder), COUNT)
        try:
            slow = made.path(SLOW, "/usr/local/bin/slow-python")
            stand_in(slow, "#!/bin/sh\nsleep 60\n")
            made.path(BROKEN, "/etc/ppp/chap-secrets").write_text("one * 'never closed *\ntwo * two *\n")
            inventory = made.inventory(
                playbooks.SERVER, {SLOW: {"ansible_python_interpreter": "/usr/local/bin/slow-python"}}
            )
            made.end(DOWN)
            yield inventory
        finally:
            made.close()


@pytest.fixture(scope="module")
def first(fleet):
    return playbooks.play(fleet, playbooks.SITE, ANSIBLE_TASK_TIMEOUT="20")


def test_the_three_are_named_and_the_others_are_set_up(first):
    assert first.status != 0
    assert first.having("unreachable") == [DOWN]
    assert first.having("failed") == sorted([SLOW, BROKEN])
    good = sorted(set(first.recap) - {DOWN, SLOW, BROKEN})
    assert len(good) == COUNT - 3
    assert first.having("changed") == good


def test_each_is_told_why(first):
    # Ansible breaks its messages where a line is full.
    output = " ".join(first.output.split())
    assert "in line 1 of /etc/ppp/chap-secrets a quotation mark is not closed" in output
    assert f"fatal: [{SLOW}]: FAILED!" in output
    assert "Timed out after 20 second" in output
    assert f"fatal: [{DOWN}]: UNREACHABLE!" in output


@pytest.fixture(scope="module")
def second(fleet, first):
    return playbooks.play(fleet, playbooks.SITE, f"--limit=!{DOWN},!{SLOW},!{BROKEN}", "-e", "pppoe_serial=2")


def test_a_second_run_in_parts_changes_nothing(second):
    assert second.status == 0, second.output[-3000:]
    assert len(second.recap) == COUNT - 3
    assert second.having("changed") == []


def test_module_runs_do_not_grow_with_the_accounts(fleet, first, second):
    accounts = [{"name": f"customer{number}", "secret": f"secret{number}"} for number in range(600)]
    more = playbooks.play(
        fleet, playbooks.SITE, "--limit=host001", "-e", json.dumps({"pppoe_server_accounts": accounts})
    )
    assert more.having("changed") == ["host001"], more.output[-3000:]
    assert second.modules["host001"] == MOST
    # The accounts, and the server, which has no place for an account with a fixed address any more.
    assert more.modules["host001"] == MOST + 2


NORTH = {"name": "north", "service_names": ["fast"]}
SOUTH = {
    "name": "south",
    "service_names": ["slow"],
    "local_address": "192.168.20.1",
    "pool": ["192.168.20.2+20"],
    "accounts": [{"name": "south", "secret": "south", "addresses": ["192.168.20.9"]}],
}


def test_several_instances(fleet, first):
    """On a host of their own: set up, unchanged by a second run, and removed, each in as many module runs as one is."""

    def run(*entries, **more):
        variables = {"pppoe_server_instances": entries, **more}
        done = playbooks.play(fleet, playbooks.SITE, "--limit=host006", "-e", json.dumps(variables))
        return done, " ".join(done.output.split())

    exclusive = {"pppoe_server_instances_exclusive": True}
    wrong, said = run(NORTH, {**SOUTH, "pool": ["192.168.20.2+90000"]}, **exclusive)
    assert wrong.having("failed") == ["host006"]
    assert "pppoe_server_instances (south): pool: the pool holds 90000 addresses." in said
    both, said = run(NORTH, SOUTH, **exclusive)
    assert both.having("changed") == ["host006"], both.output[-3000:]
    assert "reserved_addresses: accounts have" not in said
    again, _said = run(NORTH, SOUTH, **exclusive)
    assert again.having("changed") == [], again.output[-3000:]
    assert again.modules["host006"] == MOST
    # What one of them has now, the other one may take.
    swapped, _said = run({**NORTH, "service_names": ["slow"]}, {**SOUTH, "service_names": ["fast"]})
    assert (swapped.status, swapped.having("changed")) == (0, ["host006"]), swapped.output[-3000:]
    _left, said = run({**SOUTH, "service_names": ["fast"]})
    assert "but not in pppoe_server_instances: north." in said
    alone, _said = run({**SOUTH, "service_names": []}, **exclusive)
    assert (alone.status, alone.having("changed")) == (0, ["host006"]), alone.output[-3000:]
    after, _said = run({**SOUTH, "service_names": []}, **exclusive)
    assert (after.having("changed"), after.modules["host006"]) == ([], MOST)


def test_the_nightly_change_is_one_task_a_host(fleet, first):
    accounts = [{"name": "new", "secret": "new"}]
    night = playbooks.play(
        fleet,
        playbooks.SITE,
        f"--limit=!{DOWN},!{SLOW},!{BROKEN}",
        "--tags=accounts",
        "-e",
        json.dumps({"pppoe_server_accounts": accounts}),
    )
    assert night.status == 0, night.output[-3000:]
    assert len(night.having("changed")) == COUNT - 3
    assert set(night.modules.values()) == {1}
