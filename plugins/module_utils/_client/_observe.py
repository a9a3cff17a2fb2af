# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that a run of pppoe_client reads of its host, once. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _diagnosis as _client_diagnosis
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _lan as _client_lan
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _managers as _client_managers
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _wanted_files as _client_wanted_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest

# Where polkit, which asks the rules in its own folder, is installed.
POLKIT_ACTIONS = "/usr/share/polkit-1/actions"


@dataclass(frozen=True)
class Ethernet:
    """The interface that is asked for: whether PPPoE can use it, what it is a port of, and its MTU in bytes."""

    suits: bool
    port_of: str | None
    mtu: int


@dataclass(frozen=True)
class ObservedClient:
    """The host as it is. ``links`` and ``connections`` by name, ``there`` as ``_files.there`` gives it, by path.

    ``to_systemd``: whether systemd starts the connection. ``options``: the words of /etc/ppp/options.
    ``vlans``: the interface that each is on and its number; ``made``: those that we made. ``failed``: the log of the
    last attempt says that it failed.
    """

    systemd: bool
    to_systemd: bool
    unit: _systemd.Unit
    units: t.Mapping[str, _systemd.Unit]
    pppd: _pppd_capabilities.Pppd
    kernel_problem: str | None
    interfaces: tuple[str, ...]
    ethernet: Ethernet | None
    routes: tuple[_interfaces.Route, ...]
    connections: t.Mapping[str, _client_connections.Configured]
    links: t.Mapping[str, _client_link.Link]
    rc_local: str
    failed: bool
    polkit: bool
    options: t.Sequence[str] = ()
    vlans: t.Mapping[str, tuple[str, int]] = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    delegation: _client_delegation.ObservedDelegation = field(default_factory=_client_delegation.ObservedDelegation)
    there: t.Mapping[str, tuple[bytes | None, int | None]] = field(default_factory=dict)

    def link(self, name: str) -> _client_link.Link | None:
        return self.links.get(name)

    def content(self, path: str) -> bytes | None:
        return self.there[path][0]


def observe(module: AnsibleModule, request: ClientRequest) -> ObservedClient:
    """What the run needs to know. With ``state=connected``, the kernel's modules for PPPoE are loaded, too."""
    name = request.name
    connections = {found.name: found for found in _client_connections.every()}
    systemd = _systemd.running()
    asked = [_layout_client.unit_name(name), *_client_managers.UNITS]
    units = _systemd.show(module, asked) if systemd else {unit: _systemd.Unit() for unit in asked}
    interfaces = tuple(_interfaces.names())
    pppd = _pppd_capabilities.observe(module)
    dials = request.state == "connected" and pppd.path is not None
    rc_local = _rc_local.path()
    asked_for = request.wanted.delegation if request.wanted is not None else None
    delegation = _client_lan.observe(module, name, asked_for, units)
    there = _files.there([*paths(name), *delegation_paths(request, delegation), rc_local])
    return ObservedClient(
        systemd=systemd,
        to_systemd=systemd and _to_systemd(request, there),
        unit=units[asked[0]],
        units=units,
        pppd=pppd,
        kernel_problem=_pppd_capabilities.kernel_ppp(module) if dials else None,
        interfaces=interfaces,
        ethernet=_ethernet(request, interfaces),
        routes=tuple(_interfaces.default_routes()),
        connections=connections,
        links=_client_link.links({name: False, **{one.name: one.demand for one in connections.values()}}),
        rc_local=rc_local,
        failed=_client_diagnosis.verdict(_files.read_log(_layout_client.log_path(name))) is not None,
        polkit=os.path.isdir(POLKIT_ACTIONS),
        options=_client_host_options.options(_files.read(_client_host_options.PATH)),
        vlans=_interfaces.vlans(),
        made=frozenset(one for one in interfaces if _interfaces.alias(one) == _layout_client.ALIAS),
        delegation=delegation,
        there=there,
    )


def _to_systemd(request: ClientRequest, there: t.Mapping[str, tuple[bytes | None, int | None]]) -> bool:
    """Whether systemd is to start the connection; one that is not configured now stays as it has been configured."""
    if request.wanted is None:
        return there[_layout_client.unit_path(request.name)][0] is not None
    return request.startup != "rc_local"


def _ethernet(request: ClientRequest, interfaces: t.Container[str]) -> Ethernet | None:
    if request.wanted is None or request.wanted.interface not in interfaces:
        return None
    name = request.wanted.interface
    return Ethernet(_interfaces.is_ethernet(name), _interfaces.bridge_or_bond(name), _interfaces.mtu(name))


def delegation_paths(request: ClientRequest, host: _client_delegation.ObservedDelegation) -> list[str]:
    """The files for a delegated prefix that a run may change."""
    return [*host.files, *_client_wanted_files.delegated(request.wanted, host)]


def paths(name: str) -> list[str]:
    """The files that a run may change, but for rc.local, and those that it goes by."""
    return [
        *_client_accounts.paths(name),
        _layout_client.peers_path(name),
        *_layout_client.programs(),
        *(_layout_client.hook_path(name, action) for action in ("up", "down")),
        _layout_client.unit_path(name),
        _layout_client.rule_path(name),
        *_layout_client.run_paths(name),
        f"{_layout_client.RUN}/{_layout_client.LOCK}",
    ]
