# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The RADIUS servers of a host, as the configuration of its own FreeRADIUS has them. Private to this collection.

Only Python's own library: this file is a part of the program that writes metrics.
"""

from __future__ import annotations

import os
import re
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _probe

_BLOCK = re.compile(r"^home_server \S+ \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)
# FreeRADIUS 3.0 and 3.2, process.c; the user's name in it can be anything.
_FAILED = re.compile(
    r"(?:\(\d+\) +|(?:ERROR)?: +)*Failing proxied request.*, due to lack of any response from home server (\S+) port"
    r" (\d+)",
    re.DOTALL,
)


class Upstream(t.NamedTuple):
    """A RADIUS server. ``tls``: by TLS, where it takes no Status-Server from here."""

    address: str
    port: int
    secret: str
    source: str
    tls: bool

    @property
    def name(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def servers(configuration: str) -> list[Upstream]:
    """The servers in the text of ``_layout_radius.PROXY``, the first choice first."""
    found = []
    for block in _BLOCK.findall(configuration):
        values = dict(re.findall(r'^\s*(\w+) = "?([^"\n]*)"?$', block, re.MULTILINE))
        with suppress(KeyError, ValueError):
            port, source = int(values["port"]), values.get("src_ipaddr", "")
            found.append(Upstream(values["ipaddr"], port, values["secret"], source, values.get("proto") == "tcp"))
    return found


def failures(messages: t.Iterable[str], known: t.Iterable[Upstream]) -> dict[str, int]:
    """How many requests each server has left without an answer, by its name, from messages of FreeRADIUS's log."""
    names = {(one.address, port): one.name for one in known for port in (one.port, one.port + 1)}
    found = dict.fromkeys(names.values(), 0)
    for message in messages:
        match = _FAILED.fullmatch(message)
        name = names.get((match.group(1), int(match.group(2)))) if match else None
        if name is not None:
            found[name] += 1
    return found


def seconds(server: Upstream, patience: float = 2.0) -> float | None:
    """How long a server takes to answer Status-Server; ``None`` if it does not, or has another secret."""
    packet = _probe.request(server.secret.encode(), 1, os.urandom(16))
    began = time.monotonic()
    with suppress(OSError), _probe.connected(server, server.source) as connection:
        connection.settimeout(patience)
        connection.send(packet)
        while True:
            genuine = _probe.is_from(connection.recv(4096), packet, server.secret.encode())
            if genuine is not None:
                return time.monotonic() - began if genuine else None
            connection.settimeout(max(0.001, patience - (time.monotonic() - began)))
    return None
