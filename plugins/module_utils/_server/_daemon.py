# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and ends the daemon of an instance. Private to this collection."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes, _systemd, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server._plan import ServerPlan

PATIENCE = 15.0


def start(module: AnsibleModule, plan: ServerPlan) -> None:
    """A daemon that answers, in the place of those there are; sessions live on.

    ``Failed`` with its words if it does not answer; the former ones stay then.
    """
    if not plan.by_systemd:
        _run_script(module, plan.start_words)
        return
    change = _systemd.reload if plan.decision.action == "replace" and plan.unit_runs else _systemd.start
    try:
        change(module, plan.unit)
    except _systemd.SystemdError:
        raise Failed(_journal(module, plan.unit)) from None


def stop(module: AnsibleModule, plan: ServerPlan) -> None:
    """The daemon and all its sessions end, each session with a PADT."""
    # Sessions that were taken over are known by the interface that the daemon serves, hence before it ends.
    meant = _starts(plan.now)
    if plan.unit_runs:
        _systemd.stop(module, plan.unit)
    now = _running(plan)
    meant.update(_starts(now))
    if meant and os.path.exists(_layout_server.INSTANCE):
        _run_script(module, [_layout_server.INSTANCE, "hangup", plan.name, str(now.daemon.pid) if now.daemon else "-"])
    for pid in _living(meant):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while left := _living(meant):
        if time.monotonic() > deadline:
            raise Failed(f"These processes do not end: {left}.")
        time.sleep(0.1)


def _running(plan: ServerPlan) -> _server_processes.Running:
    processes = _processes.every()
    own = _server_processes.of_instance(processes, _layout_server.options_path(plan.name))
    return _server_takeover.running(own, _server_unmanaged.running(processes), plan.interfaces)


def _starts(running: _server_processes.Running) -> dict[int, int | None]:
    """When each of its processes has started, which tells it from a later one with its pid."""
    pids = [*([running.daemon.pid] if running.daemon else []), *running.stale, *running.sessions]
    return {pid: _processes.started(pid) for pid in pids}


def _living(meant: t.Mapping[int, int | None]) -> list[int]:
    return sorted(pid for pid, start in meant.items() if start is not None and _processes.started(pid) == start)


def leave_systemd(module: AnsibleModule, unit: str) -> None:
    """End a unit's daemon but none of its sessions, for one that systemd does not run any longer.

    The unit on disk would start the daemon again, or end the sessions: a drop-in in /run says otherwise, for now.
    """
    directory = f"/run/systemd/system/{unit}.d"
    drop_in = directory + "/leave.conf"
    os.makedirs(directory, exist_ok=True)
    try:
        with open(drop_in, "w", encoding="ascii") as handle:
            handle.write("[Service]\nRestart=no\nExecStop=\nKillMode=process\nKillSignal=SIGKILL\n")
        _systemd.daemon_reload(module)
        _systemd.stop(module, unit)
    finally:
        os.unlink(drop_in)
        os.rmdir(directory)
        _systemd.daemon_reload(module)
    # It was killed, which is no failure.
    _systemd.forget_failure(module, unit)


def kill(pid: int) -> None:
    """End a daemon and none of its sessions."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.02)


def _run_script(module: AnsibleModule, words: t.Sequence[str]) -> None:
    rc, out, err = module.run_command(list(words), cwd="/")
    if rc != 0:
        raise Failed((err or out).strip() or f"{words[0]} failed with status {rc}.")


def _journal(module: AnsibleModule, unit: str) -> str:
    _rc, out, _err = module.run_command(["journalctl", "--unit", unit, "--lines", "5", "--output", "cat", "--no-pager"])
    # What anybody sent on the wire can be among them (pppoe-server.c processPADR).
    lines = map(_text.printable, out.splitlines())
    said = " / ".join(line for line in lines if line.strip())
    return f"{unit} does not start. It said: {said or 'nothing'}"
