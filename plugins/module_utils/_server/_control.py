# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``pppoe-server-ctl``: sessions of this host, for who is on call. Private to this collection.

It is installed on servers as a program, and is the same code as the modules.
"""

from __future__ import annotations

import json
import os
import sys
import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _host as _access_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _run as _access_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import os_error
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_host as _server_control_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_text as _server_control_text
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _control_why as _server_control_why
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _hang_up as _sessions_hang_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _refused as _sessions_refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _selection as _sessions_selection

DONE, FAILED, USAGE, NONE = 0, 1, 2, 3
Answer = tuple[int, dict[str, t.Any], str]


def main(words: t.Sequence[str]) -> None:
    """Do it, print what is to be said, and end the process."""
    parsed = _server_control_text.parser().parse_args(words)
    try:
        if os.geteuid() != 0:
            raise Failed("only root may use it. Run it with sudo.")
        status, result, text = COMMANDS[parsed.command](vars(parsed))
    except (Refused, Failed, OSError) as error:
        _complain(os_error(error) if isinstance(error, OSError) else str(error))
        raise SystemExit(USAGE if isinstance(error, Refused) else FAILED) from None
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if parsed.json else text)
    raise SystemExit(status)


def _complain(text: str) -> None:
    sys.stderr.write(f"pppoe-server-ctl: {_text.printable(text)}\n")


def sessions(words: t.Mapping[str, t.Any]) -> Answer:
    found = _chosen(words)
    text = _server_control_text.table(found) if found else "No session.\n"
    return DONE if found or not _selects(words) else NONE, {"sessions": found, "count": len(found)}, text


def kick(words: t.Mapping[str, t.Any]) -> Answer:
    if not _selects(words):
        raise Refused("ACCOUNT", "no sessions are selected.", "Name an account, or use an option such as --mac.")
    if words["timeout"] < 1:
        raise Refused("--timeout", f"{words['timeout']} is too small.", "Give 1 or more.")
    found = _chosen(words)
    left = _sessions_hang_up.hang_up(_host({}), found, words["timeout"])
    ended = [session for session in found if session not in left]
    result = {"sessions": ended, "count": len(ended), "left": left}
    if not found:
        return NONE, result, "No session.\n"
    if left:
        names = ", ".join("{interface} (pid {pid})".format(**session) for session in left)
        _complain(f"these sessions have not ended within {words['timeout']} seconds: {names}.")
    return FAILED if left else DONE, result, f"{len(ended)} ended.\n" + _server_control_text.table(ended)


def drain(words: t.Mapping[str, t.Any]) -> Answer:
    names = _server_status.names()
    for name in words["instance"]:
        if name not in names:
            raise Refused("SERVER", f"this host has no server {name!r}.", f"It has {', '.join(names) or 'none'}.")
    results = {name: _drain(name, not words["undo"]) for name in words["instance"] or names}
    if not results:
        raise Failed("this host has no server.")
    done = "starts new sessions again" if words["undo"] else "starts no new sessions"
    texts = [f"{name} {done}{'' if changed else ' already'}.\n" for name, changed in results.items()]
    return DONE, {"drained": not words["undo"], "changed": results}, "".join(texts)


def _drain(name: str, drained: bool) -> bool:
    """Whether that changes anything. The other settings stay as they are."""
    runs_on = list(dict.fromkeys(_server_status.status(name).words("-I")))
    configured = _access_host.configured(name)
    params = {
        "name": name,
        "interfaces": runs_on or None,
        "dial_hold": str(configured.hold),
        "discovery_rate": str(configured.rate),
        "pado_delay": None,
        "drained": drained,
        "startup": "auto",
        "state": "present",
    }
    return bool(_access_run.run(_host(params))["changed"])


def why(words: t.Mapping[str, t.Any]) -> Answer:
    account = words["account"]
    selected = {"username": [account]}
    refused = _sessions_selection.chosen(_sessions_refused.read(), _wanted(selected))
    known = _server_control_why.observe(account, _chosen(selected), refused)
    found = _server_control_why.findings(known, time.time())
    lines = [f"{event.time or 'now':<20}  {event.source:<15}  {event.text}\n" for event in found]
    result = {"account": account, "findings": [event._asdict() for event in found]}
    text = "".join(map(_server_control_text.printable_line, lines))
    return (DONE, result, text) if found else (NONE, result, "Nothing is known of this account.\n")


def watch(words: t.Mapping[str, t.Any]) -> Answer:
    """Become tcpdump."""
    found = [one for one in _chosen({"username": [words["account"]]}) if one["interface"]]
    if not found:
        return NONE, {"interfaces": []}, "No session. Try pppoe-server-ctl why.\n"
    if len(found) > 1:
        names = ", ".join(one["interface"] for one in found)
        raise Failed(f"the account has {len(found)} sessions: {names}. Use tcpdump -ni with one of them.")
    tcpdump = _host({}).get_bin_path("tcpdump")
    if tcpdump is None:
        raise Failed("tcpdump is not installed. Install the package tcpdump.")
    command = ["tcpdump", "-n", "-i", found[0]["interface"], *words["options"]]
    os.execv(tcpdump, command)  # noqa: S606


COMMANDS: dict[str, t.Callable[[t.Mapping[str, t.Any]], Answer]] = {
    "sessions": sessions,
    "kick": kick,
    "drain": drain,
    "why": why,
    "watch": watch,
}


def _host(params: t.Mapping[str, t.Any]) -> t.Any:
    return _server_control_host.Host(params)


def _selects(words: t.Mapping[str, t.Any]) -> bool:
    return any(words.get(name) for name in _sessions_selection.ARGUMENTS)


def _wanted(words: t.Mapping[str, t.Any]) -> dict[str, frozenset[str]]:
    given = {name: words.get(name) or None for name in _sessions_selection.ARGUMENTS}
    return _sessions_selection.selection({**given, "role": "server"})


def _chosen(words: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The sessions that are meant; also those that are still coming up, which have no address."""
    wanted = _wanted(words)
    return _sessions_selection.chosen(_sessions_observe.every(_host({})), wanted)
