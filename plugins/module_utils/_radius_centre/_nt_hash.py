# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""NT-Password, the form of a secret that PAP and MS-CHAPv2 can be checked with. Private to this collection. Pure.

It is the MD4 (RFC 1320) of the secret in UTF-16. OpenSSL 3 has no MD4 any more, so it is here.
"""

from __future__ import annotations

import struct
import typing as t

_WORDS = struct.Struct("<16I")
_MASK = 0xFFFFFFFF


def nt_hash(secret: str) -> str:
    """32 hexadecimal digits."""
    return md4(secret.encode("utf-16-le")).hex()


def md4(data: bytes) -> bytes:
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    for at in range(0, len(padded), 64):
        state = _block(state, _WORDS.unpack_from(padded, at))
    return struct.pack("<4I", *state)


# The order of words and the shifts of the three rounds.
_ROUNDS: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...] = (
    (0, tuple(range(16)), (3, 7, 11, 19)),
    (0x5A827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)


def _mixed(number: int, b: int, c: int, d: int) -> int:
    if number == 0:
        return (b & c) | (~b & d)
    return (b & c) | (b & d) | (c & d) if number == 1 else b ^ c ^ d


def _block(state: tuple[int, int, int, int], words: t.Sequence[int]) -> tuple[int, int, int, int]:
    a, b, c, d = state
    for number, (constant, order, shifts) in enumerate(_ROUNDS):
        for step, index in enumerate(order):
            total = (a + _mixed(number, b, c, d) + words[index] + constant) & _MASK
            shift = shifts[step % 4]
            a, b, c, d = d, ((total << shift) | (total >> (32 - shift))) & _MASK, b, c
    return tuple((one + other) & _MASK for one, other in zip(state, (a, b, c, d)))  # type: ignore[return-value]
