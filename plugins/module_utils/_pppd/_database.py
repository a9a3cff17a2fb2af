# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every pppd of this host notes of itself, in pppd2.tdb. Private to this collection.

Each pppd keeps one record there, ``pppdPID``, with the variables that its scripts get: IFNAME, PEERNAME (the name
that a peer has proved to be his, made visible here as in pppd's messages), MACREMOTE, DNS1, LINKNAME (``pppd/main.c``
update_db_entry). So a server's sessions have names without a hook of ours, whoever started the server. A pppd that was
killed leaves its record behind: believe one only while its process lives.
"""

from __future__ import annotations

import errno
import fcntl
import re
import struct
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

# The runtime folder is the builder's choice since 2.5.
PATHS = ("/run/pppd2.tdb", "/run/pppd/pppd2.tdb", "/run/ppp/pppd2.tdb")

# The format: pppd/tdb.h struct tdb_header, and pppd/tdb.c struct list_struct. Numbers are in the host's byte order.
_MAGIC = b"TDB file\n"
_HEADER = 168  # also where the table of chains begins: the free list, then one offset for each hash
_HASH_SIZE_AT = 36
_RECORD = struct.Struct("=6I")  # next, record length, key length, data length, hash, magic
_IN_USE = 0x26011999
_VARIABLE = re.compile(r";(?=[A-Z][A-Z0-9_]*=)")


def variables(tries: int = 20) -> dict[int, dict[str, str]]:
    """The variables of each pppd, by its pid; empty if this host's pppd keeps no such file."""
    found: dict[int, dict[str, str]] = {}
    for path in PATHS:
        # Where pppd keeps no database, ours may have made an empty file.
        with suppress(FileNotFoundError), open(path, "rb") as handle:
            _wait_for_writers(handle, tries)
            found.update(parse(handle.read()))
    return found


def _wait_for_writers(handle: t.BinaryIO, tries: int) -> None:
    """Share the chains' locks, as tdb's own readers do, so that no record is half written while we read."""
    for _attempt in range(tries):
        try:
            fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                return
        time.sleep(0.01)


def parse(content: bytes) -> dict[int, dict[str, str]]:
    """The records ``pppdPID`` of a database, as variables by pid. What makes no sense is left out."""
    found = {}
    for key, data in _records(content):
        match = re.match(rb"pppd(\d+)\Z", key)
        if match:
            # With PAP, a name is there as the peer has sent it.
            visible = _words.visible(data.rstrip(b"\0")).decode("ascii")
            found[int(match.group(1))] = parse_variables(visible)
    return found


def parse_variables(text: str) -> dict[str, str]:
    """``A=1;B=2;`` as a dictionary. A semicolon that no ``NAME=`` follows belongs to the value.

    The first of two of one name counts: a peer's own name may hold anything, and what we trust stands before it.
    """
    found: dict[str, str] = {}
    for part in _VARIABLE.split(text.rstrip("\0").removesuffix(";")):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name, value)
    return found


def _records(content: bytes) -> t.Iterator[tuple[bytes, bytes]]:
    if not content.startswith(_MAGIC) or len(content) < _HEADER:
        return
    (hash_size,) = struct.unpack_from("=I", content, _HASH_SIZE_AT)
    if _HEADER + 4 * (hash_size + 1) > len(content):
        return
    seen = set()
    for offset in struct.unpack_from(f"={hash_size}I", content, _HEADER + 4):
        while offset and offset not in seen and offset + _RECORD.size <= len(content):
            seen.add(offset)
            start = offset + _RECORD.size
            offset, _length, key_length, data_length, _hash, magic = _RECORD.unpack_from(content, offset)
            if magic == _IN_USE and start + key_length + data_length <= len(content):
                yield content[start : start + key_length], content[start + key_length :][:data_length]
