# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What /etc/ppp/options says for every pppd of a host, and no connection can undo. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import UnclosedQuote, words

PATH = "/etc/ppp/options"

# The methods that an option leaves out for good: none of pppd's options takes it back (auth.c auth_options).
_REFUSED = {
    "pap": ("refuse-pap", "-pap"),
    "chap": ("refuse-chap", "-chap"),
    "mschap": ("refuse-mschap", "-mschap"),
    "mschapv2": ("refuse-mschap-v2", "-mschap-v2"),
    "eap": ("refuse-eap",),
}
# (options, what they do to a connection). A peers file has no word against them.
_OTHERS = (
    (("dryrun",), "pppd ends before it dials"),
    (("noip", "-ip"), "no link has an IPv4 address"),
    (("connect", "pty", "socket"), "pppd does not use PPPoE"),
    (("require-mppe", "require-mppe-40", "require-mppe-128", "+mppe", "+mppe-40", "+mppe-128"),
     "a server without MPPE is hung up on"),
)  # fmt: skip
_DEMAND = (("demand",), "each connection waits for traffic, and has no pauses after failures")
# Without them, a pppd goes to the background once it has started.
_FOREGROUND = ("nodetach", "-detach", "updetach", "up_sdnotify")


def options(content: bytes | None) -> list[str]:
    """The words of the file, as far as it can be read; the functions below take them."""
    found: list[str] = []
    with suppress(UnclosedQuote):
        # Values are among the words too; none of them is the name of an option that is looked for here.
        found = [word.decode("utf-8", "replace") for word in words(content or b"")]
    return found


def refusals(there: t.Sequence[str]) -> list[str]:
    """The options by which this host leaves out methods of authentication."""
    names = {name for group in _REFUSED.values() for name in group}
    return [word for word in there if word in names]


def refused_methods(there: t.Sequence[str]) -> set[str]:
    """The methods that they leave out: ``pap``, ``chap``, ``mschap``, ``mschapv2``, ``eap``."""
    return {method for method, names in _REFUSED.items() if set(there) & set(names)}


def foreground(there: t.Sequence[str]) -> str | None:
    """An option that keeps pppd in the foreground, where it would have to go to the background."""
    return next((word for word in there if word in _FOREGROUND), None)


def warnings(there: t.Sequence[str], demand: bool) -> list[str]:
    """A sentence for each option that a connection cannot undo; ``demand``: it waits for traffic itself."""
    found = []
    for names, effect in (*_OTHERS, *(() if demand else (_DEMAND,))):
        named: t.Iterable[str] = dict.fromkeys(word for word in there if word in names)
        found += [
            f"{PATH} has {name}, which holds for this connection too: {effect}. Move it into the peers files of "
            "those connections that need it."
            for name in named
        ]
    return found
