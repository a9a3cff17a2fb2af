# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of l2tpns on this host. Private to this collection.

It is a Telnet on 127.0.0.1 (libcli): anybody on the host may read there; what changes something needs the password in
``/etc/l2tpns/users``.
"""

from __future__ import annotations

import socket
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _render as _l2tpns_render
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns

PORT = 23
#: More than 60,000 sessions print.
MOST = 64 << 20


def ask(commands: t.Sequence[str], privileged: bool = False, timeout: float = 10.0) -> str:
    """What l2tpns prints for these commands, as plain lines; ``Failed`` if nobody answers."""
    lines = list(commands)
    if privileged:
        lines[:0] = ["enable", _l2tpns_render.token_of(_files.text(_layout_l2tpns.USERS))]
    try:
        # "\r" ends a line; a byte that is not read when l2tpns hangs up would cost its last words.
        return _l2tpns_parse.plain(_conversation("\r".join([*lines, "quit", ""]).encode(), timeout))
    except OSError as error:
        raise Failed(f"l2tpns does not answer on 127.0.0.1 port {PORT}: {error.strerror or error}.") from error


def answers() -> bool:
    """Whether its command line is there."""
    try:
        ask([], timeout=2.0)
    except Failed:
        return False
    return True


def _conversation(text: bytes, timeout: float) -> bytes:
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
    return bytes(found)
