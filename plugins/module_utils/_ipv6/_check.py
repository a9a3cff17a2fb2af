# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user may write of IPv6 prefixes. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _settings as _ipv6_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

ACCOUNT_KEYS = ("framed_ipv6_prefix", "delegated_ipv6_prefix")
#: The shortest prefix that a customer may have, which is a typing error otherwise.
SHORTEST = 32
_MOST_DNS = 3


#: Framed and delegated prefix by account, ``None`` for none.
Accounts = dict[str, tuple[t.Any, t.Any]]


class Named(t.NamedTuple):
    """A prefix, and what an error calls it."""

    prefix: _ipv6_prefixes.Prefix
    name: str


def settings(parameters: t.Mapping[str, t.Any], slot: int) -> _ipv6_settings.Settings:
    """The settings of an instance from the module's parameters, or ``Refused``."""
    length = parameters["delegated_length"]
    if not SHORTEST <= length <= _ipv6_prefixes.FRAMED_LENGTH:
        raise Refused("delegated_length", f"{length} is out of range.", f"Give a number from {SHORTEST} to 64.")
    framed = _pool("prefixes", parameters["prefixes"], _ipv6_prefixes.FRAMED_LENGTH)
    delegated = _pool("delegated_prefixes", parameters["delegated_prefixes"], length)
    refuse_shared([*framed, *delegated])
    return _ipv6_settings.Settings(
        slot,
        tuple(one.prefix for one in framed),
        tuple(one.prefix for one in delegated),
        length,
        _dns(parameters["dns_servers"]),
    )


def _pool(parameter: str, texts: t.Sequence[str], length: int) -> list[Named]:
    found = []
    for index, text in enumerate(texts):
        one = Named(prefix(f"{parameter}[{index}]", text), f"{parameter}[{index}] ({text})")
        if one.prefix.prefixlen > length:
            fix = f"Give one of at most /{length}, or correct delegated_length."
            if parameter == "prefixes":
                fix = "Each session gets a /64, so give a /64 or more."
            raise Refused(f"{parameter}[{index}]", f"{text} has no room for a prefix of /{length}.", fix)
        found.append(one)
    return found


def prefix(parameter: str, text: t.Any) -> _ipv6_prefixes.Prefix:
    """A prefix that hosts can be given, or ``Refused``."""
    try:
        if not isinstance(text, str) or "/" not in text:
            raise ValueError("its length is missing")
        found = _ipv6_prefixes.Prefix(text.strip())
    except ValueError as error:
        raise Refused(parameter, f"{text!r} is not an IPv6 prefix.", _fix(text, error)) from None
    special = found.is_multicast or found.is_link_local or found.is_loopback or found.is_unspecified
    if special or found.prefixlen < 16 or (found.is_reserved and not found.is_private):
        raise Refused(parameter, f"{text} is not a prefix for hosts.", "Give one that is routed to this server.")
    return found


def _fix(text: t.Any, error: ValueError) -> str:
    try:
        wider = _ipv6_prefixes.Prefix(str(text).strip(), strict=False)
    except ValueError:
        return "Write it like 2001:db8:100::/40, in quotes."
    if "/" not in str(text):
        return f"Give its length, as in {wider.network_address}/56 ({error})."
    return f"It has bits set beyond its length; the prefix is {wider}."


def _dns(texts: t.Sequence[str]) -> tuple[ipaddress.IPv6Address, ...]:
    if len(texts) > _MOST_DNS:
        raise Refused("dns_servers", f"{len(texts)} servers are given.", f"Give at most {_MOST_DNS}.")
    found = []
    for index, text in enumerate(texts):
        try:
            found.append(ipaddress.IPv6Address(text))
        except ValueError:
            fix = "Write it like 2001:db8::53, in quotes."
            raise Refused(f"dns_servers[{index}]", f"{text!r} is not an IPv6 address.", fix) from None
    return tuple(found)


def refuse_shared(named: t.Sequence[Named]) -> None:
    """``Refused`` for two that share an address."""
    ordered = sorted(named, key=lambda one: (int(one.prefix[0]), one.prefix.prefixlen))
    for one, other in zip(ordered, ordered[1:]):
        if one.prefix.overlaps(other.prefix):
            first, second = (one, other) if named.index(one) < named.index(other) else (other, one)
            where, _blank, text = second.name.partition(" ")
            raise Refused(where, f"{text.strip('()')} overlaps {first.name}.", "Give each customer what is his alone.")


def accounts(
    entries: t.Sequence[t.Mapping[str, t.Any]], place: t.Callable[[int], str]
) -> dict[str, tuple[t.Any, t.Any]]:
    """Framed and delegated prefix of the accounts that have one of their own, by the name as pppd spells it.

    ``place``: what an error calls an entry.
    """
    found: Accounts = {}
    kinds: tuple[list[Named], ...] = ([], [])
    for index, entry in enumerate(entries):
        if not any(entry.get(key) for key in ACCOUNT_KEYS) or entry.get("state") == "absent":
            continue
        where = place(index)
        if not isinstance(entry.get("name"), str) or not entry["name"]:
            raise Refused(f"{where}.name", "is not text.", "Give the account's name in quotes.")
        name = _words.visible(entry["name"].encode("utf-8", "replace")).decode("ascii")
        framed, delegated = (_own(f"{where}.{key}", entry.get(key)) for key in ACCOUNT_KEYS)
        own = framed, delegated
        if found.get(name, own) != own:
            raise Refused(where, f"{name} has other prefixes in another entry.", "Give an account one of each.")
        if name not in found:
            for kind, key, one in zip(kinds, ACCOUNT_KEYS, own):
                kind += [] if one is None else [Named(one, f"{where}.{key} ({one})")]
        found[name] = own
    refuse_shared([*kinds[0], *kinds[1]])
    return found


def _own(parameter: str, text: t.Any) -> _ipv6_prefixes.Prefix | None:
    if text is None or text == "":
        return None
    found = prefix(parameter, text)
    length = _ipv6_prefixes.FRAMED_LENGTH
    if parameter.endswith(ACCOUNT_KEYS[0]) and found.prefixlen != length:
        raise Refused(parameter, f"{text} is not a /64.", "Addresses of the link are made from a /64.")
    if not SHORTEST <= found.prefixlen <= length:
        raise Refused(parameter, f"{text} is not between /{SHORTEST} and /64.", "Correct its length.")
    return found


def accounts_text(found: Accounts) -> bytes:
    """The file of accounts that have a prefix of their own."""
    return "".join(_ipv6_prefixes.line(name, *found[name]) for name in sorted(found)).encode()
