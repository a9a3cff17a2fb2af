# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What brings the rules of source NAT back at boot: texts and files, all pure. Private to this collection."""

from __future__ import annotations

import os
import stat

from ansible_collections.dialtone.pppoe.plugins.module_utils import _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._files import File, read
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat import Loading, Request

RULES_DIRECTORY = "/etc/dialtone-pppoe"
UNIT_DIRECTORY = "/etc/systemd/system"
# Starting, reloading or stopping these throws away the rules of others too (flush ruleset, iptables-restore).
FLUSHING = ("nftables.service", "iptables.service", "netfilter-persistent.service")
FIREWALLS = (*FLUSHING, "firewalld.service", "ufw.service")
WANTED_BY = ("multi-user.target", *FLUSHING)

UNIT = """\
# Written by dialtone.pppoe.masquerade, which replaces this file.
[Unit]
Description=PPPoE source NAT {name} behind {out_interface}
DefaultDependencies=no
# The rules don't need the interface to exist, and no packet shall pass before them.
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
ExecStart={start}
ExecReload={start}
ExecStop=-{stop}

[Install]
WantedBy={wanted_by}
"""


def unit_name(name: str) -> str:
    """The unit of an instance; it has its own file, there is no template behind the ``@``."""
    return f"dialtone-pppoe-masquerade@{name}.service"


def unit_path(name: str) -> str:
    return os.path.join(UNIT_DIRECTORY, unit_name(name))


def unit_text(wanted: Request, loading: Loading) -> str:
    """The unit that loads the rules before the network comes up, and unloads ours alone."""
    return UNIT.format(
        name=wanted.name,
        out_interface=wanted.out_interface,
        firewalls=" ".join(FIREWALLS),
        flushing=" ".join(FLUSHING),
        start=" ".join(loading.start),
        stop=" ".join(loading.stop),
        wanted_by=" ".join(WANTED_BY),
    )


def links(name: str) -> list[str]:
    """The links that enable the unit."""
    return [os.path.join(UNIT_DIRECTORY, target + ".wants", unit_name(name)) for target in WANTED_BY]


def files(wanted: Request, startup: str, loading: Loading | None) -> list[File]:
    """All files that are ours, with the content for ``startup`` (``systemd``, ``rc_local`` or ``none``), or none."""
    unit = unit_text(wanted, loading).encode() if startup == "systemd" and loading else None
    found = []
    for suffix in (".nft", ".sh"):
        path = os.path.join(RULES_DIRECTORY, f"masquerade-{wanted.name}{suffix}")
        mine = loading is not None and startup != "none" and loading.path == path
        # 0600: which networks stand behind the address is nobody's business.
        found.append(File(path, loading.text.encode() if loading and mine else None, 0o600))
    return [*found, File(unit_path(wanted.name), unit), _rc_local_file(wanted.name, startup, loading)]


def _rc_local_file(name: str, startup: str, loading: Loading | None) -> File:
    path = _rc_local.path()
    before = read(path)
    block = f"masquerade {name}"
    if startup != "rc_local" or loading is None:
        return File(path, _rc_local.without_block(before, block), keep_mode=True)
    mode = 0o755 if before is None else stat.S_IMODE(os.stat(path).st_mode) | 0o111
    return File(path, _rc_local.with_block(before, block, [" ".join(loading.start)]), mode)
