# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_server: observe, check, plan, apply, report. Private to this collection."""

from __future__ import annotations

import typing as t
from contextlib import ExitStack

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _names, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _apply as _server_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _check as _server_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _observe as _server_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _plan as _server_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _trial as _server_trial

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: How long another run may take, seconds: it may wait for a daemon that does not answer.
PATIENCE = 120.0
#: Other instances that the same run configures, as they will be; ``None``: will not be.
Beside = t.Mapping[str, t.Optional[_server_config.Instance]]


def run(module: AnsibleModule, beside: Beside | None = None) -> dict[str, t.Any]:
    """What the module does and returns."""
    with ExitStack() as locks:
        if not module.check_mode:
            # From what is observed until it is written: of two runs at once, one finds what the other has made.
            for path in (_layout_server.CONFIGURATION, _rc_local.path()):
                locks.enter_context(_files.locked(path, PATIENCE))
        if module.params["state"] in ("started", "present"):
            return configure(module, beside or {})
        return end(module)


def configure(module: AnsibleModule, beside: Beside) -> dict[str, t.Any]:
    """``state`` started or present: files and process as the parameters say."""
    refuse_other_engine()
    instance = _server_config.instance(module.params)
    observed = _server_observe.observe(module)
    how = _server_config.mode(module.params["kernel_mode"], observed.can, instance)
    for warning in _server_check.check(module.params, instance, how, observed, module.check_mode, beside):
        module.warn(warning)
    plan = _server_plan.plan(module.params, instance, how, observed)
    _server_trial.ask(module, observed.can, instance, plan.command)
    if not module.check_mode:
        _server_apply.apply(module, plan)
    return {
        **report(plan, module._diff),
        "command": plan.command,
        "capabilities": dict(vars(observed.can), flags="".join(sorted(observed.can.flags))),
        "kernel_mode": how.kernel,
        "addresses": len(instance.addresses),
    }


def refuse_other_engine() -> None:
    """``Refused`` where l2tpns answers the clients."""
    if _layout_header.is_ours(_files.text(_layout_l2tpns.CONFIGURATION)):
        raise Refused("state", "l2tpns is set up on this host.", "Remove it first: pppoe_l2tpns with state absent.")


def end(module: AnsibleModule) -> dict[str, t.Any]:
    """``state`` stopped or absent."""
    _names.check_name(module.params["name"])
    plan = _server_plan.end(module.params, _server_observe.observe(module))
    if not module.check_mode:
        _server_apply.end(module, plan)
    return report(plan, module._diff)


def report(plan: _server_plan.ServerPlan, with_diff: bool) -> dict[str, t.Any]:
    """What the module returns of any plan."""
    return {
        "changed": plan.changed,
        "diff": [*_files.diff(plan.changes), *_process_diff(plan)] if with_diff else [],
        "applied": plan.decision.applied,
        "sessions_kept": plan.decision.kept,
        "sessions_dropped": plan.decision.dropped,
    }


def _process_diff(plan: _server_plan.ServerPlan) -> list[dict[str, str]]:
    if not plan.command or plan.decision.action == "none":
        return []
    before = "" if plan.now.daemon is None else " ".join(_server_processes.own_command(plan.now.daemon.argv)) + "\n"
    header = f"process of pppoe-server {plan.name}"
    after = " ".join(plan.command) + "\n"
    return [{"before_header": header, "after_header": header, "before": before, "after": after}]
