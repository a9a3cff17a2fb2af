# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of pppoe_server comes to on a host. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import (
    _pppoe_server_instance,
    _pppoe_server_pppd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_program as _server_control_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _decision as _server_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_manager as _server_session_manager
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._observe import ObservedServer

Parameters = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class ServerPlan:
    """What is to be done, and what for.

    ``now``: what runs, ours and what is taken over. ``disable_foreign``: units of others that would start a second one.
    ``unit_runs``: systemd runs the daemon; ``by_systemd``: it is to. ``leave_unit``: it must no longer.
    ``enable``, ``disable``: the unit starts at boot from now on, or no longer. ``reload``: systemd reads its units.
    ``refresh``: the session manager has another program, or has to know the accounts of sessions that are up.
    """

    name: str
    changes: t.Sequence[_files.Change]
    decision: _server_decision.DaemonDecision
    now: _server_processes.Running
    command: t.Sequence[str] = ()
    start_words: t.Sequence[str] = ()
    interfaces: tuple[str, ...] = ()
    by_systemd: bool = False
    unit_runs: bool = False
    leave_unit: bool = False
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    disable_foreign: tuple[str, ...] = ()
    reload: bool = False
    refresh: bool = False

    @property
    def changed(self) -> bool:
        units = self.enable or self.disable or self.disable_foreign or self.reload
        return bool(self.changes or units or self.decision.action != "none")

    @property
    def unit(self) -> str:
        return _layout_server.unit_name(self.name)


def plan(
    parameters: Parameters, instance: _server_config.Instance, how: _server_config.Mode, observed: ObservedServer
) -> ServerPlan:
    """``state`` started or present. The instance has been checked."""
    command = _server_config.command(instance, observed.can, how)
    by_systemd = parameters["startup"] != "rc_local" and observed.systemd
    at_boot = parameters["startup"] == "systemd"
    now = _server_takeover.running(observed.own, observed.unmanaged, instance.interfaces)
    script = observed.files[observed.rc_local][0]
    takeover = _server_takeover.plan(
        observed.unmanaged, now, instance.interfaces, observed.rc_local, script, instance.radius
    )
    ours = files(parameters["startup"], instance, command, by_systemd, observed, takeover.rc_local)
    changes = _files.changes(ours, observed.files)
    decision = _decision(parameters, instance, observed, command, now, by_systemd)
    leave = observed.systemd and not by_systemd and observed.unit.active
    if leave and decision.applied == "pending":
        raise Refused(
            "startup",
            "systemd runs the daemon, which is not to be touched.",
            "Use on_change=live, which keeps its sessions, or leave startup as it was.",
        )
    unit = _layout_server.unit_name(instance.name)
    return ServerPlan(
        name=instance.name,
        changes=changes,
        decision=decision,
        now=now,
        command=command,
        start_words=_server_config.start_line(instance, command).split(),
        interfaces=instance.interfaces,
        by_systemd=by_systemd,
        unit_runs=observed.unit.active,
        leave_unit=leave and decision.action == "replace",
        enable=(unit,) if at_boot and not observed.unit.enabled else (),
        disable=(unit,) if observed.unit.enabled and not at_boot else (),
        disable_foreign=takeover.units,
        reload=observed.systemd and (observed.unit.stale or _has_unit(changes)),
        refresh=(now.daemon is not None or decision.action != "none") and _has_a_manager(instance, changes),
    )


def _has_a_manager(instance: _server_config.Instance, changes: t.Sequence[_files.Change]) -> bool:
    """Whether a session manager is to run that knows of this instance, or has another program now."""
    asked = instance.single_session != "allow" or instance.history_days > 0
    return asked or _server_session_manager.is_among(changes)


