# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By how much a PADO is delayed, as the program pppoe-access takes it. Private to this collection. Pure.

It is a number of milliseconds, or steps by the number of sessions, such as ``0:20,200:100``. The program keeps steps in
the alias of its ifb device, where the session manager reads them.
"""

from __future__ import annotations

import typing as t

#: The alias of our ifb devices, followed by the access interface, and by the steps if there are any.
ALIAS = "dialtone.pppoe access "
#: Sessions and milliseconds, in ascending order. With fewer sessions than those of the first step there is no delay.
Steps = tuple[tuple[int, int], ...]
Delay = t.Union[int, Steps]


def word(delay: Delay) -> str:
    return str(delay) if isinstance(delay, int) else ",".join(f"{sessions}:{by}" for sessions, by in delay)


def read(text: str) -> Delay:
    """The opposite of ``word``. ``ValueError`` for something else."""
    if ":" not in text:
        return int(text)
    pairs = (pair.split(":") for pair in text.split(","))
    return tuple((int(sessions), int(by)) for sessions, by in pairs)


def alias(interface: str, delay: Delay) -> str:
    return ALIAS + interface + ("" if isinstance(delay, int) else f" {word(delay)}")


def of_alias(text: str) -> Steps:
    """The steps in an alias; none if it has none, or is not ours."""
    words = text[len(ALIAS) :].split() if text.startswith(ALIAS) else []
    try:
        found = read(words[1]) if len(words) == 2 else ()
    except ValueError:
        return ()
    return () if isinstance(found, int) else found


def at(steps: Steps, sessions: int) -> int:
    """The delay with so many sessions."""
    return next((by for least, by in reversed(steps) if sessions >= least), 0)


def possible(delay: Delay) -> frozenset[int]:
    """Every delay that may be in force."""
    return frozenset([delay] if isinstance(delay, int) else [at(delay, 0), *(by for _sessions, by in delay)])
