# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pppoe-server processes that somebody has started by hand, and what starts them. Private to this collection."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_sources as _server_startup_sources
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _parse as _sessions_parse

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_SERVICE = re.compile(r"/([^/\n]+\.service)(?:/|$)")


@dataclass(frozen=True)
class Daemon:
    """A pppoe-server that is not ours. ``unit``: the systemd unit whose main process it is."""

    process: Process
    command: _server_startup_lines.Command
    unit: str | None = None

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass(frozen=True)
class Unmanaged:
    """Everything of pppoe-server on a host that is not ours.

    ``sessions``: the pid and the interface of each; their daemon may be gone. ``sources``: what starts a daemon;
    ``rc_local``: the lines of rc.local that do, with their places in it. ``options_files``: the contents of those that
    all of these name, by path.
    """

    daemons: t.Sequence[Daemon] = ()
    sessions: t.Sequence[tuple[int, str]] = ()
    sources: t.Sequence[_server_startup_sources.StartupSource] = ()
    rc_local: t.Sequence[_server_startup_lines.StartupLine] = ()
    options_files: t.Mapping[str, bytes | None] = field(default_factory=dict)


def running(processes: t.Sequence[Process], unit: t.Callable[[int], str | None] = lambda _pid: None) -> Unmanaged:
    """What runs. ``unit``: gives the unit of a pid."""
    found = tuple(Daemon(process, command, unit(process.pid)) for process, command in daemons(processes))
    return Unmanaged(found, sessions(processes))


def observe(module: AnsibleModule, processes: t.Sequence[Process], rc_local: str, script: bytes | None) -> Unmanaged:
    """What runs, and what starts such daemons. ``script``: the content of ``rc_local``."""
    seen = running(processes, (lambda pid: unit_of(module, pid)) if _systemd.running() else lambda _pid: None)
    sources = _server_startup_sources.observe(module)
    commands = [daemon.command for daemon in seen.daemons]
    commands += [source.line.command for source in sources if source.line.command]
    return replace(
        seen,
        sources=sources,
        rc_local=_server_startup_lines.lines(script or b"", rc_local),
        options_files={path: _files.read(path) for path in map(options_path, commands)},
    )


def daemons(processes: t.Sequence[Process]) -> list[tuple[Process, _server_startup_lines.Command]]:
    """The daemons that were started by hand, with their commands."""
    found = {}
    for process in processes:
        command = _server_startup_lines.command(process.argv)
        if command and command.by_hand:
            found[process.pid] = (process, command)
    # A child has its parent's command line until it becomes the pppd of a new session.
    return [one for one in found.values() if one[0].parent not in found]


def sessions(processes: t.Sequence[Process]) -> tuple[tuple[int, str], ...]:
    """The pid and the interface of each session of such a daemon."""
    found = []
    for process in processes:
        call = _sessions_parse.parse_command(process.argv, lambda _name: ())
        if call is not None and call.role == "server" and call.instance is None:
            found.append((process.pid, _server_startup_lines.without_label(call.device or "")))
    return tuple(found)


def options_path(command: _server_startup_lines.Command) -> str:
    """The options file of a daemon that was started at /."""
    return os.path.join("/", command.options_path)


def plugins(content: bytes) -> list[str]:
    """The plugins that an options file names."""
    try:
        words = [word.decode("utf-8", "replace") for word in _words.words(content)]
    except _words.UnclosedQuote:
        words = content.decode("utf-8", "replace").split()
    return [word for option, word in zip(words, words[1:]) if option == "plugin"]


def carries_sessions(plugin: str) -> bool:
    """Whether a plugin only carries sessions, or speaks for a client."""
    return plugin_name(plugin) in ("rp-pppoe", "pppoe", "pppoatm", "minconn", "passprompt", "passwordfd")


def decides_who_gets_in(plugin: str) -> bool:
    """Whether a plugin knows accounts; one that is not known may."""
    return not carries_sessions(plugin) and plugin_name(plugin) not in ("radattr", "radrealms", "dhcpc")


def plugin_name(plugin: str) -> str:
    """``radius`` for ``/usr/lib/pppd/2.4.9/radius.so``."""
    name = os.path.basename(plugin)
    return name[:-3] if name.endswith(".so") else name


def unit_of(module: AnsibleModule, pid: int) -> str | None:
    """The systemd unit whose main process this is; a process of rc.local or of a login is none's."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as handle:
            unit = service(handle.read())
    except OSError:
        return None
    return unit if unit and _systemd.main_pid(module, unit) == pid else None


def service(cgroup: str) -> str | None:
    """The service in the text of /proc/PID/cgroup, whatever the hierarchy."""
    found = _SERVICE.findall(cgroup)
    return found[-1] if found else None
