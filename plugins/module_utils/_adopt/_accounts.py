# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts in a secrets file that somebody has written, without their secrets. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import single_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words


@dataclass(frozen=True)
class Known:
    """An account that customers can log in with. ``empty``: it has an empty secret."""

    name: str
    server: str
    addresses: tuple[str, ...]
    line: int
    empty: bool

    @property
    def fixed(self) -> list[str]:
        """Its single hosts."""
        hosts = (single_host(address.encode()) for address in self.addresses)
        return [host.decode() for host in hosts if host]

    def shown(self) -> dict[str, t.Any]:
        return {"name": self.name, "server": self.server, "addresses": list(self.addresses), "line": self.line}


def read(content: bytes) -> list[Known]:
    """The accounts in the file's order; lines without an address are those that this host itself logs in with.

    ``_words.UnclosedQuote`` for a file that pppd does not read as it looks.
    """
    found = []
    for line in _words.lines(content):
        addresses = tuple(_text(word) for word in _secrets.address_words(line.words))
        if len(line.words) > 3 and addresses and addresses[0] != "-":
            name, server, secret = line.words[:3]
            found.append(Known(_text(name), _text(server), addresses, line.number, not secret))
    return found


def _text(word: bytes) -> str:
    """A word in printable ASCII, as pppd itself spells others."""
    return _words.visible(word).decode("ascii", "backslashreplace")
