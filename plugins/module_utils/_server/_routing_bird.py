# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BIRD of a host: our file in it, and what it really runs. Private to this collection."""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd, _temporary
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _routing as _layout_routing
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _bird as _routing_bird
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _settings as _routing_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _router_id

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: The seconds for which BIRD may take to run what it was given.
PATIENCE = 10.0
#: A routing daemon that dies takes all customers with it.
_DROP_IN = f"""\
{_layout_header.LINE}[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=200ms
"""


@dataclass
class BirdWork:
    """What is to change. ``stale``: BIRD runs something else. ``wanted``: whether our part is to be there."""

    module: AnsibleModule
    settings: _routing_settings.RoutingSettings
    changed: list[_files.Change]
    stale: bool
    wanted: bool = True

    def apply(self) -> None:
        """Write, have BIRD read it, and see that it runs it."""
        _files.write(self.module, self.changed)
        for change in self.changed:
            _give_to_bird(change.file)
        by_systemd = _systemd.running()
        if self.changed and by_systemd:
            _systemd.daemon_reload(self.module)
        if self.wanted and by_systemd:
            self._start()
        if (self.changed or self.stale) and (self.wanted or _answers(self.module)):
            _configure(self.module)
        if self.wanted and (self.changed or self.stale):
            self._verify()

    def _start(self) -> None:
        unit = _layout_routing.BIRD_UNIT
        if not _systemd.is_enabled(self.module, unit):
            _systemd.enable(self.module, unit)
        if not _systemd.is_active(self.module, unit):
            _systemd.restart(self.module, unit)
            deadline = time.monotonic() + PATIENCE
            while not _answers(self.module) and time.monotonic() < deadline:
                time.sleep(0.1)

    def _verify(self) -> None:
        deadline = time.monotonic() + PATIENCE
        wanted, names = _routing_bird.digest(self.settings), _routing_bird.names(self.settings)
        while True:
            running = _running_digest(self.module)
            lacking = set(names) - {one.name for one in self.protocols_now() if one.state != "down"}
            if running == wanted and not lacking:
                return
            if time.monotonic() > deadline:
                what = f"these protocols are down: {', '.join(sorted(lacking))}" if running == wanted else "it does not"
                raise Failed(f"BIRD was given its configuration, but {what}. See birdc show protocols all.")
            time.sleep(0.2)

    def protocols_now(self) -> list[_routing_bird.Protocol]:
        return _routing_bird.protocols(_birdc(self.module, "show", "protocols")[1])

    def protocols(self) -> list[dict[str, str]]:
        """What the module says of them."""
        return [
            {"name": one.name, "protocol": one.kind, "state": one.state, "information": one.information}
            for one in self.protocols_now()
        ]


def observed(module: AnsibleModule, settings: _routing_settings.RoutingSettings) -> BirdWork:
    """What has to change for these settings, or ``Refused``."""
    main = _main()
    if main is None:
        if not module.check_mode:
            raise Refused("engine", "BIRD is not installed on this host.", "Install it: the package bird2 of Debian.")
        # A run installs it first.
        main = _layout_routing.BIRD_MAIN[0]
    own, text = _layout_routing.bird_file(main), _files.text(main)
    if text and not _routing_bird.has_own(text, "protocol device") and "include" not in text:
        raise Refused("engine", f"{main} has no protocol device.", "Add it: BIRD sees no interface without it.")
    settings = replace(settings, router_id=_router_id.of(module, settings, _routing_bird.has_own(text, "router id")))
    files = [
        _files.File(own, _routing_bird.text(settings).encode(), 0o640, secret=settings.has_password),
        _files.File(main, _routing_bird.included(text, own).encode("utf-8", "surrogateescape"), 0o640, keep_mode=True),
    ]
    if _systemd.running():
        files.append(_files.File(_layout_routing.drop_in(_layout_routing.BIRD_UNIT), _DROP_IN.encode()))
    changed = _files.changes(files)
    if changed and os.path.exists(main):
        _check(module, main, own, files)
    return BirdWork(module, settings, changed, _running_digest(module) != _routing_bird.digest(settings))


def removal(module: AnsibleModule) -> BirdWork:
    """What has to change for none of it to be left."""
    files = [_files.File(_layout_routing.drop_in(_layout_routing.BIRD_UNIT), None)]
    main = _main()
    if main is not None:
        own, text = _layout_routing.bird_file(main), _files.text(main)
        without = _routing_bird.not_included(text, own)
        files += [_files.File(main, without.encode("utf-8", "surrogateescape"), 0o640, keep_mode=True)]
        files += [_files.File(own, None)]
    settings = _routing_settings.RoutingSettings("none", 0)
    return BirdWork(module, settings, _files.changes(files), stale=False, wanted=False)


def _main() -> str | None:
    return next((path for path in _layout_routing.BIRD_MAIN if os.path.exists(path)), None)


def _check(module: AnsibleModule, main: str, own: str, files: t.Sequence[_files.File]) -> None:
    """Have BIRD read what is to be written. The copies lie beside the originals, whose includes may be relative."""
    texts = {file.path: file.content or b"" for file in files}
    with _temporary.beside(own) as (ours, ours_path), _temporary.beside(main) as (theirs, theirs_path):
        try:
            ours.write(texts[own])
            ours.flush()
            theirs.write(texts[main].replace(f'"{own}"'.encode(), f'"{ours_path}"'.encode()))
            theirs.flush()
            rc, out, err = module.run_command(["bird", "-p", "-c", theirs_path], cwd="/")
        finally:
            os.unlink(ours_path)
            os.unlink(theirs_path)
    if rc != 0:
        said = " / ".join((err or out).strip().splitlines()).replace(ours_path, own).replace(theirs_path, main)
        raise Failed(f"BIRD does not take the configuration, and nothing was changed: {said}")


def _give_to_bird(file: _files.File) -> None:
    """BIRD reads its configuration anew as its own user: that of the folder where its files lie."""
    if file.content is not None and file.path.startswith("/etc/bird"):
        folder = os.stat(os.path.dirname(file.path))
        os.chown(file.path, -1, folder.st_gid)


def _birdc(module: AnsibleModule, *words: str) -> tuple[int, str, str]:
    if module.get_bin_path("birdc") is None:
        return 1, "", "birdc is not installed"
    return module.run_command(["birdc", "-s", _layout_routing.BIRD_SOCKET, *words], cwd="/")  # type: ignore[no-any-return]


def _answers(module: AnsibleModule) -> bool:
    return _birdc(module, "show", "status")[0] == 0


def _running_digest(module: AnsibleModule) -> str | None:
    return _routing_bird.running_digest(_birdc(module, "show", "protocols", "all", _routing_bird.MARKED)[1])


def _configure(module: AnsibleModule) -> None:
    _rc, out, err = _birdc(module, "configure")
    if "Reconfigur" not in out:
        said = " / ".join(line for line in (err or out).strip().splitlines() if not line.startswith("BIRD "))
        raise Failed(f"BIRD has not read its configuration: {said}. See journalctl -u bird.")
