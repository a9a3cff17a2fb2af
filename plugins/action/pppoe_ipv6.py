# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of pppoe_ipv6: the accounts without their secrets, as a file."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.action import pppoe_plans
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _check as _ipv6_check


class ActionModule(pppoe_plans.ActionModule):
    """Runs the module with a file of accounts in the place of ``accounts`` and ``accounts_src``."""

    MODULE = "dialtone.pppoe.pppoe_ipv6"
    CHECKED = staticmethod(_ipv6_check.accounts)
    LINES = staticmethod(_ipv6_check.accounts_text)
