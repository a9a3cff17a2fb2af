# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a connection meets and leaves on its host. Private to this collection."""

from __future__ import annotations

import glob
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils import (
    _client_accounts,
    _client_config,
    _client_link,
    _client_scripts,
    _files,
    _interfaces,
    _pppd,
    _rc_local,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client_config import Connection, Host
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client_link import Link


@dataclass(frozen=True)
class Plan:
    """What differs on the host: files, and what is to be told to systemd about the boot."""

    changes: list[_files.Change]
    accounts: list[_client_accounts.Edit]
    boot: str | None  # "enable", "disable"

    @property
    def changed(self) -> bool:
        return bool(self.changes or self.boot)

    def diff(self) -> list[dict[str, str]]:
        shown = {edit.file.path: edit.diff for edit in self.accounts}
        return [shown.get(change.file.path) or _files.diff([change])[0] for change in self.changes]

    def touches(self, path: str) -> bool:
        return any(change.file.path == path for change in self.changes)


def host(module: AnsibleModule) -> Host:
    """What pppd is like here. Where it isn't installed yet (check mode), a current one is assumed."""
    pppd, plugin = _pppd.command(module), _pppd.plugin_path()
    if pppd is None or plugin is None:
        return _client_config.Host()
    # An option that pppd doesn't have would stop it, and it lists its options in no way that costs less.
    content = _files.read(pppd) or b""
    return _client_config.Host(os.path.basename(plugin), b"up_sdnotify" in content)


def require_programs(module: AnsibleModule) -> None:
    """Refuse what could not work; in check mode, programs may still be missing, since a run may install them first."""
    pppd = _pppd.command(module)
    if not module.check_mode:
        if pppd is None:
            raise Refused("state", "pppd is not installed on this host.", "Install the package ppp.")
        if _pppd.plugin_path() is None:
            raise Refused(
                "state",
                "pppd has no PPPoE plugin here (pppoe.so or rp-pppoe.so below /usr/lib/pppd).",
                "Install the package that has it: ppp, or ppp-pppoe.",
            )
    if pppd is not None and module.params["state"] == "connected":
        problem = _pppd.kernel_ppp(module)
        if problem:
            raise Refused(
                "state",
                f"no connection is possible here: {problem}.",
                "Boot a kernel with PPP over Ethernet, or use state=present to configure the connection only.",
            )


def by_systemd(startup: str) -> bool:
    if startup == "systemd" and not _systemd.running():
        raise Refused("startup", "this host was not booted with systemd.", "Use auto or rc_local.")
    return startup != "rc_local" and _systemd.running()


def refuse_what_is_not_ours(name: str) -> None:
    for path in (_client_config.peers_path(name), _client_config.unit_path(name)):
        if not _client_config.is_ours(_files.read(path)):
            raise Refused(
                "name",
                f"{path} is there already, and this module has not written it.",
                "Choose another name, or move that file away.",
            )


def refuse_another_default_route(module: AnsibleModule, wanted: Connection, link: Link | None) -> None:
    """pppd 2.5 sets no default route beside one of the same metric, and 2.4.9 hides the other one behind its own."""
    if not wanted.default_route:
        return
    for route in _client_link.default_routes(module):
        if route.metric == 0 and (link is None or route.device != link.interface):
            raise Refused(
                "default_route",
                f"this host has a default route {route} already, with metric 0.",
                "Remove that one, give it a metric, or set default_route=false.",
            )


def plan(module: AnsibleModule, wanted: Connection, to_systemd: bool, boot: bool) -> Plan:
    """What has to change for the connection to be configured."""
    edits = _client_accounts.edits(_client_config.label(wanted.name), wanted.username, module.params["secret"])
    like = host(module)
    files = [edit.file for edit in edits]
    # Who may read it may dial: pppd opens a file of `call` as the user who runs it (options.c options_from_file).
    files.append(_files.File(_client_config.peers_path(wanted.name), _client_config.peers_file(wanted, like), 0o600))
    if wanted.dns != ("none",):
        files.append(_files.File(_client_scripts.UP, _client_scripts.up_script(), 0o755))
        files.append(_files.File(_client_scripts.DOWN, _client_scripts.down_script(), 0o755))
    unit = _client_config.unit_file(wanted, like) if to_systemd else None
    files.append(_files.File(_client_config.unit_path(wanted.name), unit))
    lines = _client_config.background_lines(wanted) if boot and not to_systemd else None
    files += _rc_local_file(wanted.name, lines)
    return Plan(_files.changes(files), edits, _boot_change(module, wanted.name, to_systemd and boot))


def plan_absent(module: AnsibleModule, name: str) -> Plan:
    """What has to go: everything of the connection, and what all of them share if it is the last."""
    edits = _client_accounts.edits(_client_config.label(name), None, None)
    paths = [_client_config.peers_path(name), _client_config.unit_path(name)]
    if not _others(name):
        paths += [_client_scripts.UP, _client_scripts.DOWN]
    files = [edit.file for edit in edits] + [_files.File(path, None) for path in paths]
    # What is in them is no configuration, and of no interest in a diff.
    passing = [_client_config.log_path(name), _client_config.servers_path(name)]
    if not _others(name):
        passing.append(f"{_client_config.RUN}/{_client_scripts.LOCK}")
    files += [_files.File(path, None, secret=True) for path in passing]
    return Plan(_files.changes(files + _rc_local_file(name, None)), edits, _boot_change(module, name, False))


def _others(name: str) -> list[str]:
    """The other connections of ours."""
    own = _client_config.peers_path(name)
    paths = [path for path in glob.glob(_client_config.peers_path("*")) if path != own and os.path.isfile(path)]
    return [path for path in paths if _client_config.is_ours(_files.read(path))]


def _rc_local_file(name: str, lines: list[str] | None) -> list[_files.File]:
    """rc.local with our block (``lines``) or without it, executable if it has one; nothing if it needs no change."""
    path = _rc_local.path()
    before = _files.read(path)
    block = _client_config.label(name)
    if lines is None:
        after = _rc_local.without_block(before, block)
        return [] if after == before else [_files.File(path, after, keep_mode=True)]
    mode = 0o755 if before is None else stat.S_IMODE(os.stat(path).st_mode) | 0o111
    return [_files.File(path, _rc_local.with_block(before, block, lines), mode)]


def _boot_change(module: AnsibleModule, name: str, at_boot: bool) -> str | None:
    if not _systemd.running() or _systemd.is_enabled(module, _client_config.unit_name(name)) == at_boot:
        return None
    return "enable" if at_boot else "disable"


def write(module: AnsibleModule, name: str, todo: Plan) -> None:
    """Make the files and the boot as planned; no link is touched."""
    unit = _client_config.unit_name(name)
    if todo.boot == "disable":
        _systemd.disable(module, unit)
    _files.write(module, todo.changes)
    if _systemd.running() and todo.touches(_client_config.unit_path(name)):
        _systemd.daemon_reload(module)
    if todo.boot == "enable":
        _systemd.enable(module, unit)
    peers = _client_config.peers_path(name)
    if todo.accounts and os.path.exists(peers):
        # A link that is older than this file is known not to have what it says, be it that or the account.
        os.utime(peers)
    if os.path.isdir(_client_scripts.DIRECTORY) and not os.listdir(_client_scripts.DIRECTORY):
        os.rmdir(_client_scripts.DIRECTORY)


def is_older_than_its_configuration(link: Link, name: str) -> bool:
    """Whether the configuration was written after this pppd had started, and read it."""
    try:
        written = os.stat(_client_config.peers_path(name)).st_mtime
    except FileNotFoundError:
        return False
    # A process's start is known to a clock tick (10 ms), and so is a file's time.
    return written > link.started + 0.05


def interface_mtu(name: str) -> int:
    """The MTU of the Ethernet interface; ``Refused`` if there is none of that name."""
    _interfaces.require("interface", name)
    return _interfaces.mtu(name)
