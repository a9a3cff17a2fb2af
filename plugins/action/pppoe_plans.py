# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of pppoe_plans: the accounts without their secrets, many of them as a file."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.action import chap_user
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _check as _plans_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant


class ActionModule(chap_user.ActionModule):
    """Runs the module with a file of accounts in the place of ``accounts`` and ``accounts_src``."""

    MODULE = "dialtone.pppoe.pppoe_plans"
    #: Check accounts, and the lines of a file that the module reads.
    CHECKED: t.Callable[..., t.Any] = staticmethod(_plans_check.accounts)
    LINES: t.Callable[..., bytes] = staticmethod(_plans_grant.accounts_text)

    def work(self, task_vars: dict[str, t.Any], wrap_async: bool) -> dict[str, t.Any]:
        arguments = dict(self._task.args)
        self._warnings: list[str] = []
        listed, source = arguments.pop("accounts", None) or [], arguments.pop("accounts_src", None)
        try:
            if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
                raise Refused("accounts", "is not a list of dictionaries.", "Give each account as a dictionary.")
            entries, places = self._rows(str(source), None) if source else ([], [])
            where = [*(f"accounts[{index}]" for index in range(len(listed))), *places]
            accounts = self.CHECKED([*listed, *entries], where.__getitem__)
        except Refused as error:
            return {"failed": True, "msg": str(error)}
        if accounts:
            arguments["accounts_src"] = self._send(self.LINES(accounts))
        answer: dict[str, t.Any] = self._execute_module(
            self.MODULE, arguments, task_vars=task_vars, wrap_async=wrap_async
        )
        if isinstance(answer.get("invocation"), dict):
            answer["invocation"].get("module_args", {}).update(
                accounts=f"({len(accounts)} entries)", accounts_src=source
            )
        return answer
