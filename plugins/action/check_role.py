# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds the variables of a role against its specification, on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.release import __version__
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _role, _role_variables

ARGUMENTS: dict[str, t.Any] = {}
OLDEST = (2, 19)


class ActionModule(ActionBase):
    """Nothing of it runs on the host."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        self.validate_argument_spec(ARGUMENTS)
        problems = too_old(__version__) or self._problems(task_vars or {})
        if problems:
            return {**result, "failed": True, "msg": "\n".join(problems)}
        return {**result, "changed": False}

    def _problems(self, task_vars: dict[str, t.Any]) -> list[str]:
        role = _role.role_of(self)
        if role is None:
            return []
        name, options = role
        problems = _role_variables.unknown(name, options, task_vars)
        for variable, option in options.items():
            if option.get("type") == "raw" and "options" in option and variable in task_vars:
                value = self._templar.template(task_vars[variable])
                if variable == f"{name}_instances":
                    problems += _role_variables.instances(variable, options, value)
                else:
                    problems += _role_variables.entries(variable, option, value)
        return problems


def too_old(version: str) -> list[str]:
    """An error if this ansible-core is older than the collection needs."""
    numbers = tuple(int(number) for number in version.split(".")[:2])
    if numbers >= OLDEST:
        return []
    return [f"dialtone.pppoe needs ansible-core {OLDEST[0]}.{OLDEST[1]} or newer, and this is {version}: upgrade it."]
