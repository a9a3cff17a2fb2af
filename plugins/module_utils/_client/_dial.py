# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dialling, hanging up, and waiting for a link. Private to this collection."""

from __future__ import annotations

import os
import signal
import socket
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _diagnosis as _client_diagnosis
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _messages as _client_messages
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection

RESOLV_CONF = "/etc/resolv.conf"
POLL = 0.3
# As the unit's TimeoutStopSec. A pppd that is asked to end says so to the server, and runs its scripts.
HANG_UP_SECONDS = 30.0
# pppd starts our script right after it has set the address; the script has set the route when it ends.
ROUTE_SECONDS = 3.0
SCRIPT_SECONDS = 10.0
# An address of nobody (RFC 5737), and the port of discard: what is sent there only makes pppd dial.
ANYBODY = ("192.0.2.1", 9)


class DialFailed(Failed):
    """The link has not come up in time; the text says why. ``reason`` is a word for playbooks."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class HangUpFailed(Failed):
    """A pppd that doesn't end."""


def hang_up(module: AnsibleModule, name: str) -> None:
    """End the connection, whoever started it, and return once it has ended."""
    unit = _layout_client.unit_name(name)
    if _systemd.running() and _systemd.goes_on(module, unit):
        _systemd.stop(module, unit)
        # If its file is gone (startup=rc_local), so is the line that makes hanging up a success.
        _systemd.forget_failure(module, unit)
    deadline = time.monotonic() + HANG_UP_SECONDS
    left = _client_link.pids(name)
    for pid in left:
        _terminate(pid)
    while left:
        if time.monotonic() > deadline:
            raise HangUpFailed(
                f"pppd (pid {left[0]}) of {name} was told to hang up, and has not in {HANG_UP_SECONDS:.0f} seconds."
            )
        time.sleep(POLL)
        left = _client_link.pids(name)


def _terminate(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def take_back_name_servers(module: AnsibleModule, name: str) -> None:
    """What the script does when a link ends, for a link that ended without it: a power cut, a killed pppd."""
    block = f"# BEGIN dialtone.pppoe {name}\n".encode()
    if os.path.exists(_layout_client.DOWN) and block in (_files.read(RESOLV_CONF) or b""):
        variables = {_layout_client.CONNECTION: name, "DIALTONE_OWN": "/nonexistent/"}
        module.run_command([_layout_client.DOWN, "none"], environ_update=variables, check_rc=True)


def dial(module: AnsibleModule, wanted: Connection, by_systemd: bool) -> None:
    """Start the connection; it may yet take a while to come up."""
    # What an earlier attempt has said, or set, is not the answer to this one.
    for path in (
        _layout_client.servers_path(wanted.name),
        _layout_client.log_path(wanted.name),
        _layout_client.failures_path(wanted.name),
    ):
        if os.path.exists(path):
            os.unlink(path)
    if by_systemd:
        _systemd.start(module, _layout_client.unit_name(wanted.name), wait=False)
    else:
        _start_pppd(module, wanted)


def _start_pppd(module: AnsibleModule, wanted: Connection) -> None:
    """What the lines in rc.local do at boot."""
    pppd = _pppd_capabilities.command(module) or "pppd"
    for command in (
        _client_config.preparation(wanted, pauses=False),
        [pppd, "call", wanted.name, *_client_config.persistent(wanted)],
    ):
        rc, out, err = module.run_command(command)
        if rc != 0:
            words = (err or out).strip() or f"exit status {rc}"
            raise DialFailed("not_started", f"pppd did not start: {words.rstrip('.')}.")


def wait(module: AnsibleModule, wanted: Connection, timeout: int) -> Link:
    """The link once it has an IPv4 address, and the default route if asked for. ``DialFailed`` if it doesn't come."""
    deadline = time.monotonic() + timeout
    verdict = None
    up_since = None
    while True:
        link = _client_link.current(module, wanted.name)
        if link is not None and link.asleep:
            _wake(link)
        up_since = (up_since or time.monotonic()) if link is not None and link.up else None
        # A server may refuse the address when the link has it already: it counts once the script has ended, and stays.
        if link is not None and up_since is not None and _script_has_ended(module, wanted, up_since):
            if wanted.default_route:
                _wait_for_route(module, wanted, link)
            return link
        # Each attempt begins a new log, so what an attempt has said must be kept.
        verdict = _verdict(wanted) or verdict
        if verdict is not None and verdict.final:
            raise DialFailed(verdict.reason, verdict.sentence)
        if time.monotonic() > deadline:
            raise _timed_out(wanted, timeout, verdict, link)
        time.sleep(POLL)


def _wake(link: Link) -> None:
    """Send a packet over the link, as an application would: one that dials on demand has then been tried for real."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, suppress(OSError):
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, (link.interface or "").encode())
        sender.sendto(b"", ANYBODY)


def has_failed(wanted: Connection) -> bool:
    """Whether the last attempt has failed, by its log."""
    return _verdict(wanted) is not None


def _verdict(wanted: Connection) -> _client_diagnosis.Verdict | None:
    asked = _client_diagnosis.asked(wanted.ac_name, wanted.service_name)
    return _client_diagnosis.verdict(_log(wanted), wanted.username, wanted.nic, asked)


def _log(wanted: Connection) -> str:
    return (_files.read(_layout_client.log_path(wanted.name)) or b"").decode("utf-8", "replace")


def _timed_out(
    wanted: Connection, timeout: int, verdict: _client_diagnosis.Verdict | None, link: Link | None
) -> DialFailed:
    waited = f"There was no link within {timeout} seconds. "
    if verdict is not None:
        return DialFailed(verdict.reason, waited + verdict.sentence)
    if wanted.interface not in _interfaces.names():
        return DialFailed("interface", waited + f"The interface {wanted.interface} is no longer there.")
    if link is None:
        return DialFailed(
            "not_started",
            waited + f"pppd does not stay: 'pppd call {wanted.name} nodetach' shows what it says, and so does "
            f"'journalctl -u {_layout_client.unit_name(wanted.name)}' where systemd starts it.",
        )
    if _client_messages.SESSION not in _log(wanted):
        return DialFailed("no_answer", waited + f"No access concentrator has given a session on {wanted.nic}.")
    return DialFailed("timeout", waited + "There is a session, but its PPP is not ready yet: it may need more time.")


def _wait_for_route(module: AnsibleModule, wanted: Connection, link: Link) -> None:
    deadline = time.monotonic() + ROUTE_SECONDS
    while True:
        routes = _interfaces.default_routes(module)
        if any(route.device == link.interface for route in routes):
            return
        if time.monotonic() > deadline:
            others = ", ".join(str(route) for route in routes if route.metric == wanted.metric)
            raise DialFailed(
                "default_route",
                f"The link is up on {link.interface} with {link.address}, but it is not the default route"
                + (
                    f" with metric {wanted.metric}: there is one {others} already, which is left alone."
                    if others
                    else "."
                ),
            )
        time.sleep(POLL)


def _script_has_ended(module: AnsibleModule, wanted: Connection, up_since: float) -> bool:
    """Whether the script of the link has done its work, or takes too long to be waited for."""
    if os.path.exists(_layout_client.servers_path(wanted.name)):
        link = _client_link.current(module, wanted.name)
        return link is not None and link.up
    if time.monotonic() - up_since < SCRIPT_SECONDS:
        return False
    module.warn(f"The link of {wanted.name} is up, but its script pppoe-client-up has not ended.")
    return True
