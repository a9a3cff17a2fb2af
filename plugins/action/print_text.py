# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints text as it is."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

ARGUMENTS = {"text": {"type": "str", "required": True}}


def printable(text: str) -> list[str]:
    """The lines of a text, in which nothing is left that a terminal would act on."""
    lines = text.expandtabs().split("\n")
    return [_text.printable(line) for line in (lines[:-1] if lines[-1] == "" else lines)]


class ActionModule(ActionBase):
    """Nothing of it runs on the host."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _checked, arguments = self.validate_argument_spec(ARGUMENTS)
        lines = printable(arguments["text"])
        # In one piece, so that hosts that run side by side do not mix their lines.
        Display().display("\n".join(lines))
        return {**result, "changed": False, "lines": len(lines)}
