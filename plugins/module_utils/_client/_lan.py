# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's side of a delegated prefix: what systemd-networkd or dhcpcd do here, and having them act. Private."""

from __future__ import annotations

import glob
import os
import typing as t
from contextlib import suppress
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _managers as _client_managers
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _systemd

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest


def settled(module: AnsibleModule, request: ClientRequest) -> ClientRequest:
    """The request, with dhcpcd for a prefix if it is to be whatever this host has, and it has no systemd-networkd."""
    wanted = request.wanted
    asked = wanted.delegation if wanted is not None else None
    if wanted is None or asked is None or asked.client != _client_delegation.AUTO or _has_networkd():
        return request
    if module.get_bin_path("dhcpcd") is None:
        return request
    by_dhcpcd = replace(asked, client=_client_delegation.DHCPCD)
    return replace(request, wanted=replace(wanted, delegation=by_dhcpcd))


def _has_networkd() -> bool:
    return any(map(os.path.exists, _client_networkd.PROGRAMS))


def observe(
    module: AnsibleModule,
    name: str,
    wanted: _client_delegation.Delegation | None,
    units: t.Mapping[str, _systemd.Unit],
) -> _client_delegation.ObservedDelegation:
    """What a connection's delegation goes by; ``units`` has the state of ``_managers.UNITS``."""
    files = files_of(name)
    if wanted is None and not files:
        return _client_delegation.ObservedDelegation()
    unit = units[_client_networkd.SERVICE]
    networks = [path for folder in _client_networkd.FOLDERS for path in glob.glob(f"{folder}/*.network")]
    managed: t.Mapping[str, t.Sequence[str]] = {}
    if wanted is not None:
        managed = _client_managers.managers(module, wanted.interfaces, units)
    there = _interfaces.names()
    return _client_delegation.ObservedDelegation(
        networkd=_has_networkd(),
        runs=unit.active,
        enabled=unit.enabled,
        would=tuple(sorted(path for path in networks if not _client_networkd.is_ours(path))),
        inside={one: _inside(one, there, managed) for one in (wanted.interfaces if wanted else ())},
        files=files,
        others=any(_client_networkd.is_ours(path) and path not in files for path in networks),
        dhcpcd=_dhcpcd(module, name, wanted, files),
    )


def files_of(name: str) -> tuple[str, ...]:
    """The files for a delegated prefix that the connection has."""
    return (*_networkd_files(name), *filter(os.path.exists, _client_dhcpcd.paths(name)))


def _networkd_files(name: str) -> list[str]:
    return sorted(path for pattern in _client_networkd.patterns(name) for path in glob.glob(pattern))


def inside_of(name: str) -> list[str]:
    """The interfaces that get a prefix by this connection, by its files."""
    by_networkd = filter(None, map(_client_networkd.interface_of, _networkd_files(name)))
    return sorted([*by_networkd, *_client_dhcpcd.inside_of(_files.text(_client_dhcpcd.radvd_path(name)))])


def _dhcpcd(
    module: AnsibleModule, name: str, wanted: _client_delegation.Delegation | None, files: t.Container[str]
) -> _client_delegation.ObservedDhcpcd:
    """Of use where dhcpcd is asked for, or was by an earlier run."""
    asked = wanted is not None and wanted.by_dhcpcd
    if not asked and not any(path in files for path in _client_dhcpcd.paths(name)):
        return _client_delegation.ObservedDhcpcd()
    units = _systemd.show(module, _client_dhcpcd.units(name)) if _systemd.running() else {}
    running = tuple(unit for unit, state in units.items() if state.active)
    if not asked:
        return _client_delegation.ObservedDhcpcd(running=running)
    version = None
    program = module.get_bin_path("dhcpcd")
    if program is not None:
        version = _client_dhcpcd.version_of(module.run_command([program, "--version"])[1])
    radvd = module.get_bin_path("radvd") is not None
    machine_id = _files.text(_client_dhcpcd.MACHINE_ID).strip()
    return _client_delegation.ObservedDhcpcd(version, radvd, running, _rival(), machine_id)


def _rival() -> int | None:
    """The process of a dhcpcd that manages all interfaces."""
    pid = _files.text(_client_dhcpcd.PID_FILE).strip()
    return int(pid) if pid.isdigit() and _files.text(f"/proc/{pid}/comm").strip() == "dhcpcd" else None


def _inside(name: str, there: t.Container[str], managed: t.Mapping[str, t.Sequence[str]]) -> _client_delegation.Inside:
    if name not in there:
        return _client_delegation.Inside()
    state = _files.text(f"{_client_managers.NETWORKD_LINKS}/{_interfaces.number(name)}")
    file = next((line.partition("=")[2] for line in state.splitlines() if line.startswith("NETWORK_FILE=")), None)
    manager = _client_managers.NETWORK_MANAGER
    return _client_delegation.Inside(True, file or None, manager if name in managed.get(manager, ()) else None)


def stop(module: AnsibleModule, units: t.Iterable[str]) -> None:
    """Stop units whose files are about to be removed: radvd first, so that it takes back what it has advertised."""
    for unit in sorted(units):
        _systemd.stop(module, unit)


def apply(module: AnsibleModule, action: str | None, removed: t.Iterable[str]) -> None:
    """Have systemd-networkd go by its files, as ``_delegation.action`` says. ``removed``: files that are gone."""
    if action == "start":
        _systemd.start(module, _client_networkd.SERVICE)
    elif action is not None:
        networkctl = module.get_bin_path("networkctl", required=True)
        module.run_command([networkctl, "reload"], check_rc=True)
    if action == "stop":
        # Any news of an interface would have the socket start it again.
        for unit in (_client_networkd.SOCKET, _client_networkd.SERVICE):
            _systemd.stop(module, unit)
    for folder in {os.path.dirname(path) for path in removed if _client_networkd.is_ours(path)}:
        if folder.endswith(".network.d"):
            with suppress(OSError):
                os.rmdir(folder)  # only if nothing else is in it
