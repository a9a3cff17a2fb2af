# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pools of an instance beside its own: named ones for plans, and that of the walled garden.

Private to this collection. Pure.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool, _walled_garden
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

#: What ``next_pool`` calls the pool of the instance itself.
OWN = "default"
#: The name of the walled garden's pool, which no plan can have.
GARDEN = "walled-garden"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z")
_KEYS = ("addresses", "next_pool")
_FIX = "Give {NAME: {addresses: [10.20.0.2-10.20.0.99], next_pool: OTHER}}."


class Named(t.NamedTuple):
    """``addresses``: numbers, in order. ``follows``: the pool that serves when this one is full, if any."""

    addresses: tuple[int, ...]
    follows: str | None = None


def entries(parameters: t.Mapping[str, t.Any]) -> list[str]:
    """All that pools and walled garden of a server's parameters hold, in the forms of a pool; not checked yet."""
    pools = parameters.get("pools") or {}
    garden = parameters.get("walled_garden") or {}
    found = [one.get("addresses") for one in pools.values() if isinstance(one, dict)]
    return [entry for one in [*found, garden.get("pool")] if isinstance(one, list) for entry in one]


def named(
    parameters: t.Mapping[str, t.Any], own: t.Sequence[_pool.Span], local: int, taken: t.Sequence[_pool.Span]
) -> dict[str, Named]:
    """The pools by name, checked, without the addresses of accounts (``taken``).

    ``own``: the pool of the instance; ``local``: the address of the server, which may be in none.
    """
    wanted = parameters.get("pools") or {}
    garden = parameters.get("walled_garden") or {}
    garden = garden if _walled_garden.is_given(garden) else {}
    spans = {name: _spans(name, one, wanted) for name, one in wanted.items()}
    where = {name: f"pools.{name}.addresses" for name in spans}
    if garden:
        spans[GARDEN], where[GARDEN] = _pool.spans("walled_garden.pool", garden["pool"]), "walled_garden.pool"
    seen = list(own)
    for name, one in spans.items():
        _refuse_overlap(where[name], one, seen, local)
        seen += one
    _refuse_circles(wanted)
    found = {}
    for name, one in spans.items():
        found[name] = Named(tuple(_pool.free(one, taken)), wanted.get(name, {}).get("next_pool"))
        if not found[name].addresses:
            raise Refused(where[name], "accounts reserve every address of it.", "Add addresses.")
    return found


def _spans(name: t.Any, value: t.Any, wanted: t.Mapping[str, t.Any]) -> list[_pool.Span]:
    if not isinstance(name, str) or not NAME.match(name) or name in (OWN, GARDEN):
        fix = f"Use up to 32 letters, digits, - and _, but neither {OWN} nor {GARDEN}."
        raise Refused("pools", f"{name!r} is not the name of a pool.", fix)
    if not isinstance(value, dict) or not isinstance(value.get("addresses"), list) or not value["addresses"]:
        raise Refused(f"pools.{name}", "has no list of addresses.", _FIX)
    unknown = sorted(map(str, set(value) - set(_KEYS)))
    if unknown:
        raise Refused(f"pools.{name}", f"has the unknown key {unknown[0]}.", _FIX)
    follows = value.get("next_pool")
    if follows is not None and follows != OWN and follows not in wanted:
        known = ", ".join([OWN, *map(str, wanted)])
        raise Refused(f"pools.{name}.next_pool", f"there is no pool {follows!r}.", f"Defined are: {known}.")
    return _pool.spans(f"pools.{name}.addresses", [str(entry) for entry in value["addresses"]])


def _refuse_overlap(parameter: str, spans: t.Iterable[_pool.Span], seen: t.Iterable[_pool.Span], local: int) -> None:
    for span in spans:
        if span.first <= local <= span.last:
            problem = f"'{span.source}' holds {_pool.text(local)}, the server's own address."
            raise Refused(parameter, problem, "Leave local_address out of it.")
        for other in seen:
            both = span.overlap(other)
            if both is not None:
                problem = f"'{span.source}' and '{other.source}' both hold {_pool.text(both)}."
                raise Refused(parameter, problem, "Name each address in one pool only.")


def _refuse_circles(wanted: t.Mapping[str, t.Any]) -> None:
    for name in wanted:
        seen, at = [name], wanted[name].get("next_pool")
        while at in wanted:
            if at in seen:
                raise Refused(f"pools.{name}.next_pool", f"leads back to {at}.", "Let the last pool have none.")
            seen.append(at)
            at = wanted[at].get("next_pool")


def file(pools: t.Mapping[str, Named]) -> bytes | None:
    """What the session manager reads; ``None`` without pools.

    ``options``: lines for pppd beside the address. A session in the walled garden has no IPv6, since the firewall's
    rules for it are about IPv4.
    """
    if not pools:
        return None
    values = {
        name: {
            "addresses": [_pool.text(address) for address in one.addresses],
            "next": one.follows,
            "options": ["noipv6"] if name == GARDEN else [],
        }
        for name, one in pools.items()
    }
    return (json.dumps(values, sort_keys=True) + "\n").encode()


def addresses_of(text: bytes) -> list[str]:
    """The addresses in such a file."""
    return [address for one in json.loads(text).values() for address in one["addresses"]]
