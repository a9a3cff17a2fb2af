# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads and changes what a host does to discovery packets on its access interfaces. Private to this collection."""

from __future__ import annotations

import glob
import json
import os
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _settings as _access_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pado_steps, _pppoe_access

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

#: Tried in a network namespace of its own, which is gone afterwards: whether the kernel has all that is needed.
_DELAY = (
    "ip link add probe0 type ifb && tc qdisc add dev probe0 root handle 1: prio bands 2 "
    "priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 && "
    "tc qdisc add dev probe0 parent 1:1 netem delay 10ms && ip link add probe1 type ifb && "
    "tc qdisc add dev probe1 clsact && tc filter add dev probe1 egress protocol 0x8863 pref 1 "
    "u32 match u8 0x65 0xff at 1 action mirred egress redirect dev probe0 && "
    "tc filter add dev probe1 egress protocol 0x8863 pref 2 u32 match u8 0x07 0xff at 1 action drop"
)
_RATE = (
    "tc qdisc add dev lo clsact && tc filter add dev lo ingress protocol 0x8863 pref 1 u32 match u8 0x09 0xef at 1 "
    "action police pkts_rate 10 pkts_burst 50 conform-exceed drop/continue"
)
#: A line for each of the two that fails, with what was said.
_PROBE = f"""
set -f
said=$({{ {_DELAY}; }} 2>&1) || echo delay $said
said=$({{ {_RATE}; }} 2>&1) || echo rate $said
"""
_MODULES = {
    "delay": "ifb, sch_prio, sch_netem, sch_ingress, cls_u32, act_mirred and act_gact",
    "rate": "sch_ingress, cls_u32 and act_police, with rates in packets, as since Linux 5.13",
}
#: When nothing could be measured, as before pppd is installed.
_TYPICAL = 100


@dataclass(frozen=True)
class ObservedAccess:
    """What is configured for the instance, what others have, and whether systemd starts it.

    ``problems``: why this host cannot delay or drop packets (``delay``), and limit their ``rate``.
    """

    configured: _access_settings.Settings | None
    interfaces: tuple[str, ...]
    others: frozenset[str]
    last: bool
    enabled: bool
    problems: t.Mapping[str, str]


def unit_path(name: str) -> str:
    return f"{_systemd.UNITS}/{_layout_server.access_unit_name(name)}"


def observe(module: AnsibleModule, name: str, probe: bool) -> ObservedAccess:
    """``probe``: whether to try the kernel, which takes some processes."""
    texts = {path: _files.text(path) for path in glob.glob(unit_path("*"))}
    own = texts.pop(unit_path(name), "")
    rc_local = _files.read(_rc_local.path()) or b""
    own_block = _rc_local.lines_of(rc_local, block(name))
    found = _configured(own, own_block)
    rest = "\n".join([*texts.values(), rc_local.replace(own_block, b"").decode("utf-8", "replace")])
    others: set[str] = set()
    for line in rest.splitlines():
        other = _access_settings.configured(line)
        others.update(other[1] if other else ())
    settings, interfaces = found or (None, ())
    unit = _layout_server.access_unit_name(name)
    enabled = _systemd.running() and _systemd.is_enabled(module, unit)
    problems = _problems(module) if probe else {}
    return ObservedAccess(settings, interfaces, frozenset(others), not others, enabled, problems)


def block(name: str) -> str:
    return "pppoe-access " + name


def configured(name: str) -> _access_settings.Settings:
    """What is configured for the instance; nothing, if it has no settings."""
    rc_local = _files.read(_rc_local.path()) or b""
    found = _configured(_files.text(unit_path(name)), _rc_local.lines_of(rc_local, block(name)))
    return found[0] if found else _access_settings.Settings()


def _configured(unit: str, lines: bytes) -> tuple[_access_settings.Settings, tuple[str, ...]] | None:
    """Settings and interfaces in the text of a unit, or else in lines of rc.local."""
    return _access_settings.configured(unit) or _access_settings.configured(lines.decode("utf-8", "replace"))


def _problems(module: AnsibleModule) -> dict[str, str]:
    """Why this host cannot do something to discovery packets, as in ``ObservedAccess``; empty if it can do all."""
    for program in ("tc", "ip", "unshare"):
        if module.get_bin_path(program, opt_dirs=_pppd_capabilities.SBIN) is None:
            return dict.fromkeys(_MODULES, f"{program} is not installed")
    rc, out, err = module.run_command(["unshare", "-n", "sh", "-c", _PROBE])
    if rc != 0:
        failed = dict.fromkeys(_MODULES, " / ".join(err.strip().splitlines()) or f"exit status {rc}")
    else:
        lines = (line.partition(" ") for line in out.splitlines())
        failed = {what: said or "no reason given" for what, _blank, said in lines if what in _MODULES}
    return {
        what: f"a trial in a network namespace of its own failed ({said}); needed are {_MODULES[what]}"
        for what, said in failed.items()
    }


def measured(module: AnsibleModule) -> int:
    """How long to hold on this host, in milliseconds, from how long pppd takes to read its options and to end."""
    pppd, plugin = _pppd_capabilities.command(module), _pppd_capabilities.plugin_path()
    if pppd is None or plugin is None:
        return _TYPICAL
    starts = []
    for _attempt in range(5):
        began = time.monotonic()
        module.run_command([pppd, "notty", "nodetach", "dryrun", "noauth", "plugin", plugin])
        starts.append(time.monotonic() - began)
    return _access_settings.measured_hold(starts)


