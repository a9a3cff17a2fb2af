# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a pppd has ended: what it has said of that in the journal. Private to this collection.

Its exit status does not tell: pppoe-server sends a signal to a pppd whose client hangs up, and the status is that of
the signal then. The first thing that pppd says of its end is the cause.
"""

from __future__ import annotations

import json
import re
import subprocess
import typing as t

#: Seconds before the end of an interface in which its pppd has said why.
BEFORE = 60
_SIGNAL, _HANGUP, _OVER = "Terminating on signal", "Modem hangup", "Connection terminated."
#: What pppd says (2.4.9 to 2.5.2), and Acct-Terminate-Cause as its plugin for RADIUS would send it.
_SAID = (
    ("LCP terminated by peer", "User-Request"),
    ("Terminating connection due to lack of activity", "Idle-Timeout"),
    ("Connect time expired", "Session-Timeout"),
    ("Traffic limit reached", "NAS-Request"),
    ("No response to ", "Lost-Carrier"),
    ("Serial link appears to be disconnected", "Lost-Carrier"),
)
_AUTHENTICATION = "CHAP peer authentication"
_FAILED = re.compile(r"(?:Peer .* failed (?:CHAP|PAP)|CHAP peer) authentication")
_ANY = "|".join([_SIGNAL, _HANGUP, re.escape(_OVER), *(text for text, _cause in _SAID), "authentication"])


def words(message: str) -> str | None:
    """What of a message counts here, without names and numbers; ``None`` if nothing does."""
    for text in (_SIGNAL, _HANGUP, _OVER, *(text for text, _cause in _SAID)):
        if message.startswith(text):
            return text
    return _AUTHENTICATION if _FAILED.match(message) else None


def cause(messages: t.Iterable[str]) -> str | None:
    """The cause in what one pppd has said, in its order."""
    signal = hangup = False
    for message in messages:
        for text, found in _SAID:
            if message.startswith(text) and not (signal or hangup):
                return found
        if _FAILED.match(message) and not (signal or hangup):
            return "Service-Unavailable"
        signal = signal or message.startswith(_SIGNAL)
        hangup = hangup or message.startswith(_HANGUP)
        if message.startswith(_OVER):
            break
    # The kernel hangs up at a PADT, and pppoe-server sends the signal.
    if signal and hangup:
        return "User-Request"
    return "Admin-Reset" if signal else "Lost-Carrier" if hangup else None


def causes(lines: t.Iterable[str], pids: t.Collection[int]) -> dict[int, str]:
    """The causes that are known of these, from lines of journalctl (``-o json``)."""
    said: dict[int, list[str]] = {}
    for line in lines:
        try:
            entry = json.loads(line)
            pid, message = int(entry["_PID"]), entry["MESSAGE"]
        except (ValueError, KeyError, TypeError):
            continue
        if pid in pids and isinstance(message, str):
            said.setdefault(pid, []).append(message)
    found = {pid: cause(messages) for pid, messages in said.items()}
    return {pid: each for pid, each in found.items() if each is not None}


def look(pids: t.Collection[int], since: int) -> dict[int, str]:
    """The causes of pppds that have ended since then; one look at the journal for all of them."""
    command = ["nice", "-n", "20", "journalctl", "-q", "--no-pager", "-b", "-t", "pppd", "-o", "json"]
    command += ["--output-fields=_PID,MESSAGE", f"--since=@{since - BEFORE}", f"--grep=^({_ANY}|.*authentication)"]
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return causes(done.stdout.splitlines(), pids)
