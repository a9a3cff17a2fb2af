# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_server_metrics. Private to this collection."""

from __future__ import annotations

import glob
import os
import sys
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _root, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics as _server_metrics
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_program as _server_metrics_program
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _open_folder as _server_open_folder

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """What the module does and returns."""
    _server_metrics.check(module.params["name"], module.params["directory"], module.params["interval"])
    return present(module) if module.params["state"] == "present" else absent(module)


def present(module: AnsibleModule) -> dict[str, t.Any]:
    """``state=present``: the program, its units, and nothing left in the folder that was named before."""
    name, directory = module.params["name"], module.params["directory"]
    _root.require_root("The units of a host")
    if not _systemd.running():
        raise Refused("state", "this host was not booted with systemd, whose timer writes them.", "Use absent.")
    if not os.path.isdir(directory):
        raise Refused("directory", f"{directory} is not there.", "Install node_exporter, or create the directory.")
    wanted = _server_metrics.files(
        name, directory, module.params["interval"], sys.executable, module.params.get("engine") or "rp-pppoe"
    )
    former = _former(name)
    left = _written(former, name) if former != directory else []
    changed = _files.changes(wanted)
    timer = _server_metrics.timer_name(name)
    enable, start = not _systemd.is_enabled(module, timer), not _systemd.is_active(module, timer)
    if not module.check_mode:
        _files.write(module, changed)
        if changed:
            _systemd.daemon_reload(module)
        if enable:
            _systemd.enable(module, timer)
        if start or changed:
            _systemd.restart(module, timer)
        _remove(left)
    return {
        "changed": bool(changed or left or enable or start),
        "diff": _diff(module, changed, left),
        "path": _server_metrics.prom(directory, name),
    }


def absent(module: AnsibleModule) -> dict[str, t.Any]:
    """``state=absent``: none of it, and the program only as long as another instance needs it."""
    name = module.params["name"]
    service, timer = _server_metrics.units(name)
    left = _written(_former(name) or module.params["directory"], name)
    paths = [service, timer, *glob.glob(f"{_server_open_folder.TOTALS}/{name}.*")]
    if not set(glob.glob(_server_metrics.units("*")[0])) - {service}:
        paths += _server_metrics_program.PATHS
    changed = _files.changes(_files.File(path, None) for path in paths)
    if (changed or left) and not module.check_mode:
        if _systemd.running() and os.path.exists(timer):
            _systemd.disable(module, os.path.basename(timer))
            _systemd.stop(module, os.path.basename(timer))
            _systemd.stop(module, os.path.basename(service))
        _remove(left)
        _files.write(module, changed)
        for folder in (_server_open_folder.TOTALS, _server_metrics_program.FOLDER, _layout_server.DIRECTORY):
            if os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
        if _systemd.running():
            _systemd.daemon_reload(module)
    return {"changed": bool(changed or left), "diff": _diff(module, changed, left)}


def _former(name: str) -> str | None:
    """The folder that the instance's metrics are written to now."""
    return _server_metrics.directory_of(_files.read(_server_metrics.units(name)[0]))


def _written(directory: str | None, name: str) -> list[str]:
    """The file with the metrics, if it is there. It is another user's, so nothing here reads it or follows a link."""
    path = _server_metrics.prom(directory, name) if directory else ""
    return [path] if path and os.path.lexists(path) else []


def _remove(left: t.Iterable[str]) -> None:
    for path in left:
        _server_open_folder.remove(path)


def _diff(module: AnsibleModule, changed: t.Sequence[_files.Change], left: t.Iterable[str]) -> list[dict[str, str]]:
    if not module._diff:
        return []
    removed = [{"before_header": path, "after_header": path, "before": "(the metrics)\n", "after": ""} for path in left]
    return [*_files.diff(changed), *removed]
