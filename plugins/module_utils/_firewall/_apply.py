# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changing of a firewall, as it was planned. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _observe as _firewall_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _passage as _firewall_passage
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import BackendError
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._firewalld import Firewalld
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._plan import FirewallPlan, PlannedRules
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def apply(module: AnsibleModule, todo: FirewallPlan) -> None:
    """Load new rules first, then remove the old ones, so that there is no moment without any."""
    _load([part for part in todo.parts if isinstance(part.holder, Firewalld)])
    if todo.backend is not None and todo.startup == "systemd":
        _with_unit(module, todo)
    else:
        _load([part for part in todo.parts if not isinstance(part.holder, Firewalld)])
        _without_unit(module, todo)
    for other in todo.others:
        other.remove()
    for part in todo.parts:
        part.holder.clean(part.comparison.surplus)
    _verify_passage(todo)


def _verify_passage(todo: FirewallPlan) -> None:
    """Hold the rules that are there now against what they are for."""
    if todo.backend is None:
        return
    tables = _firewall_observe.tables(todo.run, todo.candidates, todo.request)
    found = _firewall_passage.passage(tables, todo.request, loaded=True)
    if found.block:
        problem = "The rules are in place, and the firewall of this host drops what they are for."
        raise BackendError(f"{problem} {found.block}.")


def _load(parts: t.Sequence[PlannedRules]) -> None:
    try:
        for part in parts:
            if part.comparison.missing:
                part.holder.load()
    except BackendError:
        _undo(parts)
        raise


def _undo(parts: t.Sequence[PlannedRules]) -> None:
    for part in parts:
        part.holder.undo(part.comparison.before)


def _with_unit(module: AnsibleModule, todo: FirewallPlan) -> None:
    """Files first, then the unit brings in the rules; all is taken back where it fails."""
    unit = todo.unit.former.name
    written = _write(module, todo.files)
    try:
        if todo.unit.read_again:
            _systemd.daemon_reload(module)
        if todo.unit.enable:
            _systemd.enable(module, unit)
        if todo.unit.run:
            # A reload replaces the rules without the moment in between that a restart has.
            act = _systemd.reload if _systemd.is_active(module, unit) else _systemd.start
            todo.run.forget()
            act(module, unit)
    except _systemd.SystemdError as error:
        answer = f"{error} {_status(module, unit)}"
        if not todo.unit.former.links:
            with suppress(_systemd.SystemdError):
                _systemd.disable(module, unit)
        back = [_files.File(one.file.path, one.before, one.before_mode or 0o644) for one in written]
        _write(module, _files.changes(back))
        _systemd.daemon_reload(module)
        _undo(todo.parts)
        raise BackendError(answer) from None


def _status(module: AnsibleModule, unit: str) -> str:
    """What systemd has to say of a unit that failed: systemctl's own error only points there."""
    command = [module.get_bin_path("systemctl", required=True), "status", "--no-pager", "--full", "--lines=5", unit]
    _rc, out, err = module.run_command(command)
    return "; ".join(line.strip() for line in (out or err).splitlines() if line.strip())


def _without_unit(module: AnsibleModule, todo: FirewallPlan) -> None:
    unit = todo.unit.former
    booted = _systemd.running()
    if todo.unit.drop and booted and unit.links and unit.file:
        _systemd.disable(module, unit.name)
    for link in unit.links:
        with suppress(FileNotFoundError):
            os.unlink(link)
        _tidy(os.path.dirname(link))
    _write(module, todo.files)
    if todo.unit.drop and booted:
        # Its file is gone, so that stopping it runs nothing: rules that stay are not taken away for a moment.
        _systemd.daemon_reload(module)
        with suppress(_systemd.SystemdError):
            _systemd.stop(module, unit.name)


def _write(module: AnsibleModule, changes: list[_files.Change]) -> list[_files.Change]:
    written = _files.write(module, changes)
    if any(one.file.content is None and one.file.path.startswith(_firewall_boot.RULES_DIRECTORY) for one in changes):
        _tidy(_firewall_boot.RULES_DIRECTORY)
    return written


def _tidy(directory: str) -> None:
    """Remove a directory that nothing is left in."""
    with suppress(OSError):
        os.rmdir(directory)
