# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_server: parameters, held against the host, and carried out. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _daemon as _server_daemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _decision as _server_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _plan as _server_plan
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _processes as _server_processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _single_session as _server_single_session
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_sources as _server_startup_sources
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def configure(module: AnsibleModule) -> dict[str, t.Any]:
    """``state`` started or present: files and process as the parameters say."""
    instance = _server_config.instance(module.params)
    _server_plan.refuse_what_the_host_contradicts(module, instance)
    can = _server_plan.capabilities(module)
    how = _server_config.mode(module.params["kernel_mode"], can, instance)
    _server_plan.require_programs(module, can, how)
    wanted = _server_plan.plan(module.params["startup"], instance, can, how)
    _server_plan.ask_pppoe_server(module, can, instance, wanted.command)
    sources = _server_startup_sources.observe(module)
    left = _server_startup_sources.units_to_disable(sources, instance.interfaces, _rc_local.path())

    changed = _files.changes(wanted.files)
    now = wanted.daemon.running()
    _server_takeover.refuse_what_would_be_left(now.foreign, instance.interfaces)
    theirs = _server_startup_sources.commands(sources, now.foreign, instance.interfaces)
    _server_takeover.refuse_accounts_elsewhere(theirs)
    differs = now.daemon is not None and (
        now.foreign is not None or _server_plan.differs(now.daemon, instance, wanted.command)
    )
    decision = _server_decision.decide(
        module.params["state"], module.params["on_change"], now.daemon is not None, differs, len(now.sessions)
    )
    boot = _server_plan.boot_change(module, wanted.daemon.unit, module.params["startup"])
    if not module.check_mode:
        _server_plan.carry_out(module, wanted, changed, decision, now, boot)
        for unit in left:
            _systemd.disable(module, unit)
        if instance.single_session != "allow":
            _server_single_session.put_down(module, instance.name)
    difference = _files.diff(changed)
    if decision.action != "none":
        before = "" if now.daemon is None else " ".join(_server_processes.own_command(now.daemon.argv)) + "\n"
        after = " ".join(wanted.command) + "\n"
        header = f"process of pppoe-server {instance.name}"
        difference.append({"before_header": header, "after_header": header, "before": before, "after": after})
    return {
        "changed": bool(changed or boot or left or decision.action != "none"),
        "diff": difference if module._diff else [],
        "command": wanted.command,
        "capabilities": dict(vars(can), flags="".join(sorted(can.flags))),
        "kernel_mode": how.kernel,
        "applied": decision.applied,
        "sessions_kept": decision.kept,
        "sessions_dropped": decision.dropped,
        "addresses": len(instance.addresses),
    }


def end(module: AnsibleModule) -> dict[str, t.Any]:
    """``state`` stopped or absent."""
    name = module.params["name"]
    _layout_server.check_name(name)
    daemon = _server_daemon.Daemon(name, (), _systemd.running(), ())
    now = daemon.running()
    decision = _server_decision.decide(
        module.params["state"], module.params["on_change"], now.daemon is not None, False, len(now.sessions)
    )
    changed = []
    enabled = False
    if module.params["state"] == "absent":
        changed = _files.changes(_server_plan.absent_files(name, _rc_local.path()))
        enabled = _systemd.is_enabled(module, daemon.unit)
    if not module.check_mode:
        if decision.action == "stop":
            _server_daemon.stop(module, daemon)
        if enabled:
            _systemd.disable(module, daemon.unit)
        _server_plan.remove(module, changed, daemon.unit)
    return {
        "changed": bool(changed or enabled or decision.action != "none"),
        "diff": _files.diff(changed) if module._diff else [],
        "applied": decision.applied,
        "sessions_kept": decision.kept,
        "sessions_dropped": decision.dropped,
    }
