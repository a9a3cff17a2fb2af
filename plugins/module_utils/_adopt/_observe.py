# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a host has of unmanaged servers, once, and changes nothing. Private to this collection."""

from __future__ import annotations

import glob
import itertools
import os
import pwd
import re
import socket
import stat
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe as _adopt_describe
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe_pool as _adopt_describe_pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _observe_nat as _adopt_observe_nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _options as _adopt_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _radius as _adopt_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _startup as _adopt_startup
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._describe import LiveSession, ObservedDaemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _files,
    _interfaces,
    _names,
    _processes,
    _rc_local,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_sources as _server_startup_sources
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

Command = _server_startup_lines.Command

BASE_OPTIONS = "/etc/ppp/options"
FORWARDING = "/proc/sys/net/ipv4/ip_forward"
_SESSION = re.compile(r"^Session \d+ local (\S+) remote (\S+)$", re.MULTILINE)
# Files in which a client says under which name it dials.
_CLIENTS = ("/etc/ppp/peers/*", "/etc/ppp/options", "/etc/ppp/pppoe.conf")
_USER = re.compile(rb"^\s*(?:user|USER=)\s*[\"']?([^\"'\s]+)", re.MULTILINE)

_SEVERAL_PLACES = (
    "The daemons of this host have their accounts in different places.",
    "A host has one set of RADIUS servers, for all of its instances. Give all options files the same.",
)


@dataclass(frozen=True)
class HostOfDaemons:
    """What all servers of a host have in common: an ``ObservedDaemon`` that lacks what is a server's own."""

    common: ObservedDaemon
    base: bytes
    sources: list[_server_startup_sources.StartupSource]
    sessions: list[dict[str, t.Any]]


def servers(module: AnsibleModule) -> tuple[list[dict[str, t.Any]], list[dict[str, str]]]:
    """Each unmanaged server with its variables, findings and accounts; and the findings of the host as a whole."""
    host = _host(module)
    commands = _commands(host)
    seen = [_observe(module, host, command, pid, commands) for command, pid in commands]
    _adopt_startup.mark_shared_pools(seen)
    if len({str(one.radius and one.radius.servers) for one in seen}) > 1:
        for one in seen:
            one.refused.append(_SEVERAL_PLACES)
    found = []
    names_taken: list[str] = []
    for observed in seen:
        variables, findings = _adopt_describe.describe(observed)
        if len(seen) > 1:
            variables = {"pppoe_server_name": _name(observed.command, names_taken), **variables}
        accounts = [account.shown() for account in observed.secrets.accounts]
        names = _adopt_describe.placeholders(account["name"] for account in accounts)
        found.append(
            {
                "command": list(observed.command.argv),
                "own_name": observed.name,
                "pid": observed.pid,
                "live_sessions": len(observed.sessions),
                "variables": variables,
                "findings": findings,
                "accounts": [dict(account, variable=variable) for account, variable in zip(accounts, names)],
            }
        )
    say = Findings()
    _adopt_startup.describe(host.sources, bool(found), say)
    for name in _adopt_observe_nat.managers(module):
        say.stays(f"{name} manages this host's firewall.", "Its rules are left to you, and it keeps running.")
    return found, say.all


def _name(command: Command, taken: list[str]) -> str:
    """A name for the instance of a daemon, after its interface; ``taken`` grows by it."""
    base = re.sub(r"[^A-Za-z0-9_-]", "-", command.interfaces[0])
    numbered = (f"{base}-{number}" for number in itertools.count(2))
    name = next(name for name in itertools.chain([base], numbered) if name not in taken)
    taken.append(name)
    return name


def _commands(host: HostOfDaemons) -> list[tuple[Command, int | None]]:
    """The daemons that run, and those that something starts on interfaces that none of them serves."""
    found: list[tuple[Command, int | None]] = []
    for process, command in _server_unmanaged.daemons(_processes.every()):
        found.append((command, process.pid))
    served = {name for command, _pid in found for name in command.interfaces}
    for source in host.sources:
        command_ = source.line.command
        if command_ and source.active and source.line.reached and not served & set(command_.interfaces):
            found.append((command_, None))
            served.update(command_.interfaces)
    return [one for one in found if all(map(_names.INTERFACE.fullmatch, one[0].interfaces))]


