# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few words that we say to systemd. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


#: Where an administrator keeps units (systemd.unit(5)).
UNITS = "/etc/systemd/system"


class SystemdError(Failed):
    """systemctl refused; the text has its own words."""


def running() -> bool:
    """Whether systemd is this host's process 1, as sd_booted(3) decides it."""
    return os.path.isdir("/run/systemd/system")


@dataclass(frozen=True)
class Unit:
    """A unit as systemd knows it: ``state`` is its ActiveState, ``stale`` says that its file has changed since.

    ``main_pid`` is the process id of its main process, 0 if it has none.
    """

    state: str = "inactive"
    enabled: bool = False
    stale: bool = False
    main_pid: int = 0

    @property
    def active(self) -> bool:
        """Whether it runs, or is on its way there (a client that still dials)."""
        return self.state in _RUNS

    @property
    def goes_on(self) -> bool:
        """Whether one that is always started again (``Restart=``) runs or will: after a failure it ends first."""
        return self.state in (*_RUNS, "deactivating")


_PROPERTIES = "Id,ActiveState,UnitFileState,NeedDaemonReload,MainPID"


def show(module: AnsibleModule, names: t.Sequence[str]) -> dict[str, Unit]:
    """The units of these names, by one question; those that do not exist are inactive and not enabled."""
    _rc, out, _err = _run(module, "show", f"--property={_PROPERTIES}", *names)
    found = parse_units(out)
    return {name: found.get(name, Unit()) for name in names}


def parse_units(text: str) -> dict[str, Unit]:
    """What ``systemctl show`` printed of ``_PROPERTIES``, by the unit's name."""
    found = {}
    for block in text.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in values:
            enabled = values.get("UnitFileState") in ("enabled", "enabled-runtime")
            stale = values.get("NeedDaemonReload") == "yes"
            main_pid = int(values.get("MainPID") or 0)
            found[values["Id"]] = Unit(values.get("ActiveState", "inactive"), enabled, stale, main_pid)
    return found


def daemon_reload(module: AnsibleModule) -> None:
    """Make systemd read its unit files again."""
    _systemctl(module, "daemon-reload")


def enable(module: AnsibleModule, unit: str) -> None:
    """Start the unit at boot."""
    _systemctl(module, "enable", unit)


def reenable(module: AnsibleModule, unit: str) -> None:
    """Start the unit at boot, as its file says now, and not as one before it said."""
    _systemctl(module, "reenable", unit)


def disable(module: AnsibleModule, unit: str) -> None:
    """Don't start the unit at boot."""
    _systemctl(module, "disable", unit)


def is_enabled(module: AnsibleModule, unit: str) -> bool:
    """Whether the unit starts at boot; ``False`` for a unit that doesn't exist. Works without a running systemd."""
    return _answer(module, "is-enabled", unit) in ("enabled", "enabled-runtime")


# What systemctl(1) is-active answers of a unit that runs, or is on its way there.
_RUNS = ("active", "activating", "reloading")


def is_active(module: AnsibleModule, unit: str) -> bool:
    """Whether the unit runs, or is on its way there (a client that still dials)."""
    return _answer(module, "is-active", unit) in _RUNS


def goes_on(module: AnsibleModule, unit: str) -> bool:
    """Whether a unit that is always started again (``Restart=``) runs or will: after a failure it ends first."""
    return _answer(module, "is-active", unit) in (*_RUNS, "deactivating")


def main_pid(module: AnsibleModule, unit: str) -> int:
    """The process id of the unit's main process, 0 if it has none."""
    _rc, out, _err = _run(module, "show", "--property=MainPID", unit)
    word = out.strip().rpartition("=")[2]
    return int(word) if word.isdigit() else 0


def start(module: AnsibleModule, unit: str, wait: bool = True) -> None:
    """Start the unit; without ``wait``, return as soon as the job is queued."""
    _systemctl(module, "start", *([] if wait else ["--no-block"]), unit)


def stop(module: AnsibleModule, unit: str) -> None:
    """Stop the unit, and return once it has stopped."""
    _systemctl(module, "stop", unit)


def forget_failure(module: AnsibleModule, unit: str) -> None:
    """Take a failed state from the unit, if it has one; without its file it would otherwise stay for ever."""
    _answer(module, "reset-failed", unit)


def restart(module: AnsibleModule, unit: str) -> None:
    """Stop the unit if it runs, and start it."""
    _systemctl(module, "restart", unit)


def reload(module: AnsibleModule, unit: str) -> None:
    """Make the unit's process read its configuration again."""
    _systemctl(module, "reload", unit)


def _systemctl(module: AnsibleModule, *arguments: str) -> None:
    rc, out, err = _run(module, *arguments)
    if rc != 0:
        words = (err.strip() or out.strip() or f"exit status {rc}").rstrip(".")
        raise SystemdError("systemctl {} failed: {}.".format(" ".join(arguments), words))


def _answer(module: AnsibleModule, question: str, unit: str) -> str:
    """The first word that systemctl answers; its exit status tells yes or no, which the word tells better."""
    if module.get_bin_path("systemctl") is None:
        return ""
    _rc, out, _err = _run(module, question, unit)
    return out.strip().split("\n")[0]


def _run(module: AnsibleModule, *arguments: str) -> tuple[int, str, str]:
    systemctl = module.get_bin_path("systemctl")
    if systemctl is None:
        raise SystemdError(f"systemctl is not installed, so this host cannot be asked to {arguments[0]}.")
    rc, out, err = module.run_command([systemctl, *arguments], environ_update={"LC_ALL": "C.UTF-8"})
    return rc, out, err
