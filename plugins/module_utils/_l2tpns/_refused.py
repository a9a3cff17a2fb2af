# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the role that mean nothing to l2tpns, refused by name. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

_ELSEWHERE = "Set it on the RADIUS servers instead."
_LEAVE = "Leave it out."
_KERNEL = "l2tpns moves packets itself, without PPP in the kernel."
_ROUTED = "all members of a cluster would have to know each connection; announce the addresses by cluster.bgp."
_ACCOUNTS = "l2tpns has no accounts of its own, only RADIUS."
_CENTRE = "Have hosts in the inventory's group pppoe_radius_servers, which get them, or move them there."
_PLANS = "l2tpns cannot change the rate of a live session from here; rates are attributes of RADIUS."
_DELEGATED = "l2tpns delegates what RADIUS assigns."
_NO_DELAY = "l2tpns answers at once, and cannot be drained."

#: By variable without prefix: the values that are accepted, the reason for refusing others, and the fix.
REFUSED: dict[str, tuple[tuple[t.Any, ...], str, str]] = {
    "instances": (([],), "a host runs one l2tpns.", "Set the single variables instead."),
    "accounts": (([],), _ACCOUNTS, _CENTRE),
    "accounts_src": (("",), _ACCOUNTS, _CENTRE),
    "accounts_exclusive": ((False,), _ACCOUNTS, _ELSEWHERE),
    "plans": (({},), _PLANS, _ELSEWHERE),
    "default_plan": (("",), _PLANS, _ELSEWHERE),
    "pools": (({},), "l2tpns has one pool.", "Assign named pools on the RADIUS servers (pppoe_radius_pools)."),
    "walled_garden": (({},), "its addresses and rules are not made for l2tpns.", _LEAVE),
    "rate_attribute": (("",), _PLANS, _LEAVE),
    "system_login": ((False,), _ACCOUNTS, _LEAVE),
    "session_count": (("", None), "l2tpns has room for 59,999 sessions.", _LEAVE),
    "networks": (([],), "l2tpns routes what RADIUS assigns, and nothing here masquerades it.", _LEAVE),
    "options": (([],), "they are pppd's.", _LEAVE),
    "sessions_per_mac": ((0, "0"), "l2tpns does not count them.", "Limit them on the RADIUS servers."),
    "history_days": ((0, "0"), "l2tpns keeps none.", "The RADIUS servers' accounting is the history."),
    "dial_hold": (("auto", "off"), "it is pppd that is late; l2tpns is not.", _LEAVE),
    "pado_delay": ((0, "0"), _NO_DELAY, _LEAVE),
    "discovery_rate": (("auto", 0, "0"), "l2tpns has no such limit.", _LEAVE),
    "kernel_mode": (("auto", "never"), _KERNEL, _LEAVE),
    "interface_mtu": ((0, "0", "", None), "l2tpns sends packets of 1492 bytes at most.", _LEAVE),
    "startup": (("systemd",), "l2tpns is run by systemd.", _LEAVE),
    "nat": ((False,), _ROUTED, "Set pppoe_server_nat to false."),
    "port_forwards": (([],), _ROUTED, _LEAVE),
    "nat_sources": (([],), _ROUTED, _LEAVE),
    "nat_random_fully": ((False,), _ROUTED, _LEAVE),
    "routing": (({},), "l2tpns has a BGP of its own.", "Set cluster.bgp in pppoe_server_cluster."),
    "ipv6_delegated_prefixes": (([],), _DELEGATED, "Give accounts there Delegated-IPv6-Prefix."),
}
_DRAINED = ("state", "drained is not possible: " + _NO_DELAY, "Stop one member: the others take its sessions over.")


#: Variables that hosts of the group pppoe_radius_servers take, if there are any.
_FOR_THE_CENTRE = ("accounts", "accounts_src", "accounts_exclusive")


def check(values: t.Mapping[str, t.Any], centre: bool = False, prefix: str = "pppoe_server_") -> None:
    """Refuse what is set, from the role's variables without their prefix. ``centre``: another host takes accounts."""
    if values.get("state") == "drained":
        raise Refused(prefix + _DRAINED[0], *_DRAINED[1:])
    for name, (accepted, reason, fix) in REFUSED.items():
        value = None if centre and name in _FOR_THE_CENTRE else values.get(name)
        if value is not None and value not in accepted:
            raise Refused(prefix + name, f"not possible with engine l2tpns: {reason}", fix)
