# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_client: observe, check, plan, apply. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _apply as _client_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _check as _client_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dial as _client_dial
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _firewall as _client_firewall
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _ipv6 as _client_ipv6
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _lan as _client_lan
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _managers as _client_managers
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _observe as _client_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _options as _client_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _plan as _client_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
    from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule


def run(module: DiscreetModule) -> dict[str, t.Any]:
    """What ``state`` asks for."""
    defaults = {name: spec.get("default") for name, spec in module.argument_spec.items()}
    request = _client_lan.settled(module, _client_options.request(module.params, defaults, module.check_mode))
    with _client_accounts.locked():
        host = _client_observe.observe(module, request)
        warnings = _client_check.check(request, host)
        plan = _client_plan.plan(request, host)
        _client_check.check_dial(request, host, plan.decision)
        firewall = _client_firewall.plan(module, request, plan)
        if not request.check_mode:
            _apply(module, request, host, plan, firewall)
    link = _dial(module, request, host, plan)
    for warning in [*plan.warnings, *warnings]:
        module.warn(warning)
    ipv6 = _ipv6(module, request, plan, link)
    return _result(module, request, host, plan, link, firewall, ipv6)


def _apply(
    module: DiscreetModule,
    request: _client_options.ClientRequest,
    host: _client_observe.ObservedClient,
    plan: _client_plan.ClientPlan,
    firewall: _client_firewall.Firewall,
) -> None:
    """What is done while the secrets files are held: everything but a dial, before which the former link ends."""
    name = request.name
    if request.ends:
        if plan.decision.hang_up:
            _client_apply.hang_up(module, name, host)
        _client_apply.take_back_name_servers(module, name)
        firewall.apply(module)
        _client_apply.write(module, name, plan)
        _client_apply.remove_vlans(module, plan.vlans)
        return
    _client_apply.write(module, name, plan)
    firewall.apply(module)


def _dial(
    module: DiscreetModule,
    request: _client_options.ClientRequest,
    host: _client_observe.ObservedClient,
    plan: _client_plan.ClientPlan,
) -> _client_link.Link | None:
    """The link that there is in the end, as far as that can be known."""
    if request.ends:
        return None
    if not plan.decision.dial or plan.wanted is None:
        return host.link(request.name)
    if request.check_mode:
        return None
    if plan.decision.hang_up:
        _client_apply.hang_up(module, request.name, host)
    _client_apply.remove_vlans(module, plan.vlans)
    _client_dial.dial(module, plan.wanted, plan.to_systemd)
    return _client_dial.wait(module, plan.wanted, request.timeout)


def _ipv6(
    module: DiscreetModule,
    request: _client_options.ClientRequest,
    plan: _client_plan.ClientPlan,
    link: _client_link.Link | None,
) -> _client_ipv6.Ipv6:
    """What the link has of IPv6; with ``connected``, it is waited for."""
    wanted = request.wanted
    if wanted is None or not wanted.ipv6 or link is None or not link.up:
        return _client_ipv6.Ipv6()
    if request.state == "connected" and not request.check_mode:
        return _client_dial.wait_for_ipv6(module, wanted, link, request.timeout, plan.decision.dial)
    return _client_ipv6.observe(module, link.interface, wanted.delegation.interfaces if wanted.delegation else ())


def _result(
    module: DiscreetModule,
    request: _client_options.ClientRequest,
    host: _client_observe.ObservedClient,
    plan: _client_plan.ClientPlan,
    link: _client_link.Link | None,
    firewall: _client_firewall.Firewall,
    ipv6: _client_ipv6.Ipv6,
) -> dict[str, t.Any]:
    up = link is not None and link.up
    recorded = _files.text(_layout_client.servers_path(request.name)) if up else ""
    result: dict[str, t.Any] = {
        "changed": plan.changed or firewall.changed,
        "applied": plan.decision.applied,
        "asleep": link is not None and link.asleep,
        "interface": link.interface if link and up else None,
        "address": link.address if link and up else None,
        "peer_address": link.peer if link and up else None,
        "mtu": link.mtu if link and up else None,
        "dns_servers": recorded.split(),
        "ipv6_address": ipv6.address,
        "delegated_ipv6_prefix": ipv6.prefix,
        "inside_ipv6_prefixes": dict(ipv6.inside),
    }
    if plan.wanted is not None:
        result["startup"] = "systemd" if plan.to_systemd else "rc_local"
    if request.wanted is not None:
        result["managed_by"] = _managed_by(module, request.wanted, host, link)
    return dict(result, diff=plan.diff() + firewall.diff()) if module._diff else result


def _managed_by(
    module: DiscreetModule,
    wanted: _client_options.Connection,
    host: _client_observe.ObservedClient,
    link: _client_link.Link | None,
) -> dict[str, list[str]]:
    """What else manages the interfaces of the connection; the result warns if it is that of the link."""
    name = link.interface if link is not None else wanted.link_name
    names = sorted({wanted.interface, wanted.nic} | ({name} if name else set()))
    found = _client_managers.managers(module, names, host.units)
    by_networkd = wanted.delegation is not None and not wanted.delegation.by_dhcpcd
    meant = [_client_managers.NETWORKD] if by_networkd else []
    others = {manager: taken for manager, taken in found.items() if manager not in meant}
    # In check mode, what a run does about it beforehand has not been done yet.
    for warning in [] if module.check_mode else _client_managers.warnings(others, name):
        module.warn(warning)
    return found
