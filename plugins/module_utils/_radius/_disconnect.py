# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends the session that a RADIUS server wants ended (RFC 5176). Private to this collection.

It is installed as a program of root, which systemd runs for each request that FreeRADIUS has verified. FreeRADIUS may
not end a pppd itself. The program uses files of the session manager, which are beside it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _kernel, _names

#: How the answer is to be understood, see the configuration of FreeRADIUS.
DONE, SEVERAL, NONE, UNKNOWN = 0, 5, 7, 8
#: Seconds for which a session may take to end; a client that does not answer is waited for longer by pppd.
PATIENCE = 5.0
_CONFIGURATION = "/etc/ppp/pppoe-server"
_SCRIPT = "/usr/local/libexec/dialtone-pppoe/pppoe-server-pppd"


@dataclass(frozen=True)
class Marks:
    """What a request tells of the session that it means, or what a session has; empty where it is not known."""

    session_id: str = ""
    address: str = ""
    account: str = ""
    mac: str = ""
    port: str = ""

    def match(self, session: Marks) -> bool:
        """Whether a session has all marks that are set."""
        wanted, has = vars(self.plain()), vars(session.plain())
        return all(not value or has[name] == value for name, value in wanted.items())

    def plain(self) -> Marks:
        """With the MAC as hexadecimal digits only, which everybody separates otherwise."""
        digits = "".join(one for one in self.mac.lower() if one in "0123456789abcdef")
        return Marks(self.session_id, self.address, self.account, digits, self.port)


def decide(kind: str, wanted: Marks, sessions: t.Mapping[int, Marks]) -> tuple[int, int | None, str]:
    """The answer to a request, the pid of the session to end, and what to log."""
    if kind != "Disconnect-Request":
        return UNKNOWN, None, "only Disconnect-Request is understood"
    if not (wanted.session_id or wanted.address or wanted.account or wanted.mac or wanted.port):
        return NONE, None, "it names no session"
    found = [pid for pid, session in sessions.items() if wanted.match(session)]
    if len(found) != 1:
        return (SEVERAL if found else NONE), None, f"{len(found) or 'no'} sessions match"
    return DONE, found[0], f"ending pid {found[0]}"


def live(run: str = "/run", configuration: str = _CONFIGURATION) -> dict[int, Marks]:
    """The sessions of this host's instances, by the pid of their pppd."""
    processes = [one for one in _kernel.processes(configuration, _SCRIPT) if one.instance and not one.waiting]
    pids = [process.pid for process in processes]
    accounts = _names.accounts(pids, run)
    addresses = _names.values(pids, run, "IPREMOTE")
    found = {}
    for process in processes:
        pid, given = process.pid, avpairs(_words(process.pid))
        address = addresses.get(pid, b"").decode("ascii", "replace")
        session_id, port = given.get("Acct-Multi-Session-Id", ""), given.get("NAS-Port-Id", "")
        found[pid] = Marks(session_id, address, accounts.get(pid, ""), process.mac, port)
    return found


def avpairs(words: t.Sequence[str]) -> dict[str, str]:
    """The attributes that the script which began a session gave to it."""
    pairs = [value.partition("=") for word, value in zip(words, words[1:]) if word == "avpair"]
    return {name: value for name, _equals, value in pairs}


def _words(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as handle:
            return handle.read().decode("utf-8", "surrogateescape").split("\0")
    except OSError:
        return []


def end(pid: int, patience: float = PATIENCE) -> None:
    """End a pppd and wait for it."""
    since = _kernel.started(pid)
    deadline = time.monotonic() + patience
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    while since is not None and _kernel.started(pid) == since and time.monotonic() < deadline:
        time.sleep(0.02)


def main() -> None:
    """Answer the request on standard input by a number on standard output."""
    kind, *marks = sys.stdin.readline().rstrip("\n").split("\0")
    if len(marks) != 5:
        raise SystemExit("pppoe-server-disconnect: a request of six fields is wanted on standard input")
    code, pid, text = decide(kind, Marks(*marks), live())
    shown = " ".join(mark if mark.isprintable() else "?" for mark in marks if mark)
    sys.stderr.write(f"{kind} of {shown}: {text}\n")
    sys.stderr.flush()
    if pid is not None:
        end(pid)
    sys.stdout.write(f"{code}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
