# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pppd's secrets file: what is to be changed in it so that it holds the accounts asked for. Private to this collection.

``plan`` compares and gives the new content; nothing here reads or writes a file. A line is ``client server secret
[address …] [-- option …]`` (``pppd/auth.c`` scan_authfile). Of several lines for the same client and server pppd takes
the first. Bytes that are not part of a change stay as they are.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _secrets_text
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import Account, single_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

#: A word in the column of addresses that pppd cannot take, but accel-ppp, whose file of the same name has a rate there.
RATE = re.compile(rb"[0-9]+(?:[KMGkmg](?:bit)?)?(?:/[0-9]+(?:[KMGkmg](?:bit)?)?)?\Z")
# What follows a secret without quotes from its # on, less a comment that begins behind a blank.
_HALF = re.compile(rb"#[^\n]*?(?=[ \t]+#|[ \t\r]*(?:\n|\Z))")


#: How the file of a pool begins, in the folder of a session, and that of a moment at which accounts expire.
_POOL, _UNTIL = b"pool-", b"../until-"


@dataclass(frozen=True)
class LineEdit:
    """A line of the file and what takes its place: ``words`` are what pppd reads then, empty if the line goes."""

    line: _words.Line
    text: bytes
    words: tuple[bytes, ...]


@dataclass
class SecretsPlan:
    """The content as it should be (``None``: there is no file, and none is needed), and how it comes about.

    ``added``, ``updated`` and ``removed`` are names in the order of the call, then of the file. ``total`` counts the
    account lines of the new content. ``edits`` are in the file's order; ``additions`` are the words of new lines.
    """

    content: bytes | None
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    total: int = 0
    #: Lines of single accounts that were there, and those of them that go although the call does not name them.
    total_before: int = 0
    unlisted: int = 0
    warnings: list[str] = field(default_factory=list)
    edits: list[LineEdit] = field(default_factory=list)
    additions: list[tuple[bytes, ...]] = field(default_factory=list)
    #: Lines of which the rest of a secret went, as ``_without_half`` says.
    halves: list[str] = field(default_factory=list)
    #: Accounts that were added and are not in ``added`` and ``additions``, which a batch keeps short.
    more_added: int = 0
    more_additions: int = 0
    #: The text of all new lines, in pieces.
    new_lines: list[bytes] = field(default_factory=list)


@dataclass
class Survey:
    """What one reading of the file finds: the lines of each account asked for, and those of nobody asked for."""

    wanted: list[list[_words.Line]]
    others: list[_words.Line] = field(default_factory=list)
    same_address: list[str] = field(default_factory=list)
    total: int = 0
    #: Those of ``total`` by which somebody in particular can log in.
    singles: int = 0
    last: _words.Line | None = None


def plan(
    content: bytes | None,
    accounts: t.Sequence[Account],
    *,
    exclusive: bool = False,
    update_secret: bool = True,
    path: str = "the file",
) -> SecretsPlan:
    """What has to change in ``content`` for it to hold ``accounts``, and with ``exclusive`` no other.

    Without ``update_secret`` an account that is there keeps its secret. ``Refused`` (parameter ``path``) for a file
    that pppd itself cannot read line by line.
    """
    lines = _secrets_text.lines(content or b"", path)
    return plan_of(content, lines, accounts, exclusive=exclusive, update_secret=update_secret, path=path)


def plan_of(
    content: bytes | None,
    lines: t.Iterable[_words.Line],
    accounts: t.Sequence[Account],
    *,
    exclusive: bool = False,
    update_secret: bool = True,
    path: str,
) -> SecretsPlan:
    """The same for a content whose lines are known, as ``_secrets_text.lines`` gives them."""
    text = content or b""
    survey = survey_of(lines, accounts, exclusive)
    result = SecretsPlan(content, total=survey.total, total_before=survey.singles)
    for account, found in zip(accounts, survey.wanted):
        decide(result, text, account, found, exclusive, update_secret)
    finish(result, text, survey, path)
    return result


def decide(
    result: SecretsPlan, text: bytes, account: Account, found: list[_words.Line], exclusive: bool, update_secret: bool
) -> None:
    """What becomes of one account, whose lines were found."""
    if account.present:
        _keep(result, text, account, found, exclusive, update_secret)
    elif found:
        _remove(result, found, account.label)


