# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run changes: files, the boot, and the link. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _decision as _client_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_attempt, _pppoe_client_up

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._observe import Observed
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection, Request


@dataclass(frozen=True)
class Plan:
    """What differs on the host, and what follows for the link.

    ``wanted``: what is dialled. ``accounts``: the secrets files among ``changes``; ``account``: whether the
    connection's own account is another one. ``boot``: ``enable`` or ``disable`` its unit. ``reload``: systemd must read
    its unit again. ``vlans``: interfaces to remove, since no connection needs them.
    """

    wanted: Connection | None
    to_systemd: bool
    decision: _client_decision.Decision
    changes: tuple[_files.Change, ...] = ()
    accounts: tuple[_client_accounts.Edit, ...] = ()
    account: bool = False
    boot: str | None = None
    reload: bool = False
    vlans: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.changes or self.boot or self.reload or self.decision.dial or self.decision.hang_up)

    def diff(self) -> list[dict[str, str]]:
        shown = {edit.file.path: edit.diff() for edit in self.accounts}
        return [shown.get(change.file.path) or _files.diff([change])[0] for change in self.changes]


def plan(request: Request, host: Observed) -> Plan:
    """What ``state`` asks for."""
    if request.state in ("disconnected", "absent"):
        return _end(request, host)
    if request.wanted is None:
        found = host.connections.get(request.name, _client_connections.Configured(request.name))
        wanted = _client_connections.as_configured(found, host.interfaces)
        return Plan(wanted, host.to_systemd, _decision(request, host, False))
    return _configure(request, host, request.wanted)


def _configure(request: Request, host: Observed, wanted: Connection) -> Plan:
    key = _layout_client.label(wanted.name)
    edits = _client_accounts.edits(key, wanted.username, request.secret, host.there)
    files = [edit.file for edit in edits] + _client_accounts.secret_file(key, wanted.username, request.secret)
    files += _files_of(request, host, wanted)
    changes = _files.changes(files, host.there)
    changed = {change.file.path for change in changes}
    account = bool(edits) or _client_accounts.secret_path(key) in changed
    moved = host.link(wanted.name) is not None and host.unit.goes_on != host.to_systemd
    differs = moved or account or _layout_client.peers_path(wanted.name) in changed or _is_older(wanted.name, host)
    decision = _decision(request, host, differs)
    at_boot = host.to_systemd and request.boot
    return Plan(
        wanted,
        host.to_systemd,
        decision,
        changes=tuple(changes),
        accounts=tuple(edits),
        account=account,
        boot=None if host.unit.enabled == at_boot else ("enable" if at_boot else "disable"),
        reload=host.systemd and (_layout_client.unit_path(wanted.name) in changed or host.unit.stale),
        vlans=_unused(host, wanted.nic, wanted.name) if decision.dial else (),
        warnings=tuple(warning for edit in edits for warning in edit.plan.warnings),
    )


def _decision(request: Request, host: Observed, differs: bool) -> _client_decision.Decision:
    link = host.link(request.name)
    # One that dials on demand and sleeps is as it should be, unless its last dial has failed.
    fine = link is not None and (link.up or (link.asleep and not host.failed))
    running = link is not None or host.unit.goes_on
    return _client_decision.decide(request.state, _client_decision.Now(running, fine, differs))


def _is_older(name: str, host: Observed) -> bool:
    """Whether the running pppd has read another configuration; not known of one that a former version has started."""
    started = host.content(_layout_client.started_path(name))
    return started is not None and started != host.content(_layout_client.peers_path(name))


def _files_of(request: Request, host: Observed, wanted: Connection) -> list[_files.File]:
    name = wanted.name
    # Who may read it may dial: pppd opens a file of `call` as the user who runs it (options.c options_from_file).
    files = [_files.File(_layout_client.peers_path(name), _client_config.peers_file(wanted, host.pppd), 0o600)]
    files += [_files.File(path, content, 0o755, program=True) for path, content in programs().items()]
    files += [_hook(name, action, text) for action, text in request.hooks]
    unit = _client_config.unit_file(wanted) if host.to_systemd else None
    files.append(_files.File(_layout_client.unit_path(name), unit))
    rule = _client_config.rule_file(name, request.user_control_group) if request.user_control else None
    files.append(_files.File(_layout_client.rule_path(name), rule))
    lines = _client_config.background_lines(wanted) if request.boot and not host.to_systemd else None
    return files + _rc_local_file(host, name, lines)


def programs() -> dict[str, bytes]:
    """What all connections of a host share: path and content."""
    return {
        _layout_client.UP: _pppoe_client_up.up_script(),
        _layout_client.DOWN: _pppoe_client_up.down_script(),
        _layout_client.INIT: _pppoe_client_up.init_script(),
        _layout_client.ATTEMPT: _pppoe_client_attempt.script(),
    }


def _hook(name: str, action: str, text: str | None) -> _files.File:
    """A hook as a script that only root may read, and that no diff shows: it may have secrets of its own."""
    if not text:
        return _files.File(_layout_client.hook_path(name, action), None, secret=True)
    content = text if text.startswith("#!") else "#!/bin/sh\n" + text
    content += "" if content.endswith("\n") else "\n"
    return _files.File(_layout_client.hook_path(name, action), content.encode(), 0o700, secret=True)


def _rc_local_file(host: Observed, name: str, lines: list[str] | None) -> list[_files.File]:
    before, mode = host.there[host.rc_local]
    return _rc_local.edited(host.rc_local, before, mode, _layout_client.label(name), lines)


def _end(request: Request, host: Observed) -> Plan:
    """No link; with ``absent`` nothing of the connection either, nor what all share if it is the last."""
    name = request.name
    running = host.link(name) is not None or host.unit.goes_on
    decision = _client_decision.decide(request.state, _client_decision.Now(running, False, False))
    if request.state == "disconnected":
        return Plan(None, False, decision)
    key, last = _layout_client.label(name), set(host.connections) <= {name}
    edits = _client_accounts.edits(key, None, None, host.there)
    paths = [_layout_client.peers_path(name), _layout_client.unit_path(name), _layout_client.rule_path(name)]
    files = [edit.file for edit in edits] + _client_accounts.secret_file(key, None, None)
    files += [_files.File(path, None) for path in paths]
    files += [_files.File(path, None, program=True) for path in _layout_client.programs() if last]
    files += [_files.File(_layout_client.hook_path(name, action), None, secret=True) for action in ("up", "down")]
    passing = [*_layout_client.run_paths(name), *([f"{_layout_client.RUN}/{_layout_client.LOCK}"] if last else [])]
    files += [_files.File(path, None, secret=True) for path in passing]
    changes = _files.changes(files + _rc_local_file(host, name, None), host.there)
    return Plan(
        None,
        False,
        decision,
        changes=tuple(changes),
        accounts=tuple(edits),
        boot="disable" if host.unit.enabled else None,
        reload=host.systemd and any(change.file.path == _layout_client.unit_path(name) for change in changes),
        vlans=_unused(host, None, name),
    )


def _unused(host: Observed, nic: str | None, name: str) -> tuple[str, ...]:
    """The VLAN interfaces that we made, and no connection needs once this one is on ``nic``."""
    used = {other.nic for other in host.connections.values() if other.name != name} | {nic}
    return tuple(sorted(host.made - used))
