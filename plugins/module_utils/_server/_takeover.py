# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an instance takes over what somebody has started by hand: the daemon, its sessions and what starts it.

Private to this collection. Pure.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _unmanaged as _server_unmanaged
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._processes import Running
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._startup_lines import Command, StartupLine
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._startup_sources import StartupSource
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._unmanaged import Daemon, Unmanaged

# What stands before a line of rc.local that would start a second daemon at boot. ":" keeps the body of an "if" whole.
TAKEN_OVER = b": # taken over by dialtone.pppoe: "


@dataclass(frozen=True)
class Takeover:
    """``units``: those to disable. ``rc_local``: its content without the lines that start such a daemon."""

    units: tuple[str, ...]
    rc_local: bytes | None


def plan(
    unmanaged: Unmanaged,
    now: Running,
    interfaces: t.Sequence[str],
    rc_local: str,
    script: bytes | None,
    radius: bool = False,
) -> Takeover:
    """What else starts a daemon on one of ``interfaces``. ``Refused`` if that cannot be taken over as a whole.

    ``radius``: whether the instance asks RADIUS, too.
    """
    refuse_what_would_be_left(now.foreign, interfaces)
    theirs = commands(unmanaged.sources, now.foreign, interfaces)
    _refuse_accounts_elsewhere(theirs, unmanaged.options_files, radius)
    units = units_to_disable(unmanaged.sources, interfaces, rc_local)
    return Takeover(tuple(units), taken_over(script, unmanaged.rc_local, interfaces))


def running(own: Running, unmanaged: Unmanaged, interfaces: t.Iterable[str]) -> Running:
    """``own`` with the daemon that was started by hand on one of ``interfaces``, and with the sessions of such a one.

    A session is known by its interface, as its daemon may be gone. ``Refused`` if there are several daemons.
    """
    if own.daemon is not None:
        served = _server_startup_lines.command(own.daemon.argv)
        interfaces = {*interfaces, *(served.interfaces if served else ())}
    served_here = set(interfaces)
    foreign = [daemon for daemon in unmanaged.daemons if served_here & set(daemon.command.interfaces)]
    if len(foreign) > 1:
        raise Refused(
            "interfaces",
            "{} unmanaged daemons serve them (processes {}).".format(
                len(foreign), ", ".join(str(daemon.pid) for daemon in foreign)
            ),
            "Configure an instance for each, and take them over one at a time.",
        )
    found = [pid for pid, interface in unmanaged.sessions if interface in served_here]
    theirs = foreign[0] if foreign else None
    daemon = own.daemon or (theirs.process if theirs else None)
    return replace(own, daemon=daemon, sessions=tuple(sorted({*own.sessions, *found})), foreign=theirs)


def refuse_what_would_be_left(foreign: Daemon | None, interfaces: t.Sequence[str]) -> None:
    """``Refused`` if the daemon serves an interface that nobody would serve after it."""
    left = [name for name in foreign.command.interfaces if name not in interfaces] if foreign else []
    if foreign and left:
        raise Refused(
            "interfaces",
            f"the unmanaged daemon (process {foreign.pid}) serves {', '.join(left)} too.",
            "Name all of its interfaces.",
        )


_TO_RADIUS = "Name the RADIUS servers in pppoe_server_radius, as the playbook dialtone.pppoe.adopt prints it."
_TO_FILES = (
    "Put the plugin and its options into /etc/ppp/options, which all sessions read, or the accounts into the secrets "
    "file, and remove it there."
)


def _refuse_accounts_elsewhere(
    commands: t.Iterable[Command], contents: t.Mapping[str, bytes | None], radius: bool
) -> None:
    """``Refused`` if a daemon to take over has its accounts where the instance does not look.

    Its customers would be locked out. ``contents``: those of the options files.
    """
    for command in commands:
        path = _server_unmanaged.options_path(command)
        for plugin in _server_unmanaged.plugins(contents.get(path) or b""):
            asks_radius = _server_unmanaged.plugin_name(plugin) == "radius"
            if _server_unmanaged.decides_who_gets_in(plugin) and not (asks_radius and radius):
                problem = f"'plugin {plugin}' in {path} asks elsewhere for the accounts, which are in no file of pppd."
                raise Refused("interfaces", problem, _TO_RADIUS if asks_radius else _TO_FILES)


