# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a connection's link. Private to this collection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Now:
    """The link as it is: something runs for it (a process, or a unit that tries again), it is up, and with a
    configuration other than the one that is asked for."""

    running: bool
    up: bool
    differs: bool


@dataclass(frozen=True)
class DialDecision:
    """``hang_up`` and then ``dial``, either or none; ``applied`` is the result's word for it."""

    hang_up: bool
    dial: bool
    applied: str


def decide(state: str, now: Now) -> DialDecision:
    """``present`` never touches a link; ``connected`` keeps the one that is up and as configured."""
    if state in ("disconnected", "absent"):
        return DialDecision(now.running, False, "hung_up" if now.running else "none")
    if state == "present":
        return DialDecision(False, False, "pending" if now.running and now.differs else "none")
    if now.up and not now.differs:
        return DialDecision(False, False, "none")
    return DialDecision(now.running, True, "redialled" if now.up else "dialled")
