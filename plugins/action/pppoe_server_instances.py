# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of pppoe_server_instances: takes the variables of the role, and the files of accounts."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.action import chap_user
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _batch, _fixed_addresses
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _check as _ipv6_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.plugin_utils import _instances, _instances_accounts, _role

#: Parts that need to know which addresses the accounts have for themselves.
_WITH_ADDRESSES = {"accounts", "server", "masquerade"}


class ActionModule(chap_user.ActionModule):
    """Runs the module with what the role asks for."""

    MODULE = "dialtone.pppoe.pppoe_server_instances"

    def work(self, task_vars: dict[str, t.Any], wrap_async: bool) -> dict[str, t.Any]:
        role = _role.role_of(self)
        if role is None:
            # Nothing says what instances there are to be.
            answer: dict[str, t.Any] = self._execute_module(self.MODULE, task_vars=task_vars, wrap_async=wrap_async)
            return answer
        self._warnings: list[str] = []
        try:
            values = self._values(role[1], task_vars)
            wanted = _instances.instances(values)
            arguments = {**self._arguments(wanted), "exclusive": values["instances_exclusive"]}
        except Refused as error:
            return {"failed": True, "msg": str(error)}
        answer = self._execute_module(self.MODULE, arguments, task_vars=task_vars, wrap_async=wrap_async)
        if self._warnings:
            answer["warnings"] = [*answer.get("warnings", []), *self._warnings]
        if answer.get("failed") and isinstance(answer.get("msg"), str):
            self._in_words_of(answer, wanted)
        return answer

    def _values(self, options: t.Iterable[str], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The variables of the role without their prefix."""
        return {
            option[len(_instances.PREFIX) :]: self._templar.template(task_vars[option])
            for option in options
            if option in task_vars
        }

    def _arguments(self, wanted: list[_instances.InstanceVariables]) -> dict[str, t.Any]:
        arguments = dict(self._task.args)
        present = [one for one in wanted if one.present]
        lists = {one.name: _instances_accounts.of(one, self._rows) for one in present}
        entries = {name: one.entries for name, one in lists.items()}
        parameters = {one.name: _instances.parameters(one, entries.get(one.name, ())) for one in wanted}
        has_plans = {one.name: _instances.has_plans(one, entries[one.name]) for one in present}
        if "plans" in arguments["parts"]:
            for index, one in enumerate(present):
                accounts = _instances_accounts.with_plans(one, self._rows) if has_plans[one.name] else {}
                if accounts:
                    table = _plans_grant.accounts_text(accounts)
                    parameters[one.name]["plans"]["accounts_src"] = self._send(table, f"plans{index}")
        if "ipv6" in arguments["parts"]:
            for index, one in enumerate(present):
                own = _instances_accounts.with_prefixes(one, self._rows) if _instances.has_ipv6(one) else {}
                if own:
                    table = _ipv6_check.accounts_text(own)
                    parameters[one.name]["ipv6"]["accounts_src"] = self._send(table, f"ipv6{index}")
        arguments["instances"] = [
            {
                "name": one.name,
                "present": one.present,
                "fixed_addresses": _fixed(lists[one.name].batch) if one.present else [],
                "parts": parameters[one.name],
            }
            for one in wanted
        ]
        arguments["absent"] = _instances.absent(wanted[0])
        arguments["listed"] = wanted[0].listed
        known = arguments.get("other_fixed_addresses") is not None and "accounts" not in arguments["parts"]
        if not known and _WITH_ADDRESSES & set(arguments["parts"]):
            files = _instances_accounts.files([one for one in present if not one.radius], lists)
            arguments["accounts"] = [self._as_argument(index, file) for index, file in enumerate(files)]
        if "removal" in arguments["parts"]:
            files = _instances_accounts.removed([one for one in wanted if not one.present])
            arguments["removed_accounts"] = [
                self._as_argument(len(wanted) + index, file) for index, file in enumerate(files)
            ]
        return arguments

    def _as_argument(self, index: int, file: _instances_accounts.AccountsFile) -> dict[str, t.Any]:
        argument = {"path": file.path, "exclusive": file.exclusive, "managed": file.managed}
        if file.max_removals is not None:
            argument["max_removals"] = file.max_removals
        if file.accounts.count > chap_user.MOST_AS_PARAMETERS:
            return {**argument, "src": self._send(file.accounts.dump(), f"accounts{index}")}
        return {**argument, "content": file.accounts.dump().decode("latin-1")}

    def _in_words_of(self, answer: dict[str, t.Any], wanted: list[_instances.InstanceVariables]) -> None:
        """Let the error name the variable of the role instead of the parameter of the module that it is from."""
        name, part = answer.get("instance"), answer.get("part")
        instance = next((one for one in wanted if one.name == name), wanted[0])
        match = re.match(r"([a-z_0-9]+)(?=[\[.:])", answer["msg"])
        variable = _instances.variable(part, match.group(1)) if match and part else ""
        if match and variable in instance.values:
            answer["msg"] = instance.label(variable) + answer["msg"][match.end() :]
        elif instance.listed and name:
            answer["msg"] = f"{_instances.PREFIX}instances ({name}): {answer['msg']}"
        # Ansible prints the text of the exception as well, where there is one.
        answer.pop("exception", None)


def _fixed(accounts: _batch.Batch) -> list[str]:
    held = _pool.merged(own for _name, own in _fixed_addresses.of_accounts(accounts))
    return [_pool.range_text(own) for own in held]
