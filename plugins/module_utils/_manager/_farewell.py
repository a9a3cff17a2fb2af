# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The administrator's ip-down of sessions whose pppd could not run it. Private to this collection.

A pppd that ends and gets a signal meanwhile, as from pppoe-server when the client's PADT comes, ends the script that it
is running (pppd/main.c childwait_end). Ours ignores that from its first line on and says that it has begun; when many
sessions end at once, some are ended before. A pppd that is killed runs none at all. For all of these, the session
manager runs the script in pppd's place, with the arguments and the environment that pppd(8) describes.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book, _history, _kernel, _names

#: Seconds between two looks, and how many scripts run at once.
LOOK, AT_ONCE = 0.5, 8
#: Our scripts that run while pppd ends, and the variables of pppd's database that have their addresses.
_SCRIPTS = {"down": ("IPLOCAL", "IPREMOTE"), "ipv6-down": ("LLLOCAL", "LLREMOTE")}


@dataclass
class _Link:
    """The link of a session that is up, or was. ``begun``: the scripts that have begun by themselves."""

    session: _book.Session
    interface: str
    device: str
    scripts: frozenset[str]
    addresses: dict[str, str]
    since: float
    account: str | None = None
    learned: bool = False
    begun: set[str] = field(default_factory=set)
    over: float | None = None
    bytes: tuple[int | None, int | None] = (None, None)


