# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of the servers of a host, for a person. Private to this collection."""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _host as _access_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _pado_delay as _access_pado_delay
from ansible_collections.dialtone.pppoe.plugins.module_utils._access._settings import Settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _processes, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _instances as _server_instances
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _observe as _server_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._status import Status

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: How many connections the kernel tracks, and how many it can (nf_conntrack-sysctl of its documentation).
TRACKED = ("/proc/sys/net/netfilter/nf_conntrack_count", "/proc/sys/net/netfilter/nf_conntrack_max")


@dataclass(frozen=True)
class Around:
    """What is around an instance: ``by_hand``: daemons that somebody else has started on its interfaces.

    ``enabled``: its unit starts at boot. ``unread``: its unit has changed since systemd read it. ``vanished``: its
    interfaces that the host has no longer. ``tracked``: how many connections the kernel tracks, and how many it can.
    """

    by_hand: tuple[int, ...] = ()
    enabled: bool = True
    unread: bool = False
    vanished: tuple[str, ...] = ()
    tracked: tuple[int, int] = (0, 0)


def servers(module: AnsibleModule) -> list[dict[str, t.Any]]:
    """Each instance of this host."""
    names = _server_status.names()
    if not names:
        return []
    version, _flags = _server_observe.help_of_pppoe_server(module)
    by_hand = _server_unmanaged.daemons(_processes.every())
    there = set(_interfaces.names())
    units = {name: _layout_server.unit_name(name) for name in names}
    shown = _systemd.show(module, list(units.values())) if _systemd.running() else {}
    started = _server_instances.commands(_server_observe.startup_texts(), ())
    tracked = _tracked()
    found = []
    for name in names:
        status = _server_status.status(name)
        interfaces = set(status.words("-I") or (started[name].interfaces if name in started else ()))
        unit = shown.get(units[name])
        around = Around(
            tuple(process.pid for process, command in by_hand if interfaces & set(command.interfaces)),
            unit is None or unit.enabled,
            unit is not None and unit.stale,
            tuple(sorted(interfaces - there)),
            tracked,
        )
        found.append(describe(status, version, around, _access_host.configured(name)))
    return found


def _tracked() -> tuple[int, int]:
    count, most = (_files.text(path).strip() for path in TRACKED)
    return (int(count), int(most)) if count.isdigit() and most.isdigit() else (0, 0)


def describe(status: Status, version: str | None, around: Around, access: Settings) -> dict[str, t.Any]:
    """What the module returns of an instance. ``version``: of pppoe-server. ``access``: of its discovery packets."""
    return {
        "name": status.name,
        "engine": "rp-pppoe",
        "running": status.pid is not None,
        "interfaces": status.words("-I"),
        "version": version,
        "mode": None if status.pid is None else "kernel" if carries_in_kernel(status) else "user",
        "cluster_role": None,
        "sessions": len(status.sessions),
        "sessions_limit": status.most,
        "plans": dict(sorted(Counter(session.plan for session in status.sessions if session.plan).items())),
        "pool_size": len(status.pool),
        "pool_used": status.used,
        "pool_free": len(status.pool) - status.used,
        "drained": access.drained,
        "dial_hold": access.hold,
        "discovery_rate": access.rate,
        "pado_delay": _access_pado_delay.shown(access.pado_delay),
        "bytes_in": sum(session.bytes_in for session in status.sessions),
        "bytes_out": sum(session.bytes_out for session in status.sessions),
        "warnings": warnings(status, around),
    }


def carries_in_kernel(status: Status) -> bool:
    """Whether the daemon has the kernel carry new sessions: by itself, or by the script that it runs as pppd."""
    if "-k" in status.command or "kernel" in status.words("-Q"):
        return True
    return _layout_server.PPPD in status.words("-q") and "-N" not in status.command


def warnings(status: Status, around: Around) -> list[str]:
    """What is wrong with an instance."""
    found = []
    if status.pid is None:
        found.append("It does not run.")
    for pid in status.stale:
        found.append(f"Another daemon of it runs, left by a start that was killed (process {pid}). Run the role again.")
    for name in around.vanished:
        found.append(f"Its interface {name} is gone.")
    for pid in around.by_hand:
        found.append(f"An unmanaged pppoe-server answers on its interface (process {pid}).")
    if not around.enabled:
        found.append("Its unit does not start at boot.")
    if around.unread:
        found.append("Its unit has changed since systemd read it. Run the role again.")
    found += _pool.shortage(len(status.pool), len(status.pool) - status.used)
    if 0 < status.most <= len(status.sessions):
        found.append("There are as many sessions as it may have.")
    count, most = around.tracked
    if most and count >= most * (1 - _pool.SCARCE):
        found.append(
            f"This host tracks {count} of at most {most} connections; beyond that, new ones of customers are dropped "
            "(net.netfilter.nf_conntrack_max)."
        )
    holders = Counter(session.address for session in status.sessions if session.address)
    for address, count in holders.items():
        if count > 1:
            found.append(f"{count} sessions have the address {address}.")
    return found
