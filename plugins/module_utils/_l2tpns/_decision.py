# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a running l2tpns when its configuration changes. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns._parse import ClusterState

ON_CHANGE = ("live", "when_idle", "restart", "never")


@dataclass(frozen=True)
class ObservedL2tpns:
    """``cluster``: ``None`` while it does not run or does not answer. ``sessions``: how many it lists."""

    active: bool
    enabled: bool
    cluster: ClusterState | None = None
    sessions: int = 0

    @property
    def covered(self) -> bool:
        """Whether another member has its sessions too."""
        if self.cluster is None:
            return False
        return not self.cluster.master or self.cluster.heard > 0


@dataclass(frozen=True)
class L2tpnsDecision:
    """``action``: none, start, reload or restart. ``later``: the process is not yet as the files are."""

    action: str
    later: str = ""
    kept: int = 0
    dropped: int = 0


def decide(now: ObservedL2tpns, differs: bool, fixed: bool, on_change: str) -> L2tpnsDecision:
    """``differs``: the process is not as it should be. ``fixed``: in something that it does not take up as it runs."""
    if not now.active:
        return L2tpnsDecision("start")
    if not differs:
        return L2tpnsDecision("none", kept=now.sessions)
    if on_change == "never":
        return L2tpnsDecision("none", "on_change is never", now.sessions)
    if not fixed:
        return L2tpnsDecision("reload", kept=now.sessions)
    if not now.sessions or (now.covered and on_change == "live"):
        return L2tpnsDecision("restart", kept=now.sessions)
    if on_change == "restart":
        return L2tpnsDecision("restart", dropped=0 if now.covered else now.sessions, kept=_kept(now))
    return L2tpnsDecision("none", f"{now.sessions} sessions would end", now.sessions)


def _kept(now: ObservedL2tpns) -> int:
    return now.sessions if now.covered else 0
