# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a server whose customers are in RADIUS to ``pppoe_server_radius``. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _radius as _adopt_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings, listed
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _dictionary as _radius_dictionary
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings

VARIABLE = "pppoe_server_radius"


def describe(
    seen: _adopt_radius.ObservedRadius, options: t.Sequence[str], plugins: t.Sequence[str], say: Findings
) -> dict[str, t.Any]:
    """The value of the variable; empty if no server could be read. ``options``, ``plugins``: as in ``OptionsFile``."""
    for text, fix in seen.broken:
        say.refused(text, fix)
    _realms(seen, plugins, say)
    servers = []
    for server in seen.servers:
        entry: dict[str, t.Any] = {"address": server.address}
        if server.port != _radius_settings.PORT:
            entry["port"] = server.port
        servers.append({**entry, "secret": f"{{{{ {server.variable} }}}}"})
        _secret(seen, server, say)
    _accounting(seen, say)
    _sent(seen, options, say)
    if not servers:
        return {}
    return {"servers": servers, **_identity(seen, say)}


def _secret(seen: _adopt_radius.ObservedRadius, server: _adopt_radius.KnownServer, say: Findings) -> None:
    if not server.place:
        say.refused(
            f"No line of {seen.values.get('servers', 'a file of servers')} has a secret for {server.address}.",
            f"Lines with names are not looked up. Put the secret into a vault as {server.variable}.",
        )
    elif server.wrong:
        say.refused(
            f"The secret for {server.address} in {server.place} {server.wrong}.",
            f"Agree on another one with the server, and put it into a vault as {server.variable}.",
        )
    else:
        say.refused(
            f"The secret for {server.address} is in {server.place}.",
            f"It is not printed. Put it into a vault as {server.variable}.",
        )


def _realms(seen: _adopt_radius.ObservedRadius, plugins: t.Sequence[str], say: Findings) -> None:
    realm = seen.values.get("default_realm")
    if realm:
        say.refused(
            f"Names without a realm get {realm!r}: default_realm in {seen.place('default_realm')}.",
            "The role sends names as they are. Have the RADIUS servers accept them, and remove the line.",
        )
    if any("radrealms" in plugin for plugin in plugins):
        say.refused(
            "The plugin radrealms sends customers of some realms to other servers.",
            "The role asks the same servers for all. Have them pass such requests on, and remove the plugin.",
        )


def _accounting(seen: _adopt_radius.ObservedRadius, say: Findings) -> None:
    usual = [(server.address, server.port + 1) for server in seen.servers]
    if seen.accounting != usual and seen.accounting:
        shown = listed([f"{address} port {port}" for address, port in seen.accounting])
        say.change(
            f"Accounting goes to the servers that are asked, each at its next port, and not to {shown}.",
            f"acctserver is in {seen.place('acctserver')}; the role has one list of servers.",
        )


def _sent(seen: _adopt_radius.ObservedRadius, options: t.Sequence[str], say: Findings) -> None:
    say.change(
        "The servers are asked by a FreeRADIUS of this host, which keeps accounting during an outage.",
        f"Timeouts and retries of {seen.path} no longer count. The requests have a Message-Authenticator, the client's "
        "MAC as Calling-Station-Id, and a UUID as Acct-Session-Id.",
    )
    if options:
        say.change(
            f"Left out: {listed(options)}.",
            "Attributes of a login are those of the documentation of pppoe_server_radius.",
        )
    ours = set(_radius_dictionary.names())
    unknown = [name for name in dict.fromkeys(seen.attributes) if name not in ours]
    if unknown:
        say.change(
            f"Attributes that only the dictionary of {seen.path} has: {listed(unknown)}.",
            "They are no longer in /run/radattr.pppN, should scripts of yours read them there.",
        )
    say.stays(f"{seen.path} and what it names stay, and live sessions have them.", "New sessions do not read them.")


def _identity(seen: _adopt_radius.ObservedRadius, say: Findings) -> dict[str, str]:
    found = {}
    identifier = seen.values.get("nas_identifier")
    if identifier and _radius_settings.is_identifier(identifier):
        found["nas_identifier"] = identifier
    elif identifier:
        say.change(f"The nas_identifier {identifier!r} is left out.", "It has characters that the role does not take.")
    address = seen.values.get("bindaddr", "*")
    if address != "*":
        try:
            found["nas_address"] = str(ipaddress.IPv4Address(address))
        except ValueError:
            say.refused(
                f"{address!r} in {seen.place('bindaddr')} (bindaddr) is not an IPv4 address.",
                "Set nas_address to the one by which the servers know this host.",
            )
    return found


def describe_addresses(
    sessions: t.Iterable[str], pool: t.Iterable[str], sources: t.Sequence[str], nat: bool, say: Findings
) -> None:
    """Live sessions whose addresses RADIUS has assigned, outside of what NAT covers."""
    covered = [ipaddress.ip_network(source) for source in sources]
    pool = set(pool)
    outside = [
        address
        for address in dict.fromkeys(sessions)
        if address not in pool and not any(ipaddress.ip_address(address) in network for network in covered)
    ]
    if nat and outside:
        say.refused(
            f"RADIUS has assigned addresses outside of the pool: {listed(outside)}.",
            "List their networks in pppoe_server_networks, so that NAT is for them, too.",
        )
