# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text that people read: long lists, times, and characters that a terminal would act on.

Private to this collection. Pure.
"""

from __future__ import annotations

import time
import typing as t

#: How many items a message names.
MOST = 20


def listed(items: t.Sequence[str], separator: str = ", ", most: int = MOST) -> str:
    """``a, b and 7 more``: the first items, and how many there are beside them."""
    more = len(items) - most
    before = ";" if separator.startswith(";") else ""
    return separator.join(items[:most]) + (f"{before} and {more} more" if more > 0 else "")


def printable(text: str) -> str:
    """The text on one line, with ``?`` in the place of what is no printable character."""
    return "".join(character if character.isprintable() else "?" for character in text)


def escaped(text: str) -> str:
    """The text on one line, with ``\\xNN`` or the like for what is no printable character."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def moment(seconds: float) -> str:
    """A time since 1970 as people and programs read it: ISO 8601, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
