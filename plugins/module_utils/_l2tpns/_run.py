# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_l2tpns: observe, check, plan, apply. Private to this collection."""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _files,
    _interfaces,
    _packages,
    _root,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _cli as _l2tpns_cli
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _decision as _l2tpns_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _render as _l2tpns_render
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _settings as _l2tpns_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: How long l2tpns may take until its command line answers, seconds.
PATIENCE = 15.0


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """What the module does and returns."""
    _root.require_root("The secrets of a host")
    if module.params["state"] == "started":
        return started(module)
    return ended(module)


def started(module: AnsibleModule) -> dict[str, t.Any]:
    """``state=started``: files and process as the parameters say."""
    settings = _l2tpns_settings.settings(module.params)
    _check_host(module, settings)
    now = observe(module)
    files = _wanted(settings)
    changed = _files.changes(files)
    differs, fixed = _differences(files)
    decision = _l2tpns_decision.decide(now, differs, fixed, module.params["on_change"])
    if decision.later:
        module.warn(f"l2tpns was not restarted, since {decision.later}: the change takes effect when it is.")
    if not module.check_mode:
        _files.write(module, changed)
        _apply(module, now, bool(changed), decision.action)
    return {
        "changed": bool(changed) or decision.action != "none" or not now.enabled,
        "diff": _files.diff(changed) if module._diff else [],
        "applied": "later" if decision.later else decision.action,
        "sessions_kept": decision.kept,
        "sessions_dropped": decision.dropped,
        "mac": settings.cluster.mac,
    }


def ended(module: AnsibleModule) -> dict[str, t.Any]:
    """``state`` stopped or absent; other members take over the sessions."""
    now = observe(module)
    mine = _is_ours()
    paths = [*_paths(), _layout_l2tpns.DROP_IN] if module.params["state"] == "absent" and mine else []
    changed = _files.changes(_files.File(path, None, secret=_is_secret(path)) for path in paths)
    stop = mine and (now.active or now.enabled)
    if stop and not module.check_mode:
        _systemd.disable(module, _layout_l2tpns.UNIT)
        _systemd.stop(module, _layout_l2tpns.UNIT)
    if changed and not module.check_mode:
        _files.write(module, changed)
        folder = os.path.dirname(_layout_l2tpns.DROP_IN)
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
        _systemd.daemon_reload(module)
    kept = now.sessions if now.covered else 0
    return {
        "changed": bool(changed) or stop,
        "diff": _files.diff(changed) if module._diff else [],
        "applied": "stop" if stop else "none",
        "sessions_kept": kept if stop else now.sessions,
        "sessions_dropped": now.sessions - kept if stop else 0,
        "mac": None,
    }


def observe(module: AnsibleModule) -> _l2tpns_decision.ObservedL2tpns:
    """The unit, and what the process says of itself."""
    unit = _systemd.show(module, [_layout_l2tpns.UNIT])[_layout_l2tpns.UNIT]
    if not unit.active or not _is_ours():
        return _l2tpns_decision.ObservedL2tpns(False, unit.enabled)
    text = _l2tpns_cli.ask(["show cluster", "uptime"])
    return _l2tpns_decision.ObservedL2tpns(
        True, unit.enabled, _l2tpns_parse.cluster(text), _l2tpns_parse.session_count(text)
    )


def _paths() -> list[str]:
    return [_layout_l2tpns.CONFIGURATION, _layout_l2tpns.POOL, _layout_l2tpns.USERS, _layout_l2tpns.RULES]


def _is_ours() -> bool:
    return _layout_header.is_ours(_files.text(_layout_l2tpns.CONFIGURATION))


def _is_secret(path: str) -> bool:
    return path in (_layout_l2tpns.CONFIGURATION, _layout_l2tpns.USERS)


