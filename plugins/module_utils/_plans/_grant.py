# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session may do: its rates and limits, and where a host keeps them. Private to this collection. Pure.

An instance has two files: its plans (JSON), and the accounts that have a plan or something of their own, sorted, so
that one of 100,000 is found without reading the others. The rates of a living session are the alias of its interface,
which goes with it.
"""

from __future__ import annotations

import bisect
import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

#: What begins the alias of an interface whose rates we have set.
ALIAS = "dialtone.pppoe plan"
#: Between the fields of an account. pppd spells this character ``^_``, so no name has it.
BETWEEN = "\x1f"
_RATES = ("download", "upload")
LIMITS = ("session_timeout", "idle_timeout", "volume")
QUEUES = ("fq_codel", "cake")
UPLOADS = ("police", "shape")
#: The pool of accounts that are disabled, as in ``_addresses._named_pools``: this file is installed without that one.
GARDEN = "walled-garden"
_EXPIRES = re.compile(rb"\x1f([0-9]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Shape:
    """The rates of a session in bit/s, ``None`` for no limit; ``plan``: ``None`` if they are nobody's plan.

    ``queue``: the queueing discipline. ``upload_by``: ``police`` drops what is too fast, ``shape`` queues it.
    """

    download: int | None = None
    upload: int | None = None
    plan: str | None = None
    queue: str = "fq_codel"
    upload_by: str = "police"


@dataclass(frozen=True)
class Grant:
    """What an account is allowed. Limits: seconds, seconds and bytes, 0 for none. ``mac``: the only one, if any.

    ``pool``: the named pool that its address is of; ``None``: that of the instance.
    """

    shape: Shape = Shape()
    session_timeout: int = 0
    idle_timeout: int = 0
    volume: int = 0
    enabled: bool = True
    mac: str | None = None
    pool: str | None = None
    #: Its account may not connect, but reach the walled garden.
    walled: bool = False
    #: When its account has expired, in seconds since 1970; ``None`` if it has not. It is not ``enabled`` then either.
    expired: int | None = None

    @property
    def limited(self) -> bool:
        return bool(self.session_timeout or self.idle_timeout or self.volume)

    @property
    def refusal(self) -> str | None:
        """What is wrong with its account, behind the name of it; ``None`` if it may connect."""
        if self.enabled:
            return None
        return "is disabled" if self.expired is None else f"has expired ({_text.moment(self.expired)})"


def alias(shape: Shape) -> str:
    """A shape as the alias of an interface."""
    rates = [f"{name}={getattr(shape, name) or '-'}" for name in _RATES]
    return " ".join([ALIAS, shape.plan or "-", *rates, shape.queue, shape.upload_by])


def of_alias(text: str) -> Shape | None:
    """The shape of an interface; ``None`` if we have not set one."""
    words = text.split()
    if len(words) != 7 or " ".join(words[:2]) != ALIAS:
        return None
    rates = []
    for name, word in zip(_RATES, words[3:5]):
        key, _equals, value = word.partition("=")
        if key != name or not (value == "-" or value.isdigit()):
            return None
        rates.append(None if value == "-" else int(value))
    return Shape(rates[0], rates[1], None if words[2] == "-" else words[2], words[5], words[6])


@dataclass(frozen=True)
class PlanAccount:
    """What an account has of its own; ``None``: what its plan says. ``expires``: in seconds since 1970."""

    plan: str | None = None
    download: int | None = None
    upload: int | None = None
    enabled: bool = True
    mac: str | None = None
    expires: int | None = None


def accounts_text(accounts: t.Mapping[str, PlanAccount]) -> bytes:
    """The file of accounts. The names are as pppd spells them."""
    lines = []
    for name, one in accounts.items():
        rates = ["" if rate is None else str(rate) for rate in (one.download, one.upload)]
        fields = [name, one.plan or "", *rates, "" if one.enabled else "disabled", one.mac or ""]
        if one.expires is not None:
            fields.append(str(one.expires))
        lines.append(BETWEEN.join(fields).encode() + b"\n")
    return b"".join(sorted(lines))


def moments(accounts: bytes) -> list[int]:
    """When accounts expire, in the text of ``accounts_text``."""
    return sorted(set(map(int, _EXPIRES.findall(accounts))))


def have_rates(accounts: bytes) -> bool:
    """Whether an account has rates of its own, in the text of ``accounts_text``."""
    return any(line.split(BETWEEN.encode())[2:4] != [b"", b""] for line in accounts.splitlines())


class _Lines(t.Sequence[bytes]):
    """The lines from a place of the text on, by that place, for ``bisect``."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def __len__(self) -> int:
        return len(self._text)

    def __getitem__(self, place: t.Any) -> t.Any:
        start = self._text.find(b"\n", place - 1) + 1 if place else 0
        return self._text[start : self._text.find(b"\n", start)] if start < len(self._text) else b"\xff"


