# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of chap_user: what accounts come to in a secrets file, and writing it. Private to this collection."""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import (
    _account,
    _batch,
    _fixed_addresses,
    _old_files,
    _removals,
    _secrets,
    _secrets_batch,
    _secrets_diff,
    _secrets_file,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _temporary
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import os_fix

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

MOST_NAMES = 100

Accounts = t.Union[list[_account.Account], _batch.Batch]


@dataclass(frozen=True)
class Decided:
    """What a run comes to. ``change``: the file, if it differs; ``left``: files of runs that were killed beside it."""

    path: str
    accounts: Accounts
    plan: _secrets.SecretsPlan
    change: _files.Change | None
    left: bool

    @property
    def changed(self) -> bool:
        return self.change is not None


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """What the module does and returns."""
    params = module.params
    _removals.check_most(params["max_removals"])
    accounts = batch_of(params) if params["src"] else accounts_of(params)
    with locked(module, params["path"], params["lock_timeout"]), file_errors(params["path"]):
        decided = decide(module, params, accounts)
        result = {**report(decided.plan, decided.path, decided.changed), **lists(params, decided)}
        if module._diff:
            result["diff"] = diff(decided)
        if not module.check_mode:
            result.update(write(module, decided, params["backup"]))
        return result


def locked(module: AnsibleModule, path: str, timeout: float = 30) -> contextlib.AbstractContextManager[None]:
    """A prediction takes no lock: it writes nothing, and reads a file that is only ever replaced as a whole."""
    return contextlib.nullcontext() if module.check_mode else _files.locked(path, timeout)


@contextlib.contextmanager
def file_errors(path: str) -> t.Iterator[None]:
    """What the operating system refuses, as an error about ``path``."""
    try:
        yield
    except OSError as error:
        problem = f"{path} could not be changed: {error.strerror or error}. It is as it was."
        raise Failed(f"path: {problem} {os_fix(error)}".rstrip()) from None


def decide(module: AnsibleModule, params: t.Mapping[str, t.Any], accounts: Accounts) -> Decided:
    """What the accounts come to in the file ``path``, with the parameters ``exclusive update_secret max_removals``."""
    path = params["path"]
    try:
        before, before_mode = _secrets_file.read(path)
    except OSError as error:
        raise Failed(f"path: {path} cannot be read: {error.strerror}. {os_fix(error)}".rstrip()) from None
    update = params["update_secret"] == "always"  # noqa: S105
    decide_on = _secrets_batch.plan if isinstance(accounts, _batch.Batch) else _secrets.plan
    plan = decide_on(before, accounts, exclusive=params["exclusive"], update_secret=update, path=path)  # type: ignore
    if params["exclusive"]:
        check_removals(plan, path, params["max_removals"])
    for warning in plan.warnings + _old_files.warnings(plan.content or b"", path, accounts):
        module.warn(warning)
    # pppd complains of a secrets file that group or others may use (auth.c check_access).
    mode = 0o600 if before_mode is None else before_mode & 0o700
    same = plan.content == before and (before_mode is None or mode == before_mode)
    change = None if same else _files.Change(_files.File(path, plan.content, mode, secret=True), before, before_mode)
    return Decided(path, accounts, plan, change, bool(_temporary.left(_folder(path))))


def _folder(path: str) -> str:
    return os.path.dirname(os.path.realpath(path))


def write(module: AnsibleModule, decided: Decided, backup: bool = False) -> dict[str, t.Any]:
    """Make it so; ``backup_file``, if there is one."""
    result: dict[str, t.Any] = {}
    if decided.change is not None:
        _secrets_file.check_folder(decided.path)
        if backup and decided.change.before is not None:
            result["backup_file"] = _files.backup(module, decided.path, decided.change.file.mode)
        _files.write(module, [decided.change])
    _temporary.sweep(_folder(decided.path))
    # Before that, a run of pppoe_server may yet come that takes them out of its pool.
    for warning in _fixed_addresses.in_pools(decided.accounts, _pool_files.addresses()):
        module.warn(warning)
    return result


def diff(decided: Decided) -> dict[str, str]:
    """What ``--diff`` shows."""
    change = decided.change
    before, mode = (decided.plan.content, 0) if change is None else (change.before, change.file.mode)
    before_mode = mode if change is None else change.before_mode
    return _secrets_diff.entry(decided.path, before, decided.plan, (before_mode, mode))


def lists(params: t.Mapping[str, t.Any], decided: Decided) -> dict[str, list[str]]:
    """The fixed addresses, if they are asked for."""
    if not params["list_fixed_addresses"]:
        return {}
    return _fixed_addresses.listed(decided.plan.content or b"", decided.accounts)


def accounts_of(params: dict[str, t.Any]) -> list[_account.Account]:
    """The accounts asked for, each valid by itself and all of them together."""
    pap = os.path.basename(params["path"]) == "pap-secrets"
    if params["users"] is None:
        if params["exclusive"]:
            raise Refused("exclusive", "would remove every account but this one.", "Give all accounts in users.")
        return [_account.of_server(params, "", pap)]
    if params["exclusive"] and not params["users"]:
        fix = "List the accounts; to empty the file, list one with state=absent."
        raise Refused("users", "is empty, and with exclusive every account would be removed.", fix)
    accounts = []
    for index, user in enumerate(params["users"]):
        if user is None:
            raise Refused(f"users[{index}]", "is empty.", "Give name and secret, or remove the entry.")
        accounts.append(_account.of_server(user, f"users[{index}]", pap))
    _account.check_together(accounts)
    return accounts


def batch_of(params: dict[str, t.Any]) -> _batch.Batch:
    """The accounts that the action plugin has checked and sent."""
    try:
        with open(params["src"], "rb") as handle:
            batch = _batch.read(handle)
    except OSError as error:
        raise Refused("src", f"cannot be read: {error.strerror}.", "Run chap_user as a task of a playbook.") from None
    if params["exclusive"] and not batch.count:
        raise Refused("src", "has no account, and with exclusive every account would be removed.", "List the accounts.")
    return batch


def check_removals(plan: _secrets.SecretsPlan, path: str, most: int | None) -> None:
    """Refuse to remove more accounts that the call does not list than ``most``; by default, than half of those there.

    A list that was cut off on its way is otherwise a list of customers who have left.
    """
    if plan.unlisted <= (plan.total_before // 2 if most is None else most):
        return
    raise _removals.too_many(plan.total_before, plan.unlisted, most, f" in {path}")


def report(plan: _secrets.SecretsPlan, path: str, changed: bool) -> dict[str, t.Any]:
    result: dict[str, t.Any] = {"changed": changed, "path": path, "total": plan.total}
    for what, names in (("added", plan.added), ("updated", plan.updated), ("removed", plan.removed)):
        result[what] = names[:MOST_NAMES]
        result[what + "_count"] = len(names)
    result["added_count"] += plan.more_added
    return result
