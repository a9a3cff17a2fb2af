# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_server_radius: observe, check, plan, apply, report. Private to this collection."""

from __future__ import annotations

import glob
import os
import pwd
import secrets
import sys
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _files,
    _processes,
    _root,
    _systemd,
    _temporary,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _radius as _layout_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _dictionary as _radius_dictionary
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _example as _radius_example
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _plugin as _radius_plugin
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _probe as _radius_probe
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _programs as _radius_programs
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _proxy as _radius_proxy
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_PLUGIN = "/usr/lib*/pppd/*/radius.so"
_USERS = ("freerad", "radiusd")


@dataclass(frozen=True)
class FreeRadius:
    """The program of this host, its modules, and whom it runs as. ``installed``: whether it is there."""

    program: str = "/usr/sbin/freeradius"
    libdir: str = "/usr/lib/freeradius"
    user: str = "freerad"
    installed: bool = False


def present(module: AnsibleModule) -> dict[str, t.Any]:
    """``state=present``."""
    _root.require_root("The secrets of a host")
    settings = _radius_settings.settings(module.params, os.uname().nodename)
    if not _systemd.running():
        raise Refused("state", "this host was not booted with systemd, which runs FreeRADIUS.", "Use absent.")
    free_radius = _find(module)
    _require_programs(free_radius, later=module.check_mode)
    nas_address = settings.nas_address or _own_address(settings.servers)
    secret = _radius_plugin.secret_of(_files.text(_layout_radius.SERVERS)) or secrets.token_hex(16)
    files = _wanted(settings, free_radius, nas_address, secret)
    changed = _files.changes(files)
    if changed and free_radius.installed:
        _validate(module, free_radius, files)
    units = _Units(module, bool(settings.disconnect_secret))
    if not module.check_mode:
        _files.write(module, changed)
        units.apply(changed)
    problems = _problems(module, settings)
    servers = [
        {"address": server.address, "port": server.port, "tls": server.tls is not None, "answers": not problem}
        for server, problem in zip(settings.servers, problems)
    ]
    for server, problem in zip(settings.servers, problems):
        if problem:
            module.warn(f"servers: {server.address} port {server.port}: {problem}.")
    return {
        "changed": bool(changed) or units.differ,
        "diff": _files.diff(changed) if module._diff else [],
        "nas_address": nas_address,
        "nas_identifier": settings.nas_identifier,
        "servers": servers,
        "waiting_records": _waiting(),
    }


def absent(module: AnsibleModule) -> dict[str, t.Any]:
    """``state=absent``: none of it; accounting that no server has yet stays in its folder.

    While sessions of RADIUS live that their instance keeps, nothing is removed: pppd would be deaf to its client each
    time that it reports to nobody, and their records would be lost.
    """
    _root.require_root("The secrets of a host")
    instances = _with_radius()
    if instances:
        raise Refused(
            "state",
            f"the sessions of {', '.join(instances)} log in by RADIUS.",
            "Set radius to false there, or remove the instance, before.",
        )
    sessions = _radius_plugin.sessions(_processes.every(), os.path.exists)
    if sessions and os.path.exists(_layout_radius.PROXY):
        module.warn(
            f"state: {len(sessions)} sessions that logged in by RADIUS still report to it. The connection stays until "
            "a run that finds none."
        )
        return {"changed": False, "diff": [], "sessions": len(sessions)}
    paths = [_layout_radius.CLIENT, _layout_radius.SERVERS, _layout_radius.DICTIONARY, _layout_radius.PORT_MAP]
    paths += [_layout_radius.PROXY, _layout_radius.BOOT, _layout_radius.unit_path(_layout_radius.UNIT)]
    paths += [file.path for file in _radius_programs.disconnect_files("", "", wanted=False)]
    changed = _files.changes(_files.File(path, None, secret=_is_secret(path)) for path in paths)
    if changed and not module.check_mode:
        if _systemd.running():
            for unit in (_layout_radius.DISCONNECT_SOCKET, _layout_radius.UNIT):
                if os.path.exists(_layout_radius.unit_path(unit)):
                    _systemd.disable(module, unit)
                    _systemd.stop(module, unit)
        _files.write(module, changed)
        for folder in (_layout_radius.FOLDER, _layout_radius.BUFFER, _layout_radius.RUN, _layout_server.DIRECTORY):
            if os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
        if _systemd.running():
            _systemd.daemon_reload(module)
    return {"changed": bool(changed), "diff": _files.diff(changed) if module._diff else [], "sessions": 0}


class _Units:
    """Our units as they are, and as they should be."""

    def __init__(self, module: AnsibleModule, disconnect: bool) -> None:
        self._module = module
        own, queue, example = _layout_radius.UNIT, _layout_radius.DISCONNECT_SOCKET, _radius_example.UNIT
        self._wanted = {own: True, queue: disconnect}
        if _radius_example.is_untouched():
            self._wanted[example] = False
        self._now = _systemd.show(module, [own, queue, example])

    @property
    def differ(self) -> bool:
        return any(
            self._now[unit].enabled != wanted or self._now[unit].active != wanted
            for unit, wanted in self._wanted.items()
        )

    def apply(self, changed: t.Collection[_files.Change]) -> None:
        """FreeRADIUS starts anew if anything that it reads has changed; pppd waits for its answers meanwhile."""
        module = self._module
        for unit, wanted in self._wanted.items():
            if not wanted and self._now[unit].enabled:
                _systemd.disable(module, unit)
            if not wanted and self._now[unit].goes_on:
                _systemd.stop(module, unit)
        if changed:
            _systemd.daemon_reload(module)
        # Before FreeRADIUS, which asks there.
        for unit in sorted((unit for unit, wanted in self._wanted.items() if wanted), reverse=False):
            if not self._now[unit].enabled:
                _systemd.enable(module, unit)
            if changed or not self._now[unit].active:
                _systemd.restart(module, unit)


