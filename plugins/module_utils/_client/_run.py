# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_client from its parameters to its result. Private to this collection."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _decision as _client_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dial as _client_dial
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _firewall as _client_firewall
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _managers as _client_managers
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _options as _client_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _plan as _client_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule


# What a run may end with, other than a dial that failed; the text of each is for people.
ERRORS = (
    Refused,
    _firewall_request.BackendError,
    _files.LockTimeout,
    _systemd.SystemdError,
    _client_dial.HangUpFailed,
    OSError,
)


def run(module: DiscreetModule) -> dict[str, t.Any]:
    """What ``state`` asks for; ``Refused`` for options of a connection that is only to be dialled."""
    params = module.params
    if params["state"] in ("disconnected", "absent"):
        return end(module)
    if params["interface"] is not None:
        return configure(module)
    for name, spec in module.argument_spec.items():
        if name not in ("name", "state", "timeout") and params[name] != spec.get("default"):
            raise Refused(name, "an option of a connection needs its interface.", "Give interface and username too.")
    return dial_again(module)


def configure(module: DiscreetModule) -> dict[str, t.Any]:
    """``state`` connected or present."""
    params = module.params
    wanted = _client_options.connection(params, _client_plan.interface_mtu(params["interface"]))
    to_systemd = _client_plan.by_systemd(params["startup"])
    _client_plan.check_user_control(module, to_systemd)
    _client_plan.refuse_what_is_not_ours(wanted.name)
    _client_plan.require_programs(module)
    with _client_accounts.locked():
        todo = _client_plan.plan(module, wanted, to_systemd, params["boot"])
        link = _client_link.current(module, wanted.name)
        _client_plan.refuse_clashes(module, wanted, link)
        by_unit = _unit_is_active(module, wanted.name)
        moved = link is not None and by_unit != to_systemd
        stale = link is not None and _client_plan.is_older_than_its_configuration(link, wanted.name)
        differs = moved or stale or todo.account or todo.touches(_layout_client.peers_path(wanted.name))
        # One that dials on demand and sleeps is as it shall be, unless its last dial has failed.
        fine = link is not None and (link.up or (link.asleep and not _client_dial.has_failed(wanted)))
        now = _client_decision.Now(link is not None or by_unit, fine, differs)
        decision = _client_decision.decide(params["state"], now)
        if decision.dial:
            _client_plan.refuse_another_default_route(module, wanted, link)
        firewall = _client_firewall.plan(module, wanted, to_systemd)
        if not module.check_mode:
            _client_plan.write(module, wanted.name, todo)
            firewall.carry_out(module)
    for edit in todo.accounts:
        for warning in edit.warnings:
            module.warn(warning)
    if decision.dial and not module.check_mode:
        if decision.hang_up:
            _client_dial.hang_up(module, wanted.name)
        _client_plan.remove_vlans(module)
        _client_dial.dial(module, wanted, to_systemd)
        link = _client_dial.wait(module, wanted, params["timeout"])
    startup = "systemd" if to_systemd else "rc_local"
    gone = decision.dial and module.check_mode
    managed_by = _managed_by(module, wanted, link)
    return dict(
        _report(module, todo, decision, None if gone else link, firewall), startup=startup, managed_by=managed_by
    )


def _managed_by(
    module: DiscreetModule, wanted: _client_options.Connection, link: _client_link.Link | None
) -> dict[str, list[str]]:
    """What else manages the interfaces of the connection; the result warns if it is that of the link."""
    name = link.interface if link is not None else wanted.link_name
    found = _client_managers.managers(module, sorted({wanted.interface, wanted.nic} | ({name} if name else set())))
    # In check mode, what a run does about it beforehand has not been done yet.
    for warning in [] if module.check_mode else _client_managers.warnings(found, name):
        module.warn(warning)
    return found


def dial_again(module: DiscreetModule) -> dict[str, t.Any]:
    """``state`` connected with a name alone: the connection as it is configured, whose link stays if it is up."""
    name = _client_options.check_name(module.params["name"])
    _client_plan.refuse_what_is_not_ours(name)
    _client_plan.require_programs(module)
    wanted = _client_connections.as_configured(name)
    link = _client_link.current(module, name)
    by_unit = _unit_is_active(module, name)
    fine = link is not None and (link.up or (link.asleep and not _client_dial.has_failed(wanted)))
    decision = _client_decision.decide("connected", _client_decision.Now(link is not None or by_unit, fine, False))
    to_systemd = _systemd.running() and os.path.exists(_layout_client.unit_path(name))
    if decision.dial and not module.check_mode:
        if decision.hang_up:
            _client_dial.hang_up(module, name)
        _client_dial.dial(module, wanted, to_systemd)
        link = _client_dial.wait(module, wanted, module.params["timeout"])
    gone = decision.dial and module.check_mode
    result = _report(module, _client_plan.Plan([], [], None), decision, None if gone else link)
    return dict(result, startup="systemd" if to_systemd else "rc_local")


def end(module: DiscreetModule) -> dict[str, t.Any]:
    """``state`` disconnected or absent."""
    name = _client_options.check_name(module.params["name"])
    _client_plan.refuse_what_is_not_ours(name)
    running = _client_link.current(module, name) is not None or _unit_is_active(module, name)
    decision = _client_decision.decide(module.params["state"], _client_decision.Now(running, False, False))
    if not module.check_mode:
        if decision.hang_up:
            _client_dial.hang_up(module, name)
        _client_dial.take_back_name_servers(module, name)
    if module.params["state"] == "disconnected":
        return _report(module, _client_plan.Plan([], [], None), decision, None)
    with _client_accounts.locked():
        todo = _client_plan.plan_absent(module, name)
        firewall = _client_firewall.plan_absent(module, name)
        if not module.check_mode:
            firewall.carry_out(module)
            _client_plan.write(module, name, todo)
            _client_plan.remove_vlans(module)
    return _report(module, todo, decision, None, firewall)


def _unit_is_active(module: DiscreetModule, name: str) -> bool:
    return _systemd.running() and _systemd.goes_on(module, _layout_client.unit_name(name))


def _report(
    module: DiscreetModule,
    todo: _client_plan.Plan,
    decision: _client_decision.Decision,
    link: _client_link.Link | None,
    firewall: _client_firewall.Firewall | None = None,
) -> dict[str, t.Any]:
    up = link is not None and link.up
    noted = _files.read(_layout_client.servers_path(module.params["name"])) if up else None
    result = {
        "changed": todo.changed or decision.dial or decision.hang_up or (firewall is not None and firewall.changed),
        "applied": decision.applied,
        "asleep": link is not None and link.asleep,
        "interface": link.interface if link and up else None,
        "address": link.address if link and up else None,
        "peer_address": link.peer if link and up else None,
        "mtu": link.mtu if link and up else None,
        "dns_servers": (noted or b"").decode("ascii", "replace").split(),
    }
    diff = todo.diff() + (firewall.diff() if firewall is not None else [])
    return dict(result, diff=diff) if module._diff else result
