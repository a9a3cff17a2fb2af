# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server instance meets and leaves on its host. Private to this collection."""

from __future__ import annotations

import glob
import ipaddress
import os
import tempfile
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool, _pool_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _files,
    _interfaces,
    _processes,
    _rc_local,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import (
    _pppoe_server_instance,
    _pppoe_server_pppd,
    _pppoe_server_up,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _daemon as _server_daemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _decision as _server_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _instances as _server_instances
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _single_session as _server_single_session
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

UNITS = _systemd.UNITS


@dataclass(frozen=True)
class Plan:
    """The files, the daemon's command, and the daemon that a configuration comes to on this host."""

    files: list[_files.File]
    command: list[str]
    daemon: _server_daemon.Daemon


def help_of_pppoe_server(module: AnsibleModule) -> tuple[str | None, frozenset[str]]:
    """Its version, and the option letters that it knows; ``None`` and no letter where it is not installed."""
    server = module.get_bin_path("pppoe-server", opt_dirs=_pppd_capabilities.SBIN)
    if server is None:
        return None, frozenset()
    _rc, out, err = module.run_command([server, "-h"])
    return _server_config.parse_help(out + err)


def capabilities(module: AnsibleModule) -> _server_config.Capabilities:
    server = module.get_bin_path("pppoe-server", opt_dirs=_pppd_capabilities.SBIN)
    version, flags = help_of_pppoe_server(module)
    return _server_config.Capabilities(
        pppoe_server=server,
        version=version,
        flags=flags,
        pppd=_pppd_capabilities.command(module),
        plugin=_pppd_capabilities.plugin_path(),
        kernel_problem=_pppd_capabilities.kernel_ppp(module),
    )


def refuse_what_the_host_contradicts(module: AnsibleModule, instance: _server_config.Instance) -> None:
    """Refuse an instance that this host cannot have, and warn of accounts' addresses that are strange to it."""
    for index, name in enumerate(instance.interfaces):
        _interfaces.require(f"interfaces[{index}]", name)
    pool = _pool.spans("pool", module.params["pool"])
    others = _pool_files.addresses()
    before = others.pop(instance.name, [])
    _pool.refuse_shared("pool", pool, others)
    rivals = _server_instances.commands(_startup_texts(), (process.argv for process in _processes.every()))
    rivals.pop(instance.name, None)
    _server_instances.refuse_rivals(instance.interfaces, instance.service_names, rivals)
    interfaces = _interfaces.addresses(module)
    peers = [one.peer for interface in interfaces.values() for one in interface.addresses if one.peer]
    for warning in (
        _server_config.outside(module.params, _own_networks(interfaces, instance)),
        _server_instances.leaving(before, instance.addresses, peers),
    ):
        if warning:
            module.warn(warning)
    for interface in interfaces.values():
        for address in interface.addresses:
            if address.family == "inet" and address.local in instance.addresses:
                raise Refused(
                    "pool",
                    f"it holds {address.local}, which {interface.name} of this host has.",
                    "Leave it out of the pool, or name it in reserved_addresses.",
                )


def _startup_texts() -> list[str]:
    """What starts the instances of this host: their units, and rc.local."""
    contents = (_files.read(path) for path in [*glob.glob(_unit_path("*")), _rc_local.path()])
    return [content.decode("utf-8", "replace") for content in contents if content]


def _own_networks(
    interfaces: t.Mapping[str, _interfaces.Interface], instance: _server_config.Instance
) -> dict[str, list[str]]:
    """The networks of the instance's interfaces, and of the one that has its address."""
    found = {}
    for name, interface in interfaces.items():
        own = [one for one in interface.addresses if one.family == "inet" and one.peer is None]
        if name in instance.interfaces or instance.local_address in [one.local for one in own]:
            found[name] = [str(ipaddress.IPv4Interface(f"{one.local}/{one.prefix}").network) for one in own]
    return found


def require_programs(module: AnsibleModule, can: _server_config.Capabilities, how: _server_config.Mode) -> None:
    """Refuse what could not work; in check mode, programs may still be missing, since a run may install them first."""
    if not module.check_mode:
        for program, path in (("pppoe-server", can.pppoe_server), ("pppd", can.pppd)):
            if path is None:
                raise Refused(
                    "state",
                    f"{program} is not installed on this host.",
                    "Install rp-pppoe and ppp (packages pppoe and ppp on Debian, rp-pppoe and ppp on Red Hat).",
                )
    if can.kernel_problem and not os.path.exists("/dev/ppp"):
        if module.params["require_kernel_ppp"]:
            raise Refused(
                "require_kernel_ppp",
                f"no session is possible here: {can.kernel_problem}.",
                "Boot a kernel with PPP, or set require_kernel_ppp=false to configure the server all the same.",
            )
        module.warn(f"The server will answer clients but cannot serve them: {can.kernel_problem}.")
    elif how.reason:
        module.warn(f"Sessions are carried by relay processes, at a fraction of the speed: {how.reason}.")


def plan(
    startup: str, instance: _server_config.Instance, can: _server_config.Capabilities, how: _server_config.Mode
) -> Plan:
    if startup == "systemd" and not _systemd.running():
        raise Refused("startup", "this host was not booted with systemd.", "Use rc_local or none.")
    by_systemd = startup != "rc_local" and _systemd.running()
    command = _server_config.command(instance, can, how)
    unit = _server_config.unit_file(instance, command) if by_systemd else None
    files = [
        _files.File(_layout_server.INSTANCE, _pppoe_server_instance.instance_script(), 0o755),
        _files.File(_layout_server.PPPD, _pppoe_server_pppd.pppd_script(can.pppd or "/usr/sbin/pppd"), 0o755),
        _files.File(_pppoe_server_up.UP, _pppoe_server_up.up_script(), 0o755),
        _files.File(instance.options_path, _server_config.options_file(instance)),
        _files.File(instance.pool_path, _server_config.pool_file(instance)),
        _files.File(_unit_path(instance.name), unit),
    ]
    lines = _server_config.rc_local_lines(instance, command) if startup == "rc_local" else None
    files += _rc_local_file(_rc_local.path(), instance.name, lines, instance.interfaces)
    words = _server_config.start_line(instance, command).split()
    return Plan(files, command, _server_daemon.Daemon(instance.name, instance.interfaces, by_systemd, tuple(words)))


def _unit_path(name: str) -> str:
    return f"{UNITS}/{_layout_server.unit_name(name)}"


def _rc_local_file(
    path: str, name: str, lines: list[str] | None, interfaces: t.Sequence[str] = ()
) -> list[_files.File]:
    """rc.local with our block (``lines``) or without it, executable if it has one; nothing if it needs no change.

    A line in it that somebody wrote to start a daemon on one of ``interfaces`` would start a second one.
    """
    before = _files.read(path)
    block = "pppoe-server " + name
    left = _server_startup_lines.taken_over(before, interfaces, path)
    if lines is None:
        after = _rc_local.without_block(left, block)
        return [] if after == before else [_files.File(path, after, keep_mode=True)]
    mode = 0o755 if before is None else os.stat(path).st_mode & 0o7777
    if not mode & 0o100:
        mode |= 0o111  # otherwise nobody would run it
    return [_files.File(path, _rc_local.with_block(left, block, lines), mode)]


def ask_pppoe_server(
    module: AnsibleModule, can: _server_config.Capabilities, instance: _server_config.Instance, command: list[str]
) -> None:
    """Have pppoe-server and pppd themselves read the configuration; neither opens an interface for that."""
    if can.pppoe_server is None or can.pppd is None:
        return
    with tempfile.NamedTemporaryFile() as pool:
        pool.write(_server_config.pool_file(instance))
        pool.flush()
        # -d prints the sessions and exits before it opens an interface (pppoe-server.c main).
        rc, out, err = module.run_command([*command, "-d", "-p", pool.name])
    count = sum(line.startswith("Session ") for line in out.splitlines())
    if rc != 0 or count != len(instance.addresses):
        said = " / ".join((err or out).strip().splitlines()[:3])
        raise _server_daemon.StartFailed(
            "pppoe-server {} would hand out {} addresses instead of {} with: {}. It said: {}".format(
                can.version, count, len(instance.addresses), " ".join(command), said or "nothing"
            )
        )
    if can.kernel_problem is None:
        _ask_pppd(module, can.pppd, instance)


def _ask_pppd(module: AnsibleModule, pppd: str, instance: _server_config.Instance) -> None:
    with tempfile.NamedTemporaryFile() as options:
        options.write(_server_config.options_file(instance))
        options.flush()
        # noauth comes last: without it, pppd asks for an account as well, and the first may be yet to come.
        rc, out, err = module.run_command([pppd, "notty", "nodetach", "dryrun", "file", options.name, "noauth"])
    if rc != 0:
        words = (err or out).replace(" in file " + options.name, "").replace(options.name, instance.options_path)
        raise Refused("options", "pppd does not accept them: {}.".format(words.strip().rstrip(".")), "See pppd(8).")


def differs(daemon: _processes.Process, instance: _server_config.Instance, command: list[str]) -> bool:
    """Whether a running daemon was started with another command or another pool than is wanted."""
    started_with = _files.read(f"{_layout_server.STATE}/{instance.name}.pool")
    return _server_processes.own_command(daemon.argv) != command or started_with != _server_config.pool_file(instance)


def boot_change(module: AnsibleModule, unit: str, startup: str) -> str | None:
    """What has to be told to systemd about the boot: ``enable``, ``disable`` or nothing."""
    if _systemd.is_enabled(module, unit) == (startup == "systemd"):
        return None
    return "enable" if startup == "systemd" else "disable"


def carry_out(
    module: AnsibleModule,
    wanted: Plan,
    changed: t.Sequence[_files.Change],
    decision: _server_decision.Decision,
    now: _server_processes.Running,
    boot: str | None,
) -> None:
    """Files first, then the process, in an order in which no session is lost unless that was decided."""
    daemon = wanted.daemon
    action = decision.action
    if not daemon.by_systemd and _systemd.running() and _systemd.is_active(module, daemon.unit):
        if decision.applied == "pending":
            raise Refused(
                "startup",
                "systemd runs the daemon, which shall not be touched.",
                "Use on_change=live, which keeps its sessions, or leave startup as it was.",
            )
        if action == "replace":
            _server_daemon.leave_systemd(module, daemon.unit)
            action = "start"
    if boot == "disable":
        _systemd.disable(module, daemon.unit)
    _files.write(module, changed)
    if action == "replace" and now.daemon is now.foreign:
        action = "start"
    if action == "restart":
        if now.foreign is not None:
            _server_takeover.end(module, now.foreign, _server_daemon.leave_systemd)
        _server_daemon.stop(module, daemon)
        action = "start"
    _reload_if_unit(module, changed)
    if boot == "enable":
        _systemd.enable(module, daemon.unit)
    if action == "start":
        _server_daemon.start(module, daemon)
    elif action == "replace" and now.daemon is not None:
        _server_daemon.start(module, daemon, now.daemon.pid)
    if action in ("start", "replace") and now.foreign is not None:
        # Only now that another one answers, which it may not.
        _server_takeover.end(module, now.foreign, _server_daemon.leave_systemd)


def _reload_if_unit(module: AnsibleModule, changed: t.Sequence[_files.Change]) -> None:
    if _systemd.running() and any(change.file.path.startswith(UNITS) for change in changed):
        _systemd.daemon_reload(module)


def absent_files(name: str, rc_local: str) -> list[_files.File]:
    """Everything of the instance, and what all instances share if it is the last."""
    paths = [_layout_server.options_path(name), _layout_server.pool_path(name), _unit_path(name)]
    others = set(glob.glob(_layout_server.options_path("*"))) - {_layout_server.options_path(name)}
    if not others:
        paths += [_layout_server.INSTANCE, _layout_server.PPPD, _pppoe_server_up.UP]
    return [_files.File(path, None) for path in paths] + _rc_local_file(rc_local, name, None)


def remove(module: AnsibleModule, changed: t.Sequence[_files.Change], unit: str) -> None:
    """Make the files absent, with the folders that are empty then and what was in /run."""
    _files.write(module, changed)
    _reload_if_unit(module, changed)
    if not changed:
        return
    name = unit[len("pppoe-server@") : -len(".service")]
    paths = glob.glob(f"{_layout_server.STATE}/{name}.*")
    if not os.path.exists(_layout_server.INSTANCE):
        paths += [*glob.glob(f"{_layout_server.LEASES}/*"), f"{_layout_server.STATE}/lock"]
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(path)
    if not os.path.exists(_pppoe_server_up.UP):
        _server_single_session.forget()
    for directory in (
        _layout_server.CONFIGURATION,
        _layout_server.DIRECTORY,
        _layout_server.LEASES,
        _layout_server.STATE,
    ):
        if os.path.isdir(directory) and not os.listdir(directory):
            os.rmdir(directory)
