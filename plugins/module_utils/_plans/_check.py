# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans and accounts as a user writes them, checked. Private to this collection. Pure.

Every rate has a direction and a unit, since products disagree on which of two numbers comes first.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _check as _ipv6_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import visible

#: What an account may have of its own, beside what its secret needs.
ACCOUNT_KEYS = ("plan", "rate", "enabled", "mac", "expires")
_OF_OTHERS = (*ACCOUNT_KEYS, *_ipv6_check.ACCOUNT_KEYS)

_PLAN_KEYS = ("rate", "queue", "upload_by", "pool", *_plans_grant.LIMITS)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z")
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([kMG])\Z")
_VOLUME = re.compile(r"([0-9]{1,6})([kMGT])B\Z")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}\Z")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2}))?\Z")
#: So many moments at which accounts of an instance with a walled garden expire: the host keeps a file for each.
MOST_MOMENTS = 5000
_FACTORS = {"k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_RATE_FIX = "Give a number and k, M or G, for bit/s, such as 20M."
_MOST_SECONDS = 365 * 86400


def without_plans(users: list[t.Any]) -> list[t.Any]:
    """Accounts as chap_user takes them, without what is for pppoe_plans and pppoe_ipv6: one list serves all of them."""
    return [
        {key: value for key, value in user.items() if key not in _OF_OTHERS}
        if isinstance(user, dict) and not user.keys().isdisjoint(_OF_OTHERS)
        else user
        for user in users
    ]


def rate(parameter: str, value: t.Any) -> int:
    """A rate in bit/s from ``20M``."""
    match = _RATE.match(value) if isinstance(value, str) else None
    if match is None:
        raise Refused(parameter, f"{value!r} is not a rate with its unit.", _RATE_FIX)
    found = round(float(match.group(1)) * _FACTORS[match.group(2)])
    least, most = _plans_attributes.LEAST, _plans_attributes.MOST
    if not least <= found <= most:
        raise Refused(parameter, f"{value} is out of range.", "Give 64k to 10G, or leave it out for no limit.")
    return found


def rates(parameter: str, value: t.Any) -> dict[str, int]:
    """``{download: 20M, upload: 5M}``, of which one may be missing."""
    fix = "Give {download: 20M, upload: 5M}, from the customer's point of view; without one there is no limit."
    if not isinstance(value, dict):
        raise Refused(parameter, f"{value!r} does not say which direction it is for.", fix)
    if not value or not set(value) <= {"download", "upload"}:
        raise Refused(parameter, f"{sorted(map(str, value))} are not download and upload.", fix)
    return {name: rate(f"{parameter}.{name}", one) for name, one in value.items()}


def plans(parameter: str, value: t.Any, pools: t.Collection[str] = ()) -> dict[str, dict[str, t.Any]]:
    """The plans by name, in bit/s, seconds and bytes. ``pools``: the named pools that there are."""
    if not isinstance(value, dict):
        raise Refused(parameter, "is not a dictionary.", "Give plans by name: {home: {rate: {download: 20M}}}.")
    found = {name: _plan(parameter, name, one) for name, one in value.items()}
    for name, plan in found.items():
        if "pool" in plan and plan["pool"] not in pools:
            problem = f"there is no pool {plan['pool']!r}."
            raise Refused(f"{parameter}.{name}.pool", problem, f"Defined are: {', '.join(pools) or 'none'}.")
    return found


def _plan(parameter: str, name: t.Any, value: t.Any) -> dict[str, t.Any]:
    if not isinstance(name, str) or not _NAME.match(name):
        fix = "Use 1 to 32 of the characters A-Z a-z 0-9 _ . -, in quotes if it looks like a number."
        raise Refused(parameter, f"{name!r} is not the name of a plan.", fix)
    where = f"{parameter}.{name}"
    if not isinstance(value, dict):
        raise Refused(where, "is not a dictionary.", f"Its keys are {', '.join(_PLAN_KEYS)}.")
    unknown = sorted(map(str, set(value) - set(_PLAN_KEYS)))
    if unknown:
        raise Refused(where, f"has the unknown key {unknown[0]}.", f"Known are {', '.join(_PLAN_KEYS)}.")
    found: dict[str, t.Any] = rates(f"{where}.rate", value["rate"]) if "rate" in value else {}
    for key, choices in (("queue", _plans_grant.QUEUES), ("upload_by", _plans_grant.UPLOADS)):
        found[key] = value.get(key, choices[0])
        if found[key] not in choices:
            raise Refused(f"{where}.{key}", f"{found[key]!r} is unknown.", f"Give {' or '.join(choices)}.")
    for key in ("session_timeout", "idle_timeout"):
        found[key] = _seconds(f"{where}.{key}", value.get(key, 0))
    if value.get("pool") is not None:
        found["pool"] = value["pool"]
    found["volume"] = _volume(f"{where}.volume", value["volume"]) if "volume" in value else 0
    return found


def _seconds(parameter: str, value: t.Any) -> int:
    if isinstance(value, bool) or not str(value).isdigit() or not 0 <= int(value) <= _MOST_SECONDS:
        raise Refused(parameter, f"{value!r} is not a number of seconds.", "Give 1 to 31536000, or 0 for no limit.")
    return int(value)


def _volume(parameter: str, value: t.Any) -> int:
    match = _VOLUME.match(value) if isinstance(value, str) else None
    if match is None or not int(match.group(1)):
        fix = "Give a number and kB, MB, GB or TB, such as 50GB; both directions count."
        raise Refused(parameter, f"{value!r} is not a volume with its unit.", fix)
    return int(match.group(1)) * _FACTORS[match.group(2)]


def expires(parameter: str, value: t.Any) -> int:
    """The moment from which an account may not connect, in seconds since 1970. A date is its beginning in UTC.

    YAML makes a ``date`` of one without quotes, and a ``datetime`` of a time.
    """
    fix = "Give a date, which begins at 00:00 UTC, or a time with its zone, such as 2026-12-31T18:00:00+01:00."
    text = value.isoformat() if isinstance(value, datetime.date) else value
    match = _MOMENT.match(text) if isinstance(text, str) else None
    if match is None:
        raise Refused(parameter, f"{value!s} is neither a date nor a time with its zone.", fix)
    day, minute, second, zone = match.groups()
    try:
        moment = datetime.datetime.fromisoformat(f"{day}T{minute or '00:00'}{second or ':00'}+00:00")
        offset = datetime.datetime.fromisoformat(f"2000-01-01T00:00:00{(zone or 'Z').replace('Z', '+00:00')}")
        found = int((moment - (offset.utcoffset() or datetime.timedelta())).timestamp())
    except (ValueError, OverflowError):
        raise Refused(parameter, f"there is no {text}.", fix) from None
    if found < 0:
        raise Refused(parameter, f"{text} is before 1970.", fix)
    return found


def accounts(
    entries: t.Sequence[t.Mapping[str, t.Any]], place: t.Callable[[int], str]
) -> dict[str, _plans_grant.PlanAccount]:
    """The accounts that have something of their own, by the name as pppd spells it. ``place``: as for ``_batch``."""
    found: dict[str, _plans_grant.PlanAccount] = {}
    seen: dict[str, int] = {}
    for index, entry in enumerate(entries):
        if not any(entry.get(key) is not None for key in ACCOUNT_KEYS) or entry.get("state") == "absent":
            continue
        where = place(index)
        if not isinstance(entry.get("name"), str) or not entry["name"]:
            raise Refused(f"{where}.name", "is not text.", "Give the account's name in quotes.")
        name = visible(entry["name"].encode("utf-8", "replace")).decode("ascii")
        one = _account(where, entry)
        if found.setdefault(name, one) != one:
            other = place(seen[name])
            raise Refused(where, f"{name} has another plan or rate in {other}.", "Give an account one plan.")
        seen.setdefault(name, index)
    return found


def _account(where: str, entry: t.Mapping[str, t.Any]) -> _plans_grant.PlanAccount:
    plan, enabled, mac = entry.get("plan"), entry.get("enabled"), entry.get("mac")
    if plan is not None and not (isinstance(plan, str) and _NAME.match(plan)):
        raise Refused(f"{where}.plan", f"{plan!r} is not the name of a plan.", "Name one of the plans, in quotes.")
    own = rates(f"{where}.rate", entry["rate"]) if entry.get("rate") is not None else {}
    if enabled is not None and not isinstance(enabled, bool):
        raise Refused(f"{where}.enabled", f"{enabled!r} is not a boolean.", "Give true or false.")
    if mac is not None and not (isinstance(mac, str) and _MAC.match(mac.lower())):
        raise Refused(f"{where}.mac", f"{mac!r} is not a MAC address.", "Write it as 02:64:74:00:01:02, in quotes.")
    until = expires(f"{where}.expires", entry["expires"]) if entry.get("expires") is not None else None
    return _plans_grant.PlanAccount(
        plan, own.get("download"), own.get("upload"), enabled is not False, mac.lower() if mac else None, until
    )


def table(parameter: str, text: str, known: t.Collection[str], default: str | None) -> None:
    """Refuse plans that nobody has defined, of accounts and as the default. ``text``: that of ``accounts_text``."""
    if default is not None and default not in known:
        raise Refused("default_plan", f"there is no plan {default!r}.", f"Defined are: {', '.join(known) or 'none'}.")
    for line in text.split("\n")[:-1]:
        name, plan = line.split(_plans_grant.BETWEEN)[:2]
        if plan and plan not in known:
            problem = f"the account {name} has the plan {plan!r}, which is not defined."
            raise Refused(parameter, problem, f"Defined are: {', '.join(known) or 'none'}.")


def moments(parameter: str, found: t.Sequence[int]) -> None:
    """Refuse more moments at which accounts expire than a host can keep for its walled garden."""
    if len(found) > MOST_MOMENTS:
        problem = f"with a walled garden, accounts can expire at {MOST_MOMENTS} different times, not {len(found)}."
        raise Refused(parameter, problem, "Give days or full hours.")


def within(parameter: str, found: t.Mapping[str, t.Mapping[str, t.Any]], speeds: t.Mapping[str, int]) -> None:
    """Refuse a plan that is faster than an access interface. ``speeds``: in bit/s, of those that tell."""
    for name, plan in found.items():
        for way in ("download", "upload"):
            for interface, speed in speeds.items():
                if (plan.get(way) or 0) > speed:
                    problem = f"{plan[way]} bit/s are more than {interface} has, {speed} bit/s."
                    raise Refused(f"{parameter}.{name}.rate.{way}", problem, "Correct the rate, or leave it out.")
