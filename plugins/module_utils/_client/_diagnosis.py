# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a dial failed, from the words in pppd's log. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _messages as _client_messages


@dataclass(frozen=True)
class Verdict:
    """Why: a word for playbooks, a sentence for people. A ``final`` one does not change by trying again."""

    reason: str
    sentence: str
    final: bool = False


# An attempt ends with one of these; without persist, a log holds one attempt. A PADT may arrive when it has ended.
_END = re.compile(
    r"^(?:Connection terminated\.|Unable to complete PPPoE Discovery.*)$"
    r"(?:\n(?:Connection terminated\.|Modem hangup)$)*",
    re.MULTILINE,
)
_ENDED_HERE = re.compile(
    r"^(?:Terminating on signal|Terminating connection due to lack of activity|Hangup \(SIGHUP\))", re.MULTILINE
)


def asked(ac_name: str | None, service_name: str | None) -> list[str]:
    """The AC name and the service that were insisted on, in words."""
    return [f"{what} {name!r}" for what, name in (("AC", ac_name), ("service", service_name)) if name]


def verdict(
    log: str, username: str = "", interface: str = "", asked: t.Sequence[str] = (), refusals: t.Sequence[str] = ()
) -> Verdict | None:
    """What the last attempt that says anything says.

    ``asked``: the AC name and service that were insisted on; ``refusals``: options in /etc/ppp/options by which this
    host leaves out methods of authentication.
    """
    places = {
        "username": username,
        "interface": interface,
        "asked": f" to the request for {' and '.join(asked)}" if asked else "",
    }
    for attempt in reversed(_attempts(log)):
        found = _of_attempt(attempt, places, refusals)
        if found is not None:
            return found
    return None


def _of_attempt(attempt: str, places: t.Mapping[str, str], refusals: t.Sequence[str]) -> Verdict | None:
    session = _client_messages.SESSION in attempt
    for message in (*(() if session else _client_messages.DISCOVERY), *_client_messages.IN_SESSION):
        match = message.search(attempt)
        if match:
            said = _said(match, attempt if message.reason == "account_refused" else "")
            more = _more(message, match, said, attempt, refusals)
            words = dict(places, said=f" ({said})" if said else "", more=more)
            return Verdict(message.reason, message.sentence.format(**words), message.final)
    if session and _END.search(attempt) and not _ENDED_HERE.search(attempt):
        return _without_words(attempt, places)
    return None


def _said(match: re.Match[str], remote: str) -> str:
    """The server's own words, or those of pppd where the message has them; ``remote``: where else they may stand."""
    groups = match.groupdict()
    said = next((value for name, value in groups.items() if value and name.startswith(("said", "method"))), "")
    if not said and remote:
        messages = [found.group("said") for found in _client_messages.REMOTE_MESSAGE.finditer(remote)]
        said = messages[-1] if messages else ""
    return _client_messages.readable(said or groups.get("kind") or "")


def _more(
    message: _client_messages.LogMessage, match: re.Match[str], said: str, attempt: str, refusals: t.Sequence[str]
) -> str:
    if message.reason == "account_refused":
        return _client_messages.more_on_account(said)
    if message.reason == "no_secret":
        return f", or that /etc/ppp/options leaves out, which has {' and '.join(refusals)}" if refusals else ""
    # A PADT says nothing of the account: the server's pppd may have ended before it could ask.
    undecided = _client_messages.SESSION in attempt and not _client_messages.AUTHENTICATED.search(attempt)
    if undecided and match.group().startswith("LCP terminated by peer") and message.reason == "hung_up":
        return ", and had not taken the account yet, which it may have refused that way"
    return _client_messages.more_on_length(match.groupdict().get("length"))


def _without_words(attempt: str, places: t.Mapping[str, str]) -> Verdict:
    """An end of which pppd has said nothing, such as a server that rejects IPCP."""
    if "local  IP address" in attempt or not _client_messages.AUTHENTICATED.search(attempt):
        return Verdict("hung_up", "The session ended, and neither the server nor pppd has said why.")
    return Verdict("no_address", f"The server took the account {places['username']!r}, but gave no address.")


def _attempts(log: str) -> list[str]:
    """The log cut after each attempt's end; what belongs to an end may follow it (the statistics, for one)."""
    cuts = [match.end() for match in _END.finditer(log)]
    return [log[start:end] for start, end in zip([0, *cuts], [*cuts, len(log)])]
