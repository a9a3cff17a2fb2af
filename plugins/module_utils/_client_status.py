# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connections that are configured on a host, and how each of them fares. Private to this collection."""

from __future__ import annotations

import glob
import os
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils import (
    _client_config,
    _client_link,
    _client_words,
    _files,
    _sessions_host,
    _systemd,
    _words,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# What a session tells of a connection that has one.
_OF_SESSION = ("peer_address", "mtu", "since", "seconds", "bytes_in", "bytes_out")


@dataclass(frozen=True)
class Configured:
    """What a peers file of ours says of its connection; ``nic`` is the Ethernet interface or VLAN that it dials on."""

    name: str
    nic: str | None
    username: str | None
    ac_name: str | None
    service_name: str | None

    @property
    def asked(self) -> list[str]:
        """The AC name and the service that it insists on, in words."""
        asked = [f"AC {self.ac_name!r}"] if self.ac_name else []
        return asked + ([f"service {self.service_name!r}"] if self.service_name else [])


def parse(name: str, content: bytes) -> Configured:
    """A peers file that ``_client_config.peers_file`` has written, or what somebody has made of it since."""
    options = {}
    with suppress(_words.UnclosedQuote):
        for line in _words.lines(content):
            words = [word.decode("utf-8", "replace") for word in line.words]
            if words:
                options[words[0]] = words[1] if len(words) > 1 else ""
    return Configured(
        name=name,
        nic=next((option[len("nic-") :] for option in options if option.startswith("nic-")), None),
        username=options.get("user"),
        ac_name=options.get("rp_pppoe_ac"),
        service_name=options.get("rp_pppoe_service"),
    )


def configured() -> list[Configured]:
    """All connections of this collection on this host, by name."""
    found = []
    for path in sorted(glob.glob(_client_config.peers_path("*"))):
        content = _files.read(path) if os.path.isfile(path) else None
        if content is not None and _client_config.is_ours(content):
            found.append(parse(os.path.basename(path), content))
    return found


def status(module: AnsibleModule, wanted: t.Sequence[Configured]) -> list[dict[str, t.Any]]:
    """How each of the connections fares."""
    sessions = {session["instance"]: session for session in _sessions_host.live(module) if session["role"] == "client"}
    return [_status(module, connection, sessions.get(connection.name)) for connection in wanted]


def _status(module: AnsibleModule, connection: Configured, session: dict[str, t.Any] | None) -> dict[str, t.Any]:
    unit = _client_config.unit_name(connection.name)
    link = _client_link.current(module, connection.name)
    by_systemd = _systemd.running()
    waiting = by_systemd and link is None and _systemd.is_active(module, unit)
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
    return "asleep" if getattr(link, "asleep", False) else "dialling"


def _last_error(connection: Configured, state: str) -> dict[str, str | None]:
    """Why the last attempt has failed, and when it said so; nothing of attempts before a link that is up."""
    nothing: dict[str, str | None] = {"reason": None, "last_error": None, "last_error_at": None}
    path = _client_config.log_path(connection.name)
    if state == "connected" or not os.path.exists(path):
        return nothing
    log = (_files.read(path) or b"").decode("utf-8", "replace")
    verdict = _client_words.verdict(log, connection.username or "", connection.nic or "", connection.asked)
    if verdict is None:
        return nothing
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(os.stat(path).st_mtime))
    return {"reason": verdict.reason, "last_error": verdict.sentence, "last_error_at": at}
