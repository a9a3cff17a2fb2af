# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connections that are configured on a host, and how each of them fares. Private to this collection."""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _diagnosis as _client_diagnosis
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What a session tells of a connection that has one.
_OF_SESSION = ("peer_address", "mtu", "since", "seconds", "bytes_in", "bytes_out")


def status(module: AnsibleModule, wanted: t.Sequence[_client_connections.Other]) -> list[dict[str, t.Any]]:
    """How each of the connections fares."""
    sessions = {
        session["instance"]: session for session in _sessions_observe.live(module) if session["role"] == "client"
    }
    return [_status(module, connection, sessions.get(connection.name)) for connection in wanted]


def _status(
    module: AnsibleModule, connection: _client_connections.Other, session: dict[str, t.Any] | None
) -> dict[str, t.Any]:
    unit = _layout_client.unit_name(connection.name)
    link = _client_link.current(module, connection.name)
    by_systemd = _systemd.running()
    waiting = by_systemd and link is None and _systemd.goes_on(module, unit)
    state = state_of(link, waiting)
    session = session if session is not None and state == "connected" else None
    return {
        "name": connection.name,
        "state": state,
        "device": connection.nic,
        "username": connection.username,
        "interface": link.interface if link is not None and state == "connected" else None,
        "address": link.address if link is not None and state == "connected" else None,
        **{key: session[key] if session else None for key in _OF_SESSION},
        "boot": _systemd.is_enabled(module, unit) if by_systemd else None,
        **_last_error(connection, state),
    }


def state_of(link: _client_link.Link | None, waiting: bool) -> str:
    """``connected``, ``asleep``, ``dialling`` or ``disconnected``; ``waiting``: without pppd, for the next attempt."""
    if link is None:
        return "dialling" if waiting else "disconnected"
    if link.up:
        return "connected"
    return "asleep" if link.asleep else "dialling"


def _last_error(connection: _client_connections.Other, state: str) -> dict[str, str | None]:
    """Why the last attempt has failed, and when it said so; nothing of attempts before a link that is up."""
    nothing: dict[str, str | None] = {"reason": None, "last_error": None, "last_error_at": None}
    paths = [_layout_client.log_path(connection.name)] if state != "connected" else []
    # While an attempt is under way, it has nothing to tell yet.
    paths += [_layout_client.log_before_path(connection.name)] if state == "dialling" else []
    asked = _client_diagnosis.asked(connection.ac_name, connection.service_name)
    for path in filter(os.path.exists, paths):
        log = (_files.read(path) or b"").decode("utf-8", "replace")
        verdict = _client_diagnosis.verdict(log, connection.username or "", connection.nic or "", asked)
        if verdict is not None:
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(os.stat(path).st_mtime))
            return {"reason": verdict.reason, "last_error": verdict.sentence, "last_error_at": at}
    return nothing
