# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs in Python that are installed on hosts, of files of this collection. Private to this collection.

They need nothing but Python's own library. The files are installed as they are, but for the way in which they name each
other.
"""

from __future__ import annotations

import re
import types
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

_IMPORT = re.compile(
    r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\._\w+ import (?:\(([^)]*)\)|)",
    re.MULTILINE,
)
_FROM = re.compile(r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\._\w+\.", re.MULTILINE)
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
    """``name``: of the file that is run. ``folder``: of the others, beside it. ``main``: of ``parts``, what it runs."""

    name: str
    folder: str
    usage: str
    main: types.ModuleType
    parts: tuple[types.ModuleType, ...]
    arguments: str = ""

    def paths(self, directory: str) -> list[str]:
        """Where the files lie, the program first."""
        parts = (f"{directory}/{self.folder}/{_name(part)}.py" for part in self.parts)
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