def finish(result: SecretsPlan, text: bytes, survey: Survey, path: str) -> None:
    """What is to be said of the whole, and the new content."""
    result.unlisted = sum(map(_is_single, survey.others))
    for line in survey.others:
        _remove(result, [line], _words.visible(line.words[0]).decode("ascii", "backslashreplace"))
    _warn(result, survey, path)
    result.edits.sort(key=lambda edit: edit.line.start)
    result.total += len(result.additions) + result.more_additions - sum(1 for edit in result.edits if not edit.words)
    if result.edits or result.new_lines:
        result.content = _render(text, result, survey.last)


def survey_of(lines: t.Iterable[_words.Line], accounts: t.Sequence[Account], exclusive: bool) -> Survey:
    """Read the file once, whatever the number of accounts."""
    survey = Survey(wanted=[[] for _account in accounts])
    index: dict[tuple[bytes, bytes], int] = {}
    for number, account in enumerate(accounts):
        index[account.key] = number
        if account.alias is not None:
            index.setdefault((account.alias, account.server), number)
    fixed = {host: account for account in accounts for host in account.fixed}
    for line in lines:
        survey.last = line
        if len(line.words) < 3:
            continue
        survey.total += 1
        survey.singles += _is_single(line)
        wanted = index.get((line.words[0], line.words[1]))
        if wanted is not None:
            survey.wanted[wanted].append(line)
        elif exclusive:
            survey.others.append(line)
        elif fixed:
            _note_address(survey, line, fixed)
    return survey


def _is_single(line: _words.Line) -> bool:
    """Whether one account can log in by it; by two kinds of lines in Debian's pap-secrets none can."""
    return line.words[0] != b"*" and line.words[3:4] != (b"-",)


def _note_address(survey: Survey, line: _words.Line, fixed: dict[bytes, Account]) -> None:
    for word in address_words(line.words):
        holder = fixed.get(single_host(word) or b"")
        if holder is not None and line.words[0] not in (holder.name, holder.alias):
            survey.same_address.append(f"{word.decode()} of {holder.label!r} (line {line.number})")


