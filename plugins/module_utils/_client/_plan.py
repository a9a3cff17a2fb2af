# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a connection meets and leaves on its host. Private to this collection."""

from __future__ import annotations

import os
import re
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _accounts as _client_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _config as _client_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _link as _client_link
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_client_attempt, _pppoe_client_up

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._config import Host
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._link import Link
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection

# Where polkit, which asks the rules in its own folder, is installed.
POLKIT_ACTIONS = "/usr/share/polkit-1/actions"
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\Z")


@dataclass(frozen=True)
class Plan:
    """What differs on the host: files, and what is to be told to systemd about the boot.

    ``accounts``: the secrets files among them; ``account``: whether the connection's own account is another one.
    """

    changes: list[_files.Change]
    accounts: list[_client_accounts.Edit]
    boot: str | None  # "enable", "disable"
    account: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.changes or self.boot)

    def diff(self) -> list[dict[str, str]]:
        shown = {edit.file.path: edit.diff for edit in self.accounts}
        return [shown.get(change.file.path) or _files.diff([change])[0] for change in self.changes]

    def touches(self, path: str) -> bool:
        return any(change.file.path == path for change in self.changes)


def shared() -> dict[str, bytes]:
    """What all connections of a host share: path and content."""
    return {
        _layout_client.UP: _pppoe_client_up.up_script(),
        _layout_client.DOWN: _pppoe_client_up.down_script(),
        _layout_client.INIT: _pppoe_client_up.init_script(),
        _layout_client.ATTEMPT: _pppoe_client_attempt.script(),
    }


def host(module: AnsibleModule) -> Host:
    """What pppd is like here. Where it isn't installed yet (check mode), a current one is assumed."""
    pppd, plugin = _pppd_capabilities.command(module), _pppd_capabilities.plugin_path()
    if pppd is None or plugin is None:
        return _client_config.Host()
    return _client_config.Host(os.path.basename(plugin), _pppd_capabilities.version(module) or (2, 4, 9))


def require_programs(module: AnsibleModule) -> None:
    """Refuse what could not work; in check mode, programs may still be missing, since a run may install them first."""
    pppd = _pppd_capabilities.command(module)
    if not module.check_mode:
        if pppd is None:
            raise Refused("state", "pppd is not installed on this host.", "Install the package ppp.")
        if _pppd_capabilities.plugin_path() is None:
            raise Refused(
                "state",
                "pppd has no PPPoE plugin here (pppoe.so or rp-pppoe.so below /usr/lib/pppd).",
                "Install the package that has it: ppp, or ppp-pppoe.",
            )
    if pppd is not None and module.params["state"] == "connected":
        problem = _pppd_capabilities.kernel_ppp(module)
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
    for path in (_layout_client.peers_path(name), _layout_client.unit_path(name)):
        if not _client_config.is_ours(_files.read(path)):
            raise Refused(
                "name",
                f"{path} is there already, and this module has not written it.",
                "Choose another name, or move that file away.",
            )


def refuse_clashes(module: AnsibleModule, wanted: Connection, link: Link | None) -> None:
    """Refuse what another connection has, but for those that this run configures as well."""
    together = module.params["configured_together"] or []
    others = [other for other in _client_connections.except_for(wanted.name) if other.name not in together]
    _client_connections.refuse_clashes(wanted, others)
    if wanted.link_name in set(_interfaces.names()) - _links(module, link):
        parameter = "link_interface" if wanted.unit is None else "unit"
        problem = f"this host has an interface {wanted.link_name!r} already, and it is not this connection's."
        raise Refused(parameter, problem, "Choose another one, or leave it out.")


def refuse_another_default_route(module: AnsibleModule, wanted: Connection, link: Link | None) -> None:
    """There can be no second default route of the same metric, and the other one is not ours to replace."""
    if not wanted.default_route:
        return
    ours = _links(module, link)
    for route in _interfaces.default_routes(module):
        if route.metric == wanted.metric and route.device not in ours:
            raise Refused(
                "default_route",
                f"this host has a default route {route} already, with metric {route.metric}.",
                "Remove that one, give one of them another metric (route_metric), or set default_route=false.",
            )


def _links(module: AnsibleModule, link: Link | None) -> set[str]:
    """The interfaces of this connection and of those that this run configures as well."""
    together = module.params["configured_together"] or []
    links = [link, *(_client_link.current(module, name) for name in together)]
    return {one.interface for one in links if one is not None and one.interface is not None}


def check_user_control(module: AnsibleModule, to_systemd: bool) -> None:
    """``user_control`` needs systemd, whose units polkit lets users start."""
    group = module.params["user_control_group"]
    if group is not None and not _GROUP.match(group):
        raise Refused("user_control_group", f"{group!r} is no name of a group.", "Give one that getent(1) knows.")
    if not module.params["user_control"]:
        return
    if not to_systemd:
        raise Refused("user_control", "what rc.local started, only root can end.", "Use startup=systemd.")
    if not module.check_mode and not os.path.isdir(POLKIT_ACTIONS):
        raise Refused(
            "user_control",
            "polkit, which systemd asks whether a user may, is not installed on this host.",
            "Install it (package polkitd or polkit), or set user_control=false.",
        )


