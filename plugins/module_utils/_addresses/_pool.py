# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Address pools: what a parameter means in addresses, and which of them a server may hand out.

Private to this collection. Addresses are integers inside, so that a pool of thousands costs nothing to compare.
"""

from __future__ import annotations

import bisect
import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

# pppoe-server numbers its sessions with 16 bits and keeps 0 and 65535 (pppoe-server.c main: -N plus -o).
MOST_SESSIONS = 65534
FORMS = "Give first-last (10.0.0.2-10.0.0.99), first+count (10.0.0.2+98), a network (10.0.0.0/24) or an address."


#: A pool is nearly used up when less than this part of it is free.
SCARCE = 0.1

#: First and last address.
Range = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """Addresses from ``first`` to ``last``, both included, and the words of the parameter that asked for them."""

    first: int
    last: int
    source: str

    def overlap(self, other: Span) -> int | None:
        """The first address that both hold, or ``None``."""
        first = max(self.first, other.first)
        return first if first <= min(self.last, other.last) else None


def text(address: int) -> str:
    return str(ipaddress.IPv4Address(address))


def address(parameter: str, value: str) -> int:
    """An IPv4 address that a host may have, or ``Refused``."""
    try:
        parsed = ipaddress.IPv4Address(value)
    except ValueError:
        raise Refused(parameter, f"'{value}' is not an IPv4 address.", "Give four numbers from 0 to 255.") from None
    if parsed.is_multicast or parsed.is_loopback or parsed.is_unspecified or int(parsed) >= 0xF0000000:
        raise Refused(parameter, f"{value} is not an address that a host can have.", "Give a unicast address.")
    return int(parsed)


def spans(parameter: str, entries: t.Sequence[str]) -> list[Span]:
    """The entries of a pool, each checked, none overlapping another."""
    found: list[Span] = []
    for index, entry in enumerate(entries):
        span = _span(f"{parameter}[{index}]", entry.strip())
        for earlier in found:
            both = span.overlap(earlier)
            if both is not None:
                raise Refused(
                    f"{parameter}[{index}]",
                    f"'{span.source}' and '{earlier.source}' both hold {text(both)}.",
                    "Name each address once, or two customers would get the same one.",
                )
        found.append(span)
    size = sum(span.last - span.first + 1 for span in found)
    if size == 0:
        raise Refused(parameter, "the pool holds no address.", FORMS)
    if size > MOST_SESSIONS:
        raise Refused(
            parameter,
            f"the pool holds {size} addresses.",
            f"One server can number {MOST_SESSIONS} sessions; split the pool over several instances.",
        )
    return found


def _span(parameter: str, entry: str) -> Span:
    if "/" in entry:
        return _network(parameter, entry)
    if "+" in entry:
        start, count = entry.split("+", 1)
        if not (count.isascii() and count.isdigit() and int(count) > 0):
            raise Refused(parameter, f"'{entry}' has no count of addresses.", FORMS)
        first = address(parameter, start)
        last = first + int(count) - 1
    elif "-" in entry:
        start, end = entry.split("-", 1)
        if "." not in end:
            # pppoe-server would take the first address alone; the guess that 10.0.0.100-200 means a range is common.
            raise Refused(
                parameter,
                f"'{entry}' is not a range: '{end}' is not an address.",
                "Write both ends in full, such as {}-{}.{}.".format(start, start.rpartition(".")[0], end),
            )
        first, last = address(parameter, start), address(parameter, end)
        if last < first:
            raise Refused(parameter, f"'{entry}' ends before it begins.", "Put the lower address first.")
    else:
        first = last = address(parameter, entry)
    address(parameter, text(min(last, 0xFFFFFFFF)))
    return Span(first, last, entry)


def _network(parameter: str, entry: str) -> Span:
    try:
        network = ipaddress.IPv4Network(entry)
    except ValueError as error:
        raise Refused(parameter, f"'{entry}' is not a network: {error}.", FORMS) from None
    address(parameter, str(network.network_address))
    first, last = int(network.network_address), int(network.broadcast_address)
    # Network and broadcast address are kept back: hosts on a shared segment would not answer them.
    return Span(first, last, entry) if network.prefixlen >= 31 else Span(first + 1, last - 1, entry)


def reserved(parameter: str, entries: t.Sequence[str]) -> list[Span]:
    """The addresses that accounts own, from their address columns: hosts and networks.

    ``*`` and ``-`` name none and ``!`` forbids one, so they reserve nothing; nor does a host name, since only pppd
    resolves it. A host address that stands here twice belongs to two accounts. ``first-last`` is taken too.
    """
    found: dict[tuple[int, int], int] = {}
    for index, entry in enumerate(entries):
        name = f"{parameter}[{index}]"
        if entry in ("*", "-") or entry.startswith(("!", "/")) or not entry[:1].isdigit():
            continue
        span = _column(name, entry.rstrip("+"))
        key = (span.first, span.last)
        if key in found and span.first == span.last:
            raise Refused(
                name,
                f"the fixed address {entry} is given twice (also at {parameter}[{found[key]}]).",
                "Give each account a different address.",
            )
        found.setdefault(key, index)
    return [Span(first, last, range_text((first, last))) for first, last in found]


def _column(parameter: str, entry: str) -> Span:
    if "/" not in entry:
        return _span(parameter, entry)
    try:
        network = ipaddress.IPv4Network(entry, strict=False)
    except ValueError as error:
        raise Refused(parameter, f"'{entry}' is not a network: {error}.", "Give address/length.") from None
    return Span(int(network.network_address), int(network.broadcast_address), entry)


def networks(parameter: str, entries: t.Sequence[str]) -> list[Range]:
    """Networks, whole, and other forms of a pool, of any size and as often as they like."""
    return merged(
        (span.first, span.last)
        for index, entry in enumerate(entries)
        for span in [(_column if "/" in entry else _span)(f"{parameter}[{index}]", entry.strip())]
    )


def merged(ranges: t.Iterable[Range]) -> list[Range]:
    """The same addresses in as few ranges as can be, lowest first."""
    joined: list[Range] = []
    # Neighbours are usually given one after the other: there are few to sort then.
    for first, last in ranges:
        if joined and first == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    found: list[Range] = []
    for first, last in sorted(joined):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def subtract(ranges: t.Iterable[Range], others: t.Sequence[Range]) -> list[Range]:
    """What is in ``ranges`` and not in ``others``; both are as ``merged`` gives them."""
    found: list[Range] = []
    position = 0
    for first, last in ranges:
        while position < len(others) and others[position][1] < first:
            position += 1
        following = position
        while following < len(others) and others[following][0] <= last:
            if first < others[following][0]:
                found.append((first, others[following][0] - 1))
            first = max(first, others[following][1] + 1)
            following += 1
        if first <= last:
            found.append((first, last))
    return found


def touches(ranges: t.Sequence[Range], one: Range) -> bool:
    """Whether ``one`` has an address of ``ranges``, which are as ``merged`` gives them."""
    following = bisect.bisect_right(ranges, (one[1], 0xFFFFFFFF))
    return following > 0 and ranges[following - 1][1] >= one[0]


def range_text(one: Range) -> str:
    return text(one[0]) if one[0] == one[1] else f"{text(one[0])}-{text(one[1])}"


def free(pool: t.Iterable[Span], taken: t.Iterable[Span]) -> list[int]:
    """The addresses of ``pool`` that no span of ``taken`` holds, in the order of the pool."""
    held: set[int] = set()
    pool = list(pool)
    for span in taken:
        for part in pool:
            if span.overlap(part) is not None:
                held.update(range(max(span.first, part.first), min(span.last, part.last) + 1))
    return [address for part in pool for address in range(part.first, part.last + 1) if address not in held]


def refuse_shared(parameter: str, pool: t.Iterable[Span], others: t.Mapping[str, t.Iterable[str]]) -> None:
    """``others``: the addresses of each other instance on the host, by its name. None may be in ``pool``."""
    pool = list(pool)
    for instance, addresses in sorted(others.items()):
        for other in addresses:
            value = int(ipaddress.IPv4Address(other))
            for part in pool:
                if part.first <= value <= part.last:
                    raise Refused(
                        parameter,
                        f"'{part.source}' holds {other}, which instance '{instance}' hands out.",
                        "Give each instance different addresses.",
                    )


def shortage(size: int, free: int) -> list[str]:
    """A warning if no more than a few addresses of a pool of that size are free."""
    if size and not free:
        return ["The pool is used up."]
    return ["The pool is nearly used up."] if free < SCARCE * size else []
