# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of masquerade. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from contextlib import ExitStack

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply as _firewall_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _backend as _firewall_backend
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _masquerade as _firewall_masquerade
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule) -> dict[str, t.Any]:
    if os.geteuid() != 0:
        raise Failed("The rules of a host can only be read and changed by root. Run the task as root: become: true.")
    startup = _firewall_masquerade.startup_of(module.params)
    request = _firewall_masquerade.request_of(module.params)
    with ExitStack() as locks:
        if not module.check_mode:
            for path in (os.path.join(_firewall_boot.RULES_DIRECTORY, request.name), _rc_local.path()):
                locks.enter_context(_files.locked(path))
        try:
            asked = None if module.params["state"] == "absent" else module.params["backend"]
            todo = _firewall_plan.prepare(module, request, asked, startup if asked else "none")
        except _firewall_backend.NoBackend as error:
            if not (module.check_mode and error.missing):
                raise
            return _firewall_masquerade.predicted(request, startup, str(error))
        if todo.changed and not module.check_mode:
            _firewall_apply.apply(module, todo)
            _firewall_masquerade.verify(module, todo)
    _firewall_masquerade.warn(module, request, todo)
    return _firewall_masquerade.result(request, startup, todo)