def _host(module: AnsibleModule) -> HostOfDaemons:
    here = _interfaces.addresses(module)
    routes = _interfaces.default_routes()
    own_names = {
        name.decode("utf-8", "replace")
        for pattern in _CLIENTS
        for path in glob.glob(pattern)
        for name in _USER.findall(_server_startup_sources.opened(path) or b"")
    }
    common = ObservedDaemon(
        command=Command((), ()),
        pid=None,
        boot=None,
        unit=None,
        pool=[],
        options=None,
        chap=_secrets("/etc/ppp/chap-secrets"),
        pap=_secrets("/etc/ppp/pap-secrets"),
        hostname=socket.gethostname(),
        own_names=own_names,
        nat=_adopt_observe_nat.rules(module),
        forwards=(_files.read(FORWARDING) or b"").strip() == b"1",
        forwards_at_boot=_adopt_observe_nat.forwards_at_boot(module),
        host_addresses=[
            address.local for one in here.values() for address in one.addresses if address.family == "inet"
        ],
        default_route=routes[0].device if routes else None,
        systemd=_systemd.running(),
    )
    return HostOfDaemons(
        common,
        _files.read(BASE_OPTIONS) or b"",
        _server_startup_sources.observe(module),
        [one for one in _sessions_observe.live(module) if one["role"] == "server" and one["instance"] is None],
    )


def _secrets(path: str) -> _adopt_accounts.Secrets:
    content = _files.read(path)
    if content is None:
        return _adopt_accounts.Secrets(path)
    return _adopt_accounts.read(content, path, stat.S_IMODE(os.stat(path).st_mode))


def _observe(
    module: AnsibleModule,
    host: HostOfDaemons,
    command: Command,
    pid: int | None,
    all_: t.Sequence[tuple[Command, int | None]],
) -> ObservedDaemon:
    mine = [source for source in host.sources if _starts(source, command)]
    # pppoe-server goes to / when it is started, and has pppd look for the file there (pppoe-server.c main).
    options_path = os.path.join("/", command.options_path)
    content = _files.read(options_path)
    options = None if content is None else _adopt_options.read(content, host.base)
    unit = _server_unmanaged.unit_of(module, pid) if pid and _systemd.running() else None
    pool, problems = _pool(module, command, [source.line.cwd for source in mine if source.line.command])
    refused = _adopt_startup.refusals(host.sources, command.interfaces, _rc_local.path())
    boot = None if refused else _adopt_startup.taken_over(mine, _rc_local.path())
    observed = replace(
        host.common,
        command=command,
        pid=pid,
        boot=boot or (unit if unit and _systemd.is_enabled(module, unit) else None),
        unit=unit,
        refused=refused,
        pool=pool,
        pool_problems=problems,
        options=options,
        options_path=options_path,
        radius=_radius(options),
        sessions=_sessions(host, command),
        same_interface=[
            other for one, other in all_ if other and other != pid and set(one.interfaces) & set(command.interfaces)
        ]
        if pid
        else [],
    )
    missing = [account.name for account in observed.secrets.accounts if not _is_user(account.name)]
    return replace(observed, without_system_account=missing)


def _radius(options: _adopt_options.OptionsFile | None) -> _adopt_radius.ObservedRadius | None:
    if options is None or not _adopt_options.asks_radius(options):
        return None
    return _adopt_radius.observe(options.radius_config or _adopt_radius.DEFAULT, _files.read)


def _starts(source: _server_startup_sources.StartupSource, command: Command) -> bool:
    started = source.line.command
    return bool(started and source.active and source.line.reached and set(started.interfaces) & set(command.interfaces))


def _pool(
    module: AnsibleModule, command: Command, folders: t.Sequence[str | None]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What pppoe-server itself makes of its arguments: with -d it prints that, and opens no interface."""
    program = module.get_bin_path("pppoe-server", opt_dirs=_pppd_capabilities.SBIN)
    path = command.last("p")
    folder: str | None = "/"
    problems: list[tuple[str, str]] = []
    if path:
        folder = next((one for one in [*folders, "/"] if one and os.path.isfile(os.path.join(one, path))), None)
        if folder is None:
            return [], [(
                f"The pool file '{path}' cannot be read.",
                "A relative path counts from where the daemon was started. Put its addresses into pppoe_server_pool.",
            )]  # fmt: skip
        full = os.path.join(folder, path)
        problems = _adopt_describe_pool.of_file(_server_startup_sources.opened(full) or b"", full)
    if program is None:
        return [], problems
    # With -r, the addresses would come in another order each time.
    words = [flag + value for flag, value in command.flags if flag[1] in "ILRNpolS" and (value or flag == "-l")]
    _rc, out, _err = module.run_command([program, "-d", *words], cwd=folder)
    return _SESSION.findall(out), problems


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _sessions(host: HostOfDaemons, command: Command) -> list[LiveSession]:
    return [
        LiveSession(session["interface"], session["address"], session["mode"])
        for session in host.sessions
        if _server_startup_lines.without_label(session["device"] or "") in command.interfaces
    ]