def _decision(
    parameters: Parameters,
    instance: _server_config.Instance,
    observed: ObservedServer,
    command: t.Sequence[str],
    now: _server_processes.Running,
    by_systemd: bool,
) -> _server_decision.DaemonDecision:
    daemon, interfaces = now.daemon, observed.interfaces
    differs = daemon is not None and (
        now.foreign is not None
        or _server_processes.own_command(daemon.argv) != command
        or observed.pool_in_use != _server_config.pool_file(instance)
        # It reads the MTU of its interfaces when it starts.
        or any(one.mtu < instance.interface_mtu for name, one in interfaces.items() if name in instance.interfaces)
    )
    if by_systemd:
        misplaced = daemon is not None and observed.unit.main_pid != daemon.pid
    else:
        # With state=present or on_change=never, systemd goes on running it until the next boot.
        touched = parameters["state"] == "started" and parameters["on_change"] != "never"
        misplaced = observed.unit.active and touched
    return _server_decision.decide(
        parameters["state"],
        parameters["on_change"],
        daemon is not None,
        differs,
        len(now.sessions),
        amiss=misplaced or bool(now.stale),
    )


def files(
    startup: str,
    instance: _server_config.Instance,
    command: t.Sequence[str],
    by_systemd: bool,
    observed: ObservedServer,
    rc_local: bytes | None,
) -> list[_files.File]:
    """The files of an instance, with what all instances share. ``rc_local``: what our block is put into."""
    unit = _server_config.unit_file(instance, command) if by_systemd else None
    lines = _server_config.rc_local_lines(instance, command) if startup == "rc_local" else None
    pppd = observed.can.pppd or "/usr/sbin/pppd"
    return [
        _files.File(_layout_server.INSTANCE, _pppoe_server_instance.instance_script(), 0o755, program=True),
        _files.File(_layout_server.PPPD, _pppoe_server_pppd.pppd_script(pppd), 0o755, program=True),
        *_server_session_manager.files(),
        *_server_control_program.files(),
        _files.File(instance.options_path, _server_config.options_file(instance)),
        _files.File(instance.pool_path, _server_config.pool_file(instance)),
        _files.File(_layout_server.pools_path(instance.name), _server_config.pools_file(instance)),
        _files.File(_layout_server.unit_path(instance.name), unit),
        *_rc_local_file(observed, instance.name, lines, rc_local),
    ]


def _rc_local_file(
    observed: ObservedServer, name: str, lines: list[str] | None, content: bytes | None = None
) -> list[_files.File]:
    """rc.local with our block (``lines``) or without it, executable if it has one; nothing if it needs no change."""
    path = observed.rc_local
    there, mode = observed.files[path]
    return _rc_local.edited(path, there, mode, "pppoe-server " + name, lines, content)


def _has_unit(changes: t.Iterable[_files.Change]) -> bool:
    return any(change.file.path.startswith(_layout_server.UNITS + "/") for change in changes)


def end(parameters: Parameters, observed: ObservedServer) -> ServerPlan:
    """``state`` stopped or absent."""
    name, absent = parameters["name"], parameters["state"] == "absent"
    now = _server_takeover.running(observed.own, observed.unmanaged, ())
    decision = _server_decision.decide(
        parameters["state"], parameters["on_change"], now.daemon is not None, False, len(now.sessions)
    )
    ending = ServerPlan(name=name, changes=(), decision=decision, now=now, unit_runs=observed.unit.active)
    if not absent:
        return ending
    changes = _files.changes(absent_files(name, observed), observed.files)
    return replace(
        ending,
        changes=changes,
        disable=(ending.unit,) if observed.unit.enabled else (),
        reload=observed.systemd and _has_unit(changes),
    )


def absent_files(name: str, observed: ObservedServer) -> list[_files.File]:
    """Everything of the instance, and what all instances share if it is the last."""
    paths = [*_layout_server.instance_paths(name), _layout_server.unit_path(name)]
    if not observed.instances - {name}:
        paths += [*_layout_server.SCRIPTS, *_server_session_manager.PATHS, *_server_control_program.paths()]
    return [*(_files.File(path, None) for path in paths), *_rc_local_file(observed, name, None)]
