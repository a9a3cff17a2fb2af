# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who had which address when: the question, and what it is in SQL. Private to this collection. Pure."""

from __future__ import annotations

import datetime
import ipaddress
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _selection as _sessions_selection

#: The selectors, which are those of live sessions.
SELECTORS = ("username", "address", "mac")
UTC = datetime.timezone.utc
_OF_SESSION = "prefix.boot = session.boot AND prefix.pid = session.pid AND prefix.started = session.started"
#: Of prefixes that customers can have.
_LENGTHS = range(32, 65)
_FIX = "Give a time such as 2026-11-28T14:30:00+01:00; without a zone it is UTC."


@dataclass(frozen=True)
class HistoryQuestion:
    """``wanted``: values by selector; an address may be an IPv6 address, of a prefix that a session had.

    ``since`` and ``until``: seconds since the epoch, that a session has to touch.
    """

    wanted: dict[str, tuple[str, ...]]
    since: int | None
    until: int | None
    limit: int


def question(params: t.Mapping[str, t.Any]) -> HistoryQuestion:
    """The question of the module's parameters, or ``Refused``."""
    none = dict.fromkeys(_sessions_selection.ARGUMENTS)
    wanted = _sessions_selection.selection({**none, **{name: params[name] for name in SELECTORS}})
    at, since, until = (_time(name, params[name]) for name in ("at", "since", "until"))
    if at is not None and (since is not None or until is not None):
        raise Refused("at", "and since or until are both there.", "Give a moment, or a period.")
    if since is not None and until is not None and until < since:
        raise Refused("until", "is before since.", "Give the earlier time in since.")
    _names.check_number("limit", params["limit"], 1, 1000000)
    listed = {name: tuple(sorted(values)) for name, values in wanted.items()}
    return HistoryQuestion(listed, since if at is None else at, until if at is None else at, params["limit"])


def _time(parameter: str, value: str | None) -> int | None:
    if value is None:
        return None
    text = value.strip().replace(" ", "T", 1)
    text = text[:-1] + "+00:00" if text.endswith("Z") else text
    try:
        when = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise Refused(parameter, f"{value!r} is not a time.", _FIX) from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


def for_sqlite(asked: HistoryQuestion, prefixes: bool = True) -> tuple[str, list[t.Any]]:
    """The statement for the database of a server, and its values. The latest sessions come first.

    ``prefixes``: whether the database has any, which one of a former version has not.
    """
    columns = {"username": "account", "address": "address", "mac": "mac"}
    conditions: list[str] = ["1"]
    values: list[t.Any] = []
    for name, listed in asked.wanted.items():
        six = [value for value in listed if ":" in value] if name == "address" else []
        four = [value for value in listed if value not in six]
        ways = [f"{columns[name]} IN ({', '.join('?' * len(four))})"]
        values += four
        for value in six if prefixes else ():
            way, more = _in_a_prefix(value, asked)
            ways.append(way)
            values += more
        conditions.append(f"({' OR '.join(ways)})")
    if asked.until is not None:
        conditions.append("start <= ?")
        values.append(asked.until)
    if asked.since is not None:
        conditions.append("(stop IS NULL OR stop >= ?)")
        values.append(asked.since)
    had = (
        "(SELECT group_concat(prefix || ' ' || start || ' ' || coalesce(stop, '-'), ',')"
        f" FROM prefix WHERE {_OF_SESSION})"
    )
    return (
        "SELECT account, address, mac, device, interface, session_id, start, stop, bytes_in, bytes_out, cause,"
        f" {had if prefixes else 'NULL'} AS ipv6_prefixes, instance AS server FROM session"
        f" WHERE {' AND '.join(conditions)} ORDER BY start DESC LIMIT ?",
        [*values, asked.limit],
    )


def _in_a_prefix(address: str, asked: HistoryQuestion) -> tuple[str, list[t.Any]]:
    """That the session had a prefix with this address at the time: one of those of each length that it could be in."""
    number = int(ipaddress.IPv6Address(address))
    firsts = [f"{number >> 128 - length << 128 - length:032x}" for length in _LENGTHS]
    conditions = [f"first IN ({', '.join('?' * len(firsts))})", "last >= ?"]
    found: list[t.Any] = [*firsts, f"{number:032x}"]
    if asked.until is not None:
        conditions.append("prefix.start <= ?")
        found.append(asked.until)
    if asked.since is not None:
        conditions.append("(prefix.stop IS NULL OR prefix.stop >= ?)")
        found.append(asked.since)
    which = f"SELECT boot, pid, started FROM prefix WHERE {' AND '.join(conditions)}"
    return f"(session.boot, session.pid, session.started) IN ({which})", found


def for_radacct(asked: HistoryQuestion, literal: t.Callable[[str | int], str]) -> str:
    """The statement for FreeRADIUS's accounting, which prints an object of JSON a line."""
    columns = {"username": "username", "address": "framedipaddress", "mac": "lower(callingstationid)"}
    casts = {"address": "::inet"}
    conditions = ["true"]
    for name, listed in asked.wanted.items():
        # RADIUS's accounting has no IPv6 prefixes: a server does not send them.
        four = [value for value in listed if name != "address" or ":" not in value]
        texts = ", ".join(literal(value) + casts.get(name, "") for value in four) or "NULL"
        conditions.append(f"{columns[name]} IN ({texts})")
    if asked.until is not None:
        conditions.append(f"acctstarttime <= to_timestamp({literal(asked.until)})")
    if asked.since is not None:
        conditions.append(f"(acctstoptime IS NULL OR acctstoptime >= to_timestamp({literal(asked.since)}))")
    return (
        "SELECT json_build_object('account', username, 'address', host(framedipaddress),"
        " 'mac', lower(nullif(callingstationid, '')), 'device', split_part(nasportid, ':', 1), 'interface', NULL,"
        " 'session_id', nullif(regexp_replace(nasportid, '^[^:]*:?', ''), ''),"
        " 'start', extract(epoch FROM acctstarttime)::bigint, 'stop', extract(epoch FROM acctstoptime)::bigint,"
        " 'bytes_in', acctinputoctets, 'bytes_out', acctoutputoctets, 'cause', nullif(acctterminatecause, ''),"
        f" 'server', host(nasipaddress)) FROM radacct WHERE {' AND '.join(conditions)}"
        f" ORDER BY acctstarttime DESC LIMIT {literal(asked.limit)};\n"
    )


def row(found: t.Mapping[str, t.Any], source: str) -> dict[str, t.Any]:
    """A session as the module returns it."""
    start, stop, number = found["start"], found["stop"], found["session_id"]
    return {
        **found,
        "ipv6_prefixes": _prefixes(found.get("ipv6_prefixes")),
        "session_id": int(number) if str(number or "").isdigit() else None,
        "start": _text(start),
        "stop": _text(stop),
        "seconds": None if start is None or stop is None else stop - start,
        "source": source,
    }


def _prefixes(text: str | None) -> list[dict[str, str | None]]:
    words = sorted((one.split(" ") for one in text.split(",")), key=lambda one: int(one[1])) if text else []
    return [
        {"prefix": prefix, "start": _text(int(start)), "stop": None if stop == "-" else _text(int(stop))}
        for prefix, start, stop in words
    ]


def _text(when: int | None) -> str | None:
    return None if when is None else datetime.datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
