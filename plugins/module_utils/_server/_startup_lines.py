# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""pppoe-server as people start it themselves: its command, and the lines of scripts that hold it.

A line is read as the shell reads it (``_host/_shell.py``). One that starts pppoe-server in a way that only a run could
tell has no ``command``: it is named to the user, and never passed over. Private to this collection. Pure.
"""

from __future__ import annotations

import getopt
import os
import re
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _shell,
    _shell_simple,
    _shell_words,
    _shell_wrappers,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

# The letters of 3.15 and 4.0 (pppoe-server.c main), those with a colon take an argument.
LETTERS = "X:ix:hI:C:L:R:T:m:FN:f:O:o:skp:lrudPc:S:1q:Q:H:M:U:g:"
OPTIONS_FILE = "/etc/ppp/pppoe-server-options"
INTERFACE = "eth0"  # without -I
#: How much of a line a message shows.
MOST_SHOWN = 120
# Commands that a line may hold beside pppoe-server, and that nobody misses when it goes.
_WAITING = ("sleep", "true", ":")
# Programs that do not start their arguments.
_HARMLESS = re.compile(
    r"(?:echo|printf|logger|wall|cat|tee|[ef]?grep|pgrep|pkill|killall|pidof|ps|kill|which|type|hash|command|\[|\[\[|test"
    r"|cp|mv|rm|ln|chmod|chown|install|touch|mkdir|rmdir|ls|stat|sed|cut|head|tail|sort|wc|cd|export|alias|unalias|trap"
    r"|set|unset|exit|return|renice|ip6?tables|nft|ip|ifconfig|sysctl|modprobe|ulimit|apt|apt-get|dpkg|yum|dnf|systemctl"
    r"|service|update-rc\.d|chkconfig|\.|source|:|true|false|sleep|read|date)\Z"
)
# Where a command of a script's own name is looked for.
_FOLDERS = ("/usr/local/sbin/", "/usr/local/bin/", "/root/bin/", "/root/")
_INIT = re.compile(r"/etc/(?:rc\.d/)?init\.d/")
_NAME = re.compile(r"(?<![\w.-])pppoe-server(?![\w.-])")
_STARTED = re.compile(rb"""(?<![\w.-])pppoe-server(?=['",\s])['"]?\s*['",]*\s*['"]?-\w""")
_STRUCTURE = set(b"if then else elif fi while until case esac { } function".split())
_SHELL = re.compile(rb"[/ ](?:ba|da|a|k|mk|z)?sh(?:\s|\Z)|busybox")


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
        """The interfaces that it serves: ``eth1:3`` is a label of eth1, not an interface (ip-address(8))."""
        return list(dict.fromkeys(map(without_label, self.all("I")))) or [INTERFACE]

    @property
    def services(self) -> list[str]:
        return self.all("S")

    @property
    def options_path(self) -> str:
        return self.last("O") or OPTIONS_FILE

    @property
    def by_hand(self) -> bool:
        """Whether it is none that this collection has started."""
        return os.path.dirname(self.options_path) != _layout_server.CONFIGURATION


def without_label(interface: str) -> str:
    """The interface that a name of ifconfig's means: ``eth1`` for ``eth1:3``."""
    return interface.partition(":")[0] or interface


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
class StartupLine:
    """A line of a script, with those that belong to it, which starts pppoe-server or a unit.

    ``command`` is ``None`` if it cannot be read literally. ``start`` and ``end`` are offsets in ``path``; ``alone``: it
    does nothing else, so that nobody misses it. ``reached``: no ``exit`` stands before it. ``cwd``: where it runs,
    ``None`` if that is not known. ``unit``: the unit that it has systemd start, instead of a command.
    """

    number: int
    start: int
    end: int
    command: Command | None
    alone: bool
    path: str = ""
    text: str = ""
    reached: bool = True
    cwd: str | None = "/"
    unit: str | None = None


def lines(
    content: bytes, path: str = "", opened: _shell_simple.Opened = _shell_simple.nothing, deep: int = 0
) -> list[StartupLine]:
    """The lines of a shell script, as rc.local, that start a pppoe-server of nobody's but the user's own.

    ``opened`` gives the content of other scripts that it runs; lines of those have another ``path``.
    """
    if not _is_shell(content):
        return _mentions(content, path)
    script = _shell.read(path, content, opened)
    found: list[StartupLine] = []
    for call in script.calls:
        for start in _starts(call, opened, deep):
            if start.path != path:
                found.append(start)
            else:
                found.append(_in_its_place(start, content, script.calls))
    if script.unclosed is not None:
        found += [line for line in _mentions(content, path) if line.number >= script.unclosed]
    return found


def _is_shell(content: bytes) -> bool:
    first = content.split(b"\n", 1)[0]
    return not first.startswith(b"#!") or bool(_SHELL.search(first.rstrip()))


def _mentions(content: bytes, path: str) -> list[StartupLine]:
    """Lines that speak of starting pppoe-server, in what cannot be read."""
    found, start = [], 0
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if _STARTED.search(line) and not line.lstrip().startswith(b"#"):
            found.append(StartupLine(number, start, start + len(line), None, False, path, _shown(line)))
        start += len(line)
    return found


def _shown(line: bytes) -> str:
    text = " ".join(line.decode("utf-8", "replace").split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def _in_its_place(line: StartupLine, content: bytes, calls: t.Sequence[_shell_simple.ShellCall]) -> StartupLine:
    """The line, with the whole of it, and whether it does something else as well."""
    start, end = line.start, line.end
    while True:
        start = content.rfind(b"\n", 0, start) + 1
        end = content.find(b"\n", max(start, end - 1))
        end = len(content) if end < 0 else end + 1
        if content[:start].endswith(b"\\\n"):
            start -= 2
            continue
        across = [call for call in calls if call.start < end and call.end > start]
        wider = (min(call.start for call in across), max(call.end for call in across))
        if wider[0] >= start and wider[1] <= end:
            break
        start, end = min(start, wider[0]), max(end, wider[1])
    others = [call for call in across if call.start != line.start and call.words[0].text not in _WAITING]
    alone = line.alone and not others and not any(call.here for call in across) and _is_whole(content[start:end])
    return replace(line, start=start, end=end, alone=alone, text=_shown(content[start:end]))


def _is_whole(text: bytes) -> bool:
    """Whether it can go without anything else of the script losing its beginning or its end."""
    words = re.findall(rb"[^\s;&|()]+|[()]", text)
    if _STRUCTURE & set(words):
        return False
    return words.count(b"for") == words.count(b"done") == words.count(b"do") and words.count(b"(") == words.count(b")")


def started(call: _shell_simple.ShellCall, opened: _shell_simple.Opened) -> list[StartupLine]:
    """What one command starts that stands by itself, in a unit for example."""
    return list(_starts(call, opened, 0))


def _starts(call: _shell_simple.ShellCall, opened: _shell_simple.Opened, deep: int) -> t.Iterator[StartupLine]:
    """What a command of a script starts, by itself, behind other programs, or in a script that it runs."""
    # What is run again and again would start a second daemon as soon as the first ends.
    words, plain, literal = call.words, not call.repeated, True
    while True:
        name = os.path.basename(words[0].text)
        if name == "pppoe-server" and not _INIT.match(words[0].text):
            yield from _by_command(call, words, plain, literal)
            return
        inner = _shell_wrappers.inner(words)
        if inner is None:
            yield from _by_another(call, words, opened, deep)
            return
        if name not in ("su", "runuser", "sudo", "doas", "nohup", "exec", "setsid", "eval", *_shell_wrappers.SHELLS):
            plain = False
        literal = literal and all(word.literal for word in words[: len(words) - len(inner.words)])
        if inner.kind == "text":
            yield from _in_text(call, inner.words[0], plain, opened, deep)
            return
        words = inner.words
        if inner.kind == "file":
            yield from _in_file(call, words, opened, deep)
            return


def _line(call: _shell_simple.ShellCall, command_: Command | None, alone: bool) -> StartupLine:
    text = " ".join(word.text for word in call.words).encode("latin-1")
    return StartupLine(
        call.number, call.start, call.end, command_, alone, call.path, _shown(text), call.reached, call.cwd
    )


def _by_command(
    call: _shell_simple.ShellCall, words: t.Sequence[_shell_words.Word], plain: bool, literal: bool
) -> t.Iterator[StartupLine]:
    server = command([word.text.encode("latin-1").decode("utf-8", "surrogateescape") for word in words])
    if server is None or not server.by_hand or {"-h", "-d", "-P"} & {flag for flag, _value in server.flags}:
        return  # ours, or one that only prints
    readable = literal and all(word.literal for word in words)
    yield _line(call, server if readable else None, plain and readable)


def _in_text(
    call: _shell_simple.ShellCall, word: _shell_words.Word, plain: bool, opened: _shell_simple.Opened, deep: int
) -> t.Iterator[StartupLine]:
    """A shell in the shell: ``su -c "…"``."""
    if not word.literal or deep > _shell_simple.MOST_DEEP:
        if _NAME.search(word.text):
            yield _line(call, None, False)
        return
    script = _shell.read(call.path, word.text.encode("latin-1"), opened, cwd=None, deep=deep + 1)
    found = [line for inner in script.calls for line in _starts(inner, opened, deep + 1)]
    if script.unclosed is not None and _NAME.search(word.text):
        yield _line(call, None, False)
    waiting = sum(inner.words[0].text in _WAITING for inner in script.calls)
    alone = plain and len(found) + waiting == len(script.calls)
    for line in found:
        if line.path == call.path:
            yield replace(_line(call, line.command, alone and line.alone), unit=line.unit)
        else:
            yield line


def _in_file(
    call: _shell_simple.ShellCall, words: t.Sequence[_shell_words.Word], opened: _shell_simple.Opened, deep: int
) -> t.Iterator[StartupLine]:
    """A script that is run."""
    path = words[0].text
    if not words[0].literal:
        if _NAME.search(path):
            yield _line(call, None, False)
        return
    if not path.startswith("/") and ("/" in path or call.cwd not in (None, "/")):
        path = os.path.normpath(os.path.join(call.cwd or "/", path))
    if deep >= _shell_simple.MOST_DEEP or os.path.dirname(path) == _layout_server.DIRECTORY:
        return
    places = [path] if "/" in path else [folder + path for folder in _FOLDERS]
    contents = ((place, opened(place)) for place in places)
    path, content = next(((place, content) for place, content in contents if content is not None), (path, None))
    if content is None:
        return
    for line in lines(content, path, opened, deep + 1):
        yield replace(line, reached=line.reached and call.reached)


def _by_another(
    call: _shell_simple.ShellCall, words: t.Sequence[_shell_words.Word], opened: _shell_simple.Opened, deep: int
) -> t.Iterator[StartupLine]:
    """A program that is not known to run others: the script of that name, or one with it as an argument."""
    texts = [word.text for word in words]
    name = os.path.basename(texts[0])
    unit = _unit_started(texts)
    if unit is not None:
        yield replace(_line(call, None, False), unit=unit)
    elif not words[0].literal:
        if _NAME.search(" ".join(texts)):
            yield _line(call, None, False)
    elif _HARMLESS.match(name) and texts[:3] != [texts[0], "vrf", "exec"]:
        # Also `ip netns exec`: the interfaces of another network namespace are none of this host's.
        if call.piped and _STARTED.search(" ".join((*texts, call.here)).encode("latin-1")):
            yield _line(call, None, False)
    else:
        at = next((i for i, text in enumerate(texts) if os.path.basename(text) == "pppoe-server"), None)
        server = command(texts[at:]) if at else None
        # A pppoe-server without any option is one being talked about: which, pidof, pkill.
        if server and server.flags:
            yield from _by_command(call, words[at:], False, all(word.literal for word in words[:at]))
        elif any(_STARTED.search(text.encode("latin-1")) for text in (*texts, call.here)):
            yield _line(call, None, False)
        else:
            yield from _in_file(call, words, opened, deep)


def _unit_started(texts: t.Sequence[str]) -> str | None:
    """The unit that ``systemctl start UNIT`` or ``service UNIT start`` starts."""
    name = os.path.basename(texts[0])
    words = [text for text in texts[1:] if not text.startswith("-")]
    if name == "systemctl" and words[:1] and words[0] in ("start", "restart", "reload-or-restart") and words[1:]:
        return words[1] if "." in words[1] else words[1] + ".service"
    if name in ("service", "invoke-rc.d") and words[1:] and words[1] in ("start", "restart"):
        return words[0] + ".service"
    if _INIT.match(texts[0]) and words[:1] and words[0] in ("start", "restart"):
        return name + ".service"
    return None
