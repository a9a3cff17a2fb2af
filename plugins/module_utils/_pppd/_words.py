# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of pppd's files, options and secrets alike, read and written. Private to this collection.

``quote`` writes a word, ``words`` and ``lines`` read what pppd reads (``pppd/options.c`` getword), ``spans`` says
where each word of a line stands, and ``visible`` gives the form in which pppd looks a peer's name up.
"""

from __future__ import annotations

import re
import typing as t

#: The longest word that pppd keeps whole, in bytes (MAXWORDLEN less the closing NUL).
MAX_WORD = 1023

_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"s": b" ", b"t": b"\t"}

# White space, continued lines, and then perhaps a comment, in which nothing but its newline counts.
_GAP = re.compile(rb"(?:[ \t\v\f\r]|\\\n)*(?:#[^\n]*)?")
# Bare characters, escaped ones and quoted sections in any order; a section without its end runs to the end of the file.
_WORD = re.compile(
    rb"""(?: [^\s"'#\\]+ | \\. | "[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z) | '[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?\Z) )+""",
    re.DOTALL | re.VERBOSE,
)
_SECTION = re.compile(
    rb"""(?P<double>"(?:[^"\\]|\\.)*("?)) | (?P<single>'(?:[^'\\]|\\.)*('?)) | (?:[^"'\\]|\\.)+""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{0,2})|(.))", re.DOTALL)
# The usual word, at a glance: nothing in it needs a look at sections and escapes.
_PLAIN = re.compile(rb"""[^"'\\]+\Z""")
_QUOTED = re.compile(rb"""(?:"[^"\\\n]*"|'[^'\\\n]*')\Z""")
# A line without these means what it seems to mean.
_SPECIAL = re.compile(rb"""[\\"'\0]""")
# Only these are safe bare in every version and locale; 2.4.5 and older know quotes at a word's beginning only.
_BARE = re.compile(rb"""[!$-&(-\[\]-~]+\Z""")
_TO_ESCAPE = re.compile(rb'[\x00-\x1f\x7f"\\]')


class UnclosedQuote(ValueError):
    """A quotation that is not closed on its line: pppd takes what follows, newlines and all, for the same word."""

    def __init__(self, line: int, last_line: int) -> None:
        super().__init__(f"line {line}: a quotation mark is not closed, pppd reads on to line {last_line}")
        self.line = line
        self.last_line = last_line


class Line(t.NamedTuple):
    """A line as pppd counts it, which a backslash before its newline continues.

    ``start`` and ``end`` are offsets in the content, the newline included; ``number`` is that of its first line,
    from 1. ``words`` are what pppd reads. ``closed`` is false for a last line that would run on into appended text.
    """

    start: int
    end: int
    number: int
    words: tuple[bytes, ...]
    closed: bool


def quote(word: bytes) -> bytes:
    """The word as it is to be written: bare if that is safe, or else in double quotes with escapes.

    ``ValueError`` for the two that pppd cannot read back: a NUL byte, and more than 1023 bytes.
    """
    if _BARE.match(word) and len(word) <= MAX_WORD:
        return word
    if b"\0" in word:
        raise ValueError("a NUL byte cannot stand in a file of pppd")
    if len(word) > MAX_WORD:
        raise ValueError(f"pppd reads {MAX_WORD} bytes of a word at most, this one has {len(word)}")
    return b'"' + _TO_ESCAPE.sub(_escaped, word) + b'"'


def _escaped(match: re.Match[bytes]) -> bytes:
    character = match.group()
    if character in b'"\\':
        return b"\\" + character
    return b"\\%03o" % character[0]


def words(content: bytes) -> list[bytes]:
    """All words of a text, as pppd reads an options file. ``UnclosedQuote`` if one has no end."""
    return [word for line in lines(content) for word in line.words]


def lines(content: bytes, position: int = 0, stop: int | None = None, number: int = 1) -> t.Iterator[Line]:
    """The lines of a text, empty ones and comments too; together they are the whole text, byte for byte.

    Of a part of the text, from ``position`` to ``stop``, all lines that begin in it, counted from ``number``;
    the last may end behind it.
    """
    stop = len(content) if stop is None else stop
    while position < stop:
        newline = content.find(b"\n", position)
        end = len(content) if newline < 0 else newline + 1
        if end - position > MAX_WORD or _SPECIAL.search(content, position, end):
            line = _lexed(content, position, number)
        else:
            plain = content[position:end].partition(b"#")[0]
            line = Line(position, end, number, tuple(plain.split()), newline >= 0)
        yield line
        number += 1 if line.end == end else content.count(b"\n", position, line.end)
        position = line.end


def _lexed(content: bytes, start: int, number: int) -> Line:
    """One line, by the whole grammar."""
    found = []
    ends, end, closed = _ends(content, start)
    for first, last in ends:
        raw = content[first:last]
        if _PLAIN.match(raw):
            value = raw
        elif _QUOTED.match(raw):
            value = raw[1:-1]
        else:
            value, sound = _read(raw)
            if not sound:
                line = number + content.count(b"\n", start, first)
                raise UnclosedQuote(line, line + raw.count(b"\n"))
        # At the end of the file, a lone backslash aside, an empty word is no word (getword: "If len is zero").
        if value or content[last : last + 2] not in (b"", b"\\"):
            found.append(value.partition(b"\0")[0][:MAX_WORD])
    return Line(start, end, number, tuple(found), closed)


def spans(content: bytes, line: Line) -> list[tuple[int, int]]:
    """Where the words of a line stand in the content, quotation marks included: start and end of each."""
    return _ends(content, line.start)[0][: len(line.words)]


def parted_line(content: bytes) -> int | None:
    """The number of the first line with a carriage return between two words, which for pppd is white space."""
    for line in lines(content):
        if len(line.words) > 1 and b"\r" in content[line.start : line.end]:
            places = spans(content, line)
            if any(b"\r" in content[one[1] : other[0]] for one, other in zip(places, places[1:])):
                return line.number
    return None


def _ends(content: bytes, position: int) -> tuple[list[tuple[int, int]], int, bool]:
    """The places of a line's words, where the line ends, and whether a newline ends it."""
    found: list[tuple[int, int]] = []
    while True:
        gap = _GAP.match(content, position)
        position = gap.end() if gap else position
        word = _WORD.match(content, position)
        if word is None:
            closed = content[position : position + 1] == b"\n"
            # Without a newline there, this is the end of the file, but for a lone backslash.
            return found, position + 1 if closed else len(content), closed
        found.append(word.span())
        position = word.end()


def _read(raw: bytes) -> tuple[bytes, bool]:
    """A word without its quotation marks and escapes, and whether each of its quotations ends on its line."""
    pieces = []
    sound = True
    for body, closed, quoted in _sections(raw):
        pieces.append(_ESCAPE.sub(_unescaped, body))
        if quoted and (not closed or b"\n" in body):
            sound = sound and closed and b"\n" not in _ESCAPE.sub(b"", body)
    return b"".join(pieces), sound


def _sections(raw: bytes) -> t.Iterator[tuple[bytes, bool, bool]]:
    """The sections of a raw word: the text in it, whether it is closed, and whether it is quoted at all."""
    for match in _SECTION.finditer(raw):
        text = match.group()
        if match.lastgroup is None:
            yield text, True, False
        else:
            closed = bool(match.group(2) or match.group(4))
            yield text[1:-1] if closed else text[1:], closed, True


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, character = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal or b"0", 16)])
    return b"" if character == b"\n" else _LETTERS.get(character, character)


def visible(name: bytes) -> bytes:
    """A name in the notation in which pppd's server looks it up, ``josé`` being ``josM-CM-)``.

    Source: ``pppd/utils.c`` vslprintf ``%v``, called by ``chap.c`` and by ``auth.c`` check_passwd, which does the same
    to a password that came by PAP. Printable ASCII stays as it is.
    """
    if name.isascii() and name.decode("ascii").isprintable():
        return name
    return b"".join(_visible_byte(byte) for byte in name)


def _visible_byte(byte: int) -> bytes:
    prefix, byte = (b"M-", byte - 0x80) if byte >= 0x80 else (b"", byte)
    if byte == 0x09 or 0x20 <= byte < 0x7F:
        return prefix + bytes([byte])
    return prefix + b"^" + bytes([byte ^ 0x40])
