# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the session manager is on a host: a program, and its parts. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _main  # noqa: F401

PROGRAM = "pppoe-server-manager"
FOLDER = "manager"
_ALL = _python_program.Program(
    PROGRAM,
    FOLDER,
    "pppoe-server-manager ensure: have a manager of sessions that runs; stop: end it.",
    "_manager._main",
    "sys.argv[1:]",
)


def paths(folder: str) -> list[str]:
    """Where the files lie, the program first."""
    return _ALL.paths(folder)


def files(folder: str, interpreter: str) -> dict[str, bytes]:
    """The files by their paths, the program first."""
    return _ALL.files(folder, interpreter)
