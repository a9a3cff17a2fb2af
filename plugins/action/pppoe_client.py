# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of pppoe_client: checks types, which are lost on the way to the module."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.plugin_utils._role import ModuleAction


class ActionModule(ModuleAction):
    """Runs the module with the parameters as they are."""

    def work(self, task_vars: dict[str, t.Any], wrap_async: bool) -> dict[str, t.Any]:
        try:
            _shape.connection(self._task.args)
        except Refused as error:
            return {"failed": True, "msg": str(error)}
        return super().work(task_vars, wrap_async)

    def connection(self) -> str | None:
        return str(self._task.args.get("name"))
