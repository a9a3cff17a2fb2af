# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pppoe-server as people start it themselves: its command, and the lines of rc.local that hold it.

Private to this collection. Pure: nothing here looks at the host.
"""

from __future__ import annotations

import getopt
import os
import re
import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

# The letters of 3.15 and 4.0 (pppoe-server.c main), those with a colon take an argument.
LETTERS = "X:ix:hI:C:L:R:T:m:FN:f:O:o:skp:lrudPc:S:1q:Q:H:M:U:g:"
OPTIONS_FILE = "/etc/ppp/pppoe-server-options"
INTERFACE = "eth0"  # without -I
# What stands before a line of rc.local that would start a second daemon at boot. ":" keeps the body of an "if" whole.
TAKEN_OVER = b": # taken over by dialtone.pppoe: "
# Commands that a line may hold beside pppoe-server, and that nobody misses when it goes.
_WAITING = ("sleep", "true", ":")
_SEPARATORS = re.compile(r"[;&|()]+\Z")
_REDIRECTION = re.compile(r"[<>&|]*[<>][<>&|]*\Z")
_NAME = re.compile(rb"(?<![\w.-])pppoe-server(?![\w.-])")


@dataclass(frozen=True)
class Command:
    """What a command of pppoe-server asks for. ``flags``: all its options, in their order, with their arguments."""

    argv: tuple[str, ...]
    flags: tuple[tuple[str, str], ...]

    def all(self, letter: str) -> list[str]:
        """The arguments of each option of that letter."""
        return [value for flag, value in self.flags if flag == "-" + letter]

    def last(self, letter: str) -> str | None:
        """The argument that counts, the last one; an empty string for an option that has none."""
        values = self.all(letter)
        return values[-1] if values else None

    @property
    def interfaces(self) -> list[str]:
        return list(dict.fromkeys(self.all("I"))) or [INTERFACE]

    @property
    def options_path(self) -> str:
        return self.last("O") or OPTIONS_FILE

    @property
    def by_hand(self) -> bool:
        """Whether it is none that this collection has started."""
        return os.path.dirname(self.options_path) != _layout_server.CONFIGURATION


def command(argv: t.Sequence[str]) -> Command | None:
    """The options of a command, ``None`` if it is not pppoe-server's. Those that it does not know are left out.

    pppoe-server itself complains of an unknown option, and goes on (glibc getopt, and no exit in its main).
    """
    if not argv or os.path.basename(argv[0]) != "pppoe-server":
        return None
    rest, flags = list(argv[1:]), []
    while True:
        try:
            found, _words = getopt.gnu_getopt(rest, LETTERS)
        except getopt.GetoptError as error:
            shortened = _without(rest, error.opt or "")
            if shortened == rest:
                break
            rest = shortened
            continue
        flags = found
        break
    return Command(tuple(argv), tuple(flags))


def _without(words: list[str], letter: str) -> list[str]:
    """The words without the first option of that letter, which stands alone or in a cluster (-Fz)."""
    for index, word in enumerate(words):
        if word.startswith("-") and letter and letter in word[1:]:
            left = word.replace(letter, "", 1)
            return [*words[:index], *([left] if left != "-" else []), *words[index + 1 :]]
    return words


@dataclass(frozen=True)
class Line:
    """A line of a shell script, with those that a backslash joins to it, which starts pppoe-server.

    ``start`` and ``end`` are offsets; ``alone``: it does nothing else.
    """

    number: int
    start: int
    end: int
    command: Command
    alone: bool


def lines(script: bytes) -> list[Line]:
    """The lines of a shell script, as rc.local, that start a pppoe-server of nobody's but the user's own."""
    found = []
    for match in re.finditer(rb"(?:[^\n\\]|\\.|\\\n)*(?:\n|\Z)", script, re.DOTALL):
        text = match.group()
        if not _NAME.search(text) or text.lstrip().startswith((b"#", TAKEN_OVER)):
            continue
        try:
            tokens = _tokens(text)
        except ValueError:
            continue  # a quotation over several lines, which is no plain command
        commands = _commands(tokens)
        servers = [server for server in (command(words) for words in commands) if server and server.by_hand]
        if servers:
            others = [words for words in commands if command(words) is None and words[0] not in _WAITING]
            number = script.count(b"\n", 0, match.start()) + 1
            alone = not others and len(servers) == 1
            found.append(Line(number, match.start(), match.end(), servers[0], alone))
        elif any(os.path.basename(word) == "pppoe-server" for words in commands for word in words):
            _note_hidden(found, script, match, commands)
    return found


def _note_hidden(found: list[Line], script: bytes, match: re.Match[bytes], commands: list[list[str]]) -> None:
    """pppoe-server behind another word: ``then pppoe-server``, ``nohup pppoe-server``."""
    for words in commands:
        at = next((i for i, word in enumerate(words) if os.path.basename(word) == "pppoe-server"), None)
        server = command(words[at:]) if at else None
        # A pppoe-server without any option is one being talked about: which, pidof, echo, pkill.
        if server and server.by_hand and server.flags:
            before = words[:at]
            number = script.count(b"\n", 0, match.start()) + 1
            alone = len(commands) == 1 and before[0] in ("nohup", "exec", "setsid") and len(before) == 1
            found.append(Line(number, match.start(), match.end(), server, alone))
            return


def _tokens(text: bytes) -> list[str]:
    lexer = shlex.shlex(
        text.decode("utf-8", "surrogateescape").replace("\\\n", " "), posix=True, punctuation_chars=True
    )
    lexer.whitespace_split = True
    return list(lexer)


def _commands(tokens: list[str]) -> list[list[str]]:
    """Simple commands, without what their output is sent to."""
    found: list[list[str]] = [[]]
    target = False
    for token in tokens:
        if target:
            target = False
        elif _REDIRECTION.match(token):
            if found[-1] and found[-1][-1].isdigit():
                found[-1].pop()
            target = True
        elif _SEPARATORS.match(token):
            found.append([])
        else:
            found[-1].append(token)
    return [words for words in found if words]


def taken_over(script: bytes | None, interfaces: t.Collection[str], path: str) -> bytes | None:
    """The script with those lines put out of action that would start a second daemon on one of ``interfaces``.

    Every byte of them stays, behind ``TAKEN_OVER``. ``Refused`` for a line that does more than start this daemon.
    """
    if script is None:
        return None
    for line in reversed(lines(script)):
        served = set(line.command.interfaces)
        if not served & set(interfaces):
            continue
        if not served <= set(interfaces):
            raise Refused(
                "interfaces",
                "line {} of {} serves {} with one daemon.".format(line.number, path, ", ".join(sorted(served))),
                "Name all of them, or take that line apart.",
            )
        if not line.alone:
            raise Refused(
                "interfaces",
                f"line {line.number} of {path} would start a second daemon at boot, and does more than that.",
                "Take pppoe-server out of it.",
            )
        text = script[line.start : line.end].replace(b"\\\n", b"\\\n" + TAKEN_OVER)
        script = script[: line.start] + TAKEN_OVER + text + script[line.end :]
    return script
