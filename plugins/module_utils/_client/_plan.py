# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run changes: files, the boot, and the link. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _decision as _client_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _wanted_files as _client_wanted_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._observe import ObservedClient
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection


@dataclass(frozen=True)
class ClientPlan:
    """What differs on the host, and what follows for the link.

    ``wanted``: what is dialled. ``accounts``: the secrets files among ``changes``; ``account``: whether the
    connection's own account is another one. ``boot``: ``enable`` or ``disable`` its unit. ``reload``: systemd must read
    its unit again. ``vlans``: interfaces to remove, since no connection needs them. ``networkd``: what follows for
    systemd-networkd (``_delegation.action``). ``stop``, ``restart``: units of dhcpcd and radvd.
    """

    wanted: Connection | None
    to_systemd: bool
    decision: _client_decision.DialDecision
    changes: tuple[_files.Change, ...] = ()
    accounts: tuple[_client_accounts.Edit, ...] = ()
    account: bool = False
    boot: str | None = None
    reload: bool = False
    vlans: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    networkd: str | None = None
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        link = self.decision.dial or self.decision.hang_up
        units = self.stop or self.restart
        return bool(self.changes or self.boot or self.reload or self.networkd or units or link)

    def diff(self) -> list[dict[str, str]]:
        shown = {edit.file.path: edit.diff() for edit in self.accounts}
        return [shown.get(change.file.path) or _files.diff([change])[0] for change in self.changes]


def plan(request: ClientRequest, host: ObservedClient) -> ClientPlan:
    """What ``state`` asks for."""
    edits = _client_accounts.edits(request, host.there)
    files = [edit.file for edit in edits] + _client_accounts.secret_file(request)
    changes = _files.changes(files + _client_wanted_files.files(request, host), host.there)
    changed = {change.file.path for change in changes}
    account = request.configures and not changed.isdisjoint(_client_accounts.paths(request.name))
    decision = _client_decision.decide(request.state, _now(request, host, changed, account))
    by_dhcpcd = _by_dhcpcd(request)
    return ClientPlan(
        _dialled(request, host),
        host.to_systemd,
        decision,
        changes=tuple(changes),
        accounts=tuple(edits),
        account=account,
        boot=_boot(request, host),
        reload=_reload(request, host, changed),
        vlans=_unused_vlans(request, host, decision),
        warnings=tuple(warning for edit in edits for warning in edit.plan.warnings),
        networkd=_networkd(request, host, changed),
        stop=() if by_dhcpcd or not request.writes else host.delegation.dhcpcd.running,
        restart=_restart(request, host, changed) if by_dhcpcd and not decision.dial else (),
    )


def _now(
    request: ClientRequest, host: ObservedClient, changed: t.Container[str], account: bool
) -> _client_decision.Now:
    link = host.link(request.name)
    # One that dials on demand and sleeps is as it should be, unless its last dial has failed.
    fine = link is not None and (link.up or (link.asleep and not host.failed))
    running = link is not None or host.unit.goes_on
    if not request.configures:
        return _client_decision.Now(running, fine, False)
    moved = link is not None and host.unit.goes_on != host.to_systemd
    # The running pppd may have read another configuration; not known of one that a former version has started.
    started, peers = host.content(_layout_client.started_path(request.name)), _layout_client.peers_path(request.name)
    older = started is not None and started != host.content(peers)
    return _client_decision.Now(running, fine, moved or account or peers in changed or older)


def _dialled(request: ClientRequest, host: ObservedClient) -> Connection | None:
    """What is dialled: the connection asked for, or the one that is there."""
    if request.wanted is not None or request.ends:
        return request.wanted
    found = host.connections.get(request.name, _client_connections.Configured(request.name))
    return _client_connections.as_configured(found, host.interfaces)


def _boot(request: ClientRequest, host: ObservedClient) -> str | None:
    if not request.writes:
        return None
    at_boot = request.configures and host.to_systemd and request.boot
    return None if host.unit.enabled == at_boot else ("enable" if at_boot else "disable")


def _reload(request: ClientRequest, host: ObservedClient, changed: t.Container[str]) -> bool:
    stale = request.configures and host.unit.stale
    units = [_layout_client.unit_path(request.name), *_client_dhcpcd.unit_paths(request.name)]
    return host.systemd and (stale or any(path in changed for path in units))


def _networkd(request: ClientRequest, host: ObservedClient, changed: t.Iterable[str]) -> str | None:
    if not request.writes:
        return None
    asked = request.wanted.delegation if request.wanted is not None else None
    return _client_delegation.action(asked, host.delegation, any(map(_client_networkd.is_ours, changed)))


def _by_dhcpcd(request: ClientRequest) -> bool:
    asked = request.wanted.delegation if request.wanted is not None else None
    return asked is not None and asked.by_dhcpcd


def _restart(request: ClientRequest, host: ObservedClient, changed: t.Container[str]) -> tuple[str, ...]:
    """The units that go by what has changed, while the link is up: they are started with each link."""
    link = host.link(request.name)
    if link is None or not link.up or not host.unit.active:
        return ()
    units = _client_dhcpcd.units(request.name)
    as_asked = not any(path in changed for path in _client_dhcpcd.paths(request.name))
    return () if as_asked and set(units) <= set(host.delegation.dhcpcd.running) else units


def _unused_vlans(
    request: ClientRequest, host: ObservedClient, decision: _client_decision.DialDecision
) -> tuple[str, ...]:
    """The VLAN interfaces that we made, and no connection needs once this one is on its own."""
    if not request.writes or (request.configures and not decision.dial):
        return ()
    used = {other.nic for other in host.connections.values() if other.name != request.name}
    used.add(None if request.wanted is None else request.wanted.nic)
    return tuple(sorted(host.made - used))
