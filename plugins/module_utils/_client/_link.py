# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The link of a connection as it is now. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files


@dataclass(frozen=True)
class Link:
    """A running pppd of the connection. ``interface`` and ``address`` are there once the link is.

    One that dials on demand has an interface from its start, and is ``asleep`` while there is no session.
    """

    pid: int
    interface: str | None = None
    address: str | None = None
    peer: str | None = None
    mtu: int | None = None
    asleep: bool = False

    @property
    def up(self) -> bool:
        return self.address is not None


def pids(name: str) -> list[int]:
    """The processes that hold the connection, whoever started them: ``pppd call NAME …``."""
    return [process.pid for process in _processes.every() if _holds(process.argv, name)]


def _holds(argv: t.Sequence[str], name: str) -> bool:
    called = any(pair == ("call", name) for pair in zip(argv, argv[1:]))
    return os.path.basename(argv[0]) == "pppd" and called


def links(connections: t.Mapping[str, bool]) -> dict[str, Link]:
    """The links of these connections, without those that no pppd holds. ``connections``: whether each is on demand."""
    processes = _processes.every()
    found = {}
    for name, demand in connections.items():
        pid = next((process.pid for process in processes if _holds(process.argv, name)), None)
        if pid is not None:
            interface = _from_pid_file(name).get(pid) or _pppd_database.variables().get(pid, {}).get("IFNAME")
            found[name] = _link(name, pid, interface, demand)
    return found


def quick(name: str, demand: bool) -> Link | None:
    """The link by what its pppd has written of itself, for those who ask again and again; no process is looked for."""
    for pid, interface in _from_pid_file(name).items():
        if _processes.started(pid) is not None:
            return _link(name, pid, interface, demand)
    return None


def _link(name: str, pid: int, interface: str | None, demand: bool) -> Link:
    ends = _interfaces.ends(interface) if interface else None
    # Its interface has an address from the start, an invented one; only our script records that there is a session.
    if demand and not os.path.exists(_layout_client.servers_path(name)):
        return Link(pid, interface, asleep=interface is not None)
    if interface is None or ends is None:
        return Link(pid, interface)
    return Link(pid, interface, ends.local, ends.peer, _interfaces.mtu(interface))


def _from_pid_file(name: str) -> dict[int, str | None]:
    """pppd writes its pid and then its interface into the file of the link's name (main.c create_linkpidfile)."""
    found: dict[int, str | None] = {}
    for folder in _pppd_pid_files.FOLDERS:
        words = _files.text(f"{folder}/ppp-{_layout_client.label(name)}.pid").split()
        if words and words[0].isdigit():
            found[int(words[0])] = words[1] if len(words) > 1 else None
    return found
