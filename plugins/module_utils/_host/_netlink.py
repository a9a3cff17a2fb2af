# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame of rtnetlink messages (rtnetlink(7), linux/netlink.h). Private to this collection."""

from __future__ import annotations

import os
import socket
import struct
import typing as t
from contextlib import suppress

REQUEST, ACKNOWLEDGE, DUMP, CREATE, APPEND = 1, 4, 0x300, 0x400, 0x800

_NETLINK_ROUTE, _SOL_NETLINK, _STRICT = 0, 270, 12
_ERROR, _DONE = 2, 3
_HEADER, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")


class Message(t.NamedTuple):
    """A message without its header."""

    kind: int
    body: bytes


def opened(groups: int = 0) -> socket.socket:
    """A socket that hears of changes in some groups."""
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_ROUTE)
    if groups:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    made.bind((0, groups))
    return made


def changes(events: socket.socket) -> list[Message] | None:
    """What has come since the last call; ``None`` if some of it is lost."""
    found: list[Message] = []
    while True:
        try:
            found += messages(events.recv(1 << 18, socket.MSG_DONTWAIT))[0]
        except BlockingIOError:
            return found
        except OSError:  # ENOBUFS: more has changed than it could keep
            return None


def dump(kind: int, body: bytes) -> list[Message]:
    """What there is. An old kernel takes no notice of what ``body`` asks for and lists all."""
    with opened() as asked:
        with suppress(OSError):
            asked.setsockopt(_SOL_NETLINK, _STRICT, 1)
        asked.send(packed_message(kind, REQUEST | DUMP, body))
        found: list[Message] = []
        while True:
            some, done = messages(asked.recv(1 << 18))
            found += some
            if done:
                return found


def change(asked: socket.socket, kind: int, flags: int, body: bytes) -> None:
    """Have the kernel change something. ``OSError`` if it refuses."""
    asked.send(packed_message(kind, REQUEST | ACKNOWLEDGE | flags, body))
    code = struct.unpack_from("=i", asked.recv(1 << 16), _HEADER.size)[0]
    if code:
        raise OSError(-code, os.strerror(-code))


def packed_message(kind: int, flags: int, body: bytes, number: int = 1) -> bytes:
    """A request. An answer has its number."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def packed(kind: int, value: bytes) -> bytes:
    """An attribute."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def messages(text: bytes) -> tuple[list[Message], bool]:
    """The messages of a packet, and whether it ends an answer, as one that is cut off does."""
    found: list[Message] = []
    at = 0
    while at + _HEADER.size <= len(text):
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(text, at)
        if kind in (_DONE, _ERROR) or length < _HEADER.size or at + length > len(text):
            return found, True
        found.append(Message(kind, text[at + _HEADER.size : at + length]))
        at += (length + 3) & ~3
    return found, False


def attributes(body: bytes, at: int) -> dict[int, bytes]:
    """The attributes of a message, from a place in it."""
    found = {}
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            break
        found[kind & 0x3FFF] = body[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
    return found


def number(value: bytes | None) -> int:
    """A number of 32 bits; 0 if there is none."""
    return int(struct.unpack("=I", value)[0]) if value is not None and len(value) == 4 else 0
