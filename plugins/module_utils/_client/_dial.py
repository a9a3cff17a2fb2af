# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dialling, and waiting for a link. Private to this collection."""

from __future__ import annotations

import os
import socket
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _diagnosis as _client_diagnosis
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _host_options as _client_host_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _ipv6 as _client_ipv6
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _messages as _client_messages
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection

# How long to wait for a word of the kernel before the log is looked at all the same; with a link, for its script's end.
LOOK_SECONDS = 0.3
POLL = 0.01
# pppd starts our script right after it has set the address; the script has set the route when it ends.
ROUTE_SECONDS = 3.0
SCRIPT_SECONDS = 10.0
# A server advertises its prefix when a link comes up, and again when it is asked.
ADDRESS_SECONDS = 3.0
IPV6_POLL, REST_SECONDS = 0.25, 1.0
# An address of nobody (RFC 5737), and the port of discard: what is sent there only makes pppd dial.
ANYBODY = ("192.0.2.1", 9)


class DialFailed(Failed):
    """The link has not come up in time; the text says why. ``reason`` is a word for playbooks."""

    def __init__(self, name: str, reason: str, sentence: str) -> None:
        stays = f" The connection {name} is configured, and is tried again until it is up or hung up."
        super().__init__(sentence + stays, reason=reason, changed=True)
        self.reason = reason


def dial(module: AnsibleModule, wanted: Connection, by_systemd: bool) -> None:
    """Start the connection; it may yet take a while to come up."""
    # What an earlier attempt has said, or set, is not the answer to this one.
    for path in (_layout_client.servers_path, _layout_client.log_path, _layout_client.failures_path):
        with suppress(FileNotFoundError):
            os.unlink(path(wanted.name))
    if by_systemd:
        _systemd.start(module, _layout_client.unit_name(wanted.name), wait=False)
        return
    # What the lines in rc.local do at boot.
    command = _client_config.attempt(wanted, pauses=False, options=_client_config.persistent(wanted))
    rc, out, err = module.run_command(command)
    if rc != 0:
        words = (err or out).strip() or f"exit status {rc}"
        raise DialFailed(wanted.name, "not_started", f"pppd did not start: {words.rstrip('.')}.")


def wait(module: AnsibleModule, wanted: Connection, timeout: int) -> Link:
    """The link once it has an IPv4 address, and the default route if asked for. ``DialFailed`` if it doesn't come."""
    with _interfaces.Events() as events:
        return _wait(module, wanted, timeout, events)


def _wait(module: AnsibleModule, wanted: Connection, timeout: int, events: _interfaces.Events) -> Link:
    deadline = time.monotonic() + timeout
    log = _Log(wanted)
    up_since = None
    while True:
        link = _client_link.quick(wanted.name, wanted.demand_idle is not None)
        if link is not None and link.asleep:
            _wake(link)
        up_since = (up_since or time.monotonic()) if link is not None and link.up else None
        # A server may refuse the address when the link has it already: it counts once the script has ended, and stays.
        if link is not None and up_since is not None and _script_has_ended(module, wanted, up_since):
            if wanted.default_route:
                _wait_for_route(wanted, link)
            return link
        verdict = log.verdict()
        if verdict is not None and verdict.final:
            raise DialFailed(wanted.name, verdict.reason, verdict.sentence)
        if time.monotonic() > deadline:
            raise _timed_out(wanted, timeout, verdict)
        events.wait(LOOK_SECONDS if up_since is None else POLL)


class _Log:
    """What the attempts have said. Each of them begins a new log, so what one has said is kept."""

    def __init__(self, wanted: Connection) -> None:
        self._wanted = wanted
        self._path = _layout_client.log_path(wanted.name)
        self._seen: tuple[int, int] | None = None
        self._verdict: _client_diagnosis.Verdict | None = None
        options = _client_host_options.options(_files.read(_client_host_options.PATH))
        self._refusals = _client_host_options.refusals(options)

    def verdict(self) -> _client_diagnosis.Verdict | None:
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return self._verdict
        if (status.st_ino, status.st_size) != self._seen:
            self._seen = (status.st_ino, status.st_size)
            asked = _client_diagnosis.asked(self._wanted.ac_name, self._wanted.service_name)
            text, wanted = _files.read_log(self._path), self._wanted
            now = _client_diagnosis.verdict(text, wanted.username, wanted.nic, asked, self._refusals)
            self._verdict = now or self._verdict
        return self._verdict


