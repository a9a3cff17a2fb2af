# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run does with the daemon, decided from what is there and what is wanted. Private to this collection. Pure."""

from __future__ import annotations

from dataclasses import dataclass

ON_CHANGE = ("live", "when_idle", "restart", "never")


@dataclass(frozen=True)
class DaemonDecision:
    """``action``: ``none``, ``start``, ``replace`` (sessions live on), ``restart`` or ``stop`` (sessions end).

    ``applied`` is what the module returns; ``kept`` and ``dropped`` count the sessions there are now.
    """

    action: str
    applied: str
    kept: int
    dropped: int


def decide(
    state: str, on_change: str, running: bool, differs: bool, sessions: int, amiss: bool = False
) -> DaemonDecision:
    """``differs``: the running daemon has other arguments, or another pool, than the configuration asks for.

    ``amiss``: it is not where it belongs, or not alone. That is put right without a session's end.
    """
    if state in ("stopped", "absent"):
        if running or sessions:
            return DaemonDecision("stop", "stopped", 0, sessions)
        return DaemonDecision("none", "none", 0, 0)
    if state == "started" and not running:
        return DaemonDecision("start", "started", sessions, 0)
    if not running or not (differs or amiss):
        return DaemonDecision("none", "none", sessions, 0)
    if state == "present" or on_change == "never":
        return DaemonDecision("none", "pending", sessions, 0)
    if on_change == "live" or not differs:
        return DaemonDecision("replace", "live", sessions, 0)
    if on_change == "when_idle" and sessions:
        return DaemonDecision("none", "pending", sessions, 0)
    return DaemonDecision("restart", "restarted", 0, sessions)
