# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the program which writes metrics is on a host. Private to this collection."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book, _counters, _exits, _kernel
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _probe, _upstream
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import (
    _exposition,
    _metrics_main,
    _open_folder,
    _status,
    _totals,
)

_PARTS = (
    *(_basics, _book, _counters, _exits, _kernel, _netlink, _probe, _upstream),
    *(_exposition, _metrics_main, _open_folder, _status, _totals),
)
_ALL = _python_program.Program(
    "pppoe-server-metrics",
    "metrics",
    "pppoe-server-metrics NAME DIRECTORY: write the metrics of an instance.",
    _metrics_main,
    _PARTS,
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
