# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role in which a task stands. Private to this collection."""

from __future__ import annotations

import os
import re
import typing as t

from ansible.plugins.action import ActionBase
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _role_variables

COLLECTION = "dialtone.pppoe."


def role_of(action: ActionBase) -> tuple[str, dict[str, t.Any]] | None:
    """Name of the role of this collection that a task belongs to, and the options of its specification."""
    role = action._task._role
    if role is None or not role.get_name().startswith(COLLECTION):
        return None
    path = os.path.join(role._role_path, "meta", "argument_specs.yml")
    options = action._loader.load_from_file(path)["argument_specs"]["main"]["options"]
    return role.get_name()[len(COLLECTION) :], options


class ModuleAction(ActionBase):
    """Runs a module as Ansible does by itself. In a role of this collection, an error names the role's variable."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        wrap_async = bool(self._task.async_val)
        try:
            result.update(self.work(task_vars or {}, wrap_async))
        finally:
            if not wrap_async:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        return self._in_words_of_the_role(result)

    def work(self, task_vars: dict[str, t.Any], wrap_async: bool) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = self._execute_module(task_vars=task_vars, wrap_async=wrap_async)
        return answer

    def connection(self) -> str | None:
        """Which of the connections of the role pppoe_client the task is about."""
        return None

    def _in_words_of_the_role(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        text = result.get("msg")
        role = role_of(self) if result.get("failed") and isinstance(text, str) else None
        if role is None or text is None:
            return result
        better = _role_variables.message(*role, text, self.connection())
        if better == text:
            return result
        # Ansible prints the text of the exception as well, where there is one.
        return {**{key: value for key, value in result.items() if key != "exception"}, "msg": better}


class OneVariableAction(ModuleAction):
    """Runs a module whose parameters are the keys of one variable of the role, which its errors name."""

    VARIABLE = ""

    def _in_words_of_the_role(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        text = result.get("msg")
        if not result.get("failed") or role_of(self) is None or not re.match(r"[a-z_]+[\[.:]", str(text)):
            return result
        return {
            **{key: value for key, value in result.items() if key != "exception"},
            "msg": f"{self.VARIABLE}.{text}",
        }
