# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The secrets files of a host's instances. Private to this collection."""

from __future__ import annotations

import contextlib
import io
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _batch, _fixed_addresses
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _run as _accounts_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._files import Change
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _parts as _instances_parts

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: What the controller sends of a secrets file: ``path``, the accounts as ``content`` or as the file ``src``,
#: ``exclusive``, ``max_removals``, and ``managed``: whether the file is to be written at all.
File = t.Mapping[str, t.Any]


def _accounts(file: File) -> _accounts_run.Accounts:
    handle = open(file["src"], "rb") if file["src"] else io.BytesIO(file["content"].encode("latin-1"))  # noqa: SIM115
    with handle:
        batch = _batch.read(handle)
    # A batch is for many; of a few accounts, an error says more.
    return batch if file["src"] else _batch.accounts_of(batch)


def decide(module: AnsibleModule, file: File, quiet: bool = False) -> _accounts_run.Decided:
    """What the accounts come to in their file."""
    params = {"update_secret": "always", "exclusive": file["exclusive"], "max_removals": file["max_removals"]}
    view = _instances_parts.View(module, {**params, "path": file["path"]}, only_check=quiet)
    with _instances_parts.named("", "accounts"):
        return _accounts_run.decide(view, view.params, _accounts(file))


def others(decided: t.Iterable[_accounts_run.Decided]) -> list[str]:
    """The fixed addresses in the files that belong to no account of the role."""
    found: list[str] = []
    for one in decided:
        found += _fixed_addresses.listed(one.plan.content or b"", one.accounts)["other_fixed_addresses"]
    return [_pool.range_text(span) for span in _pool.merged(_pool.networks("others", found))]


def manage(module: AnsibleModule, files: t.Sequence[File]) -> dict[str, t.Any]:
    """Write the accounts: into all of the files, or into none. In check mode, what would change."""
    with contextlib.ExitStack() as stack, _instances_parts.named("", "accounts"):
        for file in files:
            stack.enter_context(_accounts_run.locked(module, file["path"]))
        decided = [decide(module, file) for file in files]
        changes: list[Change] = [one.change for one in decided if one.change is not None]
        if not module.check_mode:
            for one in decided:
                with _accounts_run.file_errors(one.path):
                    _accounts_run.write(module, one)
        return {
            "changed": bool(changes),
            "left": any(one.left for one in decided),
            "diff": [_accounts_run.diff(one) for one in decided] if module._diff else [],
            "files": {one.path: _accounts_run.report(one.plan, one.path, one.changed) for one in decided},
        }
