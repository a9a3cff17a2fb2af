# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files other than scripts that start programs: units, crontabs, /etc/network/interfaces. Private. Pure.

Each function gives the lines that start pppoe-server, as ``_startup_lines.lines`` gives those of a script.
"""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _shell_simple
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._shell_words import Word
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

Line = _server_startup_lines.StartupLine

# What may stand beside pppoe-server in a unit, and nobody misses when the unit starts no longer.
_PREPARING = re.compile(r"(?:sleep|true|modprobe|mkdir|rm|test|kill|killall|pkill)\Z")
_CRON_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*\Z")
_CRON_TIME = re.compile(r"\s*(@[a-z]+|[\d*][\d*/,-]*(?:\s+[\w*][\w*/,-]*){4})\s+")
_HOOK = re.compile(r"\s+(?:pre-up|up|post-up)\s+(.*)")
_REFERENCE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


@dataclass
class StartingUnit:
    """The settings of a [Service] section that count here; ``commands``: each Exec line's key, text, file and line."""

    commands: list[tuple[str, str, str, int]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    environment_files: list[str] = field(default_factory=list)
    directory: str = "/"


def unit(files: t.Iterable[tuple[str, bytes]]) -> StartingUnit:
    """A unit from its file and its drop-ins, in their order (systemd.unit(5), systemd.service(5))."""
    found = StartingUnit()
    for path, content in files:
        section = ""
        for number, line in _joined(content.decode("utf-8", "surrogateescape")):
            text = line.strip()
            if text.startswith("["):
                section = text
            elif section == "[Service]" and text[:1] not in ("#", ";", "") and "=" in text:
                key, _equals, value = text.partition("=")
                _take(found, key.strip(), value.strip(), path, number)
    return found


def _joined(text: str) -> t.Iterator[tuple[int, str]]:
    """Lines with those that a backslash continues, and the number of the first."""
    whole, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.endswith("\\"):
            whole += line[:-1] + " "
            continue
        yield first, whole + line
        whole, first = "", 0
    if whole:
        yield first, whole


def _take(found: StartingUnit, key: str, value: str, path: str, number: int) -> None:
    if key.startswith("Exec") and key != "ExecSearchPath":
        if value:
            found.commands.append((key, value, path, number))
        else:
            found.commands = [command for command in found.commands if command[0] != key]
    elif key == "Environment":
        for word in _split(value) or []:
            name, equals, rest = word.partition("=")
            if equals:
                found.environment[name] = rest
    elif key == "EnvironmentFile" and value:
        found.environment_files.append(value.lstrip("-"))
    elif key == "WorkingDirectory":
        found.directory = value.lstrip("-") if value.startswith(("/", "-/")) else "/"


def _split(text: str) -> list[str] | None:
    try:
        return shlex.split(text)
    except ValueError:
        return None


def environment_file(content: bytes) -> dict[str, str]:
    """The settings of an ``EnvironmentFile=``, as in /etc/default."""
    found = {}
    for _number, line in _joined(content.decode("utf-8", "surrogateescape")):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            found[name.strip()] = " ".join(_split(value) or [value])
    return found


def of_unit(settings: StartingUnit, instance: str | None, opened: _shell_simple.Opened) -> list[Line]:
    """What a unit starts. ``alone``: nothing else but what waits or prepares."""
    environment = dict(settings.environment)
    known = True
    for path in settings.environment_files:
        content = opened(path)
        known = known and content is not None
        environment.update(environment_file(content or b""))
    found: list[Line] = []
    others = False
    for key, text, path, number in settings.commands:
        if key not in ("ExecStart", "ExecStartPre", "ExecStartPost", "ExecReload"):
            continue
        words = _words(text.lstrip("-@:+!|"), environment if known else {}, instance)
        call = _shell_simple.ShellCall(path, tuple(words), number, 0, 0, cwd=settings.directory) if words else None
        lines = _server_startup_lines.started(call, opened) if call else []
        found += [replace(line, text=line.text if line.path != path else _shown(text)) for line in lines]
        if not lines and words and not _PREPARING.match(words[0].text.rpartition("/")[2]):
            others = others or key != "ExecReload"
    return [replace(line, alone=line.alone and not others) for line in found]


def _shown(text: str) -> str:
    return " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())[:120]


def _words(text: str, environment: t.Mapping[str, str], instance: str | None) -> list[Word]:
    """The words of an Exec line. ``$NAME`` as a word of its own is split, ``${NAME}`` is not."""
    split = _split(text)
    if split is None:
        return [Word(text, False)]
    found: list[Word] = []
    for word in split:
        literal = True
        specifiers = set(re.findall("%.", word)) - {"%%"}
        if specifiers and instance is not None and specifiers <= {"%i", "%I"}:
            word, specifiers = word.replace("%i", instance).replace("%I", instance), set()
        word, literal = word.replace("%%", "%"), not specifiers
        alone = re.match(r"\$(\w+)\Z", word)
        if alone and alone.group(1) in environment:
            found += [Word(piece) for piece in environment[alone.group(1)].split()]
            continue
        names = [one or other for one, other in _REFERENCE.findall(word)]
        if any(name not in environment for name in names):
            literal = False
        else:
            word = _REFERENCE.sub(lambda match: environment[match.group(1) or match.group(2)], word)
        found.append(Word(_latin(word), literal))
    return found


def _latin(word: str) -> str:
    return word.encode("utf-8", "surrogateescape").decode("latin-1")


def of_crontab(content: bytes, path: str, with_user: bool, opened: _shell_simple.Opened) -> list[Line]:
    """What a crontab starts, at boot or at a time. ``with_user``: the column of /etc/crontab and /etc/cron.d."""
    found: list[Line] = []
    settings: list[str] = []
    for number, text in enumerate(content.decode("latin-1").splitlines(), 1):
        time = _CRON_TIME.match(text)
        if text.lstrip().startswith("#"):
            continue
        if not time:
            setting = _CRON_SETTING.match(text)
            if setting:
                settings.append("{}={}".format(setting.group(1), shlex.quote(setting.group(2).strip("\"'"))))
            continue
        command = text[time.end() :]
        if with_user:
            command = re.sub(r"\S+\s+", "", command, count=1)
        # An unescaped "%" ends the command; what follows is its input (crontab(5)).
        command = re.sub(r"(?<!\\)%.*", "", command).replace("\\%", "%")
        found += _numbered("; ".join([*settings, command]).encode("latin-1"), path, number, opened, text)
    return found


def _numbered(script: bytes, path: str, number: int, opened: _shell_simple.Opened, text: str) -> list[Line]:
    lines = _server_startup_lines.lines(script, path, opened)
    shown = _shown(_utf8(text))
    return [replace(line, number=number, text=shown) if line.path == path else line for line in lines]


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def of_interfaces(content: bytes, path: str, opened: _shell_simple.Opened) -> list[Line]:
    """What the hooks of ifupdown's interfaces(5) start."""
    found: list[Line] = []
    name = ""
    for number, text in _joined(content.decode("latin-1")):
        words = text.split()
        if words[:1] == ["iface"] and len(words) > 1:
            name = words[1]
        hook = _HOOK.match(" " + text)
        if hook:
            script = f"IFACE={shlex.quote(name)}; {hook.group(1)}".encode("latin-1")
            found += _numbered(script, path, number, opened, text)
    return found
