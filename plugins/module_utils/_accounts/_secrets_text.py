# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the content of a secrets file is text that pppd reads line by line. Private to this collection."""

from __future__ import annotations

import codecs
import re
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

#: A file with more NUL bytes than this is no text; fewer may be a leftover in a comment, and are kept.
MOST_NULS = 16
#: The longest line in bytes. An account takes some 4 KiB at most, and all of a line is taken apart at once.
MOST_IN_LINE = 64 * 1024
# Carriage returns that are not part of a line's end.
LONE_CR = re.compile(rb"\r+[^\r\n]")


def lines(text: bytes, path: str) -> t.Iterator[_words.Line]:
    """The lines of the file; ``Refused`` (parameter ``path``) for what pppd itself cannot read line by line."""
    check(text, path)
    try:
        yield from _words.lines(text)
    except _words.UnclosedQuote as error:
        raise Refused(
            "path",
            f"in line {error.line} of {path} a quotation mark is not closed: pppd takes everything up to line "
            f"{error.last_line} for one word, and the accounts there do not exist for it.",
            f"Close it in line {error.line}, or write \\' or \\\" for a quotation mark that belongs to the word.",
        ) from None


def check(text: bytes, path: str) -> None:
    """Refuse (parameter ``path``) what pppd does not read line by line, in no more memory than the text has."""
    _check_encoding(text, path)
    nuls = text.count(b"\0")
    if nuls > MOST_NULS:
        problem = f"{path} is not a text file: it has {nuls} NUL bytes."
        raise Refused("path", problem, "Name a secrets file, or restore this one from a backup.")
    start = 0
    while len(text) - start > MOST_IN_LINE:
        newline = text.rfind(b"\n", start, start + MOST_IN_LINE + 1)
        if newline < 0:
            end = text.find(b"\n", start)
            number, length = 1 + text.count(b"\n", 0, start), (len(text) if end < 0 else end) - start
            problem = f"line {number} of {path} is {length} bytes long, more than {MOST_IN_LINE}."
            raise Refused("path", problem, "Name a secrets file, or break this line up.")
        start = newline + 1
    _check_line_ends(text, path)


def _check_encoding(text: bytes, path: str) -> None:
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _every_other_is_nul(text):
        problem = f"{path} is in UTF-16, of which pppd reads nothing."
        raise Refused("path", problem, "Convert it: iconv -f UTF-16 -t UTF-8.")


def _every_other_is_nul(text: bytes) -> bool:
    pairs = text[: min(len(text), 1024) // 2 * 2]
    return len(pairs) >= 8 and any(pairs) and (not any(pairs[::2]) or not any(pairs[1::2]))


def _check_line_ends(text: bytes, path: str) -> None:
    if not LONE_CR.search(text):
        return
    fix = r"Convert it: tr '\r' '\n'."
    if b"\n" not in text:
        problem = f"{path} has carriage returns and no newline, so that for pppd it is one line."
        raise Refused("path", problem, fix)
    with suppress(_words.UnclosedQuote):  # which `lines` refuses
        parted = _words.parted_line(text)
        if parted is not None:
            problem = f"line {parted} of {path} has a carriage return in it, behind which pppd reads on."
            raise Refused("path", problem, fix)