def commands(
    sources: t.Sequence[StartupSource], foreign: Daemon | None, interfaces: t.Collection[str]
) -> list[Command]:
    """The commands of others that serve one of ``interfaces``: of the daemon that runs, and of what starts one."""
    found = [foreign.command if foreign else None]
    found += [source.line.command for source in sources if source.active and source.line.reached]
    return [one for one in found if one is not None and set(one.interfaces) & set(interfaces)]


def units_to_disable(sources: t.Sequence[StartupSource], interfaces: t.Collection[str], rc_local: str) -> list[str]:
    """The units that would start a second daemon on one of ``interfaces`` and do nothing else.

    Lines of ``rc_local`` itself are ``taken_over``'s. ``Refused`` for anything else that would start
    one, or may: after the next boot two daemons would answer, or one with other values.
    """
    units: dict[str, list[StartupLine]] = {}
    for source in sources:
        line = source.line
        if not source.active or not line.reached or (line.path == rc_local and line.unit is None):
            continue
        if line.unit is not None:
            _refuse_start_of_unit(source, sources, interfaces)
        elif source.unit is not None and not source.unit.startswith("/") and _is_unit_file(line.path):
            units.setdefault(source.unit, []).append(line)
        elif goes([line_alone(line)], interfaces):
            raise Refused(
                "interfaces",
                f"{source.place} would start a second daemon: '{line.text}'.",
                "Remove pppoe-server from it" + (f", or disable {source.unit}." if source.unit else "."),
            )
    return [unit for unit, lines in units.items() if goes(lines, interfaces)]


def line_alone(line: StartupLine) -> StartupLine:
    """The line, as if it did nothing else: it is refused anyway."""
    return StartupLine(line.number, line.start, line.end, line.command, True, line.path, line.text)


def _is_unit_file(path: str) -> bool:
    return path.endswith((".service", ".conf"))


def _refuse_start_of_unit(
    source: StartupSource, sources: t.Sequence[StartupSource], interfaces: t.Collection[str]
) -> None:
    for other in sources:
        if other.unit == source.line.unit and goes([line_alone(other.line)], interfaces):
            raise Refused(
                "interfaces",
                f"{source.place} starts {other.unit}, which would start a second daemon.",
                "Remove that from it.",
            )


def taken_over(script: bytes | None, lines: t.Iterable[StartupLine], interfaces: t.Collection[str]) -> bytes | None:
    """The script without those of its ``lines`` that would start a second daemon on one of ``interfaces``.

    Every byte of them stays, behind ``TAKEN_OVER``. ``Refused`` for a line that does more than start this daemon, or
    that cannot be read.
    """
    if script is None:
        return None
    together: dict[tuple[int, int], list[StartupLine]] = {}
    for line in lines:
        if line.reached and line.unit is None:
            together.setdefault((line.start, line.end), []).append(line)
    for start, end in sorted(together, reverse=True):
        if not goes(together[start, end], interfaces):
            continue
        text = script[start:end].replace(b"\n", b"\n" + TAKEN_OVER)
        if script[start:end].endswith(b"\n"):
            text = text[: -len(TAKEN_OVER)]
        script = script[:start] + TAKEN_OVER + text + script[end:]
    return script


def goes(together: t.Sequence[StartupLine], interfaces: t.Collection[str]) -> bool:
    """Whether what one line starts is this daemon; ``Refused`` if it is more than that, or cannot be read."""
    first = together[0]
    place = f"line {first.number} of {first.path}"
    for line in together:
        if line.command is None:
            raise Refused(
                "interfaces",
                f"{place} starts a pppoe-server and cannot be read literally: '{line.text}'.",
                "Write the command out with its values, or remove pppoe-server from that line.",
            )
    served = {name for line in together if line.command for name in line.command.interfaces}
    if not served & set(interfaces):
        return False
    if not served <= set(interfaces):
        raise Refused(
            "interfaces",
            "{} serves {} with one {}.".format(
                place, ", ".join(sorted(served)), "daemon" if len(together) == 1 else "line"
            ),
            "Name all of them, or write a line for each.",
        )
    if not all(line.alone for line in together):
        raise Refused(
            "interfaces",
            f"{place} would start a second daemon at boot, and does more than that.",
            "Remove pppoe-server from it.",
        )
    return True