def plan(module: AnsibleModule, wanted: Connection, to_systemd: bool, boot: bool) -> Plan:
    """What has to change for the connection to be configured."""
    key, secret = _layout_client.label(wanted.name), module.params["secret"]
    edits = _client_accounts.edits(key, wanted.username, secret)
    files = [edit.file for edit in edits] + _client_accounts.secret_file(key, wanted.username, secret)
    # Who may read it may dial: pppd opens a file of `call` as the user who runs it (options.c options_from_file).
    peers = _client_config.peers_file(wanted, host(module))
    files.append(_files.File(_layout_client.peers_path(wanted.name), peers, 0o600))
    files += [_files.File(path, content, 0o755) for path, content in shared().items()]
    files += [_hook(wanted.name, action, module.params["on_" + action]) for action in ("up", "down")]
    unit = _client_config.unit_file(wanted) if to_systemd else None
    files.append(_files.File(_layout_client.unit_path(wanted.name), unit))
    group = module.params["user_control_group"]
    rule = _client_config.rule_file(wanted.name, group) if module.params["user_control"] else None
    files.append(_files.File(_layout_client.rule_path(wanted.name), rule))
    lines = _client_config.background_lines(wanted) if boot and not to_systemd else None
    files += _rc_local_file(wanted.name, lines)
    boot_change = _boot_change(module, wanted.name, to_systemd and boot)
    changes = _files.changes(files)
    account = bool(edits) or any(change.file.path == _client_accounts.secret_path(key) for change in changes)
    return Plan(changes, edits, boot_change, account)


def _hook(name: str, action: str, text: str | None) -> _files.File:
    """A hook as a script that only root may read, and that no diff shows: it may have secrets of its own."""
    if not text:
        return _files.File(_layout_client.hook_path(name, action), None, secret=True)
    content = text if text.startswith("#!") else "#!/bin/sh\n" + text
    content += "" if content.endswith("\n") else "\n"
    return _files.File(_layout_client.hook_path(name, action), content.encode(), 0o700, secret=True)


def plan_absent(module: AnsibleModule, name: str) -> Plan:
    """What has to go: everything of the connection, and what all of them share if it is the last."""
    key = _layout_client.label(name)
    edits = _client_accounts.edits(key, None, None)
    paths = [_layout_client.peers_path(name), _layout_client.unit_path(name), _layout_client.rule_path(name)]
    last = not _client_connections.except_for(name)
    files = [edit.file for edit in edits] + _client_accounts.secret_file(key, None, None)
    files += [_files.File(path, None) for path in [*paths, *(shared() if last else [])]]
    files += [_files.File(_layout_client.hook_path(name, action), None, secret=True) for action in ("up", "down")]
    # What is in them is no configuration, and of no interest in a diff.
    passing = [_layout_client.log_path(name), _layout_client.log_before_path(name)]
    passing += [_layout_client.servers_path(name), _layout_client.failures_path(name)]
    if last:
        passing.append(f"{_layout_client.RUN}/{_layout_client.LOCK}")
    files += [_files.File(path, None, secret=True) for path in passing]
    return Plan(_files.changes(files + _rc_local_file(name, None)), edits, _boot_change(module, name, False))


def _rc_local_file(name: str, lines: list[str] | None) -> list[_files.File]:
    """rc.local with our block (``lines``) or without it, executable if it has one; nothing if it needs no change."""
    path = _rc_local.path()
    before = _files.read(path)
    block = _layout_client.label(name)
    if lines is None:
        after = _rc_local.without_block(before, block)
        return [] if after == before else [_files.File(path, after, keep_mode=True)]
    mode = 0o755 if before is None else stat.S_IMODE(os.stat(path).st_mode) | 0o111
    return [_files.File(path, _rc_local.with_block(before, block, lines), mode)]


def _boot_change(module: AnsibleModule, name: str, at_boot: bool) -> str | None:
    if not _systemd.running() or _systemd.is_enabled(module, _layout_client.unit_name(name)) == at_boot:
        return None
    return "enable" if at_boot else "disable"


def write(module: AnsibleModule, name: str, todo: Plan) -> None:
    """Make the files and the boot as planned; no link is touched."""
    unit = _layout_client.unit_name(name)
    if todo.boot == "disable":
        _systemd.disable(module, unit)
    _files.write(module, todo.changes)
    if _systemd.running() and todo.touches(_layout_client.unit_path(name)):
        _systemd.daemon_reload(module)
    if todo.boot == "enable":
        _systemd.enable(module, unit)
    peers = _layout_client.peers_path(name)
    if todo.account and os.path.exists(peers):
        # A link that is older than this file is known not to have what it says, be it that or the account.
        os.utime(peers)
    for directory in (_layout_client.DIRECTORY, _layout_client.HOOKS):
        if os.path.isdir(directory) and not os.listdir(directory):
            os.rmdir(directory)


def is_older_than_its_configuration(link: Link, name: str) -> bool:
    """Whether the configuration was written after this pppd had started, and read it."""
    try:
        written = os.stat(_layout_client.peers_path(name)).st_mtime
    except FileNotFoundError:
        return False
    # A process's start is known to a clock tick (10 ms), and so is a file's time.
    return written > link.started + 0.05


def interface_mtu(name: str) -> int:
    """The MTU of the Ethernet interface; ``Refused`` if there is none of that name, or PPPoE cannot use it."""
    _interfaces.require("interface", name)
    if not _interfaces.is_ethernet(name):
        raise Refused("interface", f"{name!r} is no Ethernet interface.", "Give the one that leads to the modem.")
    master = _interfaces.bridge_or_bond(name)
    if master:
        raise Refused(
            "interface",
            f"{name!r} is a port of {master!r}, which takes its packets before PPPoE sees them.",
            f"Give {master}, or take {name} out of it.",
        )
    return _interfaces.mtu(name)


def remove_vlans(module: AnsibleModule) -> None:
    """Remove the VLAN interfaces that we made and no connection uses any more."""
    used = {other.nic for other in _client_connections.every()}
    for name in _interfaces.names():
        if _interfaces.alias(name) == _layout_client.ALIAS and name not in used:
            ip = module.get_bin_path("ip", required=True)
            module.run_command([ip, "link", "delete", "dev", name], check_rc=True)
