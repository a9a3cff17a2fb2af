# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set up a RADIUS centre on this host: observe, check, plan, apply. Private to this collection."""

from __future__ import annotations

import dataclasses
import glob
import grp
import json
import os
import secrets
import time
import typing as t
from contextlib import contextmanager

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd, _temporary
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import (
    _attributes,
    _database,
    _log,
    _psql,
    _render,
    _settings,
)

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

PROGRAM = "/usr/sbin/freeradius"
UNIT = "freeradius.service"
_GROUP = "freerad"
_DRIVER = "/usr/lib*/freeradius/rlm_sql_postgresql.so"
#: What of FreeRADIUS's own report is about the configuration, and has no value in it.
_MOST_LINES = 3


def run(module: AnsibleModule, places: _render.CentrePaths) -> dict[str, t.Any]:
    """Check the settings, and make the host a centre of them; in check mode, tell what would change."""
    centre = _settings.centre(module.params, _attributes.dictionary())
    before = _files.text(places.database)
    password = centre.database.password or _render.password_of(before) or secrets.token_urlsafe(24)
    changes = _files.changes(_wanted(centre, places, password))
    installed = _is_installed(module)
    with _stage(centre, places, password) as stage:
        if changes and (installed or not module.check_mode):
            _validate(module, stage)
        database = _settle(module, centre, stage, password) if installed or not module.check_mode else {}
    if not module.check_mode:
        _apply(module, places, changes)
    service = _service(module, restart=bool(changes))
    _warn_of_secrets(module, places)
    result: dict[str, t.Any] = {
        "changed": bool(changes or service or any(count for name, count in database.items() if name != _LEASED)),
        "files": [change.file.path for change in changes],
        "database": database,
        "restarted": service == "restarted",
    }
    if module._diff:
        result["diff"] = _files.diff(changes)
    return result


_LEASED = "addresses_leased"


def _warn_of_secrets(module: AnsibleModule, places: _render.CentrePaths) -> None:
    """Name the concentrators that have no answer since their secret is another one."""
    try:
        with open(f"{places.log}/radius.log", "rb") as handle:
            handle.seek(max(0, os.fstat(handle.fileno()).st_size - _log.TAIL))
            text = handle.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    for name, moment in _log.wrong_secrets(text, time.time()).items():
        module.warn(
            f"clients: {name} has another secret, and its requests are ignored, the last one at {moment}. Set the same "
            "secret in pppoe_server_radius.servers of the concentrator and here, and run the roles of both."
        )


def absent(module: AnsibleModule, places: _render.CentrePaths) -> dict[str, t.Any]:
    """Stop the centre and remove its files. The database stays: it has the accounts, and who had which address."""
    changes = _files.changes(
        _files.File(path, None, secret=path in _render.secret_files(places)) for path in _render.paths(places)
    )
    if changes and not module.check_mode:
        known = _systemd.show(module, [_render.TIMER, UNIT]) if _systemd.running() else {}
        for name, unit in known.items():
            if unit.enabled:
                _systemd.disable(module, name)
            if unit.goes_on:
                _systemd.stop(module, name)
        _files.write(module, changes)
        for folder in (places.folder, f"{places.units}/{UNIT}.d"):
            if os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
        if known:
            _systemd.daemon_reload(module)
    result: dict[str, t.Any] = {
        "changed": bool(changes),
        "files": [change.file.path for change in changes],
        "database": {},
        "restarted": False,
    }
    if module._diff:
        result["diff"] = _files.diff(changes)
    return result


def _is_installed(module: AnsibleModule) -> bool:
    """Whether all programs are there. A concentrator has FreeRADIUS, but not its driver of PostgreSQL."""
    return bool(os.path.exists(PROGRAM) and glob.glob(_DRIVER) and module.get_bin_path("psql"))