def find(text: bytes, name: str) -> PlanAccount | None:
    """An account in the text of ``accounts_text``."""
    if BETWEEN in name:
        return None
    key = f"{name}{BETWEEN}".encode("utf-8", "replace")
    lines = _Lines(text)
    found = lines[bisect.bisect_left(lines, key)]
    if not found.startswith(key):
        return None
    plan, download, upload, state, mac, *more = found.decode("utf-8", "replace").split(BETWEEN)[1:]
    rates = [int(rate) if rate else None for rate in (download, upload)]
    return PlanAccount(
        plan or None, rates[0], rates[1], state != "disabled", mac or None, int(more[0]) if more else None
    )


def plans_text(
    plans: t.Mapping[str, t.Mapping[str, t.Any]],
    default: str | None,
    attribute: str | None,
    garden: bool = False,
    expiries: t.Sequence[int] = (),
) -> bytes:
    """The file of plans. ``garden``: there is a walled garden for accounts that may not connect.

    ``expiries``: when accounts come to be of these, which the session manager has to know before any of them dials.
    """
    values: dict[str, t.Any] = {
        "plans": plans,
        "default": default,
        "rate_attribute": attribute,
        "walled_garden": garden,
    }
    if garden and expiries:
        values["expiries"] = list(expiries)
    return (json.dumps(values, indent=1, sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class Tables:
    """The two files of an instance, read."""

    plans: t.Mapping[str, t.Mapping[str, t.Any]]
    default: str | None
    attribute: str | None
    accounts: bytes
    garden: bool = False
    expiries: tuple[int, ...] = ()
    #: Whether a session can come to its end by what they say.
    timed: bool = True

    def grant(self, name: str | None, rates: tuple[int | None, int | None] | None = None, now: float = 0.0) -> Grant:
        """What an account is allowed. ``rates``: those of RADIUS, which count more; 0: no limit, ``None``: not said.

        ``now``: in seconds since 1970; by 0, nothing has expired.
        """
        own = (find(self.accounts, name) if name else None) or PlanAccount()
        plan = own.plan or self.default
        values = self.plans.get(plan or "", {})
        down, up = rates or (None, None)
        download = (own.download or values.get("download")) if down is None else down or None
        upload = (own.upload or values.get("upload")) if up is None else up or None
        how = values.get("queue", QUEUES[0]), values.get("upload_by", UPLOADS[0])
        shape = Shape(download, upload, plan if plan in self.plans else None, *how)
        session, idle, volume = (values.get(limit, 0) for limit in LIMITS)
        expired = own.expires if own.enabled and own.expires is not None and own.expires <= now else None
        enabled = own.enabled and expired is None
        walled = self.garden and not enabled
        pool = GARDEN if walled else values.get("pool")
        return Grant(shape, session, idle, volume, enabled, own.mac, pool, walled, expired)


def tables(plans: bytes, accounts: bytes) -> Tables:
    """From the texts of both files; ``ValueError`` for what is neither."""
    values = json.loads(plans)
    if not isinstance(values, dict) or not isinstance(values.get("plans"), dict):
        raise ValueError("not the plans of an instance")
    garden = values.get("walled_garden") is True
    expiries = tuple(filter(lambda one: isinstance(one, int), values.get("expiries") or ()))
    timed = garden or any(plan.get(limit) for plan in values["plans"].values() for limit in LIMITS)
    return Tables(
        values["plans"],
        values.get("default"),
        values.get("rate_attribute"),
        accounts,
        garden,
        expiries,
        timed or _EXPIRES.search(accounts) is not None,
    )
