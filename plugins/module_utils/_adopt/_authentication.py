# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which method a server's clients authenticate with, as pppd decides it. Private to this collection. Pure.

Source: pppd/auth.c auth_check_options and auth_reset, pppd/lcp.c lcp_addci, pppd/chap-new.h CHAP_DIGEST.
"""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _options as _adopt_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._accounts import Secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings, listed
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._options import OptionsFile
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged

#: In the order in which pppd asks for them. A method without any account is not asked for.
ORDER = ("eap", "chap", "mschap-v2", "mschap", "pap")
#: Those that the role can have the server ask for.
POSSIBLE = ("chap", "mschap-v2", "pap")


def method(options: OptionsFile, chap: Secrets, pap: Secrets, server: str) -> str:
    """The method for the role: the first that pppd asks for and that the role knows."""
    elsewhere = _adopt_options.asks_radius(options)
    there = {name: elsewhere or bool((pap if name == "pap" else chap).of(server)) for name in ORDER}
    there["pap"] = there["pap"] or options.login
    wanted = [name for name in ORDER if name in options.authentication] or list(POSSIBLE)
    asked = [name for name in wanted if there[name] and name in POSSIBLE]
    possible = [name for name in wanted if name in POSSIBLE]
    return (asked or possible or ["chap"])[0]


def describe(options: OptionsFile, taken: str, chap: Secrets, pap: Secrets, server: str, say: Findings) -> None:
    """What changes for clients when they are asked for ``taken`` only."""
    if not options.required:
        say.change(
            f"Clients must authenticate (auth, require-{taken}).",
            "The options require no authentication: anybody can connect, with any name and password or none.",
        )
    elif len(options.authentication) > 1 or (options.authentication and taken not in options.authentication):
        others = [name for name in options.authentication if name != taken]
        say.change(
            f"Clients are asked for {taken} only.",
            f"The role has the server ask for one method. Customers whose settings allow {listed(others)} alone cannot "
            "log in.",
        )
    if _adopt_options.asks_radius(options):
        return
    used, other = (pap, chap) if taken == "pap" else (chap, pap)
    known = {account.name for account in used.of(server)}
    elsewhere = list(dict.fromkeys(account.name for account in other.of(server) if account.name not in known))
    if elsewhere:
        say.problem(
            f"Accounts that are only in {other.path}: {listed(elsewhere)}.",
            f"With {taken}, pppd looks into {used.path}. Add them there, or set pppoe_server_authentication.",
        )


def of_plugins(options: OptionsFile, path: str, say: Findings) -> None:
    """Plugins that know accounts which are in no file of pppd, other than those for RADIUS (``_describe_radius``)."""
    radius = _adopt_options.asks_radius(options)
    for plugin in options.plugins:
        if radius and _server_unmanaged.plugin_name(plugin) in ("radius", "radattr", "radrealms"):
            continue
        if _server_unmanaged.decides_who_gets_in(plugin):
            say.refused(
                f"The accounts are not in a file of pppd: 'plugin {plugin}' in {path} asks {place_of(plugin)}.",
                "The role does not set it up, and every customer would be locked out. Put the plugin and its options "
                "into /etc/ppp/options, which all sessions read, or the accounts into the secrets file.",
            )
        else:
            say.change(f"The option 'plugin {plugin}' is left out.", "pppoe_server_options takes no plugin.")
    for plugin in options.base_plugins:
        if _server_unmanaged.decides_who_gets_in(plugin):
            say.stays(
                f"The accounts are where 'plugin {plugin}' in /etc/ppp/options asks for them: {place_of(plugin)}.",
                "It also applies to the sessions of the new daemon.",
            )


def place_of(plugin: str) -> str:
    places: t.Mapping[str, str] = {"radius": "a RADIUS server", "winbind": "a Windows domain"}
    return places.get(_server_unmanaged.plugin_name(plugin), "something of its own")
