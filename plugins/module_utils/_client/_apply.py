# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a host as a plan says. Private to this collection."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _lan as _client_lan
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._observe import ObservedClient
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._plan import ClientPlan

RESOLV_CONF = "/etc/resolv.conf"
# As the unit's TimeoutStopSec. A pppd that is asked to end says so to the server, and runs its scripts.
HANG_UP_SECONDS = 30.0
POLL = 0.05


class HangUpFailed(Failed):
    """A pppd that doesn't end."""


def write(module: AnsibleModule, name: str, plan: ClientPlan) -> None:
    """Make the files and the boot as planned; no link is touched."""
    unit = _layout_client.unit_name(name)
    if plan.boot == "disable":
        _systemd.disable(module, unit)
    _client_lan.stop(module, plan.stop)
    _files.write(module, plan.changes)
    if plan.reload:
        _systemd.daemon_reload(module)
        if not os.path.exists(_layout_client.unit_path(name)):
            # One that did not end well would be listed as failed for ever, without its file.
            _systemd.forget_failure(module, unit)
    removed = [one.file.path for one in plan.changes if one.file.content is None]
    for each, path in zip(_client_dhcpcd.units(name), _client_dhcpcd.unit_paths(name)):
        if path in removed:
            _systemd.forget_failure(module, each)
    _client_lan.apply(module, plan.networkd, removed)
    for each in plan.restart:
        _systemd.restart(module, each)
    if plan.boot == "enable":
        _systemd.enable(module, unit)
    started = _layout_client.started_path(name)
    if plan.account and os.path.exists(started):
        # A link is known not to have the account if what it has read is not what its peers file says.
        os.truncate(started, 0)
    for directory in (_layout_client.DIRECTORY, _layout_client.HOOKS):
        if os.path.isdir(directory) and not os.listdir(directory):
            os.rmdir(directory)


def remove_vlans(module: AnsibleModule, names: t.Iterable[str]) -> None:
    """Remove VLAN interfaces that we made."""
    for name in names:
        ip = module.get_bin_path("ip", required=True)
        module.run_command([ip, "link", "delete", "dev", name], check_rc=True)


def hang_up(module: AnsibleModule, name: str, host: ObservedClient) -> None:
    """End the connection, whoever started it, and return once it has ended."""
    unit = _layout_client.unit_name(name)
    if host.systemd and host.unit.goes_on:
        _systemd.stop(module, unit)
        if not os.path.exists(_layout_client.unit_path(name)):
            # With its file (startup=rc_local), the line is gone that makes hanging up a success.
            _systemd.forget_failure(module, unit)
    deadline = time.monotonic() + HANG_UP_SECONDS
    left = _client_link.pids(name)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    while left:
        if time.monotonic() > deadline:
            raise HangUpFailed(
                f"pppd (pid {left[0]}) of {name} has not ended within {HANG_UP_SECONDS:.0f} seconds of being asked to."
            )
        time.sleep(POLL)
        left = _client_link.pids(name)


def take_back_name_servers(module: AnsibleModule, name: str) -> None:
    """What the script does when a link ends, for a link that ended without it: a power cut, a killed pppd."""
    block = f"# BEGIN dialtone.pppoe {name}\n".encode()
    if os.path.exists(_layout_client.DOWN) and block in (_files.read(RESOLV_CONF) or b""):
        variables = {_layout_client.CONNECTION: name, "DIALTONE_OWN": "/nonexistent/"}
        module.run_command([_layout_client.DOWN, "none"], environ_update=variables, check_rc=True)
