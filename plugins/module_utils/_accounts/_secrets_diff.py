# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be shown of a change to a secrets file. Private to this collection.

Names, servers and addresses are shown; secrets, comments (an account put out of use by a ``#`` keeps its secret) and
options are not. Only changed lines and their neighbours appear, and not more than a person reads, so that the cost
does not grow with the file.
"""

from __future__ import annotations

import typing as t
from collections import deque

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._secrets import SecretsPlan, address_words
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

#: Unchanged lines around a change, as in a unified diff.
CONTEXT = 3
#: Changed lines that are shown; the result says how many more there are.
MOST_CHANGES = 500
_MOST_LETTERS = 2000

MASK = "(secret)"
NEW_MASK = "(new secret)"


class _Sheet:
    """The two sides of the diff while they grow."""

    def __init__(self, content: bytes) -> None:
        self.before: list[str] = []
        self.after: list[str] = []
        self._content = content
        self._near: deque[_words.Line] = deque(maxlen=CONTEXT)
        self._skipped = 0
        self._follow = 0

    def same(self, line: _words.Line) -> None:
        """A line without a change: shown if a change is near."""
        if self._follow:
            self._follow -= 1
            self._both(_shown_line(self._content, line))
            return
        self._skipped += len(self._near) == CONTEXT
        self._near.append(line)

    def change(self, before: str | None, after: str | None) -> None:
        """A changed line; ``None`` on the side where it is not."""
        if self._skipped:
            self._both(f"({self._skipped} more lines)")
        for line in self._near:
            self._both(_shown_line(self._content, line))
        self._near.clear()
        self._skipped = 0
        self.before += [before] if before is not None else []
        self.after += [after] if after is not None else []
        self._follow = CONTEXT

    def _both(self, text: str) -> None:
        self.before.append(text)
        self.after.append(text)


def shown(content: bytes | None, plan: SecretsPlan) -> tuple[str, str]:
    """The text before and after, as ``--diff`` shows it."""
    sheet = _Sheet(content or b"")
    edits = plan.edits[:MOST_CHANGES]
    additions = plan.additions[: MOST_CHANGES - len(edits)]
    waiting = iter(edits)
    edit = next(waiting, None)
    for line in _words.lines(content or b"") if edits or additions else ():
        if edit is not None and edit.line.start == line.start:
            mask = NEW_MASK if edit.words and edit.words[2] != line.words[2] else MASK
            sheet.change(_shown_words(line.words), _shown_words(edit.words, mask) if edit.words else None)
            edit = next(waiting, None)
        elif edit is not None or len(edits) == len(plan.edits):
            sheet.same(line)
        else:
            break
    for words in additions:
        sheet.change(None, _shown_words(words))
    more = len(plan.edits) + len(plan.additions) + plan.more_additions - len(edits) - len(additions)
    if more:
        sheet.after.append(f"({more} more changed lines are not shown)")
    return _text(sheet.before), _text(sheet.after)


def _text(lines: t.Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _shown_line(content: bytes, line: _words.Line) -> str:
    if line.words:
        return _shown_words(line.words)
    return "# (comment)" if content[line.start : line.end].strip() else ""


def _shown_words(words: tuple[bytes, ...], mask: str = MASK) -> str:
    """A line without what it keeps to itself. One that is no account may have its secret in any place."""
    if len(words) < 3:
        return _readable(words[0]) + " (incomplete)"
    addresses = address_words(words)
    shown = [_readable(words[0]), _readable(words[1]), mask, *map(_readable, addresses)]
    if len(words) > 3 + len(addresses):
        shown.append("-- (options)")
    text = " ".join(shown)
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + "…"


def _readable(word: bytes) -> str:
    return _words.quote(_words.visible(word)).decode("ascii") if len(word) <= 300 else "(a long word)"


def entry(path: str, content: bytes | None, plan: SecretsPlan, modes: tuple[int | None, int]) -> dict[str, str]:
    """The file's entry in what Ansible shows with ``--diff``; ``modes``: before (``None``: no file) and after."""
    before, after = shown(content, plan)
    if modes[0] not in (None, modes[1]):
        before, after = f"(mode {modes[0]:04o})\n{before}", f"(mode {modes[1]:04o})\n{after}"
    return {"before_header": path, "after_header": path, "before": before, "after": after}
