# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_server_instances: all instances are checked before one is written. Private to this collection."""

from __future__ import annotations

import glob
import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _packages
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _parts as _instances_parts
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _plan as _instances_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _secrets as _instances_secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._instances._parts import InstanceParts, Result

PARTS = ("removal", *_instances_parts.RUNS, "accounts")


def run(module: AnsibleModule) -> Result:
    """What the module does and returns."""
    params = module.params
    removed, unlisted = _instances_plan.to_remove(params, existing())
    decided = [_instances_secrets.decide(module, file, quiet=True) for file in params["accounts"]]
    others = _instances_secrets.others(decided) if decided else params["other_fixed_addresses"]
    instances = _instances_plan.planned(params["instances"], removed, others)
    gone = _instances_plan.gone(params["absent"], removed)
    work = [(one, part) for part in _instances_parts.RUNS if part in params["parts"] for one in instances]
    if "removal" in params["parts"]:
        work[:0] = [(one, part) for one in gone for part in _instances_parts.REMOVAL]
    if len(work) > 1 and not module.check_mode:
        for one, part in work:
            _instances_parts.run(module, one, part, only_check=True)
    found = Found(removed=removed)
    for one, part in work:
        found.add(
            one, part, _instances_parts.run(module, one, part, f"instance {one.name}: " if params["listed"] else "")
        )
    for part, files in secrets_of(params, bool(instances), set(existing()) - set(removed)):
        found.add_accounts(part, _instances_secrets.manage(module, files))
    missing = _packages.missing(params["packages"]) if instances else []
    if missing is None or missing:
        # What is to be installed may change what the other parts come to.
        found.todo.update(["packages", *(PARTS if missing else ())])
    if unlisted and not params["exclusive"] and "removal" in params["parts"]:
        module.warn(_instances_plan.not_listed(unlisted))
    return {
        **found.result(module),
        "other_fixed_addresses": others or [],
        "missing_packages": missing,
        "removed": removed,
        "unlisted": unlisted,
    }


class Found:
    """What the runs of the parts come to, all together."""

    def __init__(self, removed: t.Collection[str]) -> None:
        self._removed = removed
        self._results: dict[str, dict[str, Result]] = {}
        self._accounts: dict[str, Result] = {}
        self._diff: list[t.Any] = []
        self._changed = False
        self.todo: set[str] = set()

    def add(self, instance: InstanceParts, part: str, result: Result) -> None:
        """The result of a part of an instance."""
        self._add("removal" if instance.name in self._removed else part, result)
        kept = {key: value for key, value in result.items() if key not in ("changed", "diff")}
        self._results.setdefault(instance.name, {})[part] = kept

    def add_accounts(self, part: str, result: Result) -> None:
        """The result of the secrets files."""
        self._add(part, result, result["left"])
        self._accounts.update(result["files"])

    def _add(self, todo: str, result: Result, more: bool = False) -> None:
        diff = result.get("diff") or []
        self._diff += diff if isinstance(diff, list) else [diff]
        self._changed = self._changed or result["changed"]
        if result["changed"] or more:
            self.todo.add(todo)

    def result(self, module: AnsibleModule) -> Result:
        """What the module returns of them."""
        servers = [results["server"] for results in self._results.values() if "server" in results]
        return {
            "changed": self._changed,
            "diff": self._diff if module._diff else [],
            "todo": sorted(self.todo),
            "instances": self._results,
            "accounts": self._accounts,
            "sessions_kept": sum(server["sessions_kept"] for server in servers),
            "sessions_dropped": sum(server["sessions_dropped"] for server in servers),
        }


def existing() -> list[str]:
    """The instances on this host."""
    return sorted(os.path.basename(path)[: -len(".options")] for path in glob.glob(_layout_server.options_path("*")))


def secrets_of(
    params: t.Mapping[str, t.Any], any_present: bool, remaining: t.Collection[str]
) -> list[tuple[str, list[_instances_secrets.File]]]:
    """The secrets files to manage, by part: accounts of removed instances go as soon as no instance is left."""
    parts = params["parts"]
    found = []
    if "removal" in parts and not any_present and not remaining:
        found.append(("removal", params["removed_accounts"]))
    if "accounts" in parts:
        found.append(("accounts", [file for file in params["accounts"] if file["managed"]]))
    return [(part, files) for part, files in found if files]