def _wanted(settings: _l2tpns_settings.L2tpnsSettings) -> list[_files.File]:
    token = _l2tpns_render.token_of(_files.text(_layout_l2tpns.USERS)) or secrets.token_hex(16)
    texts = {
        _layout_l2tpns.CONFIGURATION: _l2tpns_render.startup_config(settings),
        _layout_l2tpns.POOL: _l2tpns_render.ip_pool(settings),
        _layout_l2tpns.USERS: _l2tpns_render.users(token),
        _layout_l2tpns.RULES: _l2tpns_render.access_rules(settings),
        _layout_l2tpns.DROP_IN: _l2tpns_render.drop_in(settings),
    }
    return [
        _files.File(path, text.encode(), 0o600 if _is_secret(path) else 0o644, secret=_is_secret(path))
        for path, text in texts.items()
    ]


def _differences(files: t.Iterable[_files.File]) -> tuple[bool, bool]:
    """Whether the running process is as these files are not, and whether only a new one would be."""
    differs = fixed = False
    for file in files:
        if file.path in _l2tpns_render.STARTED_WITH:
            before, after = _files.text(_layout_l2tpns.running(file.path)), (file.content or b"").decode()
            differs = differs or before != after
            fixed = fixed or _l2tpns_render.needs_restart(before, after)
    return differs, fixed


def _check_host(module: AnsibleModule, settings: _l2tpns_settings.L2tpnsSettings) -> None:
    if not _systemd.running():
        raise Refused("state", "this host was not booted with systemd, which runs l2tpns.", "Use absent.")
    for program, package in (("l2tpns", "l2tpns"), ("nft", "nftables")):
        if not module.check_mode and not module.get_bin_path(program, opt_dirs=["/usr/sbin"]):
            raise Refused("state", f"{program} is not installed on this host.", f"Install the package {package}.")
    if not _is_ours() and not _is_untouched():
        raise Refused(
            "state",
            f"{_layout_l2tpns.CONFIGURATION} is somebody else's.",
            "Move it away if l2tpns on this host is to be managed by this module.",
        )
    others = sorted(os.path.basename(path)[: -len(".options")] for path in glob.glob(_layout_server.options_path("*")))
    if others:
        raise Refused(
            "state",
            f"pppoe-server is set up on this host: {', '.join(others)}.",
            "Remove it first (pppoe_server with state absent): two servers would answer the same clients.",
        )
    _interfaces.require("interfaces[0]", settings.interface)
    if settings.cluster.interface != "lo":
        _interfaces.require("cluster.interface", settings.cluster.interface)


def _is_untouched() -> bool:
    """Whether the configuration is not there, or as the package brings it."""
    content = _files.read(_layout_l2tpns.CONFIGURATION)
    known = _packages.configuration(_files.text(_packages.STATUS), _layout_l2tpns.FOLDER)
    as_it_came = known.get(_layout_l2tpns.CONFIGURATION)
    return content is None or as_it_came == hashlib.md5(content, usedforsecurity=False).hexdigest()


def _apply(module: AnsibleModule, now: _l2tpns_decision.ObservedL2tpns, changed: bool, action: str) -> None:
    unit = _layout_l2tpns.UNIT
    if changed:
        _systemd.daemon_reload(module)
    if not now.enabled:
        _systemd.enable(module, unit)
    if action == "reload":
        _systemd.reload(module, unit)
        content = _files.read(_layout_l2tpns.CONFIGURATION)
        path = _layout_l2tpns.running(_layout_l2tpns.CONFIGURATION)
        _files.write(module, _files.changes([_files.File(path, content, 0o600, secret=True)]))
    elif action in ("start", "restart"):
        # The package's own configuration may run.
        _systemd.restart(module, unit)
        _wait()


def _wait() -> None:
    deadline = time.monotonic() + PATIENCE
    while not _l2tpns_cli.answers():
        if time.monotonic() > deadline:
            raise Failed(f"l2tpns does not answer {PATIENCE:.0f} seconds after its start: journalctl -u l2tpns.")
        time.sleep(0.2)
