# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of pppoe_server reads of its host, each thing once. Private to this collection."""

from __future__ import annotations

import glob
import os
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _files,
    _interfaces,
    _processes,
    _rc_local,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_program as _server_control_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _instances as _server_instances
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_manager as _server_session_manager
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class ObservedServer:
    """A host with its instances of pppoe-server. Paths are absolute, pids are those of this host.

    ``files``: content and mode of each file that may be ours, ``None`` twice if it is not there; ``rc_local``: the
    path of the one among them. ``own``: what runs of the instance; ``unit``: its unit. ``unmanaged``: what is not ours.
    ``instances``: the names of all instances; ``commands``: the command of each, from what starts it or runs.
    ``pools``: the addresses of each one's pool; ``pool_in_use``: the pool file that the running daemon was started
    with. ``routes``: the IPv4 default routes. ``most_mtu``: what interfaces can have, where one is to be set.
    """

    systemd: bool
    files: t.Mapping[str, tuple[bytes | None, int | None]]
    rc_local: str
    own: _server_processes.Running
    unmanaged: _server_unmanaged.Unmanaged = field(default_factory=_server_unmanaged.Unmanaged)
    unit: _systemd.Unit = field(default_factory=_systemd.Unit)
    instances: frozenset[str] = frozenset()
    can: _server_config.Capabilities = field(default_factory=_server_config.Capabilities)
    kernel_device: bool = True
    interfaces: t.Mapping[str, _interfaces.Interface] = field(default_factory=dict)
    routes: t.Sequence[_interfaces.Route] = ()
    pools: t.Mapping[str, t.Sequence[str]] = field(default_factory=dict)
    pool_in_use: bytes | None = None
    commands: t.Mapping[str, _server_startup_lines.Command] = field(default_factory=dict)
    most_mtu: t.Mapping[str, int] = field(default_factory=dict)


def observe(module: AnsibleModule) -> ObservedServer:
    """The host as the instance that is named in the module's parameters finds it."""
    name, systemd = module.params["name"], _systemd.running()
    rc_local, processes = _rc_local.path(), _processes.every()
    programs = [*_layout_server.SCRIPTS, *_server_session_manager.PATHS, *_server_control_program.paths()]
    files = _files.there([*own_paths(name), *programs, rc_local])
    unit = unit_of(module, _layout_server.unit_name(name))
    known = ObservedServer(
        systemd=systemd,
        files=files,
        rc_local=rc_local,
        own=_server_processes.of_instance(processes, _layout_server.options_path(name), unit.main_pid),
        unit=unit,
        instances=frozenset(os.path.basename(path)[: -len(".options")] for path in _options_files()),
    )
    if module.params["state"] in ("stopped", "absent"):
        return replace(known, unmanaged=_server_unmanaged.running(processes))
    return replace(
        known,
        unmanaged=_server_unmanaged.observe(module, processes, rc_local, files[rc_local][0]),
        can=capabilities(module),
        kernel_device=os.path.exists("/dev/ppp"),
        interfaces=_interfaces.addresses(module),
        routes=_interfaces.default_routes(),
        pools=_pool_files.addresses(),
        pool_in_use=_files.read(f"{_layout_server.STATE}/{name}.pool"),
        commands=_server_instances.commands(startup_texts(), [process.argv for process in processes]),
        most_mtu=_interfaces.most_mtu(module) if module.params.get("interface_mtu") else {},
    )


def own_paths(name: str) -> list[str]:
    """The files of one instance."""
    return [*_layout_server.instance_paths(name), _layout_server.unit_path(name)]


def _options_files() -> list[str]:
    return glob.glob(_layout_server.options_path("*"))


def startup_texts() -> list[str]:
    """What starts the instances of this host: their units, and rc.local."""
    contents = (_files.read(path) for path in [*glob.glob(_layout_server.unit_path("*")), _rc_local.path()])
    return [content.decode("utf-8", "replace") for content in contents if content]


def unit_of(module: AnsibleModule, name: str) -> _systemd.Unit:
    """What systemd knows of a unit; whether it starts at boot is known without a running systemd too."""
    if _systemd.running():
        return _systemd.show(module, [name])[name]
    return _systemd.Unit(enabled=_systemd.is_enabled(module, name))


def help_of_pppoe_server(module: AnsibleModule) -> tuple[str | None, frozenset[str]]:
    """Its version, and the option letters that it knows; ``None`` and no letter where it is not installed."""
    server = module.get_bin_path("pppoe-server", opt_dirs=_pppd_capabilities.SBIN)
    if server is None:
        return None, frozenset()
    _rc, out, err = module.run_command([server, "-h"])
    return _server_config.parse_help(out + err)


def capabilities(module: AnsibleModule) -> _server_config.Capabilities:
    """What this host's programs and its kernel can do."""
    version, flags = help_of_pppoe_server(module)
    return _server_config.Capabilities(
        pppoe_server=module.get_bin_path("pppoe-server", opt_dirs=_pppd_capabilities.SBIN),
        version=version,
        flags=flags,
        pppd=_pppd_capabilities.command(module),
        plugin=_pppd_capabilities.plugin_path(),
        kernel_problem=_pppd_capabilities.kernel_ppp(module),
    )
