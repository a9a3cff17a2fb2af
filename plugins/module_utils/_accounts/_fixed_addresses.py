# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses that accounts have for themselves, whatever a pool says. Private to this collection.

pppd gives a peer the host among its addresses, or one of a network with ``+`` (``pppd/auth.c`` set_allowed_addrs). A
network without ``+`` only limits what the pool may give, so it is nobody's own.
"""

from __future__ import annotations

import re
import socket
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import Account
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._batch import Batch
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._secrets import address_words
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses._pool import Range
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

# An account's line without anything that has to be unquoted, and with one address; the name and the address.
_USUAL = re.compile(rb"""([^\s"'\\#\0]+) [^\s"'\\#\0]+ [^\s"'\\#\0]+ ([^\s"'\\#\0]+)\r?\n""")
_OWN = re.compile(rb"([0-9]+(?:\.[0-9]+){3})(?:/(?:32|([0-9]+)\+))?\Z")

#: The name of an account, as bytes in the file, and what it has for itself.
Holding = tuple[bytes, Range]


def of_text(text: bytes) -> t.Iterator[Holding]:
    """Those of a secrets file, in its order."""
    position = 0
    while position < len(text):
        usual = _USUAL.match(text, position)
        if usual:
            position = usual.end()
            own = usual.group(2) != b"*" and range_of(usual.group(2))
            if own:
                yield usual.group(1), own
            continue
        line = next(_words.lines(text, position), None)
        if line is None:
            return
        position = line.end
        for own in filter(None, map(range_of, address_words(line.words))):
            yield line.words[0], own


def of_accounts(accounts: t.Iterable[Account] | Batch) -> t.Iterator[Holding]:
    """Those of accounts that were asked for."""
    if isinstance(accounts, Batch):
        yield from of_text(accounts.text)
        accounts = [account for _place, account in accounts.special]
    for account in accounts:
        if account.present:
            for own in filter(None, map(range_of, account.addresses or ())):
                yield account.name, own


def range_of(word: bytes) -> Range | None:
    """What a word of the address column gives to its account alone: first and last address, as numbers."""
    match = _OWN.match(word)
    if not match:
        return None
    try:
        first = int.from_bytes(socket.inet_aton(match.group(1).decode("ascii")), "big")
    except OSError:
        return None
    if match.group(2) is None:
        return first, first
    free = 0xFFFFFFFF >> min(int(match.group(2)), 32)
    return first & ~free, first | free


def listed(text: bytes, accounts: t.Sequence[Account] | Batch) -> dict[str, list[str]]:
    """Those of the accounts of a call, and those of all others in the file as it then is, lowest first."""
    own = _pool.merged(held for _name, held in of_accounts(accounts))
    others = _pool.subtract(_pool.merged(held for _name, held in of_text(text)), own)
    return {
        "fixed_addresses": [_pool.range_text(held) for held in own],
        "other_fixed_addresses": [_pool.range_text(held) for held in others],
    }


def in_pools(accounts: t.Sequence[Account] | Batch, pools: t.Mapping[str, t.Iterable[str]]) -> list[str]:
    """A warning if the pool of an instance, by its name, hands an account's own address to everybody."""
    held = {
        instance: _pool.merged(filter(None, (range_of(word.encode("ascii", "replace")) for word in words)))
        for instance, words in sorted(pools.items())
    }
    found = [
        f"{_pool.range_text(own)} of {name.decode('ascii', 'backslashreplace')!r} ({instance})"
        for name, own in (of_accounts(accounts) if held else ())
        for instance, ranges in held.items()
        if _pool.touches(ranges, own)
    ]
    if not found:
        return []
    return [
        "pppoe_server hands addresses to everybody that belong to accounts: "
        + _text.listed(found, "; ")
        + ". Name them in its reserved_addresses; the role pppoe_server does with its tag server."
    ]
