# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rule for NAT is that of the customers. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._nat import Nat

#: Every source, in the role's words.
EVERYBODY = "0.0.0.0/0"


def describe(
    nat: t.Sequence[Nat],
    default_route: str | None,
    customers: t.Sequence[str],
    variables: dict[str, t.Any],
    say: Findings,
) -> str | None:
    """The outside interface, if a rule of a kind that the role makes holds for ``customers`` (their addresses)."""
    rules = _of_customers(nat, default_route, customers)
    for one in nat:
        if one not in rules:
            _left(one, customers, say)
    if not rules:
        variables["pppoe_server_nat"] = False
        if not nat:
            say.stays("No NAT.", f"There is no rule for it; the default route is by {default_route or 'nothing'}.")
        return None
    outside = rules[0].out_interface
    variables["pppoe_server_outside_interface"] = outside
    sources = list(dict.fromkeys(source for one in rules for source in one.sources))
    # By default the role hides its own clients only, which would be a second rule beside one for everybody.
    if not all(one.sources or one.customers for one in rules):
        variables["pppoe_server_nat_sources"] = [EVERYBODY]
    elif sources:
        variables["pppoe_server_nat_sources"] = sources
    for one in rules:
        if one.saved:
            say.stays(
                f"The rule '{one.rule}' stays as it is.",
                f"It is loaded at boot by {one.saved}; keep one of the two.",
            )
        else:
            say.change(f"The rule '{one.rule}' is there after a reboot too.", "Nothing saves it now.")
    if len(rules) > len({one.rule for one in rules}):
        say.problem("The same rule stands there more than once.", "Each is tried for each packet; one is enough.")
    say.change(
        "TCP segments are clamped to the MTU of the link (pppoe_server_clamp_mss).",
        "Without it, pages hang for customers behind whom path MTU discovery is filtered.",
    )
    return outside


def _of_customers(nat: t.Sequence[Nat], default_route: str | None, customers: t.Sequence[str]) -> list[Nat]:
    """Plain rules for the customers behind one interface: that of the default route, if one is for it."""
    plain = [one for one in nat if one.plain and holds_for(one, customers)]
    best = [one for one in plain if one.out_interface == default_route] or plain
    return [one for one in plain if one.out_interface == best[0].out_interface] if best else []


def holds_for(one: Nat, customers: t.Sequence[str]) -> bool:
    """Whether a rule holds for any of these addresses; one for all sources does."""
    if not one.sources or not customers:
        return True
    networks = [ipaddress.ip_network(source, strict=False) for source in one.sources]
    return any(ipaddress.ip_address(address) in network for address in customers for network in networks)


def _left(one: Nat, customers: t.Sequence[str], say: Findings) -> None:
    saved = f"Something loads it at boot ({one.saved})." if one.saved else "Nothing that was read loads it at boot."
    if not holds_for(one, customers):
        say.stays(f"The rule '{one.rule}' is not for these customers.", f"It stays as it is. {saved}")
    else:
        say.stays(f"The rule '{one.rule}' is left to you.", f"It is not of the kind that the role writes. {saved}")
