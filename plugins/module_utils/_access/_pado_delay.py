# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameter ``pado_delay``: milliseconds, or steps by the number of sessions. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pado_steps

#: Milliseconds: a client sends another PADI after 5 s.
MOST = 4000
#: So many steps fit into the alias of an interface, which the kernel limits to 255 bytes.
MOST_STEPS = 10
_STEP = "{sessions: 200, delay: 100}"


def asked(value: t.Any) -> _pado_steps.Delay | None:
    """What a user has given; ``None`` for nothing. Steps that change nothing are left out."""
    if value is None:
        return None
    if isinstance(value, list):
        return _plain(_steps(value))
    milliseconds = _whole(value)
    if milliseconds is None:
        fix = f"Use milliseconds, or a list of steps such as {_STEP}."
        raise Refused("pado_delay", f"{value!r} is neither a number nor a list of steps.", fix)
    return number("pado_delay", milliseconds, MOST)


def shown(delay: _pado_steps.Delay) -> int | list[dict[str, int]]:
    """As it is returned to a user."""
    return delay if isinstance(delay, int) else [{"sessions": sessions, "delay": by} for sessions, by in delay]


def _steps(values: list[t.Any]) -> list[tuple[int, int]]:
    if len(values) > MOST_STEPS:
        raise Refused("pado_delay", f"there are {len(values)} steps.", f"Use at most {MOST_STEPS}.")
    found: list[tuple[int, int]] = []
    for index, value in enumerate(values):
        parameter = f"pado_delay[{index}]"
        if not isinstance(value, dict) or set(value) != {"sessions", "delay"}:
            raise Refused(parameter, f"{value!r} is not a step.", f"Use both keys and no other, such as {_STEP}.")
        sessions = _number(f"{parameter}.sessions", value["sessions"], _pool.MOST_SESSIONS, "sessions")
        by = _number(f"{parameter}.delay", value["delay"], MOST, "milliseconds")
        if found and sessions <= found[-1][0]:
            problem = f"{sessions} is not more than the {found[-1][0]} of the step before."
            raise Refused(f"{parameter}.sessions", problem, "Sort the steps by sessions, and name each number once.")
        if found and by < found[-1][1]:
            problem = f"{by} is less than the {found[-1][1]} of the step before, so more sessions would attract more."
            raise Refused(f"{parameter}.delay", problem, "Use a delay that is not less.")
        found.append((sessions, by))
    return found


def _number(parameter: str, given: t.Any, most: int, unit: str) -> int:
    value = _whole(given)
    if value is None:
        raise Refused(parameter, f"{given!r} is not a whole number.", f"Use 0 to {most} {unit}.")
    return number(parameter, value, most, unit)


def _whole(value: t.Any) -> int | None:
    """A whole number, also as text, which is what a template may give."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value) else None
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def number(parameter: str, value: int, most: int, unit: str = "milliseconds") -> int:
    """``value``, if it is between 0 and ``most``."""
    if not 0 <= value <= most:
        raise Refused(parameter, f"{value} is out of range.", f"Use 0 to {most} {unit}.")
    return value


def _plain(steps: t.Iterable[tuple[int, int]]) -> _pado_steps.Delay:
    """Without steps that change nothing; a number if it does not depend on the number of sessions."""
    found: list[tuple[int, int]] = []
    for sessions, by in steps:
        if by != (found[-1][1] if found else 0):
            found.append((sessions, by))
    if not found:
        return 0
    return found[0][1] if len(found) == 1 and found[0][0] == 0 else tuple(found)
