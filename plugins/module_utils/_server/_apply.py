# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries a plan of pppoe_server out. Private to this collection."""

from __future__ import annotations

import glob
import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_program as _server_control_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _daemon as _server_daemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_manager as _server_session_manager

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._plan import ServerPlan


def apply(module: AnsibleModule, plan: ServerPlan) -> None:
    """Files first, then the process, in an order in which no session is lost unless that was decided."""
    if plan.leave_unit:
        _server_daemon.leave_systemd(module, plan.unit)
    for unit in plan.disable:
        _systemd.disable(module, unit)
    _files.write(module, plan.changes)
    action = plan.decision.action
    if action != "none":
        _leave_units(module, plan)
    if action == "restart":
        _end_foreign(module, plan)
        _server_daemon.stop(module, plan)
    if plan.reload:
        _systemd.daemon_reload(module)
    for unit in plan.enable:
        _systemd.enable(module, unit)
    if action in ("start", "replace", "restart"):
        _server_daemon.start(module, plan)
    if action in ("start", "replace"):
        # Only now that another one answers, which it may not.
        _end_foreign(module, plan)
    for unit in plan.disable_foreign:
        _systemd.disable(module, unit)
    if plan.refresh:
        _server_session_manager.refresh(module)


def _leave_units(module: AnsibleModule, plan: ServerPlan) -> None:
    """End the shell that runs somebody else's daemon in a unit: it, or Restart=, would start that one again."""
    foreign = plan.now.foreign
    for unit in plan.disable_foreign:
        if (foreign is None or unit != foreign.unit) and _systemd.is_active(module, unit):
            _server_daemon.leave_systemd(module, unit)


def _end_foreign(module: AnsibleModule, plan: ServerPlan) -> None:
    """End somebody else's daemon and none of its sessions, which SIGTERM would hang up (pppoe-server.c main)."""
    foreign = plan.now.foreign
    if foreign is None:
        return
    if foreign.unit is not None:
        _server_daemon.leave_systemd(module, foreign.unit)
        if _systemd.is_enabled(module, foreign.unit):
            _systemd.disable(module, foreign.unit)
    _server_daemon.kill(foreign.pid)


def end(module: AnsibleModule, plan: ServerPlan) -> None:
    """End the process and its sessions, then remove the files, the folders that are empty, and what was in /run."""
    if plan.decision.action == "stop":
        _server_daemon.stop(module, plan)
    for unit in plan.disable:
        _systemd.disable(module, unit)
    if _server_session_manager.is_among(plan.changes):
        _server_session_manager.stop(module)
    _files.write(module, plan.changes)
    if plan.reload:
        _systemd.daemon_reload(module)
    if plan.changes:
        _forget(plan.name)


def _forget(name: str) -> None:
    paths = glob.glob(f"{_layout_server.STATE}/{name}.*")
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(path)
    if not os.path.exists(_layout_server.INSTANCE):
        _server_session_manager.forget()
        _server_control_program.forget()
    for directory in (
        _layout_server.CONFIGURATION,
        _layout_server.DIRECTORY,
        _layout_server.STATE,
    ):
        if os.path.isdir(directory) and not os.listdir(directory):
            os.rmdir(directory)
