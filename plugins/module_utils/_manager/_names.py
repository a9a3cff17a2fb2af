# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts of sessions that did not say theirs, from pppd's own database. Private to this collection."""

from __future__ import annotations

import re
import struct
import typing as t

#: Below /run.
PATHS = ("/pppd2.tdb", "/pppd/pppd2.tdb", "/ppp/pppd2.tdb")

# A record's header ends with the lengths of key and data, a hash and the mark of a record that is in use (pppd/tdb.c
# struct list_struct). What was freed keeps its text, perhaps of a process that had the same pid.
_LENGTHS = struct.Struct("=II")
_RECORD = re.compile(re.escape(struct.pack("=I", 0x26011999)) + rb"(pppd(\d+))(?=[A-Z][A-Z0-9_]*=)")


def accounts(pids: t.Collection[int], run: str) -> dict[int, str]:
    """The accounts of some processes, as pppd's messages spell them."""
    return {pid: visible(name) for pid, name in values(pids, run, "PEERNAME").items()}


def values(pids: t.Collection[int], run: str, variable: str) -> dict[int, bytes]:
    """A variable of some processes. A record is its key and then its variables (pppd/main.c update_db_entry).

    The file is not locked: a record that is half written has no value, or none that is another's.
    """
    found = {}
    wanted = re.compile(rb"(?:\A|;)%s=(.*?);(?:[A-Z][A-Z0-9_]*=|\Z)" % variable.encode(), re.DOTALL)
    for path in PATHS:
        try:
            with open(run + path, "rb") as handle:
                content = handle.read()
        except OSError:
            continue
        for record in _RECORD.finditer(content):
            pid = int(record.group(2))
            value = wanted.search(_data(content, record) + b";") if pid in pids else None
            if value:
                found[pid] = value.group(1)
    return found


def _data(content: bytes, record: re.Match[bytes]) -> bytes:
    """The variables of a record; none if what looks like one is none."""
    at = record.start() - 3 * 4
    key_length, length = _LENGTHS.unpack_from(content, at) if at >= 0 else (0, 0)
    if key_length != len(record.group(1)):
        return b""
    return content[record.end() : record.end() + length].rstrip(b"\0").removesuffix(b";")


def visible(name: bytes) -> str:
    """A name as pppd's messages spell it (pppd/utils.c vslprintf ``%v``)."""
    pieces = []
    for byte in name:
        prefix, byte = ("M-", byte - 0x80) if byte >= 0x80 else ("", byte)
        pieces.append(prefix + (chr(byte) if byte == 9 or 0x20 <= byte < 0x7F else "^" + chr(byte ^ 0x40)))
    return "".join(pieces)
