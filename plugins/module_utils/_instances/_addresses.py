# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a fixed address is, where a host runs several instances. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool


class Own(t.NamedTuple):
    """Of an instance: the networks that it serves (pool and further ones), and the fixed addresses of its accounts."""

    networks: t.Sequence[str]
    fixed: t.Sequence[str]


class Divided(t.NamedTuple):
    """``reserved``: fixed addresses of the instance's own customers; ``excluded``: those of all others."""

    reserved: list[str]
    excluded: list[str]


def divided(instances: t.Sequence[Own], others: t.Sequence[str]) -> list[Divided]:
    """For each instance, which fixed addresses are its own; ``others`` are those of accounts that none has listed.

    An account that several instances list, as those of the role's own variable are, belongs to the one whose network
    has its address, and to each of them if none has.
    """
    served = [_pool.networks("networks", one.networks) for one in instances]
    fixed = [_pool.networks("fixed_addresses", one.fixed) for one in instances]
    found = []
    for index, own in enumerate(fixed):
        elsewhere = _pool.merged(span for at, spans in enumerate(served) if at != index for span in spans)
        theirs = _pool.subtract(elsewhere, served[index])
        reserved = _pool.subtract(own, theirs)
        all_fixed = _pool.merged([*_pool.networks("others", others), *(span for spans in fixed for span in spans)])
        found.append(Divided(_texts(reserved), _texts(_pool.subtract(all_fixed, reserved))))
    return found


def _texts(ranges: t.Iterable[_pool.Range]) -> list[str]:
    return [_pool.range_text(one) for one in ranges]
