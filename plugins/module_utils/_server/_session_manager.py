# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The session manager of a server (``_manager``): its files, and its life with the instances.

Private to this collection. The script that starts an instance starts it too.
"""

from __future__ import annotations

import os
import shutil
import sys
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _program as _manager_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

PROGRAM = f"{_layout_server.DIRECTORY}/{_manager_program.PROGRAM}"
PATHS = [*_manager_program.paths(_layout_server.DIRECTORY), *_pppoe_server_up.PATHS, _pppoe_server_up.PRE_UP]


def files() -> list[_files.File]:
    """Its program, and the scripts that pppd runs for it."""
    program = _manager_program.files(_layout_server.DIRECTORY, sys.executable)
    scripts = (_files.File(path, _pppoe_server_up.up_script(), 0o755, program=True) for path in _pppoe_server_up.PATHS)
    return [
        *(_files.File(path, text, 0o755 if path == PROGRAM else 0o644, program=True) for path, text in program.items()),
        *scripts,
        _files.File(_pppoe_server_up.PRE_UP, _pppoe_server_up.pre_up_script(), 0o755, program=True),
    ]


def is_among(changes: t.Iterable[_files.Change]) -> bool:
    return any(change.file.path in PATHS for change in changes)


def refresh(module: AnsibleModule) -> None:
    """Have the present program run, and the accounts of sessions known to it that came up without saying theirs."""
    module.run_command([PROGRAM, "accounts"], cwd="/")


def stop(module: AnsibleModule) -> None:
    """End it, for when the last instance goes."""
    if os.path.exists(PROGRAM):
        module.run_command([PROGRAM, "stop"], cwd="/")


def forget() -> None:
    """Remove what it and the instances had until the next boot, and the folder of its program."""
    shutil.rmtree(_layout_server.STATE, ignore_errors=True)
    folder = f"{_layout_server.DIRECTORY}/{_manager_program.FOLDER}"
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