def _wanted(centre: _settings.Centre, places: _render.CentrePaths, password: str) -> list[_files.File]:
    secret = _render.secret_files(places)
    texts = {**_render.files(centre, places, password), places.upkeep: _render.upkeep(centre)}
    inside = [_files.File(path, text.encode(), 0o640, secret=path in secret) for path, text in texts.items()]
    units = [_files.File(path, text.encode(), 0o644) for path, text in _render.units(centre, places).items()]
    return inside + units


@contextmanager
def _stage(centre: _settings.Centre, places: _render.CentrePaths, password: str) -> t.Iterator[_render.CentrePaths]:
    """The same configuration in a folder of its own, to try it before it is written."""
    with _temporary.folder("pppoe-radius-") as folder:
        staged = dataclasses.replace(places, folder=folder)
        _give(folder)
        for path, text in _render.files(centre, staged, password).items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
            with open(descriptor, "w", encoding="utf-8") as handle:
                handle.write(text)
        yield staged


def _give(folder: str) -> None:
    """What is created in the folder is readable by FreeRADIUS, and by nobody else."""
    try:
        group = grp.getgrnam(_GROUP).gr_gid
    except KeyError:
        group = -1
    os.chown(folder, 0, group)
    os.chmod(folder, 0o2750)  # noqa: S103


def _validate(module: AnsibleModule, stage: _render.CentrePaths) -> None:
    code, out, err = module.run_command([PROGRAM, "-XC", "-d", stage.folder], cwd="/")
    if code == 0:
        return
    lines = [line.replace(stage.folder + "/", "") for line in (out + err).splitlines() if line.strip()]
    shown = [line for line in lines if "secret" not in line.lower()][-_MOST_LINES:]
    raise Failed(f"FreeRADIUS does not accept the configuration, and nothing was changed: {'; '.join(shown)}")


def _settle(
    module: AnsibleModule, centre: _settings.Centre, stage: _render.CentrePaths, password: str
) -> dict[str, t.Any]:
    """Have database, tables, pools and groups; what has changed, as counts."""
    created = _reach(module, centre, stage, password)
    if created and module.check_mode:
        return {"created": 1}
    schema = _database.schema(_files.text(f"{stage.package}/{name}") for name in _database.SCHEMAS)
    out = json.loads(_psql.run(module, stage.database, _database.settle(centre, schema, write=not module.check_mode)))
    return {**out, "created": int(created or out["created"])}


def _reach(module: AnsibleModule, centre: _settings.Centre, stage: _render.CentrePaths, password: str) -> bool:
    """Whether the database had to be created, or its password set, to be reached."""
    try:
        _psql.run(module, stage.database, "SELECT 1;\n")
        return False
    except _psql.Unreachable as error:
        if not centre.database.is_local:
            raise Failed(f"database: {centre.database.host} cannot be used: {error}") from None
        if module.check_mode:
            return True
    try:
        _psql.run_as_postgres(module, _database.cluster(centre.database, password), centre.database.port)
        _psql.run(module, stage.database, "SELECT 1;\n")
    except _psql.Unreachable as error:
        raise Failed(f"database: PostgreSQL on this host cannot be used: {error}") from None
    return True


def _apply(module: AnsibleModule, places: _render.CentrePaths, changes: t.Sequence[_files.Change]) -> None:
    os.makedirs(places.folder, mode=0o750, exist_ok=True)
    _give(places.folder)
    _files.write(module, changes)
    if _systemd.running() and any(change.file.path.startswith(places.units) for change in changes):
        _systemd.daemon_reload(module)


def _service(module: AnsibleModule, restart: bool) -> str:
    """Have FreeRADIUS and the timer run, now and after a boot; what was done for it, empty if nothing."""
    units = _systemd.show(module, [UNIT, _render.TIMER]) if _systemd.running() else {}
    done = ""
    for name, unit in units.items():
        if not unit.enabled:
            done = "enabled"
            if not module.check_mode:
                _systemd.enable(module, name)
        if not unit.active or (restart and name == UNIT):
            done = "restarted"
            if not module.check_mode:
                _systemd.restart(module, name)
    return done
