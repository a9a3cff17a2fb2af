# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a host tells of its sessions, each thing once. Private to this collection."""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _processes, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes as _ipv6_routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _database as _pppd_database
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _pid_files as _pppd_pid_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _parse as _sessions_parse

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

KERNEL = "/proc/net/pppoe"
COUNTERS = "/proc/net/dev"


def live(module: AnsibleModule) -> list[dict[str, t.Any]]:
    """The sessions of this host that have an IPv4 address."""
    return [session for session in every(module) if session["address"]]


def every(module: AnsibleModule) -> list[dict[str, t.Any]]:
    """The sessions of this host, also those that are still coming up, with the time since when they are there."""
    pppd = {process.pid: process for process in _processes.every() if os.path.basename(process.argv[0]) == "pppd"}
    # A child has its parent's command line until it becomes the script that it is to run.
    commands = {pid: process.argv for pid, process in pppd.items() if process.parent not in pppd}
    if not commands:
        return []
    by_pid = _pppd_pid_files.interfaces()
    host = _sessions_parse.ObservedSessions(
        commands=commands,
        variables=_pppd_database.variables(),
        kernel=_sessions_parse.parse_kernel(_files.text(KERNEL)),
        interfaces=_interfaces.addresses(module),
        counters=_sessions_parse.parse_counters(_files.text(COUNTERS)),
        peers=_peers,
        own_session=lambda name: _sessions_parse.own_session_id(_files.text(_layout_client.log_path(name))),
        interface_of=lambda pid: by_pid.get(pid, (None, 0.0))[0],
    )
    found = _sessions_parse.sessions(host)
    now = time.time()
    prefixes = _ipv6_routes.of_links()
    for session in found:
        # pppd writes pppN.pid when it makes the interface, which is later than its own start if it has redialled.
        _name, written = by_pid.get(session["pid"], (None, 0.0))
        # A file of the future is of a clock that was set back.
        since = max(written if written <= now else 0.0, _processes.started_at(session["pid"]))
        session["since"] = _text.moment(since)
        session["seconds"] = max(0, int(now - since))
        session.update(_rates(session))
        session.update(_prefixes(session, prefixes))
    return found


def _prefixes(session: t.Mapping[str, t.Any], of_links: t.Mapping[tuple[str, int], str]) -> dict[str, t.Any]:
    """The IPv6 prefixes of a server's session, which are routes to its interface."""
    name = session["interface"] if session["role"] == "server" else ""
    return {
        "framed_ipv6_prefix": of_links.get((name, _ipv6_routes.FRAMED)),
        "delegated_ipv6_prefix": of_links.get((name, _ipv6_routes.DELEGATED)),
    }


def _rates(session: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The plan and the rates of a session, which are the alias of its interface."""
    alias = _interfaces.alias(session["interface"]) if session["interface"] and session["role"] == "server" else ""
    shape = _plans_grant.of_alias(alias) or _plans_grant.Shape()
    return {"plan": shape.plan, "download": shape.download, "upload": shape.upload}


def is_there(session: t.Mapping[str, t.Any]) -> bool:
    """Whether the process of a session that was seen before is its pppd, and not another one that has got its pid."""
    call = _sessions_parse.parse_command(_processes.argv(session["pid"]), _peers)
    if call is None or (call.role, call.instance) != (session["role"], session["instance"]):
        return False
    return call.role == "client" or (call.session_id, call.mac) == (session["session_id"], session["peer_mac"])


def _peers(name: str) -> list[str]:
    """The words of a file of ``pppd call``; none if it cannot be read as pppd does."""
    if name.startswith("/") or ".." in name:
        return []
    content = _files.read(_layout_client.peers_path(name)) or b""
    try:
        return [word.decode("utf-8", "replace") for word in _words.words(content)]
    except _words.UnclosedQuote:
        return []
