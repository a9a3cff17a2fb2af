# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out on the host what was decided about a daemon. Private to this collection."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

PATIENCE = 15.0


class StartFailed(Failed):
    """The daemon does not answer on its interfaces; the text has its own words."""


@dataclass(frozen=True)
class Daemon:
    """An instance's daemon on this host: what starts it, and how it is found."""

    name: str
    interfaces: tuple[str, ...]
    by_systemd: bool
    start_words: tuple[str, ...]

    @property
    def unit(self) -> str:
        return _layout_server.unit_name(self.name)

    def running(self) -> _server_processes.Running:
        processes = _processes.every()
        own = _server_processes.of_instance(processes, _layout_server.options_path(self.name))
        return _server_takeover.with_foreign(own, processes, self.interfaces)


def start(module: AnsibleModule, daemon: Daemon, pid: int | None = None) -> None:
    """A daemon that answers, in the place of the daemon ``pid`` if there is one; sessions live on.

    ``StartFailed`` with its words if it does not answer; the former one stays then.
    """
    if not daemon.by_systemd:
        _run_script(module, list(daemon.start_words))
    else:
        change = _systemd.reload if pid and _systemd.is_active(module, daemon.unit) else _systemd.start
        try:
            change(module, daemon.unit)
        except _systemd.SystemdError:
            raise StartFailed(_journal(module, daemon.unit)) from None
    if pid is not None and _server_processes.is_daemon(pid, _layout_server.options_path(daemon.name)):
        # One that was not started by our script, which knows its own. SIGTERM would end the sessions.
        _kill(pid, signal.SIGKILL)
        _wait_until_gone(pid)


def stop(module: AnsibleModule, daemon: Daemon) -> None:
    """The daemon and all its sessions end, each session with a PADT."""
    # Sessions that were taken over are known by the interface that the daemon serves, hence before it ends.
    left = _pids(daemon.running())
    if _systemd.running() and _systemd.is_active(module, daemon.unit):
        _systemd.stop(module, daemon.unit)
    now = daemon.running()
    left |= _pids(now)
    if left and os.path.exists(_layout_server.INSTANCE):
        words = [_layout_server.INSTANCE, "hangup", daemon.name, str(now.daemon.pid) if now.daemon else "-"]
        _run_script(module, words)
    for pid in left:
        _kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while left := left & {process.pid for process in _processes.every()}:
        if time.monotonic() > deadline:
            raise StartFailed(f"These processes do not end: {sorted(left)}.")
        time.sleep(0.1)


def _pids(running: _server_processes.Running) -> set[int]:
    return {*([running.daemon.pid] if running.daemon else []), *running.sessions}


def leave_systemd(module: AnsibleModule, unit: str) -> None:
    """End a unit's daemon but none of its sessions, for one that systemd shall start no longer.

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


def _run_script(module: AnsibleModule, words: list[str]) -> None:
    rc, out, err = module.run_command(words, cwd="/")
    if rc != 0:
        raise StartFailed((err or out).strip() or f"{words[0]} failed with status {rc}.")


def _journal(module: AnsibleModule, unit: str) -> str:
    _rc, out, _err = module.run_command(["journalctl", "--unit", unit, "--lines", "5", "--output", "cat", "--no-pager"])
    # A stranger's words can be among them (pppoe-server.c processPADR).
    lines = ("".join(character if character.isprintable() else "?" for character in line) for line in out.splitlines())
    said = " / ".join(line for line in lines if line.strip())
    return f"{unit} does not start. It said: {said or 'nothing'}"


def _kill(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.02)
