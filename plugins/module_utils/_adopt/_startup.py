# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of the things that start an unmanaged daemon. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._describe import ObservedDaemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_sources as _server_startup_sources
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _takeover as _server_takeover

Source = _server_startup_sources.StartupSource


def taken_over(sources: t.Sequence[Source], rc_local: str) -> str | None:
    """What starts the daemon now and no longer does after a run, in words."""
    places = []
    for source in sources:
        unit = source.unit is not None and not source.line.path.startswith("/etc/init.d/")
        if source.line.alone and (unit or source.line.path == rc_local):
            places.append(f"the unit {source.unit}" if unit else source.place)
    return ", ".join(dict.fromkeys(places)) or None


def refusals(sources: t.Sequence[Source], interfaces: t.Sequence[str], rc_local: str) -> list[tuple[str, str]]:
    """Each source that keeps the role from taking over these interfaces: what it is, and what to do.

    Lines that cannot be read are not among them, as they may be of any interface: see ``describe``.
    """
    readable = [one for one in sources if one.line.command is not None or one.line.unit is not None]
    groups: dict[tuple[str, int, int], list[Source]] = {}
    for index, source in enumerate(readable):
        of_rc_local = source.line.path == rc_local and source.line.unit is None
        key = (rc_local, source.line.start, source.line.end) if of_rc_local else ("", index, index)
        groups.setdefault(key, []).append(source)
    found = []
    for (path, _start, _end), group in groups.items():
        try:
            if path:
                _server_takeover.goes([one.line for one in group if one.line.reached], interfaces)
            else:
                # A line that starts a unit is judged by that unit's lines, which do not count twice.
                others = [other for other in readable if other.unit and other.unit == group[0].line.unit]
                quiet = [Source(other.line, other.unit, False) for other in others]
                _server_takeover.units_to_disable([*group, *quiet], interfaces, rc_local)
        except Refused as error:
            found.append((str(error).partition(": ")[2][: -len(error.fix)].strip(), error.fix))
    return [(text[0].upper() + text[1:], fix) for text, fix in dict.fromkeys(found)]


def describe(sources: t.Sequence[Source], found: bool, say: Findings) -> None:
    """What is to be said of lines that belong to no server that was found."""
    for source in sources:
        place, line = source.place, source.line
        if line.command is None and line.unit is None and line.reached:
            text = f"{place[0].upper()}{place[1:]} cannot be read literally: '{line.text}'."
            if source.active:
                say.refused(text, "It starts a pppoe-server. Write its command out with its values, or take it out.")
            else:
                say.stays(text, f"It would start a pppoe-server; {source.unit} is not enabled.")
        elif not line.reached:
            say.stays(f"{place[0].upper()}{place[1:]} starts nothing: '{line.text}'.", "An exit stands before it.")
        elif not source.active and line.command is not None:
            say.stays(
                f"{place[0].upper()}{place[1:]} would start a pppoe-server: '{line.text}'.",
                f"{source.unit} is not enabled, so that it does not at boot.",
            )


def mark_shared_pools(seen: t.Sequence[ObservedDaemon]) -> None:
    """Note in each server which of its addresses one before it hands out as well."""
    holders: dict[str, str] = {}
    for observed in seen:
        mine = {remote for _local, remote in observed.pool}
        observed.elsewhere = {address: holders[address] for address in mine if address in holders}
        for address in mine:
            holders.setdefault(address, ", ".join(observed.command.interfaces))
