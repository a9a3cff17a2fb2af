# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gratuitous ARP: neighbors learn that an address is at this host now (RFC 826, RFC 5227). Private to this collection.

It is a reply, since another server that answers for the address by proxy ARP would answer a request.
"""

from __future__ import annotations

import socket
import struct

_ARP = 0x0806
_ETHERNET, _IPV4, _REPLY = 1, 0x0800, 2
_EVERYBODY = b"\xff" * 6


def frame(mac: bytes, address: str) -> bytes:
    own = mac + socket.inet_aton(address)
    head = struct.pack("!HHHBBH", _ARP, _ETHERNET, _IPV4, 6, 4, _REPLY)
    return (_EVERYBODY + mac + head + own + own).ljust(60, b"\0")


def announce(interface: str, address: str) -> None:
    """``OSError`` if it cannot be sent."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((interface, 0))
        wire.send(frame(wire.getsockname()[4], address))
