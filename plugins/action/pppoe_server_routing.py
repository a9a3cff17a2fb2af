# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module pppoe_server_routing; in a role, its errors name the role's variable."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.plugin_utils._role import OneVariableAction


class ActionModule(OneVariableAction):
    """Its parameters are the keys of one variable of the role."""

    VARIABLE = "pppoe_server_routing"
