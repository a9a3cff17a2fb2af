# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs in Python that are installed on hosts, of files of this collection. Private to this collection.

They need nothing but Python's own library. The files are installed as they are, but for the way in which they name each
other.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
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
    """``name``: of the file that is run. ``folder``: of its parts, beside it, or an absolute path.

    ``main``: the part that it runs, such as ``_manager._main``. The others are those that this one imports, and so on.
    They are read, not imported: a run that only installs them needs none of their code. Whoever makes a program
    imports its main part for type checks, so that Ansible sends it along with a module.
    """

    name: str
    folder: str
    usage: str
    main: str
    arguments: str = ""

    def paths(self, directory: str) -> list[str]:
        """Where the files lie, the program first."""
        folder = os.path.join(directory, self.folder)
        return [f"{directory}/{self.name}", *(f"{folder}/{_name(part)}.py" for part in _texts(self.main))]

    def files(self, directory: str, interpreter: str) -> dict[str, bytes]:
        """The files by their paths, the program first."""
        head = _PROGRAM.format(
            interpreter=interpreter,
            usage=self.usage,
            folder=self.folder,
            main=_name(self.main),
            arguments=self.arguments,
        )
        texts = [head, *(_layout_header.LINE + installed(text) for text in _texts(self.main).values())]
        return dict(zip(self.paths(directory), (text.encode() for text in texts)))


@functools.cache
def _texts(main: str) -> dict[str, str]:
    """The texts of a part and of those that it imports, and so on, by their names, in the order of these."""
    found: dict[str, str] = {}
    waiting = [main]
    while waiting:
        part = waiting.pop()
        if part in found:
            continue
        twin = next((one for one in found if _name(one) == _name(part)), None)
        if twin is not None:
            raise ValueError(f"{twin} and {part} cannot be parts of one program")
        found[part] = _source(part)
        waiting += _imported(found[part])
    return {part: found[part] for part in sorted(found, key=_name)}


def _imported(source: str) -> list[str]:
    found = []
    for line in _IMPORTED.finditer(source):
        package, one, several = line.groups()
        words = [word.split() for word in several.strip("()\n ").split(",")]
        found += [f"{package}.{name}" for name in ([one] if one else [word[0] for word in words if word])]
    return found


def installed(source: str) -> str:
    """The text of a file with imports of files beside it."""
    return _FROM.sub("from ", _IMPORT.sub(_plain_import, source))


def _plain_import(found: re.Match[str]) -> str:
    """A list of names in parentheses, for which ``import`` has no syntax, becomes a line."""
    return "import " + " ".join((found.group(1) or "").replace("\n", " ").split()).rstrip(",")


def _name(part: str) -> str:
    return part.rpartition(".")[2]


def _source(part: str) -> str:
    name = f"{_ROOT}.{part}"
    # Where a module runs, these are in an archive; the loader of ansible-core's own process gives bytes.
    spec = importlib.util.find_spec(name)
    text = spec.loader.get_source(name)  # type: ignore[union-attr]
    return text.decode() if isinstance(text, bytes) else text
