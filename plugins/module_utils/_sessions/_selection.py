# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of a host's sessions are meant. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "username": {"type": "list", "elements": "str"},
    "address": {"type": "list", "elements": "str"},
    "mac": {"type": "list", "elements": "str"},
    "interface": {"type": "list", "elements": "str"},
    "instance": {"type": "list", "elements": "str"},
    "role": {"type": "str", "choices": ["server", "client"]},
}


def selection(parameters: t.Mapping[str, t.Any]) -> dict[str, frozenset[str]]:
    """The values that each selector allows, by the selector's name; those that aren't given are left out.

    An empty list is given, and allows none: whoever passes on a list of names that turns out empty means nobody.
    """
    wanted = {}
    for name in ARGUMENTS:
        values = parameters[name]
        if values is not None:
            listed = [values] if isinstance(values, str) else values
            wanted[name] = frozenset(_normal(name, f"{name}[{index}]", value) for index, value in enumerate(listed))
    return wanted


def chosen(sessions: t.Iterable[dict[str, t.Any]], wanted: t.Mapping[str, frozenset[str]]) -> list[dict[str, t.Any]]:
    """The sessions that every selector allows, all of them if there is no selector."""
    return [session for session in sessions if all(_is_meant(session, name, wanted[name]) for name in wanted)]


def _is_meant(session: t.Mapping[str, t.Any], selector: str, values: frozenset[str]) -> bool:
    return _has(session, selector) in values or (selector == "address" and _has_prefix(session, values))


def _has_prefix(session: t.Mapping[str, t.Any], addresses: frozenset[str]) -> bool:
    """Whether one of these is an IPv6 address of a prefix that the session has."""
    six = [ipaddress.IPv6Address(one) for one in addresses if ":" in one]
    texts = [session.get(f"{kind}_ipv6_prefix") for kind in ("framed", "delegated")] if six else []
    return any(one in ipaddress.IPv6Network(text) for text in texts if text for one in six)


def _has(session: t.Mapping[str, t.Any], selector: str) -> str | None:
    value = session["peer_mac" if selector == "mac" else selector]
    return _as_pppd_spells(value) if selector == "username" and value is not None else value


def _normal(selector: str, parameter: str, value: str) -> str:
    if selector == "username":
        return _as_pppd_spells(value)
    if selector == "address":
        try:
            return str(ipaddress.IPv6Address(value) if ":" in value else ipaddress.IPv4Address(value))
        except ValueError:
            raise Refused(parameter, f"{value!r} is not an IP address.", "Give one such as 192.168.10.2.") from None
    if selector == "mac":
        return _names.mac(parameter, value)
    if not value:
        raise Refused(parameter, "it is empty.", f"Name the {selector}, or leave the parameter out.")
    return value


def _as_pppd_spells(name: str) -> str:
    """CHAP tells the name in pppd's own notation, PAP as the client has sent it; both mean the same account."""
    return _words.visible(name.encode("utf-8", "surrogateescape")).decode("ascii")
