# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simple commands of a shell script, and what each changes for the next. Private to this collection. Pure."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _shell_words
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_words import Token, Word

#: How deep scripts may read other scripts (``. FILE``).
MOST_DEEP = 4
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_DECLARING = ("export", "readonly", "local", "declare", "typeset")


@dataclass(frozen=True)
class ShellCall:
    """A simple command of the script ``path``.

    ``number``: its line; ``start`` and ``end``: offsets of it. ``certain``: it is under no condition; ``reached``: no
    ``exit`` stands before it. ``repeated``: a ``while`` or ``until`` runs it again. ``cwd``: where it runs, ``None`` if
    that is not known. ``here``: its here-documents.
    ``redirections``: the operator and the file of each.
    """

    path: str
    words: tuple[Word, ...]
    number: int
    start: int
    end: int
    certain: bool = True
    reached: bool = True
    piped: bool = False
    repeated: bool = False
    cwd: str | None = "/"
    here: str = ""
    redirections: tuple[tuple[str, Word], ...] = ()

    @property
    def literal(self) -> bool:
        return all(word.literal for word in self.words)


Opened = t.Callable[[str], t.Optional[bytes]]


def nothing(_path: str) -> bytes | None:
    """An ``opened`` for scripts of which no other file is read."""
    return None


class Commands:
    """Takes the simple commands among the tokens of a script. What is compound is ``_shell``'s."""

    def __init__(
        self, path: str, text: str, opened: Opened, variables: dict[str, Word], cwd: str | None, deep: int
    ) -> None:
        self.path, self.text, self.opened, self.variables = path, text, opened, variables
        self.cwd, self.deep = cwd, deep
        self.tokens, unclosed = _shell_words.tokens(text)
        self.unclosed = None if unclosed is None else text.count("\n", 0, unclosed) + 1
        self.calls: list[ShellCall] = []
        self.at = 0
        self.certain = self.reached = True
        self.inside = self.repeating = 0

    def commands(self, until: tuple[str, ...]) -> None:
        """Commands up to one of these words or operators, which stays."""
        raise NotImplementedError

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token and token.text == text:
            self.at += 1
            return True
        return False

    def _simple(self) -> None:
        first = self.at
        words: list[Word] = []
        files: list[tuple[str, Word]] = []
        here = ""
        last = self.tokens[first]
        while token := self._peek():
            if token.text in _shell_words.REDIRECTIONS and token.kind == "operator":
                self.at += 1
                target = self._peek()
                if target and target.kind == "word":
                    here += target.text if token.text == "<<<" else target.here
                    files.append((token.text, _shell_words.joined(target.parts, self.variables)))
                    last = target
                    self.at += 1
            elif token.kind == "word":
                self.at += 1
                last = token
                if words or not self._assigned(token):
                    words += _shell_words.expanded(token, self.variables)
            else:
                break
        if self.at == first:
            self.at += 1  # an operator that begins nothing
        cut = self.unclosed is not None and self._peek() is None
        if words and not cut:
            self._note(words, first, last, here, files)

    def _assigned(self, token: Token) -> bool:
        """Take ``NAME=value``; an array, or something added to what is there, is unknown."""
        match = ASSIGNMENT.match(token.text)
        first = token.parts[0] if token.parts else None
        if not match or first is None or first.quoted or not first.value.startswith(match.group()):
            return False
        name, more = match.groups()
        rest = [first._replace(value=first.value[match.end() :]), *token.parts[1:]]
        self.variables[name] = _shell_words.joined(rest, self.variables)
        following = self._peek()
        array = following and following.text == "(" and following.start == token.end
        if more or array:
            self.variables[name] = Word(token.text, False)
        if array:
            while (token_ := self._peek()) and not self._take(")"):
                self.at += 1 if token_ else 0
        return True

    def _note(self, words: list[Word], index: int, last: Token, here: str, files: list[tuple[str, Word]]) -> None:
        start = self.tokens[index].start
        neighbours = [self.tokens[index - 1] if index else None, self._peek()]
        self.calls.append(
            ShellCall(
                path=self.path,
                words=tuple(words),
                number=self.text.count("\n", 0, start) + 1,
                start=start,
                end=last.end,
                certain=self.certain,
                reached=self.reached,
                piped=any(token is not None and token.text == "|" for token in neighbours),
                repeated=bool(self.repeating),
                cwd=self.cwd,
                here=here,
                redirections=tuple(files),
            )
        )
        self._effect(words)

    def _effect(self, words: list[Word]) -> None:
        """What a command of the shell itself changes for those after it."""
        name = words[0].text
        if name in _DECLARING:
            for word in words[1:]:
                match = ASSIGNMENT.match(word.text)
                if match:
                    self.variables[match.group(1)] = Word(word.text[match.end() :], word.literal and not match.group(2))
        elif name in ("read", "unset", "getopts", "mapfile", "readarray", "printf", "let"):
            for word in words[1:]:
                self.variables.pop(word.text, None)
        elif name == "eval":
            self.variables.clear()
        elif name in ("cd", "chdir", "pushd", "popd"):
            there = words[1] if len(words) == 2 and name in ("cd", "chdir") else Word("", False)
            known = there.literal and (there.text.startswith("/") or self.cwd is not None)
            self.cwd = os.path.normpath(os.path.join(self.cwd or "/", there.text)) if known else None
        elif name in ("exit", "return", "exec") and self.certain and not self.inside:
            # "exec" alone redirects the script's own output.
            self.reached = name == "exec" and len(words) == 1
        elif name in (".", "source"):
            self._source(words[1:])

    def _source(self, words: list[Word]) -> None:
        content = None
        if words and words[0].literal and self.deep < MOST_DEEP:
            path = os.path.normpath(os.path.join(self.cwd or "/", words[0].text))
            content = self.opened(path)
        if content is None:
            self.variables.clear()
            return
        reader = type(self)(path, content.decode("latin-1"), self.opened, self.variables, self.cwd, self.deep + 1)
        reader.certain = self.certain
        reader.commands(())
        self.calls += reader.calls
        self.variables, self.cwd = reader.variables, reader.cwd
