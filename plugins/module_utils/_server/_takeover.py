# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pppoe-server that somebody has started by hand, and its sessions, in the hands of an instance.

Private to this collection.
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._processes import Process
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._processes import Running
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _parse as _sessions_parse

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_SERVICE = re.compile(r"/([^/\n]+\.service)(?:/|$)")


def with_foreign(own: Running, processes: t.Sequence[Process], interfaces: t.Iterable[str]) -> Running:
    """``own`` with the daemon that was started by hand on one of ``interfaces``, and with the sessions of such a one.

    A session is known by its interface, as its daemon may be gone. ``Refused`` if there are several daemons.
    """
    if own.daemon is not None:
        served = _server_startup_lines.command(own.daemon.argv)
        interfaces = {*interfaces, *(served.interfaces if served else ())}
    wanted = set(interfaces)
    foreign = daemons(processes, wanted)
    if len(foreign) > 1:
        raise Refused(
            "interfaces",
            "{} unmanaged daemons serve them (processes {}).".format(
                len(foreign), ", ".join(str(process.pid) for process, _command in foreign)
            ),
            "Configure an instance for each, and take them over one at a time.",
        )
    found = [process.pid for process in processes if _is_session_by_hand(process, wanted)]
    theirs = foreign[0][0] if foreign else None
    sessions = tuple(sorted({*own.sessions, *found}))
    return replace(own, daemon=own.daemon or theirs, sessions=sessions, foreign=theirs)


def daemons(
    processes: t.Sequence[Process], interfaces: set[str] | None
) -> list[tuple[Process, _server_startup_lines.Command]]:
    """The daemons that were started by hand on one of ``interfaces``, or on any (``None``)."""
    found = {}
    for process in processes:
        command = _server_startup_lines.command(process.argv)
        if command and command.by_hand and (interfaces is None or interfaces & set(command.interfaces)):
            found[process.pid] = (process, command)
    # A child has its parent's command line until it becomes the pppd of a new session.
    return [one for one in found.values() if one[0].parent not in found]


def _is_session_by_hand(process: Process, interfaces: set[str]) -> bool:
    call = _sessions_parse.parse_command(process.argv, lambda _name: ())
    if call is None or call.role != "server" or call.instance is not None:
        return False
    return _server_startup_lines.without_label(call.device or "") in interfaces


def refuse_what_would_be_left(foreign: Process | None, interfaces: t.Sequence[str]) -> None:
    """``Refused`` if the daemon serves an interface that nobody would serve after it."""
    command = _server_startup_lines.command(foreign.argv) if foreign else None
    if foreign is None or command is None:
        return
    left = [name for name in command.interfaces if name not in interfaces]
    if left:
        raise Refused(
            "interfaces",
            f"the unmanaged daemon (process {foreign.pid}) serves {', '.join(left)} too.",
            "Name all of its interfaces.",
        )


def options_path(command: _server_startup_lines.Command) -> str:
    """The options file of a daemon that was started at /."""
    return os.path.join("/", command.options_path)


def refuse_accounts_elsewhere(
    commands: t.Iterable[_server_startup_lines.Command], contents: t.Mapping[str, bytes | None]
) -> None:
    """``Refused`` if a daemon to take over has its accounts in RADIUS or the like: customers would be locked out.

    ``contents``: those of the options files.
    """
    for command in commands:
        path = options_path(command)
        for plugin in plugins(contents.get(path) or b""):
            if decides_who_gets_in(plugin):
                raise Refused(
                    "interfaces",
                    f"'plugin {plugin}' in {path} asks elsewhere for the accounts, which are in no file of pppd.",
                    "Put the plugin and its options into /etc/ppp/options, which all sessions read, or the accounts "
                    "into the secrets file, and take it out there.",
                )


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
