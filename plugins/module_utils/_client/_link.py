# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The link of a connection as it is now. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class Link:
    """A running pppd of the connection. ``interface`` and ``address`` are there once the link is.

    One that dials on demand has an interface from its start, and is ``asleep`` while there is no session.
    """

    pid: int
    started: float  # seconds since the epoch
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
    found = []
    for process in _processes.every():
        words = process.argv
        called = any(pair == ("call", name) for pair in zip(words, words[1:]))
        if os.path.basename(words[0]) == "pppd" and called:
            found.append(process.pid)
    return found


def current(module: AnsibleModule, name: str) -> Link | None:
    """The link as it is, ``None`` if no pppd holds the connection."""
    found = pids(name)
    if not found:
        return None
    pid = found[0]
    started = _processes.started_at(pid)
    interface = _interface(name, pid)
    entry = _interfaces.addresses(module).get(interface) if interface else None
    address = entry.ipv4() if entry else None
    on_demand = _client_connections.of(name).demand
    # Its interface has an address from the start, an invented one; only our script tells that there is a session.
    if on_demand and not os.path.exists(_layout_client.servers_path(name)):
        return Link(pid, started, interface, asleep=interface is not None)
    if entry is None or address is None:
        return Link(pid, started, interface)
    return Link(pid, started, interface, address.local, address.peer, entry.mtu)


def _interface(name: str, pid: int) -> str | None:
    """pppd writes its pid and its interface into the file of the link's name (main.c create_linkpidfile)."""
    for folder in _pppd_pid_files.FOLDERS:
        content = _files.read(f"{folder}/ppp-{_layout_client.label(name)}.pid")
        words = (content or b"").decode("ascii", "replace").split()
        if len(words) == 2 and words[0] == str(pid):
            return words[1]
    return _pppd_database.variables().get(pid, {}).get("IFNAME")
