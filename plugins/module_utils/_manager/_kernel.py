# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel shows of a host's addresses and sessions. Private to this collection.

Addresses come by netlink (rtnetlink(7)), sessions from /proc: a pppd has what it was given on its command line.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics

#: Where below /run pppd keeps its pid, which is the builder's choice since 2.5.
PID_FOLDERS = ("", "/pppd", "/ppp")

# linux/rtnetlink.h, linux/if_addr.h
_GROUP_IPV4_ADDRESS = 0x10
_NEW, _DELETED, _GET = 20, 21, 22
_ADDRESS = struct.Struct("=BBBBI")
_REMOTE, _LOCAL, _LABEL = 1, 2, 3

_SESSION = re.compile(r"(?:\A|\s-e )(\d+):((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})(?:\s|\Z)")
_DEVICE = re.compile(r"(?:(?:\A|\s)nic-|\s-I\s+)(\S+)")
_ADDRESSES = re.compile(r"\d+\.\d+\.\d+\.\d+:(\d+\.\d+\.\d+\.\d+)\Z")


@dataclass(frozen=True)
class Event:
    """An interface has got an IPv4 address, or lost it. ``peer``: the other end's, if it has one."""

    number: int
    name: str
    local: str
    peer: str | None
    new: bool


class Addresses:
    """The IPv4 addresses of a host's interfaces, as they come and go."""

    def __init__(self) -> None:
        self._socket = _netlink.opened(_GROUP_IPV4_ADDRESS)

    def fileno(self) -> int:
        return self._socket.fileno()

    def every(self) -> list[Event]:
        """What interfaces have now; what comes later is an event of ``changes``."""
        return events(_netlink.dump(_GET, _ADDRESS.pack(socket.AF_INET, 0, 0, 0, 0)))

    def changes(self) -> list[Event] | None:
        """What has changed since the last call; ``None`` if some of it is lost."""
        found = _netlink.changes(self._socket)
        return None if found is None else events(found)


def events(messages: t.Iterable[_netlink.Message]) -> list[Event]:
    """What messages say of IPv4 addresses."""
    found = []
    for kind, body in messages:
        if kind in (_NEW, _DELETED):
            family, _prefix, _flags, _scope, number = _ADDRESS.unpack_from(body)
            attributes = _netlink.attributes(body, _ADDRESS.size)
            if family == socket.AF_INET and _LOCAL in attributes:
                local = socket.inet_ntoa(attributes[_LOCAL])
                remote = socket.inet_ntoa(attributes.get(_REMOTE, attributes[_LOCAL]))
                name = attributes.get(_LABEL, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
                found.append(Event(number, name, local, None if remote == local else remote, kind == _NEW))
    return found


@dataclass(frozen=True)
class SessionProcess:
    """A pppd, or our script that becomes one once it has an address (``waiting``)."""

    pid: int
    started: int
    instance: str | None
    session_id: str
    mac: str
    address: str | None
    waiting: bool


def started(pid: int) -> int | None:
    """When a process started, in ticks since boot (proc(5)); ``None`` for one that has ended."""
    fields = _basics.data(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return None if not fields or fields[0] == b"Z" else int(fields[19])


def age(started: int) -> float:
    """The seconds since a process started, from the ticks since boot when it did."""
    return max(time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK"), 0.0)


def processes(configuration: str, script: str) -> list[SessionProcess]:
    """The pppd of this host, and our scripts that wait for an address."""
    found, parents = [], {}
    here = _namespaces("self")
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as handle:
                text = handle.read()
            words = text.decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
            is_pppd = os.path.basename(words[0]) == "pppd"
            if not is_pppd and words[1:2] != [script]:
                continue
            if _namespaces(entry) != here or os.stat(f"/proc/{entry}").st_uid != os.geteuid():
                continue
            since = started(int(entry))
            with open(f"/proc/{entry}/stat", "rb") as handle:
                parents[int(entry)] = int(handle.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue
        if since is not None:
            found.append(described(int(entry), since, words, configuration, waiting=not is_pppd))
    # A child has its parent's command line until it becomes the script that it is to run.
    pppd = {process.pid for process in found if not process.waiting}
    return [process for process in found if parents[process.pid] not in pppd]


def described(pid: int, since: int, words: t.Sequence[str], configuration: str, waiting: bool) -> SessionProcess:
    """What the command line of a pppd tells, or of our script in its place."""
    file = next((value for word, value in zip(words, words[1:]) if word == "file"), "")
    folder, name = os.path.split(file)
    instance = name[: -len(".options")] if folder == configuration and name.endswith(".options") else None
    session = next(filter(None, map(_SESSION.search, words)), None)
    given = next(filter(None, map(_ADDRESSES.match, words)), None)
    session_id, mac = session.groups() if session else ("", "")
    return SessionProcess(pid, since, instance, session_id, mac, given.group(1) if given else None, waiting)


def _namespaces(pid: str) -> tuple[str, str]:
    return os.readlink(f"/proc/{pid}/ns/pid"), os.readlink(f"/proc/{pid}/ns/net")


def pid_of(interface: str, run: str) -> int | None:
    """The pppd of an interface, if it lives."""
    for folder in PID_FOLDERS:
        try:
            pid = int(_basics.data(f"{run}{folder}/{interface}.pid").split()[0])
            if os.path.basename(_basics.data(f"/proc/{pid}/cmdline").split(b"\0")[0]) == b"pppd":
                return pid
        except (ValueError, IndexError):
            continue
    return None


def serving(pids: t.Collection[int], run: str) -> set[int]:
    """Of the pppd of sessions without an IPv4 address, those whose interface serves all the same, for IPv6."""
    found = set()
    for folder in PID_FOLDERS:
        for entry in os.listdir(run + folder) if os.path.isdir(run + folder) else ():
            if entry.startswith("ppp") and entry.endswith(".pid"):
                pid = _word(f"{run}{folder}/{entry}")
                # The file of a pppd that was killed names an interface that is gone.
                if pid.isdigit() and int(pid) in pids and _is_up(entry[: -len(".pid")]):
                    found.add(int(pid))
    return found


def _is_up(interface: str) -> bool:
    return bool(int(_word(f"/sys/class/net/{interface}/flags") or "0", 16) & 1)


def _word(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as handle:
            return handle.read().strip()
    except OSError:
        return ""


def runnable() -> int:
    """How many processes want a processor at this moment, this one among them."""
    return int(_basics.data("/proc/loadavg").split()[3].partition(b"/")[0])


def device(pid: int) -> str | None:
    """The Ethernet interface of a session, from the command line of its pppd."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as handle:
            words = handle.read().decode("utf-8", "replace").replace("\0", " ")
    except OSError:
        return None
    found = _DEVICE.search(words)
    return found.group(1) if found else None