def _find(module: AnsibleModule) -> FreeRadius:
    found = FreeRadius()
    for name in ("freeradius", "radiusd"):
        path = module.get_bin_path(name, opt_dirs=["/usr/sbin"])
        libdir = next(iter(glob.glob("/usr/lib*/freeradius")), None)
        user = next((user for user in _USERS if _exists(user)), None)
        if path and libdir and user:
            return FreeRadius(path, libdir, user, installed=True)
    return found


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _require_programs(free_radius: FreeRadius, later: bool) -> None:
    """``later``: a run may install them first (check mode)."""
    if later:
        return
    if not free_radius.installed:
        raise Refused("state", "FreeRADIUS is not installed on this host.", "Install the package freeradius.")
    if not glob.glob(_PLUGIN):
        raise Refused("state", "pppd has no plugin radius.so on this host.", "Install the distribution's ppp.")


def _own_address(servers: t.Sequence[_radius_settings.Server]) -> str:
    for server in servers:
        address = _radius_probe.own_address(server)
        if address:
            return address
    raise Refused(
        "nas_address",
        "it is not set, and this host has no IPv4 route to a server.",
        "Set it to the IPv4 address by which the servers know this host.",
    )


def _wanted(
    settings: _radius_settings.RadiusSettings, free_radius: FreeRadius, nas_address: str, secret: str
) -> list[_files.File]:
    proxy = _radius_proxy.configuration(
        settings, nas_address, secret, free_radius.libdir, _layout_radius.FOLDER, free_radius.user
    )
    texts = {
        _layout_radius.DICTIONARY: _radius_dictionary.text(),
        _layout_radius.PORT_MAP: "",
        _layout_radius.SERVERS: _radius_plugin.servers_file(secret),
        _layout_radius.CLIENT: _radius_plugin.client_file(settings.nas_identifier),
        _layout_radius.PROXY: proxy,
    }
    return [
        *(
            _files.File(path, text.encode(), 0o600 if _is_secret(path) else 0o644, secret=_is_secret(path))
            for path, text in texts.items()
        ),
        *_radius_programs.files(free_radius.program, free_radius.user, nas_address, settings.nas_identifier),
        *_radius_programs.disconnect_files(free_radius.user, sys.executable, bool(settings.disconnect_secret)),
    ]


def _is_secret(path: str) -> bool:
    return path in (_layout_radius.SERVERS, _layout_radius.PROXY)


def _validate(module: AnsibleModule, free_radius: FreeRadius, files: t.Iterable[_files.File]) -> None:
    """``Failed`` with FreeRADIUS's own words unless it takes the configuration."""
    text = next(file.content for file in files if file.path == _layout_radius.PROXY) or b""
    with _temporary.folder("pppoe-server-radius-") as folder:
        with open(f"{folder}/radiusd.conf", "wb") as handle:
            os.fchmod(handle.fileno(), 0o600)
            handle.write(text.replace(f"raddbdir = {_layout_radius.FOLDER}".encode(), f"raddbdir = {folder}".encode()))
        rc, out, err = module.run_command([free_radius.program, "-XC", "-d", folder], cwd="/")
    if rc != 0:
        said = [line for line in (out + err).splitlines() if "rror" in line] or (out + err).splitlines()[-3:]
        raise Failed(f"FreeRADIUS does not take the configuration: {' / '.join(line.strip() for line in said)}")


def _problems(module: AnsibleModule, settings: _radius_settings.RadiusSettings) -> list[str | None]:
    """Why each server cannot be used. Servers say nothing of a certificate of this host that has expired."""
    found = _radius_probe.problems(settings.servers, settings.nas_address)
    for index, server in enumerate(settings.servers):
        if server.tls is not None and module.get_bin_path("openssl"):
            command = ["openssl", "x509", "-checkend", "0", "-noout", "-in", server.tls.certificate]
            if module.run_command(command)[1].startswith("Certificate will expire"):
                found[index] = f"the certificate of this host has expired: {server.tls.certificate}"
    return found


def _with_radius() -> list[str]:
    """The instances of this host whose sessions log in by RADIUS."""
    found = []
    for path in sorted(glob.glob(_layout_server.options_path("*"))):
        if "plugin radius.so" in _files.text(path).splitlines():
            found.append(os.path.basename(path)[: -len(".options")])
    return found


def _waiting() -> int:
    """How many accounting records no server has yet."""
    texts = (_files.text(path) for path in glob.glob(f"{_layout_radius.BUFFER}/detail*"))
    return sum(text.count("\tAcct-Status-Type = ") - text.count("\n\tDone") for text in texts)
