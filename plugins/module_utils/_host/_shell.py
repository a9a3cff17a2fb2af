# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a shell script runs, read without running it. Private to this collection. Pure.

``calls`` gives each simple command with its words. Variables with literal values and a ``for`` over literal words are
followed; a command under a condition is given with ``certain`` false; whatever else a shell can do makes words that are
not literal, so that nobody takes them for what they are not.
"""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _shell_words
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_words import Token, Word

#: How many commands one script may come to, loops written out.
MOST_CALLS = 2000
#: How deep scripts may read other scripts (``. FILE``).
MOST_DEEP = 4
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_DECLARING = ("export", "readonly", "local", "declare", "typeset")
_CLOSING = ("done", "fi", "esac", "}", "then", "do", "else", "elif")


@dataclass(frozen=True)
class Call:
    """A simple command of the script ``path``.

    ``number``: its line; ``start`` and ``end``: offsets of it. ``certain``: it is under no condition; ``reached``: no
    ``exit`` stands before it. ``cwd``: where it runs, ``None`` if that cannot be told. ``here``: its here-documents.
    """

    path: str
    words: tuple[Word, ...]
    number: int
    start: int
    end: int
    certain: bool = True
    reached: bool = True
    piped: bool = False
    cwd: str | None = "/"
    here: str = ""

    @property
    def literal(self) -> bool:
        return all(word.literal for word in self.words)


Opened = t.Callable[[str], t.Optional[bytes]]


def nothing(_path: str) -> bytes | None:
    """An ``opened`` for scripts of which no other file is read."""
    return None


@dataclass
class Script:
    """``calls``: what it runs; ``unclosed``: the line of a quotation without an end, behind which nothing is read."""

    calls: list[Call] = field(default_factory=list)
    unclosed: int | None = None


def read(
    path: str,
    content: bytes,
    opened: Opened = nothing,
    variables: t.Mapping[str, Word] | None = None,
    cwd: str | None = "/",
    deep: int = 0,
) -> Script:
    """Read a script. ``opened`` gives the content of a file that it reads with ``.``, ``None`` if there is none."""
    reader = _Reader(path, content.decode("latin-1"), opened, dict(variables or {}), cwd, deep)
    reader.commands(())
    return Script(reader.calls, reader.unclosed)


class _Reader:
    """Goes through the tokens of one script."""

    def __init__(
        self, path: str, text: str, opened: Opened, variables: dict[str, Word], cwd: str | None, deep: int
    ) -> None:
        self.path, self.text, self.opened, self.variables = path, text, opened, variables
        self.cwd, self.deep = cwd, deep
        self.tokens, unclosed = _shell_words.tokens(text)
        self.unclosed = None if unclosed is None else text.count("\n", 0, unclosed) + 1
        self.calls: list[Call] = []
        self.at = 0
        self.certain = self.reached = True
        self.inside = 0
        assigned = [match.group(1) for token in self.tokens if (match := _ASSIGNMENT.match(token.text))]
        looped = [b.text for a, b in zip(self.tokens, self.tokens[1:]) if a.text == "for"]
        self.assigned = assigned + looped

    # Tokens

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _skip(self, *kinds: str) -> None:
        while (token := self._peek()) and token.kind in kinds:
            self.at += 1

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token and token.text == text:
            self.at += 1
            return True
        return False

    # Grammar

    def commands(self, until: tuple[str, ...]) -> None:
        """Commands up to one of these words or operators, which stays."""
        chained = False
        outer = self.certain
        while token := self._peek():
            if token.text in until:
                break
            if token.kind == "newline" or token.text in (";", "&", "&&", "||", "|", "!"):
                chained = token.text in ("&&", "||") or (chained and token.text in ("|", "!"))
                self.at += 1
                continue
            if token.text in (")", ";;", ";&", ";;&") or (token.kind == "word" and token.text in _CLOSING):
                self.at += 1  # one that closes nothing
                continue
            before = dict(self.variables)
            cwd = self.cwd
            self.certain = outer and not chained
            self._command(token)
            if chained:
                self._forget_changes(before)
                # After "cd X && …", what follows in the same list has it.
                self.cwd = cwd if self.cwd == cwd else None
        self.certain = outer

    def _command(self, token: Token) -> None:
        compound = {"for": self._for, "select": self._loop, "while": self._loop, "until": self._loop, "if": self._if,
                    "case": self._case, "{": self._braces, "(": self._subshell, "function": self._function}  # fmt: skip
        following = self.tokens[self.at + 1 : self.at + 3]
        if token.kind != "newline" and token.text in compound:
            self.at += 1
            self.inside += 1
            compound[token.text]()
            self.inside -= 1
            self._redirections()
        elif [one.text for one in following] == ["(", ")"] and token.kind == "word":
            self.at += 3
            self._function_body()
        else:
            self._simple()

    def _redirections(self) -> None:
        while (token := self._peek()) and token.text in _shell_words.REDIRECTIONS:
            self.at += 1
            self._skip_word()

    def _skip_word(self) -> None:
        token = self._peek()
        if token and token.kind == "word":
            self.at += 1

    def _for(self) -> None:
        token = self._peek()
        name = token.text if token else ""
        self.at += 1
        self._skip("newline")
        words: list[Word] = []
        if self._take("in"):
            while (token := self._peek()) and token.kind == "word":
                words += _shell_words.expanded(token, self.variables)
                self.at += 1
        else:
            words = [Word("$@", False)]
            while (token := self._peek()) and token.text != "do":  # "for ((…))", or the positional parameters
                self.at += 1
        self._until_body("do")
        body = self.at
        if not all(word.literal for word in words) or len(words) * max(1, len(self.calls)) > MOST_CALLS:
            self._forget_assigned(body)
            words = [Word("$" + name, False)]
        for word in words or [Word("", False)]:
            self.at = body
            self.variables[name] = word
            self.commands(("done",))
        self._take("done")

    def _until_body(self, word: str) -> None:
        while (token := self._peek()) and (token.kind == "newline" or token.text == ";"):
            self.at += 1
        self._take(word)

    def _loop(self) -> None:
        start = self.at
        self._forget_assigned(start)
        self.commands(("do",))
        self._take("do")
        self._conditional(lambda: self.commands(("done",)))
        self._take("done")
        self._forget_assigned(start)

    def _if(self) -> None:
        self.commands(("then",))
        self._take("then")
        before = dict(self.variables)
        changed: set[str] = set()
        while True:
            self._conditional(lambda: self.commands(("elif", "else", "fi")))
            changed |= {name for name in self.variables if self.variables[name] != before.get(name)}
            self.variables = dict(before)
            if self._take("elif"):
                self._conditional(lambda: self.commands(("then",)))
                self._take("then")
            elif not self._take("else"):
                break
        self._take("fi")
        for name in changed:
            self.variables.pop(name, None)

    def _case(self) -> None:
        self._skip_word()
        self._skip("newline")
        self._take("in")
        before = dict(self.variables)
        changed: set[str] = set()
        while self._peek():
            self._skip("newline")
            if self._take("esac"):
                break
            while (token := self._peek()) and not self._take(")"):
                if token.text == "esac":
                    break
                self.at += 1
            self._conditional(lambda: self.commands((";;", ";&", ";;&", "esac")))
            changed |= {name for name in self.variables if self.variables[name] != before.get(name)}
            self.variables = dict(before)
            token = self._peek()
            if token and token.text != "esac":
                self.at += 1
        for name in changed:
            self.variables.pop(name, None)

    def _braces(self) -> None:
        self.inside -= 1
        self.commands(("}",))
        self.inside += 1
        self._take("}")

    def _subshell(self) -> None:
        variables, cwd, reached = dict(self.variables), self.cwd, self.reached
        self.commands((")",))
        self.variables, self.cwd, self.reached = variables, cwd, reached
        self._take(")")

    def _function(self) -> None:
        self._skip_word()
        if self._take("("):
            self._take(")")
        self._function_body()

    def _function_body(self) -> None:
        """Run by others, with values of that time: only what is assigned once in all the script is known in it."""
        self._skip("newline")
        before, cwd = self.variables, self.cwd
        self.variables = {name: word for name, word in before.items() if self.assigned.count(name) < 2}
        self.cwd = None
        kept, self.certain = self.certain, False
        token = self._peek()
        self.inside += 1
        if token:
            self._command(token)
        self.inside -= 1
        self.certain = kept
        changed = {name for name in self.variables if self.variables[name] != before.get(name)}
        self.variables = {name: word for name, word in before.items() if name not in changed}
        self.cwd = cwd

    def _conditional(self, body: t.Callable[[], None]) -> None:
        kept, cwd = self.certain, self.cwd
        self.certain = False
        body()
        self.certain = kept
        self.cwd = cwd if self.cwd == cwd else None

    def _forget_assigned(self, start: int) -> None:
        """A loop's variables have another value at each turn: those assigned up to its end are unknown."""
        depth = 1
        for token in self.tokens[start:]:
            depth += {"for": 1, "while": 1, "until": 1, "select": 1, "done": -1}.get(token.text, 0)
            match = _ASSIGNMENT.match(token.text)
            if match:
                self.variables.pop(match.group(1), None)
            if depth == 0:
                return

    def _forget_changes(self, before: t.Mapping[str, Word]) -> None:
        for name in [name for name in self.variables if self.variables[name] != before.get(name)]:
            del self.variables[name]

    # Simple commands

    def _simple(self) -> None:
        first = self.at
        words: list[Word] = []
        here = ""
        last = self.tokens[first]
        while token := self._peek():
            if token.text in _shell_words.REDIRECTIONS and token.kind == "operator":
                self.at += 1
                target = self._peek()
                if target and target.kind == "word":
                    here += target.text if token.text == "<<<" else target.here
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
            self._note(words, first, last, here)

    def _assigned(self, token: Token) -> bool:
        """Take ``NAME=value``; an array, or something added to what is there, is unknown."""
        match = _ASSIGNMENT.match(token.text)
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

    def _note(self, words: list[Word], index: int, last: Token, here: str) -> None:
        start = self.tokens[index].start
        neighbours = [self.tokens[index - 1] if index else None, self._peek()]
        self.calls.append(
            Call(
                path=self.path,
                words=tuple(words),
                number=self.text.count("\n", 0, start) + 1,
                start=start,
                end=last.end,
                certain=self.certain,
                reached=self.reached,
                piped=any(token is not None and token.text == "|" for token in neighbours),
                cwd=self.cwd,
                here=here,
            )
        )
        self._effect(words)

    def _effect(self, words: list[Word]) -> None:
        """What a command of the shell itself changes for those after it."""
        name = words[0].text
        if name in _DECLARING:
            for word in words[1:]:
                match = _ASSIGNMENT.match(word.text)
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
        reader = _Reader(path, content.decode("latin-1"), self.opened, self.variables, self.cwd, self.deep + 1)
        reader.certain = self.certain
        reader.commands(())
        self.calls += reader.calls
        self.variables, self.cwd = reader.variables, reader.cwd
