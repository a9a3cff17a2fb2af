# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of the connections that a host has. Private to this collection."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _diagnosis as _client_diagnosis
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _ipv6 as _client_ipv6
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _lan as _client_lan
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What is known of a connection only while it has a session.
_OF_SESSION = ("peer_address", "mtu", "since", "seconds", "bytes_in", "bytes_out")


def status(module: AnsibleModule, wanted: t.Sequence[_client_connections.Configured]) -> list[dict[str, t.Any]]:
    """The status of each of the connections."""
    sessions = {
        session["instance"]: session for session in _sessions_observe.live(module) if session["role"] == "client"
    }
    links = _client_link.links({one.name: one.demand for one in wanted})
    ipv6 = {name: _ipv6(module, name, link) for name, link in links.items() if link.up}
    names = [_layout_client.unit_name(one.name) for one in wanted]
    units = _systemd.show(module, names) if names and _systemd.running() else {}
    refusals = _client_host_options.refusals(_client_host_options.options(_files.read(_client_host_options.PATH)))
    return [
        {
            **_status(one, links.get(one.name), units.get(unit), sessions.get(one.name), refusals),
            **_ipv6_status(ipv6.get(one.name, _client_ipv6.Ipv6())),
        }
        for one, unit in zip(wanted, names)
    ]


def _ipv6(module: AnsibleModule, name: str, link: _client_link.Link) -> _client_ipv6.Ipv6:
    return _client_ipv6.observe(module, link.interface, _client_lan.inside_of(name))


def _ipv6_status(found: _client_ipv6.Ipv6) -> dict[str, t.Any]:
    return {
        "ipv6_address": found.address,
        "delegated_ipv6_prefix": found.prefix,
        "inside_ipv6_prefixes": dict(found.inside),
    }


def _status(
    connection: _client_connections.Configured,
    link: _client_link.Link | None,
    unit: _systemd.Unit | None,
    session: dict[str, t.Any] | None,
    refusals: t.Sequence[str],
) -> dict[str, t.Any]:
    state = state_of(link, waiting=link is None and unit is not None and unit.goes_on)
    session = session if session is not None and state == "connected" else None
    return {
        "name": connection.name,
        "state": state,
        "device": connection.nic,
        "username": connection.username,
        "interface": link.interface if link is not None and state == "connected" else None,
        "address": link.address if link is not None and state == "connected" else None,
        **{key: session[key] if session else None for key in _OF_SESSION},
        "boot": unit.enabled if unit is not None else None,
        **_last_error(connection, state, refusals),
    }


def state_of(link: _client_link.Link | None, waiting: bool) -> str:
    """``connected``, ``asleep``, ``dialling`` or ``disconnected``; ``waiting``: without pppd, for the next attempt."""
    if link is None:
        return "dialling" if waiting else "disconnected"
    if link.up:
        return "connected"
    return "asleep" if link.asleep else "dialling"


def _last_error(
    connection: _client_connections.Configured, state: str, refusals: t.Sequence[str]
) -> dict[str, str | None]:
    """Why the last attempt has failed, and when it said so; nothing of attempts before a link that is up."""
    nothing: dict[str, str | None] = {"reason": None, "last_error": None, "last_error_at": None}
    paths = [_layout_client.log_path(connection.name)] if state != "connected" else []
    # While an attempt is under way, it has said nothing yet.
    paths += [_layout_client.log_before_path(connection.name)] if state == "dialling" else []
    asked = _client_diagnosis.asked(connection.ac_name, connection.service_name)
    for path in filter(os.path.exists, paths):
        log = _files.read_log(path)
        verdict = _client_diagnosis.verdict(log, connection.username or "", connection.nic or "", asked, refusals)
        if verdict is not None:
            at = _text.moment(os.stat(path).st_mtime)
            return {"reason": verdict.reason, "last_error": verdict.sentence, "last_error_at": at}
    return nothing
