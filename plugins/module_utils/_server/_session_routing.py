# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_server_routing: observe, check, plan, apply, report. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _routing as _layout_routing
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _settings as _routing_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _proxy_arp
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _routing_bird as _server_routing_bird
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _routing_frr as _server_routing_frr
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_manager as _server_session_manager

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_ENGINES: dict[str, t.Any] = {"bird": _server_routing_bird, "frr": _server_routing_frr}


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """What the module does and returns."""
    _root.require_root("The configuration of a routing daemon")
    if module.params["state"] == "absent":
        return _absent(module)
    settings = _routing_settings.settings(module.params)
    named = {"ospf.interfaces": settings.ospf.interfaces if settings.ospf else (), "proxy_arp": settings.proxy_arp}
    for parameter, names in named.items():
        for index, name in enumerate(names):
            _interfaces.require(f"{parameter}[{index}]", name)
    others = [engine.removal(module) for name, engine in _ENGINES.items() if name != settings.engine]
    work = _ENGINES[settings.engine].observed(module, settings) if settings.engine in _ENGINES else None
    all_work = [*others, *([work] if work else [])]
    own = _files.changes(_own(settings))
    arp = _proxy_arp.changes(settings.proxy_arp, _proxy_arp.of_file(_files.text(_layout_routing.SYSCTL)))
    if not module.check_mode:
        _files.write(module, own)
        _proxy_arp.apply(arp)
        if own:
            _tell_manager(module)
        for one in all_work:
            one.apply()
    changed = [*own, *(change for one in all_work for change in one.changed)]
    if not module.check_mode:
        _remove_folders(changed)
    return {
        "changed": bool(changed or arp) or any(one.stale for one in all_work),
        "diff": _files.diff(changed) if module._diff else [],
        "engine": settings.engine,
        "table": settings.table,
        "router_id": (work.settings.router_id or None) if work else None,
        "protocols": work.protocols() if work else [],
    }


def _own(settings: _routing_settings.RoutingSettings) -> list[_files.File]:
    head = _layout_header.sentence("dialtone.pppoe.pppoe_server_routing")
    lines = [f"# {head}", f"table {settings.table}", *(f"arp {name}" for name in settings.proxy_arp)]
    sysctl = _proxy_arp.text(settings.proxy_arp)
    return [
        _files.File(_layout_routing.ANNOUNCED, "".join(line + "\n" for line in lines).encode()),
        _files.File(_layout_routing.SYSCTL, sysctl.encode() if sysctl else None),
    ]


def _absent(module: AnsibleModule) -> dict[str, t.Any]:
    """``state=absent``: customers' routes are not announced any more, and the administrator's configuration stays."""
    table = _table_now()
    work = [engine.removal(module) for engine in _ENGINES.values()]
    arp = _proxy_arp.changes((), _proxy_arp.of_file(_files.text(_layout_routing.SYSCTL)))
    own = _files.changes([_files.File(path, None) for path in (_layout_routing.ANNOUNCED, _layout_routing.SYSCTL)])
    changed = [*own, *(change for one in work for change in one.changed)]
    if changed and not module.check_mode:
        for one in work:
            one.apply()
        _files.write(module, own)
        _proxy_arp.apply(arp)
        _tell_manager(module)
        if table:
            for family in ("-4", "-6"):
                module.run_command(["ip", family, "route", "flush", "table", table])
        _remove_folders(changed)
    return {"changed": bool(changed), "diff": _files.diff(changed) if module._diff else []}


def _remove_folders(changed: t.Iterable[_files.Change]) -> None:
    """Those that were made for files that are gone now, if nothing else is in them."""
    for change in changed:
        folder = os.path.dirname(change.file.path)
        if change.file.content is None and folder.endswith((".service.d", "/pppoe-server-routing")):
            with suppress(OSError):
                os.rmdir(folder)


def _table_now() -> str | None:
    lines = (line.split() for line in _files.text(_layout_routing.ANNOUNCED).splitlines())
    return next((words[1] for words in lines if words[:1] == ["table"]), None)


def _tell_manager(module: AnsibleModule) -> None:
    """A host without an instance has no session manager yet; one that begins reads the file by itself."""
    if os.path.exists(_server_session_manager.PROGRAM):
        module.run_command([_server_session_manager.PROGRAM, "routes"], cwd="/")
