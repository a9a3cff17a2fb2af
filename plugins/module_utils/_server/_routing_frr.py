# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""FRR of a host: our block in its configuration, and what it really runs. Private to this collection."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _routing as _layout_routing
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _frr as _routing_frr
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _settings as _routing_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _router_id

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: The seconds for which FRR may take to run what it was given.
PATIENCE = 20.0
#: On a busy host, watchfrr ends the program that loads the configuration at the start, and nobody says so.
_DROP_IN = f"""\
{_layout_header.LINE}[Unit]
StartLimitIntervalSec=0

[Service]
ExecStartPost=-/usr/bin/vtysh -b
Restart=always
RestartSec=1s
"""


@dataclass
class FrrWork:
    """What is to change. ``stale``: FRR does not run our block. ``removal``: commands that take back former lines."""

    module: AnsibleModule
    settings: _routing_settings.RoutingSettings
    changed: list[_files.Change]
    stale: bool
    removal: str
    wanted: bool = True

    def apply(self) -> None:
        """Write, have FRR take it, and see that it runs it."""
        _files.write(self.module, self.changed)
        paths = {change.file.path for change in self.changed}
        if _layout_routing.FRR_MAIN in paths:
            # Packages leave it to root, or to frr.
            with suppress(LookupError):
                shutil.chown(_layout_routing.FRR_MAIN, group="frr")
        by_systemd = _systemd.running()
        if by_systemd and paths:
            _systemd.daemon_reload(self.module)
        unit = _layout_routing.FRR_UNIT
        if by_systemd and self.wanted:
            if not _systemd.is_enabled(self.module, unit):
                _systemd.enable(self.module, unit)
            if _layout_routing.FRR_DAEMONS in paths or not _systemd.is_active(self.module, unit):
                _systemd.restart(self.module, unit)
        if self.removal:
            self._run(self.removal)
        if self.wanted and (paths or self.stale):
            self._verify()

    def _verify(self) -> None:
        deadline = time.monotonic() + PATIENCE
        said = self._run(_routing_frr.block(self.settings))
        while True:
            lacking = _lacking(self.module, self.settings)
            if not lacking:
                return
            if time.monotonic() > deadline:
                raise Failed(f"FRR does not run this: {'; '.join(map(_public, lacking[:3]))}. It says: {said}")
            # A daemon that has just begun does not know its commands at once.
            time.sleep(1)
            said = self._run(_routing_frr.block(self.settings))

    def _run(self, text: str) -> str:
        # vtysh waits for the lock of the file that it reads, which our other temporary files have.
        with tempfile.NamedTemporaryFile(dir=self.module.tmpdir) as handle:
            handle.write(text.encode())
            handle.flush()
            _rc, out, err = self.module.run_command(["vtysh", "-f", handle.name], cwd="/")
        return _public(" / ".join((out + err).strip().splitlines()))

    def protocols(self) -> list[dict[str, str]]:
        """What the module says of them: the neighbors that speak OSPF or BGP."""
        return []


def observed(module: AnsibleModule, settings: _routing_settings.RoutingSettings) -> FrrWork:
    """What has to change for these settings, or ``Refused``."""
    main, text = _layout_routing.FRR_MAIN, _files.text(_layout_routing.FRR_MAIN)
    if not os.path.exists(_layout_routing.FRR_DAEMONS) and not module.check_mode:
        raise Refused("engine", "FRR is not installed on this host.", "Install it: the package frr of Debian.")
    own = _routing_frr.without_block(text)
    _routing_frr.check(settings, own)
    settings = replace(settings, router_id=_router_id.of(module, settings, bool(re.search(r"\brouter-id ", own))))
    block = _routing_frr.block(settings)
    content = _routing_frr.with_block(text, block).encode("utf-8", "surrogateescape")
    daemons = _files.text(_layout_routing.FRR_DAEMONS)
    secret = settings.has_password
    files = [_files.File(main, content, 0o640, keep_mode=not secret, secret=secret)]
    if daemons:
        wanted = _routing_frr.daemons(daemons, settings).encode("utf-8", "surrogateescape")
        files.append(_files.File(_layout_routing.FRR_DAEMONS, wanted, 0o640, keep_mode=True))
    if _systemd.running():
        files.append(_files.File(_layout_routing.drop_in(_layout_routing.FRR_UNIT), _DROP_IN.encode()))
    removal = _routing_frr.removal(_routing_frr.former(text), block, own)
    return FrrWork(module, settings, _files.changes(files), bool(_lacking(module, settings)), removal)


def removal(module: AnsibleModule) -> FrrWork:
    """What has to change for none of it to be left. Daemons that were started for it go on."""
    text = _files.text(_layout_routing.FRR_MAIN)
    files = [_files.File(_layout_routing.drop_in(_layout_routing.FRR_UNIT), None)]
    own, former = _routing_frr.without_block(text), _routing_frr.former(text)
    if former:
        content = own.encode("utf-8", "surrogateescape")
        files.append(_files.File(_layout_routing.FRR_MAIN, content, 0o640, keep_mode=True, secret="password" in former))
    settings = _routing_settings.RoutingSettings("none", 0)
    commands = _routing_frr.removal(former, "", own)
    return FrrWork(module, settings, _files.changes(files), stale=False, removal=commands, wanted=False)


def _lacking(module: AnsibleModule, settings: _routing_settings.RoutingSettings) -> list[str]:
    if module.get_bin_path("vtysh") is None:
        return ["vtysh"]
    return _routing_frr.lacking(settings, module.run_command(["vtysh", "-c", "show running-config"], cwd="/")[1])


def _public(line: str) -> str:
    """Without a password."""
    return re.sub(r"(password|md5) \S+", r"\1 …", line)
