# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host's side of a delegated prefix: what systemd-networkd does here, and having it act. Private."""

from __future__ import annotations

import glob
import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _managers as _client_managers
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _systemd

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


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
        networkd=any(map(os.path.exists, _client_networkd.PROGRAMS)),
        runs=unit.active,
        enabled=unit.enabled,
        would=tuple(sorted(path for path in networks if not _client_networkd.is_ours(path))),
        inside={one: _inside(one, there, managed) for one in (wanted.interfaces if wanted else ())},
        files=files,
        others=any(_client_networkd.is_ours(path) and path not in files for path in networks),
    )


def files_of(name: str) -> tuple[str, ...]:
    """The files of systemd-networkd's that the connection has."""
    return tuple(sorted(path for pattern in _client_networkd.patterns(name) for path in glob.glob(pattern)))


def inside_of(name: str) -> list[str]:
    """The interfaces that get a prefix by this connection, by its files."""
    return sorted(filter(None, map(_client_networkd.interface_of, files_of(name))))


def _inside(name: str, there: t.Container[str], managed: t.Mapping[str, t.Sequence[str]]) -> _client_delegation.Inside:
    if name not in there:
        return _client_delegation.Inside()
    state = _files.text(f"{_client_managers.NETWORKD_LINKS}/{_interfaces.number(name)}")
    file = next((line.partition("=")[2] for line in state.splitlines() if line.startswith("NETWORK_FILE=")), None)
    manager = _client_managers.NETWORK_MANAGER
    return _client_delegation.Inside(True, file or None, manager if name in managed.get(manager, ()) else None)


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
