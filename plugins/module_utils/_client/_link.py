# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The link of a connection as it is now. Private to this collection."""

from __future__ import annotations

import json
import os
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# pppd writes ppp-LINKNAME.pid in its runtime folder, which is the builder's choice since 2.5.
PID_FOLDERS = ("/run", "/run/pppd", "/run/ppp")


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


@dataclass(frozen=True)
class Route:
    """A default route of the main table."""

    device: str
    gateway: str | None
    metric: int

    def __str__(self) -> str:
        return (f"via {self.gateway} " if self.gateway else "") + f"on {self.device}"


def pids(name: str) -> list[int]:
    """The processes that hold the connection, whoever started them: ``pppd call NAME …``."""
    found = []
    for process in _server_processes.every():
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
    started = started_at(pid)
    interface = _interface(name, pid)
    entry = _interfaces.addresses(module).get(interface) if interface else None
    address = entry.ipv4() if entry else None
    on_demand = _client_connections.of(name).demand
    # Its interface has an address from the start, an invented one; only our script tells that there is a session.
    if on_demand and not os.path.exists(_client_config.servers_path(name)):
        return Link(pid, started, interface, asleep=interface is not None)
    if entry is None or address is None:
        return Link(pid, started, interface)
    return Link(pid, started, interface, address.local, address.peer, entry.mtu)


def _interface(name: str, pid: int) -> str | None:
    """pppd writes its pid and its interface into the file of the link's name (main.c create_linkpidfile)."""
    for folder in PID_FOLDERS:
        content = _files.read(f"{folder}/ppp-{_client_config.label(name)}.pid")
        words = (content or b"").decode("ascii", "replace").split()
        if len(words) == 2 and words[0] == str(pid):
            return words[1]
    return _pppd_database.variables().get(pid, {}).get("IFNAME")


def started_at(pid: int) -> float:
    """When a process started, in seconds since the epoch; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as handle:
            # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
            ticks = int(handle.read().rpartition(b")")[2].split()[19])
    except OSError:
        return 0.0
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age


def default_routes(module: AnsibleModule) -> list[Route]:
    ip = module.get_bin_path("ip", required=True)
    _rc, out, _err = module.run_command([ip, "-4", "-j", "route", "show", "default"], check_rc=True)
    return parse_routes(out)


def parse_routes(text: str) -> list[Route]:
    """What ``ip -j route show default`` printed."""
    entries = json.loads(text or "[]")
    return [Route(entry["dev"], entry.get("gateway"), entry.get("metric", 0)) for entry in entries if "dev" in entry]
