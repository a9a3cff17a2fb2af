# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a shell script, and what they expand to where that is certain. Private to this collection. Pure.

The grammar is that of POSIX (Shell Command Language, 2.2 to 2.6), with bash's ``$'…'`` and braces recognised. Nothing
is run: what only a run could tell (``$(…)``, ``$1``, ``${A:-b}``, patterns) makes a word that is not ``literal``.
Texts are decoded as Latin-1, so that an offset in them is one in the file.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

_OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||&>>|&>|>&|<&|<<-|<<<|<<|>>|<>|>\||[;&|()<>]")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ENDS = " \t\r\n;&|()<>"
#: Unquoted, these make the shell look for files, or bash make several words of one.
_PATTERN = re.compile(r"[*?\[]|\{[^{}]*(?:,|\.\.)[^{}]*\}")
REDIRECTIONS = ("<", ">", ">>", "<<", "<<-", "<<<", "<>", ">|", "&>", "&>>", ">&", "<&")


class WordPart(t.NamedTuple):
    """A piece of a word. ``kind``: ``text``, ``variable`` (``value`` is its name) or ``unknown``."""

    kind: str
    value: str
    quoted: bool = False


@dataclass(frozen=True)
class Token:
    """``kind``: ``word``, ``operator`` or ``newline``; ``start`` and ``end`` are offsets. ``here``: a here-document."""

    kind: str
    text: str
    start: int
    end: int
    parts: tuple[WordPart, ...] = ()
    here: str = ""


class Word(t.NamedTuple):
    """A word after expansion; what is not ``literal`` has its source in ``text`` where the value is not known."""

    text: str
    literal: bool = True


class _Unclosed(Exception):
    """A quotation, or a substitution, has no end."""


def tokens(text: str) -> tuple[list[Token], int | None]:
    """The tokens of a script, and where a quotation opens that has no end; nothing behind that is read."""
    found: list[Token] = []
    waiting: list[int] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t\r":
            position += 1
        elif text.startswith("\\\n", position) or text.startswith("\\\r\n", position):
            position = text.index("\n", position) + 1
        elif character == "#":
            position = _line_end(text, position)
        elif character == "\n":
            found.append(Token("newline", "\n", position, position + 1))
            position = _here_documents(text, position + 1, found, waiting)
        else:
            try:
                token = _token(text, position)
            except _Unclosed:
                return found, position
            _note(found, waiting, token)
            position = token.end
    return found, None


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _note(found: list[Token], waiting: list[int], token: Token) -> None:
    """Append a token; a number right before a redirection is part of that."""
    before = found[-1] if found else None
    adjacent = before is not None and before.kind == "word" and before.end == token.start
    if token.kind == "operator" and token.text in REDIRECTIONS and before and adjacent and before.text.isdigit():
        found.pop()
    if before and before.kind == "operator" and before.text in ("<<", "<<-") and token.kind == "word":
        waiting.append(len(found))
    found.append(token)


def _here_documents(text: str, position: int, found: list[Token], waiting: list[int]) -> int:
    """Take the here-documents that the line before announced; returns where they end."""
    for index in waiting:
        end = "".join(part.value for part in found[index].parts)
        start = position
        while position < len(text):
            stop = _line_end(text, position)
            line = text[position:stop].rstrip("\r")
            position = stop + 1
            if line.lstrip("\t") == end:
                break
        token = found[index]
        found[index] = Token("word", token.text, token.start, token.end, token.parts, text[start:position])
    waiting.clear()
    return min(position, len(text))


def _token(text: str, position: int) -> Token:
    operator = _OPERATOR.match(text, position)
    if operator:
        return Token("operator", operator.group(), position, operator.end())
    parts: list[WordPart] = []
    at = position
    while at < len(text) and text[at] not in _ENDS:
        at = _piece(text, at, parts)
    joined = _joined(parts)
    return Token("word", text[position:at], position, at, tuple(joined))


def _joined(parts: list[WordPart]) -> list[WordPart]:
    """Neighbours of one kind in one; unquoted text that the shell would take for a pattern is unknown."""
    found: list[WordPart] = []
    for part in parts:
        if found and part.kind == "text" == found[-1].kind and part.quoted == found[-1].quoted:
            found[-1] = WordPart("text", found[-1].value + part.value, part.quoted)
        else:
            found.append(part)
    if len(found) == 1 and found[0].value in ("[", "[["):
        return found
    return [
        WordPart("unknown", part.value)
        if part.kind == "text" and not part.quoted and _PATTERN.search(part.value)
        else part
        for part in found
    ]


