# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module pppoe_server_radius; in a role, its errors name the role's variable."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.plugin_utils._role import ModuleAction, role_of


class ActionModule(ModuleAction):
    """Its parameters are the keys of one variable of the role."""

    def _in_words_of_the_role(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        text = result.get("msg")
        if not result.get("failed") or role_of(self) is None or not re.match(r"[a-z_]+[\[.:]", str(text)):
            return result
        return {
            **{key: value for key, value in result.items() if key != "exception"},
            "msg": f"pppoe_server_radius.{text}",
        }