class Farewells:
    """The links of sessions whose end scripts of the host wait for. ``scripts``, ``run``: folders, as in ``Places``."""

    def __init__(self, scripts: str, run: str) -> None:
        self._scripts, self._run = scripts, run
        self._links: dict[int, _Link] = {}
        self._gone: _history.Links | None = None
        self._waiting: list[tuple[list[str], dict[str, str]]] = []
        self._running: list[subprocess.Popen[bytes]] = []
        self._looked = 0.0

    def up(self, session: _book.Session, local: str) -> None:
        """A session has its address; what pppd is to run in the end stands on its command line."""
        words = _words(session.pid)
        scripts = frozenset(name for name in _SCRIPTS if f"{self._scripts}/pppoe-server-{name}" in words)
        if not scripts or session.interface is None:
            return
        if self._gone is None:
            self._gone = _history.Links()
        addresses = {"IPLOCAL": local, "IPREMOTE": session.address or ""}
        self._links[session.pid] = _Link(
            session, session.interface, _device(words), scripts, addresses, time.monotonic()
        )  # fmt: skip

    def down(self, pid: int) -> None:
        """A session has no address any more."""
        link = self._links.get(pid)
        if link is not None and link.over is None:
            link.over = time.monotonic()

    def begun(self, pid: int, name: str) -> None:
        """A script of ours runs, and nothing ends it any more."""
        if pid in self._links:
            self._links[pid].begun.add(name)

    def look(self) -> bool:
        """Run what is missing; whether to look again soon."""
        if not self._links and not self._running and not self._waiting:
            return False
        now = time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            self._learn()
            self._count()
            self._find()
        self._running = [one for one in self._running if one.poll() is None]
        while self._waiting and len(self._running) < AT_ONCE:
            self._start(*self._waiting.pop(0))
        pending = any(link.over is not None or not link.learned for link in self._links.values())
        return pending or bool(self._running)

    def _learn(self) -> None:
        """What pppd's database has of a session goes with it."""
        news = {pid: link for pid, link in self._links.items() if not link.learned and link.over is None}
        if not news:
            return
        names = _names.accounts(news, self._run)
        found = {name: _names.values(news, self._run, name) for name in _SCRIPTS["ipv6-down"] if _wants_ipv6(news)}
        for pid, link in news.items():
            link.account = names.get(pid)
            for name, values in found.items():
                if pid in values and _is_address(text := values[pid].decode("ascii", "replace")):
                    link.addresses[name] = text
            # A session without an account, as with noauth, is not asked about for ever.
            link.learned = link.account is not None or time.monotonic() - link.since > 5.0

    def _count(self) -> None:
        gone = self._gone.gone() if self._gone is not None else None
        of = {link.interface: link for link in self._links.values() if link.over is not None}
        for one in gone or ():
            if one.interface in of:
                of[one.interface].bytes = (one.received, one.sent)

    def _find(self) -> None:
        ended = {pid: link for pid, link in self._links.items() if link.over is not None and _has_ended(link.session)}
        missing = {pid for pid, link in ended.items() if link.scripts - link.begun}
        busy = _still_beginning({pid: ended[pid].session for pid in missing}) if missing else set()
        for pid in set(ended) - busy:
            link = self._links.pop(pid)
            for name in sorted(link.scripts - link.begun):
                local, remote = (link.addresses.get(variable, "") for variable in _SCRIPTS[name])
                if remote:
                    words = [link.interface, link.device, "0", local, remote, ""]
                    self._waiting.append(([f"{self._scripts}/pppoe-server-{name}", *words], _environment(link)))

    def _start(self, words: list[str], environment: dict[str, str]) -> None:
        try:
            self._running.append(
                subprocess.Popen(  # pylint: disable=ansible-bad-function
                    words,
                    env=environment,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        except OSError as error:
            _basics.say(f"{words[0]} of {words[1]} could not be run: {error}", None)


def _environment(link: _Link) -> dict[str, str]:
    received, sent = link.bytes
    found = {
        "PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
        "DEVICE": link.device,
        "IFNAME": link.interface,
        "SPEED": "0",
        "ORIG_UID": "0",
        "PPPLOGNAME": "root",
        "PPPD_PID": str(link.session.pid),
        "MACREMOTE": link.session.mac,
        "PEERNAME": link.account or "",
        "CONNECT_TIME": str(int((link.over or link.since) - link.since)),
        "BYTES_RCVD": "" if received is None else str(received),
        "BYTES_SENT": "" if sent is None else str(sent),
        **link.addresses,
    }
    return {name: value for name, value in found.items() if value}


def _has_ended(session: _book.Session) -> bool:
    return _kernel.started(session.pid) != session.started


def _still_beginning(sessions: t.Mapping[int, _book.Session]) -> set[int]:
    """Those of which a script runs all the same, or a child of pppd that is about to become it."""
    found = set()
    lanes = {b"DIALTONE_LANE=%s\0" % session.session_id.encode(): pid for pid, session in sessions.items()}
    variables = {b"PPPD_PID=%d\0" % pid: pid for pid in sessions}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            command = _basics.data(f"/proc/{entry}/cmdline")
            if os.path.basename(command.split(b"\0")[0]) == b"pppd":
                if not _is_of_daemon(entry):
                    found |= {pid for mark, pid in lanes.items() if mark in command}
            elif b"/pppoe-server-" in command:
                environment = _basics.data(f"/proc/{entry}/environ")
                found |= {pid for mark, pid in variables.items() if mark in environment}
    return found


def _is_of_daemon(entry: str) -> bool:
    """Whether a pppd is a session's own, rather than a child of one that has ended."""
    parent = _basics.data(f"/proc/{entry}/stat").rpartition(b")")[2].split()[1:2]
    return bool(parent) and _basics.data(f"/proc/{int(parent[0])}/comm").startswith(b"pppoe-server")


def _wants_ipv6(links: t.Mapping[int, _Link]) -> bool:
    return any("ipv6-down" in link.scripts for link in links.values())


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _words(pid: int) -> list[str]:
    return _basics.data(f"/proc/{pid}/cmdline").decode("utf-8", "surrogateescape").split("\0")


def _device(words: t.Sequence[str]) -> str:
    """The Ethernet interface of a session."""
    for word in words:
        if word.startswith("nic-"):
            return word[len("nic-") :]
        if " -I " in word:
            return word.partition(" -I ")[2].split(" ")[0]
    return ""
