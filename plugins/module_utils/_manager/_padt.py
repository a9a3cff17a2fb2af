# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PADTs for many sessions at once (RFC 2516, 5.5). Private to this collection."""

from __future__ import annotations

import socket
import struct
import typing as t

_DISCOVERY = 0x8863
_VERSION_AND_TYPE, _PADT = 0x11, 0xA7
#: The least that Ethernet carries, without the checksum.
_LEAST = 60


def frame(own: bytes, session: str) -> bytes:
    """The packet that ends ``session``, which is its id and the client's MAC: ``7:02:00:00:00:00:01``."""
    number, _colon, mac = session.partition(":")
    peer = bytes(int(part, 16) for part in mac.split(":"))
    head = struct.pack("!HBBHH", _DISCOVERY, _VERSION_AND_TYPE, _PADT, int(number), 0)
    return (peer + own + head).ljust(_LEAST, b"\0")


def send(lines: t.Iterable[str]) -> bool:
    """Send one for each line ``INTERFACE SESSION``; whether all could be sent. An interface that is gone needs none."""
    sockets: dict[str, socket.socket | None] = {}
    complete = True
    for line in lines:
        interface, session = line.split()
        if interface not in sockets:
            sockets[interface] = _open(interface)
        wire = sockets[interface]
        try:
            if wire is not None:
                wire.send(frame(wire.getsockname()[4], session))
        except OSError:
            complete = False
    return complete


def _open(interface: str) -> socket.socket | None:
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        wire.bind((interface, 0))
    except OSError:
        wire.close()
        return None
    return wire
