# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A batch of accounts held against a secrets file. Private to this collection.

The result is that of ``_secrets.plan`` for the same accounts. Runs of lines that file and batch have in common are
compared as bytes, and so are new lines appended; only what is left over is taken apart.
"""

from __future__ import annotations

import itertools
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import (
    _batch,
    _secrets,
    _secrets_diff,
    _secrets_text,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import Account, single_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._batch import Batch
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

#: How many of the names of added accounts a plan has; the result shows no more.
MOST_NAMES = 100
#: Up to so many words are looked for one by one.
FEW = 20
# Client and server together, and what comes after the secret; a quoted secret may have blanks, which only costs time.
_LINE = re.compile(rb"([^ \n]+ [^ \n]+) ([^\n]*)\n")
_CHUNK = 64 * 1024

Span = tuple[int, int]


class _Entangled(Exception):
    """The left-over lines have to do with those that are equal: all must be taken apart."""


def plan(
    content: bytes | None, batch: Batch, *, exclusive: bool = False, update_secret: bool = True, path: str = "the file"
) -> _secrets.SecretsPlan:
    """As ``_secrets.plan``, but for names and additions, of which only the first are listed and the rest is counted."""
    text = content or b""
    _secrets_text.check(text, path)
    try:
        return _plan(content, batch, exclusive, update_secret, path)
    except (_Entangled, _words.UnclosedQuote):
        accounts = _batch.accounts_of(batch)
        return _secrets.plan(content, accounts, exclusive=exclusive, update_secret=update_secret, path=path)


def _plan(content: bytes | None, batch: Batch, exclusive: bool, update_secret: bool, path: str) -> _secrets.SecretsPlan:
    text = content or b""
    runs = common_runs(text, batch.text)
    left = _gaps([(start, start + length) for start, _other, length in runs], len(text))
    missing = _gaps([(start, start + length) for _other, start, length in runs], len(batch.text))
    items = _items(batch, missing, *_of_interest(text, left))
    accounts = [item for item in items if isinstance(item, Account)]
    survey = _secrets.survey_of(_left_lines(text, left), accounts, exclusive)
    same = sum(text.count(b"\n", start, start + length) for start, _other, length in runs)
    if runs and (not left or left[-1][1] < len(text)):
        survey.last = _words.Line(text.rfind(b"\n", 0, len(text) - 1) + 1, len(text), 0, (), True)
    result = _secrets.SecretsPlan(content, total=survey.total + same, total_before=survey.singles + same)
    found = iter(survey.wanted)
    for item in items:
        if isinstance(item, Account):
            _secrets.decide(result, text, item, next(found), exclusive, update_secret)
        else:
            _append(result, batch.text, item)
    _secrets.finish(result, text, survey, path)
    return result


def common_runs(text: bytes, wanted: bytes) -> list[tuple[int, int, int]]:
    """Whole lines that both have, one after the other, in the order of both: start in each, and length.

    Not always all of them: a search that becomes longer than some times the texts is broken off.
    """
    runs = []
    here, there = 0, 0
    budget = 1_000_000 + 10 * (len(text) + len(wanted))
    while here < len(text) and there < len(wanted) and budget > 0:
        length = _common(text, here, wanted, there)
        if length:
            runs.append((here, there, length))
            here, there = here + length, there + length
            continue
        ends = _line_end(text, here), _line_end(wanted, there)
        theirs = wanted[there : ends[1]]
        key = theirs[: theirs.index(b" ", theirs.index(b" ") + 1) + 1]
        if text.startswith(key, here):
            here, there = ends
            continue
        further = _find_line(text, theirs, ends[0])
        budget -= (further if further >= 0 else len(text)) - here
        if further >= 0:
            here = further
            continue
        further = _find_line(wanted, text[here : ends[0]], ends[1])
        budget -= (further if further >= 0 else len(wanted)) - there
        here, there = (here, further) if further >= 0 else ends
    return runs


def _common(text: bytes, here: int, wanted: bytes, there: int) -> int:
    """How many bytes are equal from two places on, up to the end of a line."""
    length = 0
    size = 64
    while True:
        one, other = text[here + length : here + length + size], wanted[there + length : there + length + size]
        if one != other or not one:
            break
        length += len(one)
        size = min(2 * size, _CHUNK)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return max(0, wanted.rfind(b"\n", there, there + length + low) + 1 - there)


def _line_end(text: bytes, start: int) -> int:
    newline = text.find(b"\n", start)
    return len(text) if newline < 0 else newline + 1


def _find_line(text: bytes, line: bytes, start: int) -> int:
    """Where a line is, from the beginning of a line on; -1 if it is not there."""
    if not line.endswith(b"\n"):
        return -1
    newline = text.find(b"\n" + line, start - 1)
    return newline + 1 if newline >= 0 else -1


def _gaps(spans: t.Iterable[Span], end: int) -> list[Span]:
    """What is between the spans, up to the end."""
    found = []
    position = 0
    for start, stop in spans:
        if start > position:
            found.append((position, start))
        position = stop
    return [*found, (position, end)] if end > position else found


def _left_lines(text: bytes, left: t.Iterable[Span]) -> t.Iterator[_words.Line]:
    number, counted = 1, 0
    for start, stop in left:
        number += text.count(b"\n", counted, start)
        counted = start
        lines = list(_words.lines(text, start, stop, number))
        yield from lines
        if lines and lines[-1].end != stop:
            raise _Entangled


def _of_interest(text: bytes, left: t.Iterable[Span]) -> tuple[set[bytes], set[bytes]]:
    """Clients and servers of the left-over lines, and the single addresses that they give."""
    keys, hosts = set(), set()
    for line in _left_lines(text, left):
        if len(line.words) > 2:
            keys.add(line.words[0] + b" " + line.words[1])
            for word in _secrets.address_words(line.words):
                host = single_host(word)
                if host:
                    hosts |= {host, host + b"/32"}
    return keys, hosts


def _items(batch: Batch, missing: list[Span], keys: set[bytes], hosts: set[bytes]) -> list[Account | Span]:
    """In the order of the batch, the accounts that need a look, and the spans of lines that are new for sure."""
    marks: list[tuple[int, int, Account]] = [(place, place, account) for place, account in batch.special]
    if keys:
        spans = _touched(batch.text, missing, keys, hosts)
        marks += [(start, stop, _batch.account_of(batch.text[start:stop], batch.pools)) for start, stop in spans]
        marks.sort(key=lambda mark: mark[:2])
    items: list[Account | Span] = []
    waiting = iter(marks)
    mark = next(waiting, None)
    for start, stop in missing:
        while mark is not None and mark[0] < stop:
            if mark[0] > start:
                items.append((start, mark[0]))
            items.append(mark[2])
            start = max(start, mark[1])
            mark = next(waiting, None)
        if start < stop:
            items.append((start, stop))
    if mark is not None:
        items += [mark[2], *(account for _start, _stop, account in waiting)]
    return items


def _touched(wanted: bytes, missing: list[Span], keys: set[bytes], hosts: set[bytes]) -> list[Span]:
    """The lines wanted that a left-over line has to do with; none of them may be in the file as it is."""
    found = []
    gaps = iter(missing)
    gap = next(gaps, None)
    for match in _candidates(wanted, keys, hosts):
        if match.group(1) in keys or (hosts and not hosts.isdisjoint(match.group(2).split(b" "))):
            while gap is not None and gap[1] <= match.start():
                gap = next(gaps, None)
            if gap is None or match.start() < gap[0]:
                raise _Entangled
            found.append(match.span())
    return found


def _candidates(wanted: bytes, keys: set[bytes], hosts: set[bytes]) -> t.Iterable[re.Match[bytes]]:
    """The lines wanted, or, to look for a few words, those that have one of them."""
    if len(keys) + len(hosts) > FEW:
        return _LINE.finditer(wanted)
    starts = set()
    for word in (*keys, *hosts):
        position = wanted.find(word)
        while position >= 0:
            starts.add(wanted.rfind(b"\n", 0, position) + 1)
            position = wanted.find(word, _line_end(wanted, position))
    return filter(None, (_LINE.match(wanted, start) for start in sorted(starts)))


def _append(result: _secrets.SecretsPlan, wanted: bytes, span: Span) -> None:
    """New lines as they are; as many of them in words as anybody is shown."""
    start, stop = span
    result.new_lines.append(wanted[start:stop])
    count = wanted.count(b"\n", start, stop)
    names = max(0, min(count, MOST_NAMES - len(result.added)))
    shown = max(0, min(count, _secrets_diff.MOST_CHANGES - len(result.additions)))
    words = [line.words for line in itertools.islice(_words.lines(wanted, start, stop), max(names, shown))]
    result.added += [line[0].decode("ascii") for line in words[:names]]
    result.additions += words[:shown]
    result.more_added += count - names
    result.more_additions += count - shown
