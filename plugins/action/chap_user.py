# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of chap_user: reads ``src``, and sends many accounts as a file instead of as parameters."""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account_file, _batch, _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _check as _plans_check
from ansible_collections.dialtone.pppoe.plugins.plugin_utils._role import ModuleAction

#: Up to so many accounts go as parameters. A file is one more transfer, which only more of them make up for.
MOST_AS_PARAMETERS = 500
_ONE = ("name", "secret", "server", "addresses", "state")


class ActionModule(ModuleAction):
    """Runs the module with the parameters as they are, or with a file of accounts in the place of ``src``."""

    MODULE = "dialtone.pppoe.chap_user"

    def work(self, task_vars: dict[str, t.Any], wrap_async: bool) -> dict[str, t.Any]:
        arguments = dict(self._task.args)
        self._warnings: list[str] = []
        try:
            _shape.accounts(arguments)
            batch = self._prepare(arguments)
        except Refused as error:
            return {"failed": True, "msg": str(error)}
        if batch is not None:
            arguments["src"] = self._send(batch.dump())
        answer: dict[str, t.Any] = self._execute_module(
            self.MODULE, arguments, task_vars=task_vars, wrap_async=wrap_async
        )
        if batch is not None and isinstance(answer.get("invocation"), dict):
            shown = answer["invocation"].get("module_args", {})
            shown.update(src=self._task.args.get("src"), users=f"({batch.count} entries)")
        if self._warnings:
            answer["warnings"] = [*answer.get("warnings", []), *self._warnings]
        return answer

    def _prepare(self, arguments: dict[str, t.Any]) -> t.Any:
        """Change the arguments to what the module gets; the accounts for a file (a batch), if they go as one."""
        if isinstance(arguments.get("users"), list):
            arguments["users"] = _plans_check.without_plans(arguments["users"])
        source, users = arguments.get("src"), arguments.get("users")
        # What the module refuses by itself goes to it as it is; it reads no file in that case.
        if any(arguments.get(one) is not None for one in _ONE) or (users is not None and not _as_usual(users)):
            self._refuse_to_join(source)
            return None
        if source is None and len(users or ()) <= MOST_AS_PARAMETERS:
            return None
        entries, places = self._rows(str(source), arguments.get("src_format")) if source is not None else ([], [])
        entries, place = self._joined(arguments, entries, places)
        pap = os.path.basename(str(arguments.get("path") or "")) == "pap-secrets"
        batch = _batch.encode(entries, place, pap)
        if len(entries) > MOST_AS_PARAMETERS:
            return batch
        arguments["users"] = [{key: entry[key] for key in _batch.COLUMNS if entry.get(key)} for entry in entries]
        return None

    def _joined(
        self, arguments: dict[str, t.Any], entries: t.Sequence[t.Any], places: t.Sequence[str]
    ) -> tuple[list[t.Any], t.Callable[[int], str]]:
        """The entries of ``users`` and then those of ``src``, both taken out of the arguments, and where each is."""
        users = arguments.get("users") or []
        count = len(users)

        def place(index: int) -> str:
            return f"users[{index}]" if index < count else places[index - count]

        for name in ("users", "src", "src_format"):
            arguments.pop(name, None)
        return [*users, *entries], place

    def _refuse_to_join(self, source: t.Any) -> None:
        if source is not None and self._task.args.get("users") is not None:
            fix = "Give each entry of users name and secret as text, and addresses as a list, and no name beside them."
            raise Refused("users", "cannot be combined with src.", fix)

    def _rows(self, source: str, form: str | None) -> tuple[list[_account_file.Entry], list[str]]:
        extension = os.path.splitext(source)[1].lower().lstrip(".")
        form = form or extension
        if form not in ("csv", "json"):
            fix = "Call it .csv or .json, or set src_format to csv or json."
            raise Refused("src", f"the format of {source} is unknown.", fix)
        name = os.path.basename(source)
        text = _account_file.decoded(self._content(source), name)
        entries, places = _account_file.rows(text, name, form)
        self._warnings += _account_file.shortened(entries, places)
        return entries, places

    def _content(self, source: str) -> bytes:
        """The bytes of the file, decrypted if need be."""
        try:
            path = self._find_needle("files", source)
            with open(path, "rb") as handle:
                content = handle.read()
            if not is_encrypted(content):
                return content
            # The loader gives text, in which bytes that are no UTF-8 are surrogates.
            return str(self._loader.get_text_file_contents(path)).encode("utf-8", "surrogateescape")
        except (AnsibleError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise Refused("src", f"{source} cannot be read: {reason}", "Correct the path or the permissions.") from None

    def _send(self, accounts: bytes, name: str = "accounts") -> str:
        """The path of the accounts on the host, in the task's own folder, which is removed with it."""
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        path: str = shell.join_path(shell.tmpdir, name)
        self._transfer_data(path, accounts)
        self._remote_chmod([path], "0600")
        if self._is_become_unprivileged():
            self._fixup_perms2([shell.tmpdir, path], execute=False)
        return path


def _as_usual(users: t.Any) -> bool:
    """Whether these are users whose values need no conversion, which is the module's business."""
    return all(map(_shape.is_usual, users))