def missing(module: AnsibleModule, settings: _access_settings.Settings, interfaces: t.Iterable[str]) -> list[str]:
    """The interfaces that are there, but not treated as ``settings`` say."""
    return [
        one for one in interfaces if os.path.isdir(f"/sys/class/net/{one}") and not _in_force(module, settings, one)
    ]


def _in_force(module: AnsibleModule, settings: _access_settings.Settings, interface: str) -> bool:
    index = _files.text(f"/sys/class/net/{interface}/ifindex").strip()
    shown = ["filter", "show", "dev", interface]
    egress = _tc(module, *shown, "egress")
    ingress = _tc(module, *shown, "ingress", "pref", str(_pppoe_access.PREFERENCES["rate"]))
    device = f"pppoe-hold{index}"
    qdiscs = _tc(module, "-j", "qdisc", "show", "dev", device) if os.path.isdir(f"/sys/class/net/{device}") else "[]"
    steps = _pado_steps.of_alias(_files.text(f"/sys/class/net/{device}/ifalias").rstrip("\n"))
    return _access_settings.in_force(settings, egress, ingress, json.loads(qdiscs or "[]"), steps)


def _tc(module: AnsibleModule, *arguments: str) -> str:
    tc = module.get_bin_path("tc", opt_dirs=_pppd_capabilities.SBIN)
    if tc is None:
        return ""
    # A kernel that has no such qdiscs refuses, and has none of ours.
    rc, out, _err = module.run_command([tc, *arguments])
    return out if rc == 0 else ""


def files(
    name: str, settings: _access_settings.Settings | None, interfaces: t.Sequence[str], to_systemd: bool, last: bool
) -> list[_files.File]:
    """The files of an instance; without ``settings``, none, and the program goes with the ``last`` instance."""
    unit = lines = program = None
    if settings is not None:
        program = _pppoe_access.script()
        if to_systemd:
            unit = _access_settings.unit_file(name, settings, interfaces)
        else:
            lines = _access_settings.rc_local_lines(settings, interfaces)
    found = [_files.File(unit_path(name), unit)]
    if program or last:
        found.insert(0, _files.File(_layout_server.ACCESS, program, 0o755, program=True))
    return [*found, *_rc_local.edited_here(block(name), lines)]


def disable(module: AnsibleModule, name: str) -> None:
    """Have systemd not start the unit any more: neither at boot nor again where it has failed or is just at work."""
    unit = _layout_server.access_unit_name(name)
    _systemd.disable(module, unit)
    _systemd.stop(module, unit)


def write(module: AnsibleModule, name: str, changed: t.Sequence[_files.Change], enable: bool) -> None:
    """Write the files, and have systemd start the unit at boot."""
    unit = _layout_server.access_unit_name(name)
    _files.write(module, changed)
    with suppress(OSError):
        os.rmdir(_layout_server.DIRECTORY)  # only if nothing else is in it
    if changed and _systemd.running():
        _systemd.daemon_reload(module)
    if enable or (changed and os.path.exists(unit_path(name))):
        # Again for another list of interfaces, whose devices want the unit.
        _systemd.reenable(module, unit)


def apply(module: AnsibleModule, settings: _access_settings.Settings, interfaces: t.Sequence[str]) -> None:
    """Have the kernel do what ``settings`` say, on interfaces that are there."""
    here = [one for one in interfaces if os.path.isdir(f"/sys/class/net/{one}")]
    if here:
        _run(module, _access_settings.command(settings, here))


def remove(module: AnsibleModule, interfaces: t.Sequence[str]) -> None:
    if interfaces and os.path.exists(_layout_server.ACCESS):
        _run(module, [_layout_server.ACCESS, "remove", *interfaces])


def _run(module: AnsibleModule, words: list[str]) -> None:
    rc, out, err = module.run_command(words)
    if rc != 0:
        raise Failed("{} failed: {}".format(" ".join(words), " / ".join((err or out).strip().splitlines())))


def hold(module: AnsibleModule, asked: str | None, seen: ObservedAccess) -> tuple[int, str | None]:
    """The hold in milliseconds, and why it is 0 although nobody asked for that.

    What was measured once stays, so that a second run changes nothing.
    """
    wanted, problem = _access_settings.asked_hold(asked), seen.problems.get("delay")
    if wanted:
        if problem:
            raise Refused("dial_hold", f"this host cannot delay packets: {problem}.", "Use auto or 0.")
        return wanted, None
    if wanted == 0:
        return 0, None
    if problem:
        return 0, problem
    if seen.configured and (asked is None or seen.configured.hold):
        return seen.configured.hold, None
    return measured(module), None


def rate(asked: str | None, seen: ObservedAccess) -> tuple[int, str | None]:
    """How many packets a second a client may send, and why there is no limit although nobody asked for that."""
    wanted, problem = _access_settings.asked_rate(asked), seen.problems.get("rate")
    if wanted is None and asked is None and seen.configured:
        wanted = seen.configured.rate
    if wanted and problem:
        raise Refused("discovery_rate", f"this host cannot limit packets: {problem}.", "Use auto or 0.")
    if wanted is not None:
        return wanted, None
    return (0, problem) if problem else (_access_settings.USUAL_RATE, None)
