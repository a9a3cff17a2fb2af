# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of the server instances of this host, and the same as metrics of Prometheus. Private to this collection.

It needs nothing but Python's own library, as this file is installed as it is, as the program that a timer runs:
``PROGRAM NAME DIRECTORY`` writes DIRECTORY/pppoe_server_NAME.prom. So it has copies of what ``_pppd_pid_files``,
``_processes`` and ``_sessions_parse`` know; a test compares them.
"""

from __future__ import annotations

import collections
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import typing as t
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CONFIGURATION = "/etc/ppp/pppoe-server"
STATE = "/var/lib/dialtone-pppoe"
PID_FOLDERS = ("/run", "/run/pppd", "/run/ppp")
LINKS = "/sys/class/net"
_ROOT, _CLSACT = 0xFFFFFFFF, 0xFFFFFFF1  # linux/pkt_sched.h, linux/rtnetlink.h
SIOCGIFDSTADDR = 0x8917  # linux/sockios.h
# A session as pppoe-server names it to pppd (pppoe-server.c startPPPD), for the kernel's plugin or for the relay.
_SESSION = re.compile(r"(?:\A|\s-e )\d+:(?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}(?:\s|\Z)")
_RELAY_DEVICE = re.compile(r"\s-I (\S+)")
# What pppd and pppoe-server write when a client does not get in (ppp: auth.c, chap.c, ipcp.c; pppoe-server.c).
REFUSALS = {
    "authentication": re.compile(
        r"failed CHAP authentication|PAP peer authentication failed|[Pp]eer refused to authenticate|login failure"
    ),
    "no_slot": re.compile(r"No client slots available|No free session slots available"),
    "no_address": re.compile(
        r"living sessions hold every address of the pool|not authorized to use (?:remote )?address"
    ),
}
# Before what somebody has put on the wire, which pppoe-server logs as it is (pppoe-server.c processPADR, common.c
# pktLogErrs).
HEARD = re.compile(r"Received |PAD[A-Z]: ")


@dataclass(frozen=True)
class Session:
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
    seconds since 1970.
    """

    name: str
    pid: int | None
    command: tuple[str, ...]
    pool: tuple[str, ...]
    sessions: tuple[Session, ...]
    stale: tuple[int, ...] = ()
    since: int = 0

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
        return limits[-1] if limits else len(self.pool)


@dataclass
class Totals:
    """What has been counted since the first run; ``seen``: bytes in and out of each session at the last one."""

    bytes_in: int = 0
    bytes_out: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    seen: dict[str, list[int]] = field(default_factory=dict)
    #: By plan: bytes and drops as in ``Session.queues``; and what each session had at the last run.
    plans: dict[str, list[int]] = field(default_factory=dict)
    queued: dict[str, list[int]] = field(default_factory=dict)


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
    pool = tuple(_text(f"{CONFIGURATION}/{name}.pool").split())
    since = _since(pid) if pid is not None else 0
    return Status(name, pid, command, pool, sessions, tuple(first[1:]), since)


def is_drained(name: str) -> bool:
    """Whether PADOs of an instance are dropped, by its unit or its line of rc.local."""
    line = re.search(rf"^# BEGIN dialtone.pppoe pppoe-access {name}\n(.*)$", _text("/etc/rc.local"), re.MULTILINE)
    unit = _text(f"/etc/systemd/system/pppoe-access@{name}.service")
    return bool(re.search(r"/pppoe-access apply \d+ \d+ 1 ", unit + (line.group(1) if line else "")))


def _since(pid: int) -> int:
    """When a process started, in seconds since 1970 (proc(5))."""
    ticks = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()[19:20]
    boot = re.search(r"^btime (\d+)$", _text("/proc/stat"), re.MULTILINE)
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


def _processes() -> dict[int, list[str]]:
    """The commands of this host's processes; those in containers and other network namespaces are another's.

    Those of other users are not looked at either: they can give theirs any command line.
    """
    found = {}
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("pid", "net")]
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        words = _text(f"/proc/{entry}/cmdline").rstrip("\0").split("\0")
        if os.path.basename(words[0]) in ("pppd", "pppoe-server"):
            try:
                spaces = [os.readlink(f"/proc/{entry}/ns/{kind}") for kind in ("pid", "net")]
                if spaces == here and os.stat(f"/proc/{entry}").st_uid == os.geteuid():
                    found[int(entry)] = words
            except OSError:
                continue
    return found


def _parent(pid: int) -> int | None:
    # The name in parentheses may hold anything, so the fields are counted from its end (proc(5)).
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else None


def _interfaces_of_pids() -> dict[int, str]:
    """The interface of each pppd, from the files ``pppN.pid``; of two with one pid, that whose interface is there."""
    found: dict[int, str] = {}
    for folder in PID_FOLDERS:
        for entry in os.listdir(folder) if os.path.isdir(folder) else ():
            match = re.fullmatch(r"(ppp\d+)\.pid", entry)
            words = _text(f"{folder}/{entry}").split()[:1] if match else []
            pid = int(words[0]) if words and words[0].isdigit() else None
            if match and pid is not None and (pid not in found or os.path.exists(f"{LINKS}/{match.group(1)}")):
                found[pid] = match.group(1)
    return found