def address_words(words: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The addresses among the words of an account's line; behind ``--`` come options."""
    rest = words[3:]
    return rest[: rest.index(b"--")] if b"--" in rest else rest


def pool_of(options: t.Sequence[bytes]) -> tuple[str, int | None]:
    """The pool (empty for none) and the moment of our options."""
    named = [word for before, word in zip(options, options[1:]) if before == b"file"]
    pool = next((word[len(_POOL) :].decode("ascii") for word in named if word.startswith(_POOL)), "")
    return pool, next((int(word[len(_UNTIL) :]) for word in named if word.startswith(_UNTIL)), None)


def options_of(rest: tuple[bytes, ...], pool: str | None, until: int | None = None) -> tuple[bytes, ...]:
    """What is to follow the addresses, from what does: options of others, and ours that reads the address of a pool.

    pppd runs such options right after the authentication; the session manager (``_manager._pools``) has the file.
    """
    if pool is None:
        return rest
    kept: list[bytes] = []
    for word in rest:
        if kept and kept[-1] == b"file" and word.startswith((_POOL, _UNTIL)):
            kept.pop()
        else:
            kept.append(word)
    ours = [_POOL + pool.encode()] if pool else []
    ours += [_UNTIL + str(until).encode()] if until is not None else []
    for name in ours:
        kept += [*(() if kept else (b"--",)), b"file", name]
    return () if kept == [b"--"] else tuple(kept)


def _keep(
    result: SecretsPlan, text: bytes, account: Account, found: list[_words.Line], exclusive: bool, update_secret: bool
) -> None:
    """Make the line that pppd takes say what was asked for, or add one."""
    secret = account.secret or b""
    if not found:
        words = words_of(account)
        result.additions.append(words)
        result.new_lines.append(written(words) + b"\n")
        result.added.append(account.label)
        return
    # The first line under the name that pppd looks up; one under the alias is never found, and is put right.
    first = next((line for line in found if line.words[0] == account.name), found[0])
    repeated = [line for line in found if line is not first]
    edit = _edit(text, first, account, secret if update_secret else first.words[2])
    if edit:
        result.edits.append(edit)
        if _half(text, first):
            result.halves.append(f"line {first.number}")
    if exclusive:
        result.edits += [LineEdit(line, b"", ()) for line in repeated]
    elif repeated:
        lines = _text.listed([str(line.number) for line in repeated])
        result.warnings.append(f"{account.label!r}: line {first.number} counts, not line {lines}")
    if edit or (exclusive and repeated):
        result.updated.append(account.label)


def _remove(result: SecretsPlan, found: list[_words.Line], label: str) -> None:
    result.edits += [LineEdit(line, b"", ()) for line in found]
    result.removed.append(label)


def _edit(text: bytes, line: _words.Line, account: Account, secret: bytes) -> LineEdit | None:
    """The change of one line: only the words that differ are written anew; white space, options, comment stay."""
    words = line.words
    addresses = address_words(words)
    asked = addresses if account.addresses is None else account.addresses + tuple(filter(RATE.match, addresses))
    rest = words[3 + len(addresses) :]
    options = options_of(rest, account.pool, account.until)
    after = (account.name, account.server, secret, *asked, *options)
    if after == words:
        return None
    spans = _words.spans(text, line)
    pieces = [text[line.start : spans[0][0]]]
    for number in range(3):
        start, end = spans[number]
        pieces.append(text[start:end] if after[number] == words[number] else _words.quote(after[number]))
        pieces.append(text[end : spans[number + 1][0]] if number < 2 else b"")
    position = spans[2][1]
    if asked != addresses:
        gap = text[position : spans[3][0]] if addresses else b" "
        pieces.append(gap + b" ".join(map(_words.quote, asked)))
        position = spans[2 + len(addresses)][1]
    if options != rest:
        pieces.append(text[position : spans[2 + len(addresses)][1]])
        pieces += [b" " + written(options)] if options else []
        position = spans[-1][1]
    pieces.append(text[position + _half(text, line) : line.end])
    return LineEdit(line, b"".join(pieces), after)


def _half(text: bytes, line: _words.Line) -> int:
    """How much behind the words of the line is the rest of a secret that was written without quotes.

    ``bob * pw#1 10.0.0.5`` has the secret ``pw`` for pppd, and the rest is a comment. With another secret in its place,
    that would be a piece of the former one for ever.
    """
    start, end = _words.spans(text, line)[-1]
    if len(line.words) != 3 or text[end - 1 : end] in (b'"', b"'") or end == start:
        return 0
    rest = _HALF.match(text, end, line.end)
    return len(rest.group()) if rest else 0


def _render(text: bytes, result: SecretsPlan, last: _words.Line | None) -> bytes:
    """The new content: the old one with the edits made, and the new lines at its end."""
    pieces = []
    position = 0
    for edit in result.edits:
        pieces += [text[position : edit.line.start], edit.text]
        position = edit.line.end
    pieces.append(text[position:])
    if result.new_lines and last is not None and not last.closed:
        gone = bool(result.edits) and result.edits[-1].line is last and not result.edits[-1].text
        pieces.append(b"" if gone else _ending(pieces))
    crlf = text[: text.find(b"\n") + 1].endswith(b"\r\n")
    # What we write has no newline but the one at the end of a line.
    pieces += [lines.replace(b"\n", b"\r\n") for lines in result.new_lines] if crlf else result.new_lines
    return b"".join(pieces)


def _ending(pieces: list[bytes]) -> bytes:
    """What ends a last line that lacks its newline; a backslash there would take the first newline to itself."""
    tail = next(piece for piece in reversed(pieces) if piece)
    return b"\n\n" if tail.endswith(b"\\") else b"\n"


def words_of(account: Account) -> tuple[bytes, ...]:
    """The words of a new line."""
    options = options_of((), account.pool, account.until)
    return (account.name, account.server, account.secret or b"", *(account.addresses or ()), *options)


def written(words: t.Iterable[bytes]) -> bytes:
    """A line as we write it, without its newline."""
    return b" ".join(map(_words.quote, words))


def _warn(result: SecretsPlan, survey: Survey, path: str) -> None:
    """One warning a subject, however many accounts it is about."""
    if result.warnings:
        result.warnings = [f"{path} has accounts more than once, pppd takes the first: " + listed(result.warnings)]
    if result.halves:
        result.warnings.append(
            f"{path} had a secret with a # and without quotes, of which pppd reads the part before it: "
            f"{listed(result.halves)} Its rest, a comment for pppd, is removed with the change."
        )
    if survey.same_address:
        result.warnings.append(f"{path} gives the same address to another account: " + listed(survey.same_address))


def listed(items: list[str]) -> str:
    return _text.listed(items, "; ") + "."
