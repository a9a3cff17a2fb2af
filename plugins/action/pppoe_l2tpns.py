# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module pppoe_l2tpns; in the role, it refuses variables that l2tpns cannot heed."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _refused as _l2tpns_refused
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _instances
from ansible_collections.dialtone.pppoe.plugins.plugin_utils._role import ModuleAction, role_of


class ActionModule(ModuleAction):
    """Beside its parameters, it looks at all variables of the role."""

    def work(self, task_vars: dict[str, t.Any], wrap_async: bool) -> dict[str, t.Any]:
        role = role_of(self)
        values = {
            option[len(_instances.PREFIX) :]: self._templar.template(task_vars[option])
            for option in (role[1] if role else ())
            if option in task_vars
        }
        try:
            if values.get("state") != "absent":
                centre = bool((task_vars.get("groups") or {}).get("pppoe_radius_servers"))
                _l2tpns_refused.check(values, centre)
        except Refused as error:
            return {"failed": True, "msg": str(error)}
        return super().work(task_vars, wrap_async)
