# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which account has which IPv6 prefix. Private to this collection. Pure.

An account gets its prefix once. The place in the pool where the search begins comes from its name, so that servers with
one pool give it the same one, as long as nobody else has that.
"""

from __future__ import annotations

import bisect
import hashlib
import ipaddress
import re
import typing as t
from dataclasses import dataclass

Prefix = ipaddress.IPv6Network
#: Of a prefix for the link of a session, which addresses are made from (RFC 4862).
FRAMED_LENGTH = 64
#: Seconds for which addresses of a prefix are preferred, and valid at all, each time that the customer hears of it.
PREFERRED, VALID = 3600, 7200
_BITS = 128


@dataclass(frozen=True)
class Pool:
    """Networks, and the length of the prefixes that they are divided into."""

    networks: tuple[Prefix, ...]
    length: int

    @property
    def total(self) -> int:
        return sum(1 << (self.length - network.prefixlen) for network in self.networks)

    def at(self, index: int) -> int:
        """The first address of a prefix, by its place."""
        for network in self.networks:
            count = 1 << (self.length - network.prefixlen)
            if index < count:
                return int(network.network_address) + (index << (_BITS - self.length))
            index -= count
        raise IndexError(index)

    def prefix(self, first: int) -> Prefix:
        return Prefix((first, self.length))

    def __contains__(self, prefix: Prefix) -> bool:
        return prefix.prefixlen == self.length and any(prefix.subnet_of(network) for network in self.networks)


class Allotment:
    """The prefixes of one kind. ``own``: those that accounts have by configuration, which nobody else gets.

    ``given``: what is in the table; what does not fit the pool or an account's own does not count. Prefixes are kept as
    texts and numbers, since there may be 100,000.
    """

    def __init__(self, pool: Pool, own: t.Mapping[str, str], given: t.Mapping[str, str]) -> None:
        self._pool, self._own = pool, own
        self._total = self._left = pool.total
        spans = sorted((int(one[0]), int(one[-1])) for one in map(Prefix, own.values()))
        self._firsts, self._lasts = [first for first, _last in spans], [last for _first, last in spans]
        self._of: dict[str, int] = {}
        self._taken: set[int] = set()
        for account, text in given.items():
            prefix = Prefix(text)
            if account not in own and prefix in pool and self._is_free(int(prefix[0])):
                self._give(account, int(prefix[0]))

    def of(self, account: str) -> Prefix | None:
        """What an account has; ``None`` if nothing yet."""
        own, given = self._own.get(account), self._of.get(account)
        if own is not None:
            return Prefix(own)
        return None if given is None else self._pool.prefix(given)

    def allot(self, account: str) -> Prefix | None:
        """What an account has from now on; ``None`` if the pool is exhausted."""
        found = self.of(account)
        if found is not None or not self._left:
            return found
        begin = int.from_bytes(hashlib.sha256(account.encode("utf-8", "surrogateescape")).digest()[:8], "big")
        for step in range(self._total):
            first = self._pool.at((begin + step) % self._total)
            if self._is_free(first):
                self._give(account, first)
                return self._pool.prefix(first)
        # Nobody gives a prefix back, so there is no need to search again.
        self._left = 0
        return None

    def _give(self, account: str, first: int) -> None:
        self._of[account] = first
        self._taken.add(first)

    def _is_free(self, first: int) -> bool:
        last = first + (1 << (_BITS - self._pool.length)) - 1
        return first not in self._taken and overlapped(first, last, self._firsts, self._lasts) < 0


def overlapped(first: int, last: int, firsts: t.Sequence[int], lasts: t.Sequence[int]) -> int:
    """The place of a span that shares something with ``first`` to ``last``, or -1. The spans share nothing."""
    at = bisect.bisect_right(firsts, last) - 1
    return at if at >= 0 and lasts[at] >= first else -1


def line(account: str, framed: t.Any, delegated: t.Any) -> str:
    """A line of a table: both prefixes, ``-`` for none, and the account as pppd spells it, which may have blanks."""
    return f"{framed or '-'} {delegated or '-'} {account}\n"


def read(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """The framed and the delegated prefixes of a table. The last line of an account counts."""
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for _at, fields in _lines(text):
        for kind, value in zip(found, fields):
            kind.pop(fields[2], None)
            if value != "-":
                kind[fields[2]] = value
    return found


def without_former(text: str) -> str:
    """A table without the lines of accounts that have a later one. What is no such line stays."""
    last = {fields[2]: at for at, fields in _lines(text)}
    former = {at for at, fields in _lines(text) if last[fields[2]] != at}
    return "".join(one for at, one in enumerate(re.findall("[^\n]*\n|[^\n]+", text)) if at not in former)


def _lines(text: str) -> t.Iterator[tuple[int, list[str]]]:
    """The lines of a table, with their numbers.

    What a power cut has left, a line without its end, does not count, and neither does one that is no such line.
    """
    for at, one in enumerate(text.split("\n")[:-1]):
        fields = one.split(" ", 2)
        if not one.startswith("#") and len(fields) == 3 and fields[2] and all(map(_is_prefix, fields[:2])):
            yield at, fields


def _is_prefix(text: str) -> bool:
    try:
        return text == "-" or ("/" in text and bool(Prefix(text)))
    except ValueError:
        return False
