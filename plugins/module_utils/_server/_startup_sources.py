# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything on this host that starts a pppoe-server of somebody's own. Private to this collection.

``observe`` reads the host, ``units_to_disable`` is pure and decides what a take-over does with it.
"""

from __future__ import annotations

import glob
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_files as _server_startup_files
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

Line = _server_startup_lines.StartupLine

#: The largest script that is read, in bytes.
MOST_BYTES = 256 * 1024
#: By priority, as systemd.unit(5) has them.
UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
INTERFACES = ("/etc/network/interfaces", "/etc/network/interfaces.d/*")
CRONTABS = ("/etc/crontab", "/etc/cron.d/*")
USER_CRONTABS = ("/var/spool/cron/crontabs/*", "/var/spool/cron/*")
# Scripts that something runs at boot, when an interface comes up, or from time to time, if they are executable.
SCRIPTS = (
    "/etc/network/if-pre-up.d/*", "/etc/network/if-up.d/*", "/etc/networkd-dispatcher/*.d/*",
    "/etc/NetworkManager/dispatcher.d/*", "/etc/NetworkManager/dispatcher.d/*/*", "/etc/ppp/ip-up.d/*",
    "/etc/ppp/ip-up.local", "/etc/local.d/*.start", "/etc/init.d/boot.local", "/etc/cron.hourly/*", "/etc/cron.daily/*",
    "/etc/cron.weekly/*", "/etc/cron.monthly/*",
)  # fmt: skip
# Read by a shell at login, or by a supervisor; they need not be executable.
READ = ("/etc/profile", "/etc/profile.d/*.sh", "/root/.profile", "/root/.bash_profile", "/root/.bashrc")
OTHERS = ("/etc/inittab", "/etc/supervisor/conf.d/*", "/etc/monit/monitrc", "/etc/monit/conf.d/*")


@dataclass(frozen=True)
class StartupSource:
    """A line that starts a daemon. ``unit``: the unit that has it; ``active``: it does so at boot, or at some event."""

    line: Line
    unit: str | None = None
    active: bool = True

    @property
    def place(self) -> str:
        place = f"line {self.line.number} of {self.line.path}"
        return f"{place} (unit {self.unit})" if self.unit and self.unit not in self.line.path else place


def opened(path: str) -> bytes | None:
    """The content of a script or a setting; ``None`` for what is none, as programs of the distribution."""
    try:
        # Asked before it is opened: a FIFO would wait for its writer.
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            return None
        with open(path, "rb") as handle:
            content = handle.read()
    except OSError:
        return None
    return None if b"\0" in content[:1024] else content


def observe(module: AnsibleModule) -> list[StartupSource]:
    """All of them, rc.local first."""
    found = _of_scripts([_rc_local.path()], executable=False)
    for pattern in INTERFACES:
        for path, content in _contents(pattern):
            found += map(StartupSource, _server_startup_files.of_interfaces(content, path, opened))
    for patterns, with_user in ((CRONTABS, True), (USER_CRONTABS, False)):
        for pattern in patterns:
            for path, content in _contents(pattern):
                found += map(StartupSource, _server_startup_files.of_crontab(content, path, with_user, opened))
    found += _of_scripts(SCRIPTS, executable=True) + _of_scripts(READ, executable=False)
    for pattern in OTHERS:
        for path, content in _contents(pattern):
            found += map(StartupSource, _server_startup_lines.lines(b"#!other\n" + content, path))
    started = {source.line.unit for source in found if source.line.unit and source.line.reached}
    units = _of_units(module) + _of_init_scripts(module)
    mine = {source.unit for source in units}
    # "systemctl start ssh" starts no pppoe-server.
    found = [source for source in found if source.line.unit is None or source.line.unit in mine]
    return found + [StartupSource(one.line, one.unit, one.active or one.unit in started) for one in units]


def _contents(pattern: str) -> list[tuple[str, bytes]]:
    found = ((path, opened(path)) for path in sorted(glob.glob(pattern)))
    return [(path, content) for path, content in found if content is not None]


def _of_scripts(patterns: t.Iterable[str], executable: bool) -> list[StartupSource]:
    found: list[StartupSource] = []
    for pattern in patterns:
        for path, content in _contents(pattern):
            if not executable or os.access(path, os.X_OK):
                found += map(StartupSource, _server_startup_lines.lines(content, path, opened))
    return found


def _of_init_scripts(module: AnsibleModule) -> list[StartupSource]:
    """Scripts of System V; a unit of that name takes their place."""
    found = []
    for path, content in _contents("/etc/init.d/*"):
        name = os.path.basename(path)
        if b"pppoe-server" in content and not any(
            os.path.exists(f"{folder}/{name}.service") for folder in UNIT_FOLDERS
        ):
            links = glob.glob(f"/etc/rc[2345S].d/S[0-9][0-9]{name}")
            active = bool(links) or _systemd.is_active(module, name + ".service")
            lines = _server_startup_lines.lines(content, path, opened)
            found += [StartupSource(line, name + ".service", active) for line in lines]
    return found


def _of_units(module: AnsibleModule) -> list[StartupSource]:
    found = []
    for name, path in sorted(_unit_paths().items()):
        files = [(path, opened(path) or b"")]
        for folder in UNIT_FOLDERS:
            files += _contents(f"{folder}/{name}.d/*.conf")
        settings = _server_startup_files.unit(files)
        instance = name.partition("@")[2][: -len(".service")] if "@" in name else None
        lines = _server_startup_files.of_unit(settings, instance, opened)
        if lines:
            active = any(_systemd.is_enabled(module, one) for one in (name, name.replace(".service", ".timer")))
            found += [StartupSource(line, name, active) for line in lines]
    return found


def _unit_paths() -> dict[str, str]:
    """The file of each service, and of each instance of a template that something wants.

    Of the distribution's units, only those that name pppoe-server are looked at.
    """
    found: dict[str, str] = {}
    for folder in UNIT_FOLDERS:
        for path in glob.glob(folder + "/*.service"):
            found.setdefault(os.path.basename(path), path)
    for path in glob.glob("/etc/systemd/system/*.*/*@*.service"):
        name = os.path.basename(path)
        template = found.get(name.partition("@")[0] + "@.service")
        if template:
            found.setdefault(name, template)
    return {
        name: path
        for name, path in found.items()
        if not name.endswith("@.service")
        and os.path.realpath(path) != "/dev/null"
        and (path.startswith(("/etc/", "/run/", "/usr/local/")) or b"pppoe-server" in (opened(path) or b""))
    }
