# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of the server instances of this host. Private to this collection.

It needs nothing but Python's own library, as this file is also installed as a part of the program that a timer runs to
write metrics. So it has copies of what ``_pppd_pid_files``, ``_processes`` and ``_sessions_parse`` know; a test
compares them.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import struct
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink

CONFIGURATION = "/etc/ppp/pppoe-server"
PID_FOLDERS = ("/run", "/run/pppd", "/run/ppp")
LINKS = "/sys/class/net"
_ROOT, _CLSACT = 0xFFFFFFFF, 0xFFFFFFF1  # linux/pkt_sched.h, linux/rtnetlink.h
_GET_QDISC, _STATS = 38, 3  # RTM_GETQDISC; TCA_STATS, a struct tc_stats
_TC = struct.Struct("=BxxxiIII")  # struct tcmsg: family, index, handle, parent, info
SIOCGIFDSTADDR = 0x8917  # linux/sockios.h
# A session as pppoe-server names it to pppd (pppoe-server.c startPPPD), for the kernel's plugin or for the relay.
_SESSION = re.compile(r"(?:\A|\s-e )\d+:(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}(?:\s|\Z)")
_RELAY_DEVICE = re.compile(r"\s-I (\S+)")


@dataclass(frozen=True)
class SessionStatus:
    """A live session: its interface, the client's address, and the bytes since it is up, from the server's side."""

    interface: str
    address: str | None
    bytes_in: int
    bytes_out: int
    plan: str | None = None
    #: Of its queues to the client and from it: bytes and dropped packets of each.
    queues: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class Status:
    """An instance. ``pid``: its daemon, ``None`` if none runs. ``pool``: the addresses that it hands out.

    ``stale``: more daemons of it, which a start that was killed has left. ``since``: when the daemon started, in
    seconds since 1970. ``limit``: how many sessions there may be, where the command does not say.
    """

    name: str
    pid: int | None
    command: tuple[str, ...]
    pool: tuple[str, ...]
    sessions: tuple[SessionStatus, ...]
    stale: tuple[int, ...] = ()
    since: int = 0
    limit: int = 0

    @property
    def used(self) -> int:
        """How many addresses of the pool live sessions have."""
        return len(set(self.pool) & {session.address for session in self.sessions})

    def words(self, option: str) -> list[str]:
        """The arguments of each such option of the daemon."""
        return [word for before, word in zip(self.command, self.command[1:]) if before == option]

    @property
    def most(self) -> int:
        """How many sessions there may be at once."""
        limits = [int(word) for word in self.words("-N") if word.isdigit()]
        return limits[-1] if limits else self.limit or len(self.pool)


def names() -> list[str]:
    """The instances that are configured here."""
    try:
        entries = os.listdir(CONFIGURATION)
    except OSError:
        return []
    return sorted(entry[: -len(".options")] for entry in entries if entry.endswith(".options"))


def status(name: str) -> Status:
    """The status of an instance."""
    options = f"{CONFIGURATION}/{name}.options"
    processes = _processes()
    daemons = {
        pid: argv
        for pid, argv in processes.items()
        if os.path.basename(argv[0]) == "pppoe-server" and after(argv, "-O") == options
    }
    # A child has its parent's command until it becomes the pppd of a new session.
    first = sorted(pid for pid in daemons if _parent(pid) not in daemons)
    pid = next(iter(first), None)
    command = tuple(daemons[pid]) if pid is not None else ()
    interfaces = {word for before, word in zip(command, command[1:]) if before == "-I"}
    by_pid = _interfaces_of_pids()
    found = [by_pid.get(pid) for pid, argv in processes.items() if is_session(argv, options, interfaces)]
    queues = queue_counters() if found else {}
    sessions = tuple(_session(interface, queues) for interface in sorted(filter(None, found)))
    pool = tuple(text(f"{CONFIGURATION}/{name}.pool").split())
    since = _since(pid) if pid is not None else 0
    return Status(name, pid, command, pool, sessions, tuple(first[1:]), since)


def oldest(program: str) -> tuple[int | None, int]:
    """The first process that runs a program, and when it started, in seconds since 1970."""
    pid = min(_processes((program,)), default=None)
    return pid, _since(pid) if pid is not None else 0


def is_drained(name: str) -> bool:
    """Whether PADOs of an instance are dropped, by its unit or its line of rc.local."""
    line = re.search(rf"^# BEGIN dialtone.pppoe pppoe-access {name}\n(.*)$", text("/etc/rc.local"), re.MULTILINE)
    unit = text(f"/etc/systemd/system/pppoe-access@{name}.service")
    return bool(re.search(r"/pppoe-access apply \d+ [\d:,]+ 1 ", unit + (line.group(1) if line else "")))


