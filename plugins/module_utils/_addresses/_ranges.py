# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ranges of IPv4 addresses. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import typing as t


class Source(t.NamedTuple):
    """Addresses from ``first`` to ``last``, both included."""

    first: int
    last: int

    def network(self) -> ipaddress.IPv4Network | None:
        """The network that these addresses are; ``None`` if they are none."""
        found = self.networks()
        return found[0] if len(found) == 1 else None

    def networks(self) -> list[ipaddress.IPv4Network]:
        """The fewest networks that are these addresses."""
        ends = (ipaddress.IPv4Address(end) for end in (self.first, self.last))
        return list(ipaddress.summarize_address_range(*ends))

    def __str__(self) -> str:
        return str(self.network() or "{}-{}".format(*(ipaddress.IPv4Address(end) for end in (self.first, self.last))))
