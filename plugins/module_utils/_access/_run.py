# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_access. Private to this collection."""

from __future__ import annotations

import typing as t
from contextlib import nullcontext

from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _host as _access_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _pado_delay as _access_pado_delay
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _settings as _access_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _names, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule) -> dict[str, t.Any]:
    _names.check_name(module.params["name"])
    # From what is observed until it is written, as all that have a block in rc.local.
    with nullcontext() if module.check_mode else _files.locked(_rc_local.path()):
        return present(module) if module.params["state"] == "present" else absent(module)


def present(module: AnsibleModule) -> dict[str, t.Any]:
    params, name = module.params, module.params["name"]
    to_systemd = startup(params["startup"])
    asked = [_access_settings.asked_hold(params["dial_hold"]), _access_settings.asked_rate(params["discovery_rate"])]
    seen = _access_host.observe(module, name, probe=asked != [0, 0] or bool(params["pado_delay"] or params["drained"]))
    interfaces = params["interfaces"] or seen.interfaces
    _access_settings.check(interfaces)
    hold, problem = _access_host.hold(module, params["dial_hold"], seen)
    rate, rate_problem = _access_host.rate(params["discovery_rate"], seen)
    settings = _access_settings.settings(
        hold, params["pado_delay"], params["drained"], rate, seen.configured, seen.problems.get("delay")
    )
    files = _access_host.files(name, None if settings.nothing else settings, interfaces, to_systemd, seen.last)
    changed = _files.changes(files)
    gone = [one for one in seen.interfaces if one not in interfaces and one not in seen.others]
    stale = _access_host.missing(module, settings, interfaces)
    enable = to_systemd and not settings.nothing and not seen.enabled
    if not module.check_mode:
        if settings.nothing and seen.enabled:
            _access_host.disable(module, name)
        _access_host.remove(module, gone)
        _access_host.write(module, name, changed, enable)
        _access_host.apply(module, settings, stale)
    return {
        "changed": bool(changed or gone or stale or enable),
        "diff": _files.diff(changed) if module._diff else [],
        "dial_hold": settings.hold,
        "dial_hold_problem": problem,
        "pado_delay": _access_pado_delay.shown(settings.pado_delay),
        "drained": settings.drained,
        "discovery_rate": settings.rate,
        "discovery_rate_problem": rate_problem,
    }


def startup(asked: str) -> bool:
    """Whether systemd is to do it."""
    if asked == "systemd" and not _systemd.running():
        raise Refused("startup", "systemd is not running on this host.", "Use rc_local or auto.")
    return asked != "rc_local" and _systemd.running()


def absent(module: AnsibleModule) -> dict[str, t.Any]:
    name = module.params["name"]
    seen = _access_host.observe(module, name, probe=False)
    changed = _files.changes(_access_host.files(name, None, (), True, seen.last))
    if not module.check_mode:
        if seen.enabled:
            _access_host.disable(module, name)
        _access_host.remove(module, [one for one in seen.interfaces if one not in seen.others])
        _access_host.write(module, name, changed, False)
    return {"changed": bool(changed), "diff": _files.diff(changed) if module._diff else []}
