# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of pppoe_client: checks types, which are lost on the way to the module."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused


class ActionModule(ActionBase):
    """Runs the module with the parameters as they are."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        try:
            _shape.connection(self._task.args)
        except Refused as error:
            return {**result, "failed": True, "msg": str(error)}
        wrap_async = bool(self._task.async_val)
        try:
            answer = self._execute_module(task_vars=task_vars, wrap_async=wrap_async)
        finally:
            if not wrap_async:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        return {**result, **answer}
