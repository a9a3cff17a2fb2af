# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the program which writes metrics is on a host. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_main  # noqa: F401

_ALL = _python_program.Program(
    "pppoe-server-metrics",
    "metrics",
    "pppoe-server-metrics NAME DIRECTORY [l2tpns]: write the metrics of an instance, or of l2tpns.",
    "_server._metrics_main",
    "*sys.argv[1:]",
)
FOLDER = f"{_layout_server.DIRECTORY}/metrics"
#: The program first.
PATHS = _ALL.paths(_layout_server.DIRECTORY)


def files(interpreter: str) -> list[_files.File]:
    return [
        _files.File(path, text, 0o755 if path == PATHS[0] else 0o644, program=True)
        for path, text in _ALL.files(_layout_server.DIRECTORY, interpreter).items()
    ]
