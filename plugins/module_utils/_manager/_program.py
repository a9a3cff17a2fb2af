# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the session manager is on a host: a program, and its parts. Private to this collection.

The program needs nothing but Python's own library. The files beside this one are installed as they are, but for the
way in which they name each other.
"""

from __future__ import annotations

import re
import types

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _basics,
    _book,
    _grants,
    _history,
    _hooks,
    _kernel,
    _links,
    _main,
    _manager,
    _names,
    _padt,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes, _grant, _shaping

PROGRAM = "pppoe-server-manager"
FOLDER = "manager"
_PARTS = (
    _basics,
    _book,
    _grants,
    _history,
    _hooks,
    _kernel,
    _links,
    _main,
    _manager,
    _names,
    _padt,
    _attributes,
    _grant,
    _shaping,
)
_IMPORT = re.compile(
    r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\.(?:_manager|_plans) import (?:\(([^)]*)\)|)",
    re.MULTILINE,
)
_FROM = re.compile(r"^from ansible_collections\.dialtone\.pppoe\.plugins\.module_utils\._plans\.", re.MULTILINE)
# -I: whatever the environment says; -B: without files beside these.
_PROGRAM = f"""\
#!{{interpreter}} -IB
{_layout_header.LINE}#
# pppoe-server-manager ensure: have a manager of sessions that runs; stop: end it.
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "{FOLDER}"))

import _main

_main.main(sys.argv[1:])
"""


def paths(folder: str) -> list[str]:
    """Where the files lie, the program first."""
    return [f"{folder}/{PROGRAM}", *(f"{folder}/{FOLDER}/{_name(part)}.py" for part in _PARTS)]


def files(folder: str, interpreter: str) -> dict[str, bytes]:
    """The files by their paths, the program first."""
    texts = [
        _PROGRAM.format(interpreter=interpreter),
        *(_layout_header.LINE + _FROM.sub("from ", _IMPORT.sub(_plain_import, _source(part))) for part in _PARTS),
    ]
    return dict(zip(paths(folder), (text.encode() for text in texts)))


def _plain_import(found: re.Match[str]) -> str:
    """A list of names in parentheses, for which ``import`` has no syntax, becomes a line."""
    return "import " + " ".join((found.group(1) or "").replace("\n", " ").split()).rstrip(",")


def _name(part: types.ModuleType) -> str:
    return part.__name__.rpartition(".")[2]


def _source(part: types.ModuleType) -> str:
    # Where a module runs, these are in an archive.
    loader = part.__spec__.loader  # type: ignore[union-attr]
    return loader.get_source(part.__name__)  # type: ignore[union-attr,no-any-return]
