"""What a run comes to on a host that was observed: no host is needed for that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._systemd import Unit
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _check as _server_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _plan as _server_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._observe import ObservedServer
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._processes import Running
from ansible_collections.dialtone.pppoe.tests.support import parameters

PARAMETERS = {**parameters.SERVER, "pool": ["10.9.0.2+4"]}
INSTANCE = _server_config.instance(PARAMETERS)
CAN = _server_config.Capabilities(
    "/usr/sbin/pppoe-server", "3.15", frozenset("CFILNOSkg"), "/usr/sbin/pppd", "/usr/lib/pppd/2.4.9/pppoe.so"
)
RC_LOCAL = "/etc/rc.local"
HOW = _server_config.mode("auto", CAN, INSTANCE)
COMMAND = _server_config.command(INSTANCE, CAN, HOW)
DAEMON = Process(700, 1, (*COMMAND, "-o", "0", "-p", "/run/pppoe-server/default.slots"))
SESSION = Process(
    701, 700, ("pppd", "nic-eth1", "plugin", "pppoe.so", "rp_pppoe_sess", "1:02:00:00:00:00:01", "file", COMMAND[7])
)


def host(startup: str = "systemd", processes=(DAEMON, SESSION), unit: Unit | None = None, **changes) -> ObservedServer:
    """A host on which the instance runs as the parameters ask for it; ``changes``: what is otherwise."""
    bare = ObservedServer(
        systemd=True, files={RC_LOCAL: (None, None)}, rc_local=RC_LOCAL, own=Running(None, ()), can=CAN
    )
    files = _server_plan.files(startup, INSTANCE, COMMAND, startup != "rc_local", bare, None)
    unit = unit or (Unit("active", True, False, 700) if startup == "systemd" else Unit())
    settled = replace(
        bare,
        files={RC_LOCAL: (None, None), **{file.path: (file.content, file.mode) for file in files}},
        own=_server_processes.of_instance(processes, INSTANCE.options_path, unit.main_pid),
        unit=unit,
        interfaces={"eth1": _interfaces.Interface("eth1", 1500, ())},
        pools={"default": INSTANCE.addresses},
        pool_in_use=_server_config.pool_file(INSTANCE),
        instances=frozenset(["default"]),
    )
    return replace(settled, **changes)


STALE = Process(800, 1, DAEMON.argv)
CHILD = Process(702, 700, DAEMON.argv)


@pytest.mark.parametrize(
    ("observed", "startup", "on_change", "applied", "changed"),
    [
        (host(), "systemd", "live", "none", False),
        (host("rc_local"), "rc_local", "live", "none", False),
        (host(processes=(DAEMON, CHILD, SESSION)), "systemd", "live", "none", False),
        (host(processes=()), "systemd", "live", "started", True),
        (host(pool_in_use=b"10.9.0.2\n"), "systemd", "live", "live", True),
        (host(pool_in_use=None), "systemd", "restart", "restarted", True),
        # A start that was killed has left a second daemon.
        (host(processes=(DAEMON, SESSION, STALE)), "systemd", "live", "live", True),
        (host(processes=(DAEMON, SESSION, STALE)), "systemd", "restart", "live", True),
        (host(processes=(DAEMON, SESSION, STALE)), "systemd", "never", "pending", False),
        # The daemon is not the unit's: rc.local has started it, or a start that was killed.
        (host(unit=Unit("inactive", True)), "systemd", "live", "live", True),
        (host(unit=Unit("active", True, False, 800)), "systemd", "live", "live", True),
        (host("rc_local"), "systemd", "live", "live", True),
        # Nor is it rc.local's as long as systemd runs it.
        (host(), "rc_local", "live", "live", True),
        (host(), "rc_local", "never", "none", True),
        # A run was cut between writing the unit and daemon-reload.
        (host(unit=Unit("active", True, True, 700)), "systemd", "live", "none", True),
        (host(unit=Unit("active", False, False, 700)), "systemd", "live", "none", True),
    ],
)
def test_plan(observed, startup, on_change, applied, changed):
    parameters = {**PARAMETERS, "startup": startup, "on_change": on_change}
    plan = _server_plan.plan(parameters, INSTANCE, HOW, observed)
    assert (plan.decision.applied, plan.changed) == (applied, changed)
    assert plan.decision.dropped == (1 if applied == "restarted" else 0)


def test_a_unit_that_systemd_has_not_read_again_is_reloaded_before_the_daemon_is():
    plan = _server_plan.plan(PARAMETERS, INSTANCE, HOW, host(unit=Unit("active", True, True, 700)))
    assert (plan.reload, plan.changes, plan.decision.action) == (True, [], "none")
    assert _server_plan.end({**PARAMETERS, "state": "absent"}, host()).reload


def test_moving_to_rc_local_leaves_the_unit_and_keeps_its_sessions():
    plan = _server_plan.plan({**PARAMETERS, "startup": "rc_local"}, INSTANCE, HOW, host(pool_in_use=b"other\n"))
    assert (plan.leave_unit, plan.by_systemd, plan.disable) == (True, False, ("pppoe-server@default.service",))
    with pytest.raises(Refused, match=r"startup: systemd runs the daemon"):
        _server_plan.plan(
            {**PARAMETERS, "startup": "rc_local", "on_change": "never"}, INSTANCE, HOW, host(pool_in_use=b"other\n")
        )


def test_the_last_instance_takes_the_scripts_with_it():
    parameters = {**PARAMETERS, "state": "absent"}
    last = {change.file.path for change in _server_plan.end(parameters, host()).changes}
    assert "/usr/local/libexec/dialtone-pppoe/pppoe-server-instance" in last
    other = host(instances=frozenset(["default", "other"]))
    assert {change.file.path for change in _server_plan.end(parameters, other).changes} < last


@pytest.mark.parametrize(
    ("changes", "observed", "words"),
    [
        ({"interfaces": ["eth7"]}, host(), "interfaces[0]: this host has no interface 'eth7'. It has: eth1."),
        ({}, host(systemd=False), "startup: systemd is not running on this host."),
        ({}, host(can=_server_config.Capabilities()), "state: pppoe-server is not installed on this host."),
        ({}, host(pools={"other": ["10.9.0.3"]}), "pool: "),
        ({}, host(can=replace(CAN, kernel_problem="no"), kernel_device=False), "require_kernel_ppp: no session"),
    ],
)  # fmt: skip
def test_what_a_host_cannot_have_is_refused(changes, observed, words):
    parameters = {**PARAMETERS, **changes}
    with pytest.raises(Refused) as refusal:
        _server_check.check(parameters, _server_config.instance(parameters), HOW, observed, later=False)
    assert str(refusal.value).startswith(words)


def test_a_host_that_can_have_it_gets_no_warning():
    assert _server_check.check(PARAMETERS, INSTANCE, HOW, host(), later=False) == []


JUMBO = {**PARAMETERS, "mtu": 1500, "mru": 1500}


@pytest.mark.parametrize(
    ("changes", "most", "message"),
    [
        ({"interface_mtu": 1507}, {}, "interface_mtu: 1507 is out of range. Give 1508 to 9216: PPPoE takes 8 of it."),
        ({"interface_mtu": 1508}, {"eth1": 1500}, "interface_mtu: eth1 can have 1500 at most, not 1508."),
    ],
)
def test_an_mtu_that_cannot_be(changes, most, message):
    instance = _server_config.instance({**JUMBO, **changes})
    with pytest.raises(Refused) as refused:
        _server_check.check(JUMBO, instance, HOW, host(most_mtu=most), later=False)
    assert str(refused.value).startswith(message)


def test_an_mtu_that_is_too_small_for_the_sessions():
    [warning] = _server_check.check(JUMBO, _server_config.instance(JUMBO), HOW, host(), later=False)
    assert warning.startswith("mtu and mru: clients on eth1 get 1492 at most, since its own MTU is 1500.")
    raised = {"eth1": _interfaces.Interface("eth1", 1508, ())}
    assert _server_check.check(JUMBO, _server_config.instance(JUMBO), HOW, host(interfaces=raised), later=False) == []


@pytest.mark.parametrize(("mtu", "applied"), [(1500, "live"), (1508, "none"), (9000, "none")])
def test_a_daemon_reads_the_mtu_of_its_interfaces_when_it_starts(mtu, applied):
    parameters = {**PARAMETERS, "interface_mtu": 1508}
    instance = _server_config.instance(parameters)
    observed = host(interfaces={"eth1": _interfaces.Interface("eth1", mtu, ())})
    assert _server_plan.plan(parameters, instance, HOW, observed).decision.applied == applied
    assert " start default mtu=1508 eth1 -- " in _server_config.start_line(instance, COMMAND)