def _wake(link: Link) -> None:
    """Send a packet over the link, as an application would: one that dials on demand has then been tried for real."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, (link.interface or "").encode())
        sender.sendto(b"", ANYBODY)


def _timed_out(wanted: Connection, timeout: int, verdict: _client_diagnosis.Verdict | None) -> DialFailed:
    reason, sentence = _unclear(wanted) if verdict is None else (verdict.reason, verdict.sentence)
    return DialFailed(wanted.name, reason, f"There was no link within {timeout} seconds. {sentence}")


def _unclear(wanted: Connection) -> tuple[str, str]:
    """Why there is no link, where pppd has not said why."""
    if wanted.interface not in _interfaces.names():
        return "interface", f"The interface {wanted.interface} is no longer there."
    if not _client_link.pids(wanted.name):
        unit = _layout_client.unit_name(wanted.name)
        return "not_started", (
            f"pppd does not stay: 'pppd call {wanted.name} nodetach' shows what it says, and so does "
            f"'journalctl -u {unit}' where systemd starts it."
        )
    if _client_messages.SESSION not in _files.read_log(_layout_client.log_path(wanted.name)):
        return "no_answer", f"No access concentrator has given a session on {wanted.nic}."
    return "timeout", "There is a session, but its PPP is not ready yet: it may need more time."


def _wait_for_route(wanted: Connection, link: Link) -> None:
    deadline = time.monotonic() + ROUTE_SECONDS
    while True:
        routes = _interfaces.default_routes()
        if any(route.device == link.interface for route in routes):
            return
        if time.monotonic() > deadline:
            others = ", ".join(str(route) for route in routes if route.metric == wanted.metric)
            taken = f" with metric {wanted.metric}: there is one {others} already, which is left alone"
            raise DialFailed(
                wanted.name,
                "default_route",
                f"The link is up on {link.interface} with {link.address}, but it is not the default route"
                f"{taken if others else ''}.",
            )
        time.sleep(POLL)


def wait_for_ipv6(
    module: AnsibleModule, wanted: Connection, link: Link, timeout: int, dialled: bool
) -> _client_ipv6.Ipv6:
    """What there is of IPv6, as soon as it is what was asked for.

    ``DialFailed`` if a prefix for the networks behind this host does not come within ``timeout``. An address of the
    link itself is waited for briefly after a dial, since not every server gives one; a warning says what is missing.
    """
    inside = wanted.delegation.interfaces if wanted.delegation is not None else ()
    deadline = time.monotonic() + (timeout if inside else ADDRESS_SECONDS if dialled else 0)
    while True:
        found = _client_ipv6.observe(module, link.interface, inside)
        lacks = _client_ipv6.missing(found, link.interface or "", inside, wanted.default_route)
        if lacks is None and (found.prefix is not None or not inside or time.monotonic() > deadline):
            return found
        if lacks is None:
            # The route for the rest of the prefix comes at about the same time; a single /64 leaves no rest.
            deadline = min(deadline, time.monotonic() + REST_SECONDS)
        elif time.monotonic() > deadline:
            break
        time.sleep(IPV6_POLL)
    if inside:
        raise DialFailed(wanted.name, "no_ipv6", f"The link is up with {link.address}. {lacks}")
    if dialled:
        module.warn(f"{wanted.name}: {lacks}")
    return found


def _script_has_ended(module: AnsibleModule, wanted: Connection, up_since: float) -> bool:
    """Whether the script of the link has done its work, or takes too long to be waited for."""
    if os.path.exists(_layout_client.servers_path(wanted.name)):
        link = _client_link.quick(wanted.name, wanted.demand_idle is not None)
        return link is not None and link.up
    if time.monotonic() - up_since < SCRIPT_SECONDS:
        return False
    module.warn(f"The link of {wanted.name} is up, but its script pppoe-client-up has not ended.")
    return True
