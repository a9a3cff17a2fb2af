# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why an account has no session, as far as its server knows for certain. Private to this collection.

What is not certain is not said: the same line of pppd stands for a wrong secret and for an account that did not exist.
"""

from __future__ import annotations

import json
import os
import subprocess
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question as _history_question
from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _records as _history_records
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _configuration
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status

HISTORY = _configuration.Places.history
SECRETS = ("/etc/ppp/chap-secrets", "/etc/ppp/pap-secrets")
#: How far back the journal is read, and the most lines of it.
JOURNAL_HOURS, JOURNAL_LINES = 24, 5000
_GREP = "(CHAP|PAP) (peer )?authentication|CHAP secret found|not authorized to use"
#: What pppd says of an account (auth.c, chap.c, upap.c), and what is certain of it.
SAID = (
    ("Peer {} failed CHAP authentication", "its secret was wrong, or there was no such account"),
    ("PAP peer authentication failed for {}", "its secret was wrong, or there was no such account"),
    ("No CHAP secret found for authenticating {}", "the secrets file had no account of this name"),
)


class Event(t.NamedTuple):
    """``time``: ISO 8601, UTC, empty for what is so now. ``source``: who says so."""

    time: str
    source: str
    text: str


@dataclass
class Known:
    """What is known of an account. ``radius``: an instance asks RADIUS, so that accounts are elsewhere.

    ``sessions``: its live ones. ``own``: what each instance's plans have of it. ``servers``: each instance and whether
    it is drained. ``refused``, ``history``, ``journal``: as ``_sessions_refused.read``, as the module returns them, and
    messages with their time.
    """

    account: str
    sessions: t.Sequence[t.Mapping[str, t.Any]] = ()
    servers: t.Sequence[tuple[_server_status.Status, bool]] = ()
    radius: bool = False
    in_secrets: bool = False
    own: t.Mapping[str, _plans_grant.PlanAccount] = field(default_factory=dict)
    refused: t.Sequence[t.Mapping[str, t.Any]] = ()
    history: t.Sequence[t.Mapping[str, t.Any]] = ()
    journal: t.Sequence[tuple[str, str]] = ()


def findings(known: Known, now: float) -> list[Event]:
    """What is so now, and then what has been, the latest first."""
    online = [Event(one["since"], "session", _session(one)) for one in known.sessions]
    past = [
        *(Event(one["time"], "session manager", f"it was hung up: {one['reason']}") for one in known.refused),
        *(Event(one["stop"] or one["start"], "history", _history(one)) for one in known.history if one["stop"]),
        *_said(known),
    ]
    return [*online, *_now(known, now), *sorted(past, key=lambda event: event.time, reverse=True)]


def _session(session: t.Mapping[str, t.Any]) -> str:
    return (
        "it is connected: {interface} of {instance}, {address}, from {peer_mac} on {device}, session {session_id}"
    ).format(**session)


def _now(known: Known, now: float) -> list[Event]:
    """What keeps everybody out, or this account."""
    found = []
    for status, drained in known.servers:
        if status.pid is None:
            found.append(f"{status.name} does not run, so that nobody can dial there")
        elif drained:
            found.append(f"{status.name} is drained, so that nobody can dial there")
        elif status.most and len(status.sessions) >= status.most:
            found.append(f"{status.name} has {len(status.sessions)} sessions, as many as it may have")
        elif status.pool and status.used >= len(status.pool):
            found.append(f"each of the {len(status.pool)} addresses of the pool of {status.name} is in use")
    if not known.radius and not known.in_secrets:
        found.append("there is no such account in " + " or ".join(SECRETS))
    for instance, own in known.own.items():
        if not own.enabled:
            found.append(f"it is disabled at {instance}")
        elif own.expires is not None and own.expires <= now:
            found.append(f"it expired at {_text.moment(own.expires)} at {instance}")
        if own.mac:
            found.append(f"at {instance} it is for {own.mac} only")
    return [Event("", "this server", text) for text in found]


def _history(row: t.Mapping[str, t.Any]) -> str:
    text = "a session from {start} with {address} from {mac} ended".format(**row)
    return f"{text}: {row['cause']}" if row["cause"] else f"{text}; nobody has said why"


def _said(known: Known) -> t.Iterator[Event]:
    """What pppd has said of this account, and of no other that has its name in its own."""
    visible = _visible(known.account)
    meanings = {text.format(name): why for text, why in SAID for name in (visible, f'"{visible}"')}
    for when, message in known.journal:
        why = meanings.get(message)
        if why is not None:
            asked = "RADIUS has not accepted it, or has not answered" if known.radius else why
            yield Event(when, "pppd", f"it was refused: {asked}")


def _visible(name: str) -> str:
    return _words.visible(name.encode("utf-8", "surrogateescape")).decode("ascii")


# What the host has.


def observe(account: str, sessions: t.Sequence[t.Mapping[str, t.Any]], refused: t.Any) -> Known:
    """``sessions``, ``refused``: those of the account."""
    names = _server_status.names()
    options = [_files.text(_layout_server.options_path(name)) for name in names]
    return Known(
        account=account,
        sessions=sessions,
        servers=[(_server_status.status(name), _server_status.is_drained(name)) for name in names],
        radius=any("\nplugin radius.so" in "\n" + text for text in options),
        in_secrets=any(_has(_files.read(path) or b"", account, _own_names(options)) for path in SECRETS),
        own={name: own for name in names if (own := _own(name, account)) is not None},
        refused=refused,
        history=_past(account),
        journal=journal(),
    )


def _own(instance: str, account: str) -> _plans_grant.PlanAccount | None:
    content = _files.read(_layout_server.customers_path(instance))
    return _plans_grant.find(content, _visible(account)) if content else None


def _own_names(options: t.Iterable[str]) -> set[bytes]:
    """What the pppds of this host may call themselves (pppd(8), ``name``)."""
    names = {b"*", os.uname().nodename.encode()}
    for text in options:
        words = (line.split(maxsplit=1) for line in text.splitlines())
        names |= {line[1].strip("\"' ").encode() for line in words if line[:1] == ["name"] and line[1:]}
    return names


def _has(secrets: bytes, account: str, servers: t.Collection[bytes]) -> bool:
    """Whether an account is in a secrets file, also by a line for every client of one of these servers.

    Debian's pap-secrets has a line for every client of a server that is called hostname.
    """
    name = account.encode("utf-8", "surrogateescape")
    try:
        lines = [line.words for line in _words.lines(secrets) if len(line.words) > 1]
    except _words.UnclosedQuote:
        return False
    return any(words[0] == name or (words[0] == b"*" and words[1] in servers) for words in lines)


def _past(account: str) -> list[dict[str, t.Any]]:
    if not os.path.exists(HISTORY):
        return []
    asked = _history_question.HistoryQuestion({"username": (_visible(account),)}, None, None, 5)
    return _history_records.of_server(HISTORY, asked)


def journal() -> list[tuple[str, str]]:
    """Time and text of what pppd has said lately of logins that failed."""
    command = ["journalctl", "-q", "--no-pager", "-t", "pppd", "-o", "json", "--output-fields=MESSAGE"]
    command += [f"--since=-{JOURNAL_HOURS}h", f"--lines={JOURNAL_LINES}", f"--grep={_GREP}"]
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return parse(done.stdout.decode("utf-8", "replace"))


def parse(lines: str) -> list[tuple[str, str]]:
    found = []
    for line in lines.splitlines():
        try:
            entry = json.loads(line)
            when = _text.moment(int(entry["__REALTIME_TIMESTAMP"]) // 10**6)
            message = entry["MESSAGE"]
        except (ValueError, TypeError, KeyError, OverflowError):
            continue
        if isinstance(message, str):
            found.append((when, message))
    return found
