#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_metrics
short_description: Have a PPPoE server write metrics for Prometheus
version_added: 0.1.0
description:
  - Has a timer of systemd write the file C(pppoe_server_NAME.prom) for the textfile collector of Prometheus'
    node_exporter, with how many sessions an instance of M(dialtone.pppoe.pppoe_server) has, how much of its pool is in
    use, how many dials were refused, and how many bytes went through.
  - The metrics are V(pppoe_server_up), V(pppoe_server_sessions), V(pppoe_server_sessions_limit),
    V(pppoe_server_pool_addresses), V(pppoe_server_pool_used_addresses), V(pppoe_server_receive_bytes_total),
    V(pppoe_server_transmit_bytes_total) and V(pppoe_server_refused_dials_total), each with the label C(server), the
    name of the instance, the last one with the label C(reason) as well.
  - The file is replaced as a whole, and holds no name and no address of a customer.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the instance.
    type: str
    default: default
  directory:
    description:
      - The folder that node_exporter reads, its option C(--collector.textfile.directory). It must exist.
      - The default is that of Debian's package prometheus-node-exporter.
    type: path
    default: /var/lib/prometheus/node-exporter
  interval:
    description:
      - How many seconds are between two writings.
    type: int
    default: 30
  state:
    description:
      - V(present) has them written. V(absent) takes the timer, the file and the counts away.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Bytes are added up from one writing to the next. What a session moves between the last one and its end is not
    counted.
  - Refused dials are counted in the journal of systemd. Where it is not kept, the number stays 0.
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_server_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: The server tells node_exporter how it fares
  dialtone.pppoe.pppoe_server_metrics:
    directory: /run/node-exporter

- name: It tells no longer
  dialtone.pppoe.pppoe_server_metrics:
    state: absent
"""

RETURN = r"""
path:
  description: The file that is written.
  returned: when O(state=present)
  type: str
  sample: /var/lib/prometheus/node-exporter/pppoe_server_default.prom
"""

import glob
import os
import sys
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics as _server_metrics
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status

ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "directory": {"type": "path", "default": "/var/lib/prometheus/node-exporter"},
    "interval": {"type": "int", "default": 30},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def present(module: AnsibleModule, name: str) -> dict[str, t.Any]:
    directory = module.params["directory"]
    if not _systemd.running():
        raise Refused("state", "this host was not booted with systemd, whose timer writes them.", "Use absent.")
    if not os.path.isdir(directory):
        raise Refused("directory", f"{directory} is not there.", "Install node_exporter, or make the folder.")
    loader = _server_status.__spec__.loader
    source = loader.get_source(_server_status.__name__)  # type: ignore[union-attr]
    wanted = _server_metrics.files(name, directory, module.params["interval"], sys.executable, source)
    former = _server_metrics.directory_of(_files.read(_server_metrics.units(name)[0]))
    if former not in (None, directory):
        wanted.append(_files.File(_prom(former, name), None))
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
    difference = _files.diff(changed) if module._diff else []
    return {"changed": bool(changed or enable or start), "diff": difference, "path": _prom(directory, name)}


def _prom(directory: str | None, name: str) -> str:
    return f"{directory}/pppoe_server_{name}.prom"


def absent(module: AnsibleModule, name: str) -> dict[str, t.Any]:
    service, timer = _server_metrics.units(name)
    directory = _server_metrics.directory_of(_files.read(service)) or module.params["directory"]
    paths = [service, timer, _prom(directory, name), *glob.glob(f"{_server_status.STATE}/{name}.*")]
    if not set(glob.glob(_server_metrics.units("*")[0])) - {service}:
        paths.append(_server_metrics.PROGRAM)
    changed = _files.changes(_files.File(path, None) for path in paths)
    if changed and not module.check_mode:
        if _systemd.running() and os.path.exists(timer):
            _systemd.disable(module, os.path.basename(timer))
            _systemd.stop(module, os.path.basename(timer))
            _systemd.stop(module, os.path.basename(service))
        _files.write(module, changed)
        for folder in (_server_status.STATE, _layout_server.DIRECTORY):
            if os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
        if _systemd.running():
            _systemd.daemon_reload(module)
    return {"changed": bool(changed), "diff": _files.diff(changed) if module._diff else []}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    name = module.params["name"]
    try:
        _server_metrics.check(name, module.params["directory"], module.params["interval"])
        result = present(module, name) if module.params["state"] == "present" else absent(module, name)
    except (Refused, _systemd.SystemdError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
