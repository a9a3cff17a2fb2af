# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_ipv6: the prefixes of an instance, and the program that tells customers of theirs. Private."""

from __future__ import annotations

import glob
import os
import sys
import typing as t
from contextlib import nullcontext, suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply as _firewall_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _backend as _firewall_backend
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _names, _rc_local, _root, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _check as _ipv6_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _program as _ipv6_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes as _ipv6_routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _settings as _ipv6_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_manager as _server_session_manager

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

UNIT = "pppoe-server-ipv6.service"
PROGRAM = f"{_layout_server.DIRECTORY}/{_ipv6_program.PROGRAM.name}"
_BLOCK = "pppoe-server-ipv6"
_IPV6 = "/proc/sys/net/ipv6"
_UNIT = f"""\
#
# One process for all sessions. It has no state: who has which prefix is in the kernel's routes, which the session
# manager sets. So it can be restarted at any moment.
[Unit]
Description=IPv6 prefixes of PPPoE sessions
After=network.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={PROGRAM}
Restart=always
RestartSec=200ms
# It opens its sockets as root, and then is nobody without a capability.
CapabilityBoundingSet=CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_SETUID CAP_SETGID
NoNewPrivileges=yes
RestrictAddressFamilies=AF_INET6 AF_NETLINK AF_UNIX
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
MemoryMax=256M

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class PrefixesPlan:
    """What is to change. ``wanted``: whether the program is to run; ``restart``: it is to read settings anew."""

    changed: list[_files.Change]
    wanted: bool
    by_systemd: bool
    enable: bool
    restart: bool

    @property
    def anything(self) -> bool:
        return bool(self.changed or self.enable or self.restart)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Observe, check, plan, apply, report."""
    params, name = module.params, module.params["name"]
    _names.check_name(name)
    others = _others(name)
    settings, accounts = None, b""
    if params["state"] == "present":
        own = _settings_of(_layout_server.ipv6_path(name))
        settings = _ipv6_check.settings(params, _slot(own, others))
        accounts = _accounts(params)
        check(settings, accounts, others)
    with nullcontext() if module.check_mode else _files.locked(_rc_local.path()):
        plan = _plan(module, settings, accounts, others)
        rules = _filter(module, _networks(settings, accounts) if settings and params["filter"] else None)
        changed = plan.anything or rules.changed
        if changed:
            _root.require_root("The IPv6 prefixes of sessions")
        if not module.check_mode:
            # No prefix is announced before others are protected from whoever has it.
            rules.apply(module)
            # Both may have a block in rc.local.
            _apply(module, _plan(module, settings, accounts, others))
    pools = settings.pools if settings else ()
    return {
        "changed": changed,
        "diff": [*rules.diff(), *_files.diff(plan.changed)] if module._diff else [],
        "filter": rules.backend,
        "sessions": pools[0].total if pools else 0,
        "delegations": pools[1].total if pools else 0,
        "accounts": accounts.count(b"\n"),
    }


@dataclass(frozen=True)
class Filter:
    """The rules against forged addresses, and what is to change; ``predicted``: a run installs a firewall first."""

    todo: _firewall_plan.FirewallPlan | None
    predicted: bool = False

    @property
    def changed(self) -> bool:
        return self.predicted or (self.todo is not None and self.todo.changed)

    @property
    def backend(self) -> str | None:
        return self.todo.backend.name if self.todo is not None and self.todo.backend is not None else None

    def diff(self) -> list[dict[str, str]]:
        return [] if self.todo is None else self.todo.diff()

    def apply(self, module: AnsibleModule) -> None:
        if self.todo is not None and self.todo.changed:
            _firewall_apply.apply(module, self.todo)


def _networks(settings: _ipv6_settings.Settings, accounts: bytes) -> list[_ipv6_prefixes.Prefix]:
    """What customers may have of IPv6: the pools, and accounts' own beside them."""
    pools = [*settings.prefixes, *settings.delegated]
    own = [_ipv6_prefixes.Prefix(one) for kind in _ipv6_prefixes.read(accounts.decode()) for one in kind.values()]
    return [*pools, *(one for one in own if not any(one.subnet_of(pool) for pool in pools))]


def _filter(module: AnsibleModule, networks: t.Sequence[_ipv6_prefixes.Prefix] | None) -> Filter:
    """What the rules of the host come to; ``Refused`` where it cannot have them. ``networks``: ``None`` for none."""
    request = _firewall_request.ipv6_request(module.params["name"], networks or ())
    if networks is None:
        made = _firewall_boot.made(request)
        return Filter(_firewall_plan.prepare(module, request, None, "none") if made else None)
    startup = "systemd" if _by_systemd(module.params["startup"]) else "rc_local"
    try:
        return Filter(_firewall_plan.prepare(module, request, "auto", startup))
    except _firewall_backend.NoBackend as error:
        if module.check_mode and error.missing:
            return Filter(None, predicted=True)
        fix = f"Set filter=false to go without it. ({error})"
        raise Refused("filter", "this host cannot filter IPv6 by source address.", fix) from None


def _others(name: str) -> dict[str, _ipv6_settings.Settings]:
    """The settings of the other instances of this host."""
    found = {}
    for path in glob.glob(_layout_server.ipv6_path("*")):
        other = os.path.basename(path)[: -len(_ipv6_settings.ENDING)]
        settings = _settings_of(path)
        if settings is not None and other != name:
            found[other] = settings
    return found


def _settings_of(path: str) -> _ipv6_settings.Settings | None:
    content = _files.read(path)
    with suppress(ValueError):
        return None if content is None else _ipv6_settings.read(content)
    return None


