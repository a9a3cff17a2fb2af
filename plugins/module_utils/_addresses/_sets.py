# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of addresses, given as a pool is: the fewest ranges, and what is not in them. Private. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses._ranges import Source


def merged(entries: t.Sequence[str]) -> list[str]:
    """The fewest networks and ranges (``first-last``) that hold these addresses, in their order."""
    return [str(Source(*found)) for found in _pool.networks("addresses", entries)]


def outside_of(addresses: t.Sequence[str], entries: t.Sequence[str]) -> list[str]:
    """The addresses that no entry holds."""
    ranges = _pool.networks("addresses", entries)
    values = ((address, _pool.address("to_address", address)) for address in addresses)
    return [address for address, value in values if not any(first <= value <= last for first, last in ranges)]
