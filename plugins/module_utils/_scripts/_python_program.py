# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs in Python that are installed on hosts, of files of this collection. Private to this collection.

They need nothing but Python's own library. The files are installed as they are, but for the way in which they name each
other.
"""

from __future__ import annotations

import os
import re
import sys
import types
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

_IMPORT = re.compile(
    r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\._\w+ import (?:\(([^)]*)\)|)",
    re.MULTILINE,
)
_FROM = re.compile(r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\._\w+\.", re.MULTILINE)
_ROOT = "ansible_collections.dialtone.pppoe.plugins.module_utils"
# One file of a package, or something of one.
_IMPORTED = re.compile(
    rf"^from {re.escape(_ROOT)}\.(_\w+)(?:\.(_\w+))? import (\([^)]*\)|[^(\n]*)",
    re.MULTILINE,
)
# -I: whatever the environment says; -B: without files beside these.
_PROGRAM = f"""\
#!{{interpreter}} -IB
{_layout_header.LINE}#
# {{usage}}
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "{{folder}}"))

import {{main}}

{{main}}.main({{arguments}})
"""


class Program(t.NamedTuple):
    """``name``: of the file that is run. ``folder``: of the others, beside it, or an absolute path.

    ``main``: of ``parts``, what it runs.
    """

    name: str
    folder: str
    usage: str
    main: types.ModuleType
    parts: tuple[types.ModuleType, ...]
    arguments: str = ""

    def paths(self, directory: str) -> list[str]:
        """Where the files lie, the program first."""
        folder = os.path.join(directory, self.folder)
        parts = (f"{folder}/{_name(part)}.py" for part in self.parts)
        return [f"{directory}/{self.name}", *parts]

    def files(self, directory: str, interpreter: str) -> dict[str, bytes]:
        """The files by their paths, the program first."""
        head = _PROGRAM.format(
            interpreter=interpreter,
            usage=self.usage,
            folder=self.folder,
            main=_name(self.main),
            arguments=self.arguments,
        )
        texts = [head, *(_layout_header.LINE + installed(_source(part)) for part in self.parts)]
        return dict(zip(self.paths(directory), (text.encode() for text in texts)))


def parts_of(main: types.ModuleType) -> tuple[types.ModuleType, ...]:
    """A module of this collection and those that it imports, and so on; each has to have a name of its own."""
    found: dict[str, types.ModuleType] = {}
    waiting = [main]
    while waiting:
        part = waiting.pop()
        known = found.setdefault(_name(part), part)
        if known is not part:
            raise ValueError(f"{known.__name__} and {part.__name__} cannot be parts of one program")
        waiting += [one for one in _imported(_source(part)) if one is not found.get(_name(one))]
    return tuple(found[name] for name in sorted(found))


def _imported(source: str) -> list[types.ModuleType]:
    found = []
    for line in _IMPORTED.finditer(source):
        package, one, several = line.groups()
        names = [word.split()[0] for word in several.strip("()\n ").split(",") if word.split()] if several else []
        found += [f"{_ROOT}.{package}.{one}"] if one else [f"{_ROOT}.{package}.{name}" for name in names]
    return [sys.modules[name] for name in found]


def installed(source: str) -> str:
    """The text of a file with imports of files beside it."""
    return _FROM.sub("from ", _IMPORT.sub(_plain_import, source))


def _plain_import(found: re.Match[str]) -> str:
    """A list of names in parentheses, for which ``import`` has no syntax, becomes a line."""
    return "import " + " ".join((found.group(1) or "").replace("\n", " ").split()).rstrip(",")


def _name(part: types.ModuleType) -> str:
    return part.__name__.rpartition(".")[2]


def _source(part: types.ModuleType) -> str:
    # Where a module runs, these are in an archive.
    loader = part.__spec__.loader  # type: ignore[union-attr]
    return loader.get_source(part.__name__)  # type: ignore[union-attr,no-any-return]
