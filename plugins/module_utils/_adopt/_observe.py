# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a host tells of a server that was set up by hand, and changes nothing. Private to this collection."""

from __future__ import annotations

import glob
import json
import os
import pwd
import re
import stat
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe as _adopt_describe
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _options as _adopt_options
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._describe import Nat, Observed, Session
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply as _firewall_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _iptables as _firewall_iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _iptables_rules as _firewall_iptables_rules,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _files,
    _interfaces,
    _names,
    _processes,
    _rc_local,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

BASE_OPTIONS = "/etc/ppp/options"
FORWARDING = "/proc/sys/net/ipv4/ip_forward"
# In the order of sysctl.d(5); sysctl.conf counts where a link or another init has it read.
_SYSCTL = ("/etc/sysctl.d/*.conf", "/run/sysctl.d/*.conf", "/usr/local/lib/sysctl.d/*.conf", "/usr/lib/sysctl.d/*.conf")
_FORWARDS = re.compile(rb"^\s*-?net[./]ipv4[./]ip_forward\s*=\s*1\b", re.MULTILINE)
_RULE_FILES = (
    "/etc/iptables/rules.v4",
    "/etc/sysconfig/iptables",
    "/etc/nftables.conf",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/network/if-*.d/*",
)
_NFT_RULE = re.compile(r'^\s*(oifname "([^"]+)" .*masquerade.*?)\s*$', re.MULTILINE)
_SESSION = re.compile(r"^Session \d+ local (\S+) remote (\S+)$", re.MULTILINE)


def servers(module: AnsibleModule) -> list[dict[str, t.Any]]:
    """Each server that was started by hand or by rc.local: its command, variables, findings and accounts."""
    seen = _commands()
    found = []
    for command, pid, line in seen:
        observed = _observe(module, command, pid, line)
        variables, findings = _adopt_describe.describe(observed)
        if len(seen) > 1:
            name = re.sub(r"[^A-Za-z0-9_-]", "-", command.interfaces[0])
            variables = {"pppoe_server_name": name, **variables}
        found.append(
            {
                "command": list(command.argv),
                "pid": pid,
                "live_sessions": len(observed.sessions),
                "variables": variables,
                "findings": findings,
                "accounts": [dict(account.shown(), variable=_variable(account)) for account in observed.accounts],
            }
        )
    return found


def _variable(account: _adopt_accounts.Known) -> str:
    return _adopt_describe.placeholder(account.name)


def _commands() -> list[tuple[_server_startup_lines.Command, int | None, str | None]]:
    """The commands that run, and those of rc.local on interfaces that none of them serves, with that line."""
    path = _rc_local.path()
    lines = [line for line in _server_startup_lines.lines(_files.read(path) or b"") if line.command and line.reached]
    found: list[tuple[_server_startup_lines.Command, int | None, str | None]] = []
    for process, command in _server_takeover.daemons(_processes.every(), None):
        mine = [line for line in lines if line.command and set(line.command.interfaces) & set(command.interfaces)]
        found.append((command, process.pid, f"line {mine[0].number} of {path}" if mine else None))
    served = {name for command, _pid, _line in found for name in command.interfaces}
    for line in lines:
        if line.command and not served & set(line.command.interfaces):
            found.append((line.command, None, f"line {line.number} of {path}"))
            served.update(line.command.interfaces)
    return [one for one in found if all(map(_server_config.INTERFACE.match, one[0].interfaces))]


def _observe(
    module: AnsibleModule, command: _server_startup_lines.Command, pid: int | None, line: str | None
) -> Observed:
    content = _files.read(command.options_path)
    base = _files.read(BASE_OPTIONS) or b""
    options = None if content is None else _adopt_options.read(content, base)
    pap = options is not None and "pap" in options.authentication[:1]
    secrets = "/etc/ppp/pap-secrets" if pap else "/etc/ppp/chap-secrets"
    accounts = _adopt_accounts.read(_files.read(secrets) or b"")
    unit = _server_takeover.unit_of(module, pid) if pid and _systemd.running() else None
    here = _interfaces.addresses(module)
    return Observed(
        command=command,
        pid=pid,
        boot=line or (unit if unit and _systemd.is_enabled(module, unit) else None),
        unit=unit,
        pool=_pool(module, command, pid),
        options=options,
        accounts=accounts,
        secrets_path=secrets,
        secrets_mode=stat.S_IMODE(os.stat(secrets).st_mode) if os.path.exists(secrets) else 0o600,
        without_system_account=[account.name for account in accounts if not _is_user(account.name)],
        nat=_nat_rules(module),
        forwards=(_files.read(FORWARDING) or b"").strip() == b"1",
        forwards_at_boot=_forwards_at_boot(),
        sessions=_sessions(module, command),
        host_addresses=[
            address.local for one in here.values() for address in one.addresses if address.family == "inet"
        ],
        default_route=_default_route(module),
        systemd=_systemd.running(),
    )


def _pool(module: AnsibleModule, command: _server_startup_lines.Command, pid: int | None) -> list[tuple[str, str]]:
    """What pppoe-server itself makes of its arguments: with -d it prints that, and opens no interface."""
    program = module.get_bin_path("pppoe-server", opt_dirs=_pppd_capabilities.SBIN)
    if program is None:
        return []
    folder = f"/proc/{pid}/cwd" if pid else "/"
    _rc, out, _err = module.run_command([program, "-d", *command.argv[1:]], cwd=folder)
    return _SESSION.findall(out)


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _sessions(module: AnsibleModule, command: _server_startup_lines.Command) -> list[Session]:
    return [
        Session(session["interface"], session["address"], session["mode"])
        for session in _sessions_observe.live(module)
        if session["role"] == "server" and session["instance"] is None and session["device"] in command.interfaces
    ]


def _default_route(module: AnsibleModule) -> str | None:
    ip = module.get_bin_path("ip", required=True)
    _rc, out, _err = module.run_command([ip, "-j", "-4", "route", "show", "default"])
    routes = [route for route in json.loads(out or "[]") if "dev" in route]
    return min(routes, key=lambda route: route.get("metric", 0))["dev"] if routes else None


def _forwards_at_boot() -> bool:
    paths = [path for pattern in _SYSCTL for path in sorted(glob.glob(pattern))]
    if not _systemd.running():
        paths.append("/etc/sysctl.conf")
    return any(_FORWARDS.search(_files.read(path) or b"") for path in paths)


def _nat_rules(module: AnsibleModule) -> list[Nat]:
    """Rules for source NAT that are not ours, by any program."""
    saved = b"\n".join(
        _files.read(path) or b"" for path in [_rc_local.path(), *(one for p in _RULE_FILES for one in glob.glob(p))]
        if not os.path.isdir(path)
    )  # fmt: skip
    found = [_of_iptables(one, saved) for one in _listed(module)]
    nft = module.get_bin_path("nft")
    if not found and nft:
        _rc, out, _err = module.run_command([nft, "list", "ruleset"])
        for rule, interface in _NFT_RULE.findall(out):
            found.append(Nat(rule, interface, (), True, _is_saved(saved, interface)))
    return [nat for nat in found if nat.out_interface is None or _names.INTERFACE.fullmatch(nat.out_interface)]


def _listed(module: AnsibleModule) -> list[_firewall_iptables_rules.Listed]:
    found: list[_firewall_iptables_rules.Listed] = []
    flavours = set()
    for label in _firewall_apply.IPTABLES:
        program = module.get_bin_path(label)
        if program is None:
            continue
        _rc, version, _err = module.run_command([program, "-V"])
        flavour = "nf_tables" if "nf_tables" in version else "legacy"
        # Asking iptables-legacy would make the table where there is none.
        there = flavour == "nf_tables" or b"nat" in (_files.read(_firewall_iptables.LEGACY_TABLES["ip"]) or b"").split()
        if flavour not in flavours and there:
            rc, out, _err = module.run_command([program, "-w", "-t", "nat", "-S", "POSTROUTING"])
            if rc == 0:
                flavours.add(flavour)
                found += _firewall_iptables_rules.parse("nat", out, _translates)
    return [one for one in found if not (one.comment or "").startswith(_firewall_iptables_rules.COMMENT)]


def _translates(line: str) -> bool:
    return " -j MASQUERADE" in line or " -j SNAT" in line


def _of_iptables(one: _firewall_iptables_rules.Listed, saved: bytes) -> Nat:
    matches = list(one.rule.matches)
    interface, source = _pair(matches, "-o"), _pair(matches, "-s")
    plain = (
        not matches and interface is not None and one.rule.target in (("MASQUERADE",), ("MASQUERADE", "--random-fully"))
    )
    line = "iptables " + one.rule.line(one.comment)
    return Nat(line, interface, (source,) if source else (), plain, _is_saved(saved, interface or ""))


def _pair(words: list[str], option: str) -> str | None:
    """The word after the option, with both taken away."""
    if option not in words[:-1] or "!" in words:
        return None
    at = words.index(option)
    value = words[at + 1]
    del words[at : at + 2]
    return value


def _is_saved(saved: bytes, interface: str) -> bool:
    """Whether some file that is loaded at boot has such a rule."""
    lines = (line for line in saved.lower().splitlines() if not line.lstrip().startswith(b"#"))
    return any(b"masquerade" in line and interface.lower().encode() in line for line in lines)