def queue_counters() -> dict[str, tuple[int, int]]:
    """Bytes and drops of the queue of each interface; behind its name, ``<`` for what comes in by it (clsact)."""
    found: dict[str, tuple[int, int]] = {}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as kernel:
        # linux/rtnetlink.h: RTM_GETQDISC with NLM_F_REQUEST | NLM_F_DUMP, and an empty struct tcmsg.
        kernel.send(struct.pack("=IHHII20x", 36, 38, 0x301, 1, 0))
        while True:
            answer, at = kernel.recv(1 << 18), 0
            while at + 16 <= len(answer):
                length, kind = struct.unpack_from("=IH", answer, at)
                if kind != 36 or length < 36:  # RTM_NEWQDISC, or else the end
                    return found
                index, _handle, parent = struct.unpack_from("=iII", answer, at + 20)
                counters = _queue_of(answer[at + 36 : at + length])
                if counters is not None and parent in (_ROOT, _CLSACT):
                    with suppress(OSError):
                        found[socket.if_indextoname(index) + ("" if parent == _ROOT else "<")] = counters
                at += (length + 3) & ~3


def _queue_of(attributes: bytes) -> tuple[int, int] | None:
    """Bytes and drops: TCA_STATS, which is a struct tc_stats (linux/pkt_sched.h)."""
    at = 0
    while at + 4 <= len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, at)
        if kind == 3:
            count, _packets, drops = struct.unpack_from("=QII", attributes, at + 4)
            return count, drops
        at += max((length + 3) & ~3, 4)
    return None


def _session(interface: str, queues: t.Mapping[str, tuple[int, int]]) -> Session:
    texts = [_text(f"{LINKS}/{interface}/statistics/{kind}_bytes").strip() for kind in ("rx", "tx")]
    received, sent = (int(text) if text.isdigit() else 0 for text in texts)
    # Where the upload is shaped, its queue is that of a device of its own (``_plans/_shaping.upload_device``).
    up = queues.get(f"ifb-{interface}") or queues.get(f"{interface}<") or (0, 0)
    plan = plan_of(_text(f"{LINKS}/{interface}/ifalias"))
    counters = (*queues.get(interface, (0, 0)), *up)
    return Session(interface, _peer(interface), received, sent, plan, counters)


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


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError:
        return ""


def counted(before: Totals, sessions: t.Iterable[Session], messages: t.Iterable[str]) -> Totals:
    """The totals, with what has come since: the growth of each session, and the refusals among new log messages.

    A counter that has gone back is another session on an interface of the same name. A message counts once, however
    many lines an unknown client has got into it.
    """
    plans = {plan: list(counts) for plan, counts in before.plans.items()}
    after_this = Totals(before.bytes_in, before.bytes_out, dict(before.refused), plans=plans)
    for session in sessions:
        last_in, last_out = before.seen.get(session.interface, [0, 0])
        again = session.bytes_in >= last_in and session.bytes_out >= last_out
        after_this.bytes_in += session.bytes_in - (last_in if again else 0)
        after_this.bytes_out += session.bytes_out - (last_out if again else 0)
        after_this.seen[session.interface] = [session.bytes_in, session.bytes_out]
        if session.plan:
            former = before.queued.get(session.interface, [0] * 4)
            # A queue that has begun anew counts from 0.
            grown = [now - (old if old <= now else 0) for old, now in zip(former, session.queues)]
            so_far = plans.get(session.plan, [0] * 4)
            plans[session.plan] = [old + more for old, more in zip(so_far, grown)]
            after_this.queued[session.interface] = list(session.queues)
    for message in messages:
        if HEARD.match(message):
            continue
        for reason, pattern in REFUSALS.items():
            if pattern.search(message):
                after_this.refused[reason] = after_this.refused.get(reason, 0) + 1
                break
    return after_this


METRICS = (
    ("up", "gauge", "Whether the access concentrator runs."),
    ("start_time_seconds", "gauge", "When its daemon started, in seconds since 1970; 0 if it does not run."),
    ("drained", "gauge", "Whether it starts no new sessions."),
    ("sessions", "gauge", "Live sessions."),
    ("plan_sessions", "gauge", "Live sessions, by plan."),
    ("plan_transmit_bytes_total", "counter", "Bytes through the queues to clients, by plan."),
    ("plan_transmit_drops_total", "counter", "Packets that these queues have dropped, by plan."),
    ("plan_receive_bytes_total", "counter", "Bytes through the queues and policers from clients, by plan."),
    ("plan_receive_drops_total", "counter", "Packets that these have dropped, by plan."),
    ("sessions_limit", "gauge", "How many sessions there may be at once."),
    ("pool_addresses", "gauge", "Addresses that are handed out."),
    ("pool_used_addresses", "gauge", "Addresses of the pool that live sessions have."),
    ("receive_bytes_total", "counter", "Bytes that came from clients."),
    ("transmit_bytes_total", "counter", "Bytes that were sent to clients."),
    ("refused_dials_total", "counter", "Dials that did not get a session, by reason, from the journal."),
)


