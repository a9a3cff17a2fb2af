# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Concentrators of an inventory as clients of a centre, and their accounts as its own.

Private to this collection. Pure; runs on the controller.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _users

_VARIABLE = "pppoe_server_radius"


def clients(
    variables: t.Mapping[str, t.Mapping[str, t.Any]], hosts: t.Iterable[str], addresses: t.Collection[str]
) -> list[dict[str, t.Any]]:
    """An entry for each host that asks the centre with these addresses, by its ``pppoe_server_radius``."""
    found = []
    for host in hosts:
        settings = variables[host].get(_VARIABLE) or {}
        servers = [server for server in settings.get("servers") or () if str(server.get("address")) in addresses]
        if servers:
            found.append(_client(host, variables[host], settings, servers))
    return found


def _client(
    host: str,
    variables: t.Mapping[str, t.Any],
    settings: t.Mapping[str, t.Any],
    servers: t.Sequence[t.Mapping[str, t.Any]],
) -> dict[str, t.Any]:
    address = settings.get("nas_address") or variables.get("ansible_host")
    if not address:
        problem = f"the host {host} has neither nas_address nor ansible_host."
        raise Refused(f"{_VARIABLE} ({host})", problem, "Set one, so that the centre knows who asks.")
    # A name of an inventory may have characters that FreeRADIUS does not take.
    name = re.sub(r"[^A-Za-z0-9._-]", "-", host).lstrip("._-") or "concentrator"
    # With TLS, the certificate says who it is, and there is no secret for UDP.
    secret = next((server.get("secret") for server in servers if not server.get("tls")), None)
    return {
        "name": name,
        "address": str(address),
        "secret": secret,
        "disconnect_secret": settings.get("disconnect_secret") or "",
        # l2tpns sends no Message-Authenticator.
        **({"message_authenticator": False} if variables.get("pppoe_server_engine") == "l2tpns" else {}),
    }


def accounts(
    variables: t.Mapping[str, t.Mapping[str, t.Any]],
    hosts: t.Iterable[str],
    others: t.Iterable[t.Mapping[str, t.Any]] = (),
) -> list[dict[str, t.Any]]:
    """The accounts of the hosts that use RADIUS and of their instances, and others, each once.

    ``others``: those of ``pppoe_radius_accounts``. ``Refused`` for an account that is not the same everywhere.
    """
    found: dict[str, dict[str, t.Any]] = {}
    places: dict[str, str] = {}
    # Without its name an entry is none of them, and refused by whoever gets it.
    entries = [("pppoe_radius_accounts", entry, dict(entry)) for entry in others]
    for host in hosts:
        if variables[host].get(_VARIABLE):
            # Plans are the servers' own; with RADIUS, a rate is an attribute.
            entries += [(place, one, _radius_part(one)) for place, one in _of_server(host, variables[host])]
    for place, given, account in entries:
        name = str(given.get("name"))
        if found.setdefault(name, account) != account:
            problem = f"the account {given.get('name')!r} is in {places[name]} with other values."
            raise Refused(place, problem, "Give it the same values in both, or remove it from one.")
        places.setdefault(name, place)
    return list(found.values())


def _of_server(host: str, values: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, t.Mapping[str, t.Any]]]:
    """The accounts of a host and of its instances, each with the place where it is."""
    for account in values.get("pppoe_server_accounts") or ():
        yield f"pppoe_server_accounts of {host}", account
    for instance in values.get("pppoe_server_instances") or ():
        if instance.get("state") != "absent":
            for account in instance.get("accounts") or ():
                yield f"pppoe_server_instances of {host}", account


def _radius_part(account: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {key: value for key, value in account.items() if key in _users.COLUMNS}
