# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a shell script runs, read without running it. Private to this collection. Pure.

``calls`` gives each simple command with its words. Variables with literal values and a ``for`` over literal words are
followed; a command under a condition is given with ``certain`` false; whatever else a shell can do makes words that are
not literal, so that nobody takes them for what they are not.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _shell_simple, _shell_words
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_simple import (
    ASSIGNMENT,
    Opened,
    ShellCall,
    nothing,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_words import Token, Word

#: How many commands one script may come to, loops written out.
MOST_CALLS = 2000
_CLOSING = ("done", "fi", "esac", "}", "then", "do", "else", "elif")


@dataclass
class Script:
    """``calls``: what it runs; ``unclosed``: the line of a quotation without an end, behind which nothing is read."""

    calls: list[ShellCall] = field(default_factory=list)
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


class _Reader(_shell_simple.Commands):
    """Goes through the tokens of one script."""

    def __init__(self, *arguments: t.Any) -> None:
        super().__init__(*arguments)
        assigned = [match.group(1) for token in self.tokens if (match := ASSIGNMENT.match(token.text))]
        looped = [after.text for before, after in zip(self.tokens, self.tokens[1:]) if before.text == "for"]
        self.assigned = assigned + looped

    def _skip(self, *kinds: str) -> None:
        while (token := self._peek()) and token.kind in kinds:
            self.at += 1

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
        self.repeating += 1
        self.commands(("do",))
        self._take("do")
        self._conditional(lambda: self.commands(("done",)))
        self._take("done")
        self.repeating -= 1
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
            match = ASSIGNMENT.match(token.text)
            if match:
                self.variables.pop(match.group(1), None)
            if depth == 0:
                return

    def _forget_changes(self, before: t.Mapping[str, Word]) -> None:
        for name in [name for name in self.variables if self.variables[name] != before.get(name)]:
            del self.variables[name]
