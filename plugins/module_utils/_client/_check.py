# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host cannot have, before anything is written. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _options as _client_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._connections import Configured
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._decision import DialDecision
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._observe import ObservedClient
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest, Connection


def check(request: ClientRequest, host: ObservedClient) -> list[str]:
    """``Refused`` for what this host contradicts, else the warnings."""
    if request.wanted is not None:
        _check_interface(request.wanted, host)
        _check_startup(request, host)
    _refuse_what_is_not_ours(request.name, host)
    if request.state in ("connected", "present"):
        _require_programs(request, host)
    if request.wanted is not None:
        _check_methods(request.wanted, host.options)
        others = [one for name, one in host.connections.items() if name not in (request.name, *request.together)]
        _refuse_clashes(request.wanted, others)
        _refuse_a_taken_name(request, request.wanted, host)
        warnings = _client_host_options.warnings(host.options, request.wanted.demand_idle is not None)
        return [*warnings, *_check_delegation(request.wanted, host, request.check_mode)]
    return []


def _check_interface(wanted: Connection, host: ObservedClient) -> None:
    name, ethernet = wanted.interface, host.ethernet
    _interfaces.require("interface", name, existing=host.interfaces)
    if ethernet is None or not ethernet.suits:
        raise Refused("interface", f"{name!r} is not an Ethernet interface.", "Give the one that leads to the modem.")
    if ethernet.port_of:
        raise Refused(
            "interface",
            f"{name!r} is a port of {ethernet.port_of!r}, which takes its packets before PPPoE sees them.",
            f"Give {ethernet.port_of}, or remove {name} from it.",
        )
    _client_options.check_mtu(wanted, ethernet.mtu)
    for vlan, (lower, number) in host.vlans.items():
        if (lower, number) == (name, wanted.vlan) and vlan != wanted.nic:
            raise Refused(
                "vlan",
                f"VLAN {number} of {name} exists already, as {vlan}.",
                f"Give interface={vlan}, and leave vlan out.",
            )
    found = host.vlans.get(wanted.nic)
    if wanted.vlan is not None and wanted.nic in host.interfaces and found not in (None, (name, wanted.vlan)):
        raise Refused(
            "vlan",
            f"this host has an interface {wanted.nic!r} already, and it is another VLAN.",
            "Rename that one, or name the VLAN's own interface in interface, and leave vlan out.",
        )


def _check_startup(request: ClientRequest, host: ObservedClient) -> None:
    if request.startup == "systemd" and not host.systemd:
        raise Refused("startup", "systemd is not running on this host.", "Use auto or rc_local.")
    foreground = _client_host_options.foreground(host.options)
    if not host.to_systemd and foreground:
        problem = (
            f"rc_local needs a pppd that goes to the background, and {_client_host_options.PATH} has {foreground}."
        )
        raise Refused("startup", problem, "Move it to the peers files that need it, or use startup=systemd.")
    if not request.user_control:
        return
    if not host.to_systemd:
        raise Refused("user_control", "only root can stop what rc.local has started.", "Use startup=systemd.")
    if not request.check_mode and not host.polkit:
        raise Refused(
            "user_control",
            "polkit, which lets users control units, is not installed on this host.",
            "Install it (package polkitd or polkit), or set user_control=false.",
        )


def _refuse_what_is_not_ours(name: str, host: ObservedClient) -> None:
    for path in (_layout_client.peers_path(name), _layout_client.unit_path(name)):
        if not _layout_client.is_ours(host.content(path)):
            raise Refused(
                "name",
                f"{path} exists already and was not written by this module.",
                "Choose another name, or move that file away.",
            )


def _require_programs(request: ClientRequest, host: ObservedClient) -> None:
    """Refuse what could not work; in check mode, programs may still be missing, since a run may install them first."""
    if not request.check_mode:
        if host.pppd.path is None:
            raise Refused("state", "pppd is not installed on this host.", "Install the package ppp.")
        if host.pppd.plugin is None:
            raise Refused(
                "state",
                "pppd has no PPPoE plugin here (pppoe.so or rp-pppoe.so below /usr/lib/pppd).",
                "Install the package that has it: ppp, or ppp-pppoe.",
            )
    if host.kernel_problem:
        raise Refused(
            "state",
            f"no connection is possible here: {host.kernel_problem}.",
            "Boot a kernel with PPP over Ethernet, or use state=present to configure the connection only.",
        )


def _check_methods(wanted: Connection, options: t.Sequence[str]) -> None:
    """Refuse methods of which /etc/ppp/options leaves none."""
    left = set(wanted.methods) - _client_host_options.refused_methods(options)
    if wanted.methods and not left:
        names = ", ".join(_client_host_options.refusals(options))
        raise Refused(
            "authentication",
            f"none of {', '.join(wanted.methods)} is left, since {_client_host_options.PATH} has {names}, which no "
            "connection can take back.",
            "Remove it from that file, or give another method.",
        )


def _refuse_clashes(wanted: Connection, others: t.Iterable[Configured]) -> None:
    """Refuse what two connections cannot both have."""
    for other in others:
        if wanted.default_route and other.metric == wanted.metric:
            raise Refused(
                "route_metric",
                f"{wanted.metric} is the metric that the connection {other.name!r} has for its default route, too.",
                "Give this one another metric, or set default_route=false.",
            )
        if wanted.link_name is not None and wanted.link_name == other.link:
            raise Refused(
                "link_interface" if wanted.unit is None else "unit",
                f"{wanted.link_name} is the link of the connection {other.name!r}.",
                "Use a different name for each connection, or omit it.",
            )


def _refuse_a_taken_name(request: ClientRequest, wanted: Connection, host: ObservedClient) -> None:
    if wanted.link_name in set(host.interfaces) - _links(request, host):
        parameter = "link_interface" if wanted.unit is None else "unit"
        problem = f"this host has an interface {wanted.link_name!r} already, and it is not this connection's."
        raise Refused(parameter, problem, "Choose another one, or leave it out.")


def check_dial(request: ClientRequest, host: ObservedClient, decision: DialDecision) -> None:
    """``Refused`` for a dial to a second default route of the same metric: the other one is not ours to replace."""
    wanted = request.wanted
    if not decision.dial or wanted is None or not wanted.default_route:
        return
    ours = _links(request, host)
    for route in host.routes:
        if route.metric == wanted.metric and route.device not in ours:
            raise Refused(
                "default_route",
                f"this host has a default route {route} already, with metric {route.metric}.",
                "Remove that one, give one of them another metric (route_metric), or set default_route=false.",
            )


def _check_delegation(wanted: Connection, host: ObservedClient, check_mode: bool) -> list[str]:
    if wanted.delegation is None:
        return []
    outside = {wanted.interface, wanted.nic, wanted.link_name or ""}
    return _client_delegation.check(wanted.delegation, outside, host.delegation, host.to_systemd, check_mode)


def _links(request: ClientRequest, host: ObservedClient) -> set[str]:
    """The interfaces of this connection and of those that this run configures as well."""
    links = [host.link(name) for name in (request.name, *request.together)]
    return {link.interface for link in links if link is not None and link.interface is not None}