def _piece(text: str, at: int, parts: list[WordPart]) -> int:
    character = text[at]
    if character == "\\":
        if text[at + 1 : at + 2] != "\n":
            parts.append(WordPart("text", text[at + 1 : at + 2], True))
        return min(at + 2, len(text))
    if character == "'":
        end = _find(text, "'", at + 1)
        parts.append(WordPart("text", text[at + 1 : end], True))
        return end + 1
    if character == '"':
        return _double(text, at + 1, parts)
    if character == "$" and text[at + 1 : at + 2] == "'":
        end = _find(text, "'", at + 2)
        parts.append(WordPart("unknown", text[at : end + 1]))
        return end + 1
    if character in "$`":
        return _expansion(text, at, parts, quoted=False)
    parts.append(WordPart("text", character))
    return at + 1


def _double(text: str, at: int, parts: list[WordPart]) -> int:
    """What stands in double quotes; an empty pair is an empty word."""
    parts.append(WordPart("text", "", True))
    while True:
        if at >= len(text):
            raise _Unclosed
        character = text[at]
        if character == '"':
            return at + 1
        if character == "\\" and text[at + 1 : at + 2] in ("$", "`", '"', "\\", "\n"):
            if text[at + 1] != "\n":
                parts.append(WordPart("text", text[at + 1], True))
            at += 2
        elif character in "$`":
            at = _expansion(text, at, parts, quoted=True)
        else:
            parts.append(WordPart("text", character, True))
            at += 1


def _expansion(text: str, at: int, parts: list[WordPart], quoted: bool) -> int:
    """``$NAME`` and ``${NAME}`` are variables; what else ``$`` and ``\\``` begin is unknown."""
    if text[at] == "`":
        end = _find(text, "`", at + 1) + 1
        parts.append(WordPart("unknown", text[at:end], quoted))
        return end
    name = _VARIABLE.match(text, at + 1)
    if name:
        parts.append(WordPart("variable", name.group(1) or name.group(2), quoted))
        return name.end()
    following = text[at + 1 : at + 2]
    if following in ("(", "{"):
        end = _matching(text, at + 1, following, ")" if following == "(" else "}")
    elif following and (following.isdigit() or following in "@*#?$!-"):
        end = at + 2
    else:
        parts.append(WordPart("text", "$", quoted))
        return at + 1
    parts.append(WordPart("unknown", text[at:end], quoted))
    return end


def _find(text: str, character: str, at: int) -> int:
    found = text.find(character, at)
    if found < 0:
        raise _Unclosed
    return found


def _matching(text: str, at: int, opening: str, closing: str) -> int:
    """Where the bracket ends that opens at ``at``; quotations in it count."""
    depth = 0
    while at < len(text):
        character = text[at]
        if character == "\\":
            at += 1
        elif character == "'":
            at = _find(text, "'", at + 1)
        elif character == '"':
            at = _double(text, at + 1, []) - 1
        elif character == opening:
            depth += 1
        elif character == closing:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    raise _Unclosed


def expanded(token: Token, variables: t.Mapping[str, Word]) -> list[Word]:
    """The words that a token becomes: an unquoted variable is split at white space, an empty one is none."""
    found: list[Word] = []
    text, literal, begun = "", True, False
    for part in token.parts:
        value = _value(part, variables)
        if part.quoted or part.kind != "variable" or not value.literal:
            text, literal, begun = text + value.text, literal and value.literal, True
            continue
        pieces = value.text.split()
        if begun and pieces and value.text[:1].isspace():
            found.append(Word(text, literal))
            text, literal, begun = "", True, False
        for index, piece in enumerate(pieces):
            if index:
                found.append(Word(text, literal))
                text, literal = "", True
            text, begun = text + piece, True
            literal = literal and not _PATTERN.search(piece)
        if begun and pieces and value.text[-1:].isspace():
            found.append(Word(text, literal))
            text, literal, begun = "", True, False
    return [*found, Word(text, literal)] if begun else found


def joined(parts: t.Iterable[WordPart], variables: t.Mapping[str, Word]) -> Word:
    """What a token comes to where nothing is split, as on the right of ``=``."""
    values = [_value(part, variables) for part in parts]
    return Word("".join(value.text for value in values), all(value.literal for value in values))


def _value(part: WordPart, variables: t.Mapping[str, Word]) -> Word:
    if part.kind == "variable":
        return variables.get(part.value, Word("$" + part.value, False))
    return Word(part.value, part.kind == "text")