def _since(pid: int) -> int:
    """When a process started, in seconds since 1970 (proc(5))."""
    ticks = text(f"/proc/{pid}/stat").rpartition(")")[2].split()[19:20]
    boot = re.search(r"^btime (\d+)$", text("/proc/stat"), re.MULTILINE)
    return int(boot.group(1)) + int(ticks[0]) // os.sysconf("SC_CLK_TCK") if ticks and boot else 0


def is_session(argv: t.Sequence[str], options: str, interfaces: t.Collection[str]) -> bool:
    """Whether a process is the pppd of a session of the instance, or of a daemon that it has taken the place of."""
    if os.path.basename(argv[0]) != "pppd" or not any(map(_SESSION.search, argv)):
        return False
    file = after(argv, "file")
    if file == options:
        return True
    relay = _RELAY_DEVICE.search(after(argv, "pty") or "")
    device = relay.group(1) if relay else next((word[4:] for word in argv if word.startswith("nic-")), None)
    return device in interfaces and os.path.dirname(file or "") != CONFIGURATION


def after(argv: t.Sequence[str], option: str) -> str | None:
    """The word behind an option, ``None`` if it isn't there."""
    return next((word for before, word in zip(argv, argv[1:]) if before == option), None)


def _processes(programs: t.Collection[str] = ("pppd", "pppoe-server")) -> dict[int, list[str]]:
    """The commands of this host's processes; those in containers and other network namespaces are another's.

    Those of other users are not looked at either: they can give theirs any command line.
    """
    found = {}
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "net")]
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        words = text(f"/proc/{entry}/cmdline").rstrip("\0").split("\0")
        if os.path.basename(words[0]) in programs:
            try:
                spaces = [os.readlink(f"/proc/{entry}/ns/{kind}") for kind in ("pid", "net")]
                if spaces == here and os.stat(f"/proc/{entry}").st_uid == os.geteuid():
                    found[int(entry)] = words
            except OSError:
                continue
    return found


def _parent(pid: int) -> int | None:
    # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
    fields = text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else None


def _interfaces_of_pids() -> dict[int, str]:
    """The interface of each pppd, from the files ``pppN.pid``; of two with one pid, that whose interface is there."""
    found: dict[int, str] = {}
    for folder in PID_FOLDERS:
        for entry in os.listdir(folder) if os.path.isdir(folder) else ():
            match = re.fullmatch(r"(ppp\d+)\.pid", entry)
            words = text(f"{folder}/{entry}").split()[:1] if match else []
            pid = int(words[0]) if words and words[0].isdigit() else None
            if match and pid is not None and (pid not in found or os.path.exists(f"{LINKS}/{match.group(1)}")):
                found[pid] = match.group(1)
    return found


def queue_counters() -> dict[str, tuple[int, int]]:
    """Bytes and drops of the queue of each interface; behind its name, ``<`` for what comes in by it (clsact)."""
    found: dict[str, tuple[int, int]] = {}
    for _kind, body in _netlink.dump(_GET_QDISC, bytes(_TC.size)):
        _family, index, _handle, parent, _info = _TC.unpack_from(body)
        counters = _netlink.attributes(body, _TC.size).get(_STATS)
        if counters is not None and parent in (_ROOT, _CLSACT):
            count, _packets, drops = struct.unpack_from("=QII", counters)
            with suppress(OSError):
                found[socket.if_indextoname(index) + ("" if parent == _ROOT else "<")] = count, drops
    return found


def _session(interface: str, queues: t.Mapping[str, tuple[int, int]]) -> SessionStatus:
    texts = [text(f"{LINKS}/{interface}/statistics/{kind}_bytes").strip() for kind in ("rx", "tx")]
    received, sent = (int(text) if text.isdigit() else 0 for text in texts)
    # Where the upload is shaped, its queue is that of a device of its own (``_plans/_shaping.upload_device``).
    up = queues.get(f"ifb-{interface}") or queues.get(f"{interface}<") or (0, 0)
    plan = plan_of(text(f"{LINKS}/{interface}/ifalias"))
    counters = (*queues.get(interface, (0, 0)), *up)
    return SessionStatus(interface, _peer(interface), received, sent, plan, counters)


def plan_of(alias: str) -> str | None:
    """The plan of a session, from the alias of its interface (``_plans/_grant.alias``)."""
    match = re.match(r"dialtone\.pppoe plan ([A-Za-z0-9][A-Za-z0-9_.-]*) ", alias)
    return match.group(1) if match else None


def _peer(interface: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            # struct ifreq: the interface's name, then a sockaddr_in.
            answer = fcntl.ioctl(asked, SIOCGIFDSTADDR, struct.pack("16s24x", interface.encode()))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def text(path: str) -> str:
    """The text of a file; empty if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""
