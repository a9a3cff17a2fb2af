# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the rules for NAT of a host, and what loads them at boot. Changes nothing. Private to this collection."""

from __future__ import annotations

import glob
import os
import re
import typing as t
from dataclasses import replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _boot as _adopt_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _nat as _adopt_nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _saved as _adopt_saved
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _request as _firewall_request,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _names, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_sources as _server_startup_sources

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

PROGRAMS = ("iptables", "iptables-nft", "iptables-legacy")
LEGACY_TABLES = "/proc/net/ip_tables_names"
# In the order of sysctl.d(5); sysctl.conf counts where a link or another init has it read.
_SYSCTL = ("/etc/sysctl.d/*.conf", "/run/sysctl.d/*.conf", "/usr/local/lib/sysctl.d/*.conf", "/usr/lib/sysctl.d/*.conf")
_FORWARDS = re.compile(rb"^\s*-?net[./]ipv4[./]ip_forward\s*=\s*1\b", re.MULTILINE)
_HOOKS = ("/etc/network/if-pre-up.d/*", "/etc/network/if-up.d/*", "/etc/networkd-dispatcher/*.d/*")
_INTERFACES = ("/etc/network/interfaces", "/etc/network/interfaces.d/*")
_HOOK = re.compile(rb"^\s+(?:pre-up|up|post-up)\s+(.*)$", re.MULTILINE)
#: Rule files that a unit loads: the file, the unit, and whether it has nft's words.
_RULE_FILES = (
    ("/etc/iptables/rules.v4", "netfilter-persistent.service"),
    ("/etc/sysconfig/iptables", "iptables.service"),
    ("/etc/nftables.conf", "nftables.service"),
    ("/etc/nftables.d/*", "nftables.service"),
    ("/etc/sysconfig/nftables.conf", "nftables.service"),
    ("/etc/nftables/*.nft", "nftables.service"),
)
UFW = ("/etc/ufw/before.rules", "/etc/ufw/after.rules", "/etc/ufw/user.rules")
#: Programs that own a firewall.
MANAGERS = ("firewalld", "ufw", "shorewall", "ferm")


def rules(module: AnsibleModule) -> list[_adopt_nat.Nat]:
    """Rules for source NAT that are not ours, by any program, each with what loads it at boot."""
    found = [nat for listing in _listings(module) for nat in _adopt_nat.of_iptables(listing, _our_mark())]
    nft = module.get_bin_path("nft")
    if nft:
        rc, out, _err = module.run_command([nft, "-j", "list", "ruleset"])
        # What iptables wrote through nf_tables is listed by both.
        if rc == 0:
            found += [nat for nat in _adopt_nat.of_nft(out, _is_ours) if not _adopt_nat.is_of_iptables(nat, found)]
    files = _files_at_boot(module)
    return [replace(_named(nat), saved=_adopt_saved.loader(nat, files)) for nat in found]


def _named(nat: _adopt_nat.Nat) -> _adopt_nat.Nat:
    """The rule; one whose interface has a name that no interface has is none that the role makes."""
    if nat.out_interface is None or _names.INTERFACE.fullmatch(nat.out_interface):
        return nat
    return replace(nat, out_interface=None, plain=False)


def _our_mark() -> str:
    return _firewall_request.COMMENT


def _is_ours(table: str) -> bool:
    return table.startswith("dialtone")


def _listings(module: AnsibleModule) -> list[str]:
    """The table nat, in each flavour of iptables."""
    found: list[str] = []
    flavours = set()
    for label in PROGRAMS:
        program = module.get_bin_path(label)
        if program is None:
            continue
        _rc, version, _err = module.run_command([program, "-V"])
        flavour = "nf_tables" if "nf_tables" in version else "legacy"
        # Asking iptables-legacy would make the table where there is none.
        there = flavour == "nf_tables" or b"nat" in (_files.read(LEGACY_TABLES) or b"").split()
        if flavour not in flavours and there:
            rc, out, _err = module.run_command([program, "-w", "-t", "nat", "-S"])
            if rc == 0:
                flavours.add(flavour)
                found.append(out)
    return found


def boot(module: AnsibleModule) -> _adopt_boot.Boot:
    """What the scripts that run at boot do."""
    found = _adopt_boot.Boot()
    opened = _server_startup_sources.opened
    paths = [_rc_local.path(), *(path for pattern in _HOOKS for path in sorted(glob.glob(pattern)))]
    for path in paths:
        content = opened(path)
        if content is not None:
            _adopt_boot.read(path, content, opened, found)
    for path in (path for pattern in _INTERFACES for path in sorted(glob.glob(pattern))):
        content = opened(path) or b""
        for hook in _HOOK.finditer(content):
            # Line numbers stay those of the file.
            before = b"\n" * content.count(b"\n", 0, hook.start(1))
            _adopt_boot.read(path, before + hook.group(1), opened, found)
    return found


def _files_at_boot(module: AnsibleModule) -> _adopt_saved.Files:
    """Everything that puts rules in place at boot, with its text."""
    scripts = boot(module)
    texts = [(_text(path), place) for path, place in scripts.files]
    texts.extend(scripts.nft)
    for pattern, unit in _RULE_FILES:
        for path in sorted(glob.glob(pattern)):
            if not _systemd.running() or _systemd.is_enabled(module, unit):
                texts.append((_text(path), path))
    if b"ENABLED=no" not in (_files.read("/etc/ufw/ufw.conf") or b""):
        texts += [(_text(path), path) for path in UFW if os.path.isfile(path)]
    return _adopt_saved.Files(scripts.rules, texts)


def _text(path: str) -> str:
    content = _server_startup_sources.opened(path)
    return (content or b"").decode("utf-8", "replace")


def managers(module: AnsibleModule) -> list[str]:
    """Programs that own this host's firewall, and run."""
    return [name for name in MANAGERS if _systemd.is_active(module, name + ".service")]


def forwards_at_boot(module: AnsibleModule) -> bool:
    """Whether a file or a script switches on forwarding."""
    scripts = boot(module)
    paths = [*scripts.settings, *(path for pattern in _SYSCTL for path in sorted(glob.glob(pattern)))]
    if not _systemd.running():
        paths.append("/etc/sysctl.conf")
    return bool(scripts.forwards) or any(_FORWARDS.search(_files.read(path) or b"") for path in paths)
