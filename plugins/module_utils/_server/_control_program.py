# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that ``pppoe-server-ctl`` is on a host. Private to this collection."""

from __future__ import annotations

import os
import sys
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control  # noqa: F401

#: Where root has it on his path, and where its parts are.
FOLDER, PARTS = "/usr/local/sbin", f"{_layout_server.DIRECTORY}/ctl"


_ALL = _python_program.Program(
    "pppoe-server-ctl",
    PARTS,
    "pppoe-server-ctl --help says what it does.",
    "_server._control",
    "sys.argv[1:]",
)


def paths() -> list[str]:
    """The program first."""
    return _ALL.paths(FOLDER)


def files(interpreter: str = sys.executable) -> list[_files.File]:
    program = paths()[0]
    return [
        _files.File(path, text, 0o755 if path == program else 0o644, program=True)
        for path, text in _ALL.files(FOLDER, interpreter).items()
    ]


def forget() -> None:
    """Remove the folder of its parts."""
    if os.path.isdir(PARTS) and not os.listdir(PARTS):
        os.rmdir(PARTS)
