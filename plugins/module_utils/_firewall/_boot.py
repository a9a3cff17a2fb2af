# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What brings the rules of source NAT back at boot: texts and files, all pure. Private to this collection."""

from __future__ import annotations

import os
import shlex
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import Loading
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import (
    FirewallRequest,
    firewalld_comment,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._files import File
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

RULES_DIRECTORY = "/etc/dialtone-pppoe"
# Its permanent direct rules, each of ours with a comment.
FIREWALLD_RULES = "/etc/firewalld/direct.xml"
UNIT_DIRECTORY = _systemd.UNITS
# Starting, reloading or stopping these throws away the rules of others too (flush ruleset, iptables-restore).
FLUSHING = ("nftables.service", "iptables.service", "netfilter-persistent.service")
FIREWALLS = (*FLUSHING, "firewalld.service", "ufw.service")
WANTED_BY = ("multi-user.target", *FLUSHING)

UNIT = """\
[Unit]
Description={description}
DefaultDependencies=no
# The rules don't need the interface to exist, and no packet may pass before them.
Wants=network-pre.target
After=local-fs.target systemd-modules-load.service
After={firewalls}
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
StartLimitIntervalSec=0
# These throw away the rules of others; ours come again after them.
PartOf={flushing}
ReloadPropagatedFrom={flushing} firewalld.service

[Service]
Type=oneshot
RemainAfterExit=yes
{commands}
[Install]
WantedBy={wanted_by}
"""


def unit_name(request: FirewallRequest) -> str:
    """The unit of an instance; it has its own file, there is no template behind the ``@``."""
    kind = "firewall" if request.kind == "client" else request.kind
    return f"dialtone-pppoe-{kind}@{request.name}.service"


def unit_path(request: FirewallRequest) -> str:
    return os.path.join(UNIT_DIRECTORY, unit_name(request))


def unit_text(request: FirewallRequest, loadings: t.Sequence[Loading]) -> str:
    """The unit that loads the rules before the network comes up, and unloads ours alone."""
    kind = {"masquerade": "source NAT", "delegation": "IPv6 prefix", "ipv6": "IPv6 filter"}.get(
        request.kind, "client firewall"
    )
    commands = [f"ExecStart={shlex.join(one.start)}" for one in loadings]
    commands += [f"ExecReload={shlex.join(one.start)}" for one in loadings]
    commands += [f"ExecStop=-{shlex.join(one.stop)}" for one in loadings]
    return _layout_header.LINE + UNIT.format(
        description=f"PPPoE {kind} {request.name} on {request.out_interface or request.inside}",
        firewalls=" ".join(FIREWALLS),
        flushing=" ".join(FLUSHING),
        commands="".join(command + "\n" for command in commands),
        wanted_by=" ".join(WANTED_BY),
    )


def links(request: FirewallRequest) -> list[str]:
    """The links that enable the unit."""
    return [os.path.join(UNIT_DIRECTORY, target + ".wants", unit_name(request)) for target in WANTED_BY]


def made(request: FirewallRequest) -> bool:
    """Whether an earlier run has made rules: files of ours load them, or firewalld keeps them."""
    kept = _files.read(FIREWALLD_RULES) or b""
    return firewalld_comment(request.owner).encode() in kept or bool(_files.changes(files(request, "none", [])))


def files(request: FirewallRequest, startup: str, loadings: t.Sequence[Loading]) -> list[File]:
    """All files that are ours, with the content for ``startup`` (``systemd``, ``rc_local`` or ``none``), or none."""
    texts = {one.path: one.text.encode() for one in loadings if startup != "none"}
    found = []
    for suffix in (".nft", ".sh", ".forward.sh"):
        path = os.path.join(RULES_DIRECTORY, request.stem + suffix)
        # 0600: which networks stand behind the address is nobody's business.
        found.append(File(path, texts.get(path), 0o600))
    unit = unit_text(request, loadings).encode() if startup == "systemd" and loadings else None
    lines = [" ".join(one.start) for one in loadings] if startup == "rc_local" and loadings else None
    rc_local = _rc_local.edited_here(request.stem.replace("-", " ", 1), lines)
    return [*found, File(unit_path(request), unit), *rc_local]
