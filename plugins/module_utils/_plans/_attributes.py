# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes of RADIUS that carry rates. Private to this collection. Pure.

Each has its own order and unit: Filter-Id ``down/up`` in kbit/s; Mikrotik-Rate-Limit ``rx/tx``, as the router sees it,
which is upload/download, in bit/s with k and M; WISPr-Bandwidth-Max-Down and -Up, each in bit/s.
"""

from __future__ import annotations

import re
import typing as t

FILTER_ID, MIKROTIK, WISPR = "Filter-Id", "Mikrotik-Rate-Limit", "WISPr-Bandwidth-Max"
NAMES = (FILTER_ID, MIKROTIK, WISPR)
_FACTORS = {"": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000}
_NUMBER = re.compile(r"([0-9]{1,12})([kMG]?)\Z")
#: The rates that can be set, in bit/s.
LEAST, MOST = 64_000, 10_000_000_000

Rates = tuple["int | None", "int | None"]


def read(text: str) -> dict[str, str]:
    """The attributes of a session, as pppd's plugin radattr writes them: a name, a blank and the value on each line."""
    lines = (line.partition(" ") for line in text.splitlines())
    return {name: value.strip() for name, blank, value in lines if blank}


def rates(attribute: str, found: t.Mapping[str, str]) -> Rates | None:
    """Download and upload in bit/s, 0 for no limit and ``None`` for one that is not said.

    ``None`` if the attribute is not there, ``ValueError`` if it cannot be kept.
    """
    if attribute == WISPR:
        names = (f"{WISPR}-Down", f"{WISPR}-Up")
        down, up = (_rate(name, found[name], "") if name in found else None for name in names)
        return None if down is None and up is None else (down, up)
    value = found.get(attribute)
    if value is None:
        return None
    return _filter_id(value) if attribute == FILTER_ID else _mikrotik(value)


def _filter_id(value: str) -> Rates:
    parts = value.split("/")
    if len(parts) != 2:
        raise ValueError(f"{FILTER_ID} {value!r} is not download/upload in kbit/s, such as 20000/5000")
    down, up = (_rate(FILTER_ID, part, "", 1000) for part in parts)
    return down, up


def _mikrotik(value: str) -> Rates:
    """``rx/tx [burst-rate burst-threshold burst-time priority minimum]``; one number without a slash means both."""
    first, *more = value.split() or [""]
    if any(set(word) - set("0/") for word in more[:3]) or len(more) > 3:
        raise ValueError(f"{MIKROTIK} {value!r} asks for bursts or a priority, which are not supported")
    rx, slash, tx = first.partition("/")
    upload = _rate(MIKROTIK, rx, "kMG")
    return (_rate(MIKROTIK, tx, "kMG") if slash else upload), upload


def _rate(attribute: str, text: str, suffixes: str, factor: int = 1) -> int:
    """One rate in bit/s; 0 is no limit."""
    match = _NUMBER.match(text)
    if not match or match.group(2) not in ("", *suffixes):
        raise ValueError(f"{attribute}: {text!r} is not a rate")
    rate = int(match.group(1)) * _FACTORS[match.group(2)] * factor
    if rate and not LEAST <= rate <= MOST:
        raise ValueError(f"{attribute}: {rate} bit/s is not between {LEAST} and {MOST}")
    return rate
