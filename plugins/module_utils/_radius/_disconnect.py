# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends a session, or changes its rates, on request of a RADIUS server (RFC 5176). Private to this collection.

It is installed as a program of root, which systemd runs for each request that FreeRADIUS has verified. FreeRADIUS may
do neither itself. The program uses files of the session manager, which are beside it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _kernel, _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping

#: How the answer is to be understood, see the configuration of FreeRADIUS.
DONE, FAILED, SEVERAL, INVALID, NONE, UNKNOWN, MISSING = 0, 2, 5, 6, 7, 8, 9
END, CHANGE = "Disconnect-Request", "CoA-Request"
#: The attributes that a change may have, in the order in which the program has them, after those of ``Marks``.
RATES = ("Filter-Id", "Mikrotik-Rate-Limit", "WISPr-Bandwidth-Max-Down", "WISPr-Bandwidth-Max-Up")
#: Seconds for which a session may take to end; a client that does not answer is waited for longer by pppd.
PATIENCE = 5.0
_CONFIGURATION = "/etc/ppp/pppoe-server"
_LINKS = "/sys/class/net"
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
    """The answer to a request, the pid of the session that it means, and what to log."""
    if kind not in (END, CHANGE):
        return UNKNOWN, None, f"only {END} and {CHANGE} are understood"
    if not (wanted.session_id or wanted.address or wanted.account or wanted.mac or wanted.port):
        return NONE, None, "it names no session"
    found = [pid for pid, session in sessions.items() if wanted.match(session)]
    if len(found) != 1:
        return (SEVERAL if found else NONE), None, f"{len(found) or 'no'} sessions match"
    return DONE, found[0], f"it is that of pid {found[0]}"


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


def change(pid: int, said: t.Mapping[str, str], run: str = "/run", folder: str = _CONFIGURATION) -> tuple[int, str]:
    """Give a session the rates of a request: the answer, and what to log.

    They are kept in the file of pppd's plugin radattr, where whoever sets rates later looks for them.
    """
    process = next((one for one in _kernel.processes(folder, _SCRIPT) if one.pid == pid), None)
    interface = _names.values([pid], run, "IFNAME").get(pid, b"").decode("ascii", "replace")
    if process is None or not interface:
        return NONE, "it has ended"
    tables = _tables(f"{folder}/{process.instance}")
    if tables is None or not tables.attribute:
        return UNKNOWN, f"the sessions of {process.instance} take no rates from RADIUS"
    new = {name: value for name, value in said.items() if value and name.startswith(tables.attribute)}
    path = f"{run}/radattr.{interface}"
    known = _plans_attributes.read(_basics.text(path))
    try:
        rates = _plans_attributes.rates(tables.attribute, {**known, **new})
    except ValueError as error:
        return INVALID, str(error)
    if not new or rates is None:
        return MISSING, f"it has no {tables.attribute}"
    before = _plans_grant.of_alias(_basics.text(f"{_LINKS}/{interface}/ifalias"))
    shape = tables.grant(_names.accounts([pid], run).get(pid), rates).shape
    try:
        _plans_shaping.prepare([(interface, before, shape)])
        _plans_shaping.apply(interface, before, shape)
        _keep(path, new)
    except OSError as error:
        return FAILED, f"{interface}: {error}"
    return DONE, f"{interface} has {_plans_grant.alias(shape)}"


def _tables(stem: str) -> _plans_grant.Tables | None:
    """The plans of an instance; ``None`` if it has none."""
    try:
        with open(f"{stem}.plans", "rb") as plans, open(f"{stem}.customers", "rb") as accounts:
            return _plans_grant.tables(plans.read(), accounts.read())
    except (OSError, ValueError):
        return None


def _keep(path: str, new: t.Mapping[str, str]) -> None:
    """Replace attributes in a file of radattr, which may not exist."""
    before = _basics.text(path).splitlines()
    lines = [line for line in before if line.partition(" ")[0] not in new]
    lines += [f"{name} {value}" for name, value in new.items()]
    mode = os.stat(path).st_mode & 0o777 if before else 0o600
    descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as handle:
        handle.write("".join(f"{line}\n" for line in lines))
        os.fchmod(handle.fileno(), mode)
    os.replace(f"{path}.new", path)


def main() -> None:
    """Answer the request on standard input by a number on standard output."""
    kind, *words = sys.stdin.readline().rstrip("\n").split("\0")
    if len(words) != 5 + len(RATES):
        raise SystemExit(f"pppoe-server-disconnect: a request of {6 + len(RATES)} fields is wanted on standard input")
    code, pid, text = decide(kind, Marks(*words[:5]), live())
    if pid is not None and kind == CHANGE:
        code, text = change(pid, dict(zip(RATES, words[5:])))
    shown = " ".join(word if word.isprintable() else "?" for word in words if word)
    sys.stderr.write(f"{kind} of {shown}: {text}\n")
    sys.stderr.flush()
    if pid is not None and kind == END:
        end(pid)
    sys.stdout.write(f"{code}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