def exposition(found: Status, totals: Totals, drained: bool) -> str:
    """The metrics in Prometheus' text format. A name holds no character that would have to be escaped."""
    values: dict[str, t.Any] = {
        "up": int(found.pid is not None),
        "start_time_seconds": found.since,
        "drained": int(drained),
        "sessions": len(found.sessions),
        "plan_sessions": collections.Counter(one.plan for one in found.sessions if one.plan),
        "plan_transmit_bytes_total": {plan: counts[0] for plan, counts in totals.plans.items()},
        "plan_transmit_drops_total": {plan: counts[1] for plan, counts in totals.plans.items()},
        "plan_receive_bytes_total": {plan: counts[2] for plan, counts in totals.plans.items()},
        "plan_receive_drops_total": {plan: counts[3] for plan, counts in totals.plans.items()},
        "sessions_limit": found.most,
        "pool_addresses": len(found.pool),
        "pool_used_addresses": found.used,
        "receive_bytes_total": totals.bytes_in,
        "transmit_bytes_total": totals.bytes_out,
        "refused_dials_total": {reason: totals.refused.get(reason, 0) for reason in REFUSALS},
    }
    lines = []
    for metric, kind, text in METRICS:
        name = "pppoe_server_" + metric
        lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
        value = values[metric]
        if isinstance(value, dict):
            label = "plan" if metric.startswith("plan_") else "reason"
            lines += [f'{name}{{server="{found.name}",{label}="{key}"}} {number}' for key, number in value.items()]
        else:
            lines.append(f'{name}{{server="{found.name}"}} {value}')
    return "\n".join(lines) + "\n"


def _journal(name: str) -> list[str]:
    """What the instance's daemon and its pppd have written since the last call, a message each."""
    unit = f"_SYSTEMD_UNIT=pppoe-server@{name}.service"
    words = [
        "journalctl",
        "--quiet",
        "--output=json",
        "--output-fields=MESSAGE",
        f"--cursor-file={STATE}/{name}.cursor",
    ]
    try:
        # No module is there when the timer runs this.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [*words, unit], stdout=subprocess.PIPE, check=False, timeout=60, errors="replace"
        )
        return messages(done.stdout)
    except (OSError, subprocess.TimeoutExpired):
        return []


def messages(journal: str) -> list[str]:
    """The messages of journalctl's JSON, which has numbers in the place of a text that a terminal would act on."""
    found = []
    for line in journal.splitlines():
        try:
            text = json.loads(line).get("MESSAGE")
            found.append(text if isinstance(text, str) else bytes(text).decode("utf-8", "replace"))
        except (ValueError, TypeError, AttributeError):
            continue  # too long a message is null
    return found


@contextmanager
def _folder(path: str) -> t.Iterator[int]:
    """A folder, opened and used with the rights of the first on the way to it that is not root's.

    Whoever owns a folder on the way can put a link to any file of the host in the place of what is behind it, and gets
    no further by that than his own rights reach. A folder that others may write to without owning it has no links.
    """
    groups = os.getgroups()
    opened = [os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for part in filter(None, path.split("/")):
            links = os.O_NOFOLLOW if _is_open(opened[-1]) else 0
            _become_owner(opened[-1])
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | links
            opened.append(os.open(part, flags, dir_fd=opened[-1]))
        _become_owner(opened[-1])
        yield opened[-1]
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
            os.setegid(os.getgid())
            os.setgroups(groups)
        for descriptor in opened:
            os.close(descriptor)


def _is_open(folder: int) -> bool:
    return bool(os.fstat(folder).st_mode & 0o022)


def _become_owner(folder: int) -> None:
    owner = os.fstat(folder)
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


def write(path: str, text: str) -> None:
    """Whole or not at all: node_exporter may read at any time, and takes files that end in .prom."""
    name = os.path.basename(path)
    with _folder(os.path.dirname(path)) as folder:
        with suppress(FileNotFoundError):
            os.unlink(name + ".new", dir_fd=folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(name + ".new", flags, 0o644, dir_fd=folder), "w", encoding="utf-8") as handle:
            os.fchmod(handle.fileno(), 0o644)
            handle.write(text)
        os.replace(name + ".new", name, src_dir_fd=folder, dst_dir_fd=folder)


def remove(path: str) -> None:
    """Remove what ``write`` has made."""
    with suppress(FileNotFoundError), _folder(os.path.dirname(path)) as folder:
        for name in (os.path.basename(path) + ".new", os.path.basename(path)):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)


def main(name: str, directory: str) -> None:
    """Count, and write the file."""
    os.makedirs(STATE, exist_ok=True)
    os.chmod(STATE, 0o755)  # noqa: S103
    state = f"{STATE}/{name}.json"
    try:
        before = Totals(**json.loads(_text(state)))
    except (ValueError, TypeError):
        before = Totals()
    found = status(name)
    totals = counted(before, found.sessions, _journal(name))
    write(state, json.dumps(vars(totals)))
    write(f"{directory}/pppoe_server_{name}.prom", exposition(found, totals, is_drained(name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
