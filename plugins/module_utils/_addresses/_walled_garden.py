# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walled garden: what customers who may not connect can still reach. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses._ranges import Source
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

#: The option of each module that has a part in it.
ARGUMENT: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "pool": {"type": "list", "elements": "str", "default": []},
        "allow": {"type": "list", "elements": "str", "default": []},
        "dns_server": {"type": "str"},
        "redirect": {"type": "str"},
    },
}
_EVERYTHING = [(0, 0xFFFFFFFF)]
_REDIRECT = re.compile(r"([0-9.]+)(?::([0-9]{1,5}))?\Z")


@dataclass(frozen=True)
class Garden:
    """``sources``: who is in it. ``outside``: all addresses but those that can be reached from it.

    ``dns_server``: answers every question of theirs. ``redirect``: ``ADDRESS:PORT``, gets their http.
    """

    sources: tuple[Source, ...]
    outside: tuple[Source, ...]
    dns_server: str | None = None
    redirect: str | None = None


def is_given(value: t.Mapping[str, t.Any] | None) -> bool:
    """Whether there is to be one; ``Refused`` for one without a pool."""
    if not any((value or {}).values()):
        return False
    if not (value or {}).get("pool"):
        fix = "Give the addresses that these accounts are to have."
        raise Refused("walled_garden.pool", "is missing.", fix)
    return True


def garden(value: t.Mapping[str, t.Any] | None) -> Garden | None:
    """The parameter ``walled_garden``, checked."""
    if value is None or not is_given(value):
        return None
    spans = _pool.spans("walled_garden.pool", value["pool"])
    allowed = _pool.networks("walled_garden.allow", value["allow"])
    dns = value["dns_server"]
    if dns:
        own = _pool.address("walled_garden.dns_server", dns)
        allowed.append((own, own))
    redirect = _redirect(value["redirect"]) if value["redirect"] else None
    if redirect:
        own = _pool.address("walled_garden.redirect", redirect.partition(":")[0])
        allowed.append((own, own))
    if not allowed:
        fix = "Give allow, dns_server or redirect; or leave walled_garden out, so that these accounts are refused."
        raise Refused("walled_garden", "nothing can be reached from it.", fix)
    sources = _pool.merged((span.first, span.last) for span in spans)
    outside = _pool.subtract(_EVERYTHING, _pool.merged(allowed))
    return Garden(tuple(Source(*one) for one in sources), tuple(Source(*one) for one in outside), dns or None, redirect)


def _redirect(text: str) -> str:
    match = _REDIRECT.match(text)
    port = int(match.group(2) or 80) if match else 0
    if match is None or not 1 <= port <= 65535:
        fix = "Give the address of the web server, and its port if that is not 80, such as 192.0.2.10:8080."
        raise Refused("walled_garden.redirect", f"{text!r} is not an address with a port.", fix)
    return f"{match.group(1)}:{port}"
