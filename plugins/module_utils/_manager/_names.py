# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts of sessions that did not say theirs, from pppd's own database. Private to this collection."""

from __future__ import annotations

import re
import typing as t

#: Below /run.
PATHS = ("/pppd2.tdb", "/pppd/pppd2.tdb", "/ppp/pppd2.tdb")


def accounts(pids: t.Collection[int], run: str) -> dict[int, str]:
    """The accounts of some processes. A record is its key and then its variables (pppd/main.c update_db_entry).

    The file is not locked: a record that is half written has no account, or none that is another's.
    """
    found = {}
    for path in PATHS:
        try:
            with open(run + path, "rb") as handle:
                content = handle.read()
        except OSError:
            continue
        for pid in pids:
            for match in re.finditer(rb"pppd%d([A-Z][A-Z0-9_]*=[^\0]*)" % pid, content):
                account = re.search(
                    rb"(?:\A|;)PEERNAME=(.*?);(?:[A-Z][A-Z0-9_]*=|\Z)", match.group(1) + b";", re.DOTALL
                )
                if account:
                    found[pid] = visible(account.group(1))
    return found


def visible(name: bytes) -> str:
    """A name as pppd's messages spell it (pppd/utils.c vslprintf ``%v``)."""
    pieces = []
    for byte in name:
        prefix, byte = ("M-", byte - 0x80) if byte >= 0x80 else ("", byte)
        pieces.append(prefix + (chr(byte) if byte == 9 or 0x20 <= byte < 0x7F else "^" + chr(byte ^ 0x40)))
    return "".join(pieces)