def _slot(own: _ipv6_settings.Settings | None, others: t.Mapping[str, _ipv6_settings.Settings]) -> int:
    """The number that tells the routes of the instance from those of others; it keeps its own."""
    taken = {one.slot for one in others.values()}
    if own is not None and own.slot not in taken:
        return own.slot
    return next(slot for slot in range(_ipv6_routes.MOST_SLOTS) if slot not in taken)


def _accounts(params: t.Mapping[str, t.Any]) -> bytes:
    """The text of the accounts that have prefixes of their own."""
    if params["accounts_src"]:
        content = _files.read(params["accounts_src"])
        if content is None:
            fix = "Let Ansible run pppoe_ipv6 as a task, so that its action plugin reads the file."
            raise Refused("accounts_src", "has not been read on the controller.", fix)
        return content
    return _ipv6_check.accounts_text(_ipv6_check.accounts(params["accounts"] or [], "accounts[{}]".format))


def check(settings: _ipv6_settings.Settings, accounts: bytes, others: t.Mapping[str, _ipv6_settings.Settings]) -> None:
    """``Refused`` for what this host cannot have."""
    if not settings.prefixes and not settings.delegated and not accounts:
        raise Refused("prefixes", "there are none, and no account has one.", "Give prefixes or delegated_prefixes.")
    for parameter, pools in (("prefixes", settings.prefixes), ("delegated_prefixes", settings.delegated)):
        for index, pool in enumerate(pools):
            for other, theirs in others.items():
                if any(pool.overlaps(one) for one in (*theirs.prefixes, *theirs.delegated)):
                    fix = "Give each instance prefixes of its own."
                    raise Refused(f"{parameter}[{index}]", f"{pool} overlaps a prefix of instance '{other}'.", fix)
    if not os.path.isdir(_IPV6):
        raise Refused("state", "the kernel of this host has no IPv6.", "Boot without ipv6.disable=1, or use absent.")


def _plan(
    module: AnsibleModule,
    settings: _ipv6_settings.Settings | None,
    accounts: bytes,
    others: t.Mapping[str, _ipv6_settings.Settings],
) -> PrefixesPlan:
    name, wanted = module.params["name"], bool(settings or others)
    by_systemd = _by_systemd(module.params["startup"]) if settings else _systemd.running()
    files = [
        _files.File(_layout_server.ipv6_path(name), _ipv6_settings.text(settings) if settings else None, 0o600),
        _files.File(_layout_server.ipv6_accounts_path(name), accounts if settings and accounts else None, 0o600),
    ]
    if settings or not others:
        files += _shared(by_systemd, wanted)
    changed = _files.changes(files)
    enable = by_systemd and wanted and not _systemd.is_enabled(module, UNIT)
    restart = bool(changed) or (wanted and not _runs(module, by_systemd))
    return PrefixesPlan(changed, wanted, by_systemd, enable, restart)


def _by_systemd(asked: str) -> bool:
    if asked == "systemd" and not _systemd.running():
        raise Refused("startup", "systemd is not running on this host.", "Use rc_local or auto.")
    return asked != "rc_local" and _systemd.running()


def _shared(by_systemd: bool, wanted: bool) -> list[_files.File]:
    """The program and what starts it; nothing of them if no instance has prefixes."""
    program = _ipv6_program.PROGRAM.files(_layout_server.DIRECTORY, sys.executable)
    unit = (_layout_header.LINE + _UNIT).encode() if wanted and by_systemd else None
    lines = [f"{PROGRAM} start"] if wanted and not by_systemd else None
    return [
        *(
            _files.File(path, text if wanted else None, 0o755 if path == PROGRAM else 0o644, program=True)
            for path, text in program.items()
        ),
        _files.File(f"{_systemd.UNITS}/{UNIT}", unit),
        *_rc_local.edited_here(_BLOCK, lines),
    ]


def _runs(module: AnsibleModule, by_systemd: bool) -> bool:
    if by_systemd:
        return _systemd.is_active(module, UNIT)
    content = _files.read("/run/pppoe-server/ipv6.pid") or b""
    return content.strip().isdigit() and os.path.isdir(f"/proc/{content.decode().strip()}")


def _apply(module: AnsibleModule, plan: PrefixesPlan) -> None:
    if not plan.wanted and os.path.exists(PROGRAM):
        _end(module)
    _files.write(module, plan.changed)
    if plan.changed and _systemd.running():
        _systemd.daemon_reload(module)
    if plan.enable:
        _systemd.enable(module, UNIT)
    if plan.wanted and plan.restart:
        if plan.by_systemd:
            _systemd.restart(module, UNIT)
        else:
            _command(module, [PROGRAM, "start"])
    if plan.changed and os.path.exists(_server_session_manager.PROGRAM):
        _command(module, [_server_session_manager.PROGRAM, "prefixes"])
    if not plan.wanted:
        _remove_routes()
        for folder in (f"{_layout_server.DIRECTORY}/{_ipv6_program.PROGRAM.folder}", _layout_server.DIRECTORY):
            with suppress(OSError):
                os.rmdir(folder)  # only if nothing else is in it


def _remove_routes() -> None:
    """The session manager removes them too, unless it ends just now, as with the last instance."""
    with suppress(OSError):
        kernel = _ipv6_routes.Kernel(0)
        for route in kernel.routes():
            kernel.delete(route)
        kernel.close()


def _end(module: AnsibleModule) -> None:
    if _systemd.running() and os.path.exists(f"{_systemd.UNITS}/{UNIT}"):
        _systemd.disable(module, UNIT)
        _systemd.stop(module, UNIT)
    _command(module, [PROGRAM, "stop"])


def _command(module: AnsibleModule, words: list[str]) -> None:
    rc, out, err = module.run_command(words, cwd="/")
    if rc != 0:
        raise Failed("{} failed: {}".format(" ".join(words), " / ".join((err or out).strip().splitlines())))
