# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What l2tpns on this host says of itself and its sessions. Private to this collection.

Its command line is a Telnet on 127.0.0.1 (libcli): anybody on the host may read there. Only Python's own library: this
file is a part of the program that writes metrics.
"""

from __future__ import annotations

import socket
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse

PORT = 23
#: More than 60,000 sessions print.
MOST = 64 << 20
POLL = 0.2
#: The count and the table are two answers: a session may begin or end between them.
_ATTEMPTS = 3


def ask(commands: t.Sequence[str], timeout: float = 10.0) -> str:
    """What l2tpns prints for these commands, as plain lines; ``OSError`` if nobody answers."""
    # "\r" ends a line; a byte that is not read when l2tpns hangs up would cost its last words.
    text = "\r".join([*commands, "quit", ""]).encode()
    deadline = time.monotonic() + timeout
    found = bytearray()
    with socket.create_connection(("127.0.0.1", PORT), timeout) as line:
        line.sendall(text)
        while len(found) < MOST:
            line.settimeout(max(0.01, deadline - time.monotonic()))
            more = line.recv(1 << 16)
            if not more:
                break
            found += more
    return _l2tpns_parse.plain(bytes(found))


def sessions() -> list[_l2tpns_parse.CliSession]:
    """What l2tpns lists, whatever customers call themselves; ``OSError`` if nobody answers."""
    may: set[int] = set()
    for _attempt in range(_ATTEMPTS):
        found, may, sound = _l2tpns_parse.table(ask(["uptime", "show session"]))
        if sound:
            return found
        time.sleep(POLL)
    asked = (_l2tpns_parse.details(ask([f"show session {sid}"]), sid) for sid in sorted(may))
    return [one for one in asked if one]
