# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metric of a customer's route: the later the session began, the smaller. Private to this collection. Pure.

So the newest session of a customer wins in the whole network while a former server still believes in its own. OSPF has
24 bits for it. They hold the seconds of an era of 194 days. A route of a former era gets the worst metric when the next
one begins, on all servers at once.
"""

from __future__ import annotations

#: The greatest metric that OSPF announces, and one more than the greatest here.
WORST = 0xFFFFFE
_ERA = WORST - 14


def era(now: float) -> int:
    """The number of the era."""
    return int(now) // _ERA


def metric(started: float, now: float) -> int:
    """Both in seconds since 1970."""
    if era(started) < era(now):
        return WORST
    return WORST - 1 - int(started) % _ERA


def alike(one: int, other: int) -> bool:
    """Whether two metrics are of the same session: its start is only known to within a second."""
    return abs(one - other) <= 3
