# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The session manager as a program. Private to this collection.

``PROGRAM ensure``: have one that runs, and is of this text. ``PROGRAM stop``: end it. ``PROGRAM accounts``: learn the
accounts of sessions that are up. ``PROGRAM prefixes``: have sessions have the IPv6 prefixes of the present settings.
``PROGRAM routes``: announce the routes of sessions by the present settings.
``PROGRAM daemon PID``: prepare a pppoe-server for many who dial at once.
``PROGRAM padt``: send a PADT for each line ``INTERFACE SESSION`` of its input.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
import syslog
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _basics,
    _configuration,
    _daemon,
    _dials,
    _kernel,
    _links,
    _manager,
    _padt,
    _replies,
)

PATIENCE = 20.0


def places() -> _configuration.Places:
    """Where everything lies; the environment may say otherwise."""
    standard = _configuration.Places()
    return _configuration.Places(
        state=os.environ.get("PPPOE_SERVER_STATE", standard.state),
        configuration=os.environ.get("PPPOE_SERVER_CONFIGURATION", standard.configuration),
        scripts=os.environ.get("PPPOE_SERVER_SCRIPTS", standard.scripts),
        ppp=os.environ.get("PPPOE_SERVER_PPP", standard.ppp),
        run=os.environ.get("PPPOE_SERVER_RUN", standard.run),
        history=os.environ.get("PPPOE_SERVER_HISTORY", standard.history),
        announced=os.environ.get("PPPOE_SERVER_ANNOUNCED", standard.announced),
    )


def version() -> str:
    """What tells this program from another one."""
    digest = hashlib.sha256()
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            with open(f"{folder}/{name}", "rb") as handle:
                digest.update(handle.read())
    return digest.hexdigest()[:16]


def running(state: str) -> tuple[int, str] | None:
    """The pid of the manager that runs, and its version."""
    try:
        with open(f"{state}/manager.pid", encoding="ascii") as handle:
            pid, since, text = handle.read().split()
    except (OSError, ValueError):
        return None
    return (int(pid), text) if _kernel.started(int(pid)) == int(since) else None


def ensure(where: _configuration.Places) -> None:
    """Have a manager that runs and is of this version; it answers when this returns."""
    os.umask(0o077)
    os.makedirs(f"{where.state}/answers", mode=0o700, exist_ok=True)
    os.chmod(where.state, 0o700)
    _lanes(where.state)
    _lock(where.state)
    now = running(where.state)
    if now is not None and now[1] == version() and _is_fifo(f"{where.state}/ask"):
        return
    if now is not None:
        _end(now[0])
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.setsid()
            if os.fork() == 0:
                _supervise(where, writer)
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    if not select.select([reader], [], [], PATIENCE)[0] or os.read(reader, 5) != b"ready":
        raise SystemExit("pppoe-server: the session manager does not start")


def _lock(state: str) -> int:
    """Of two who start a manager, one waits."""
    lock = os.open(f"{state}/manager.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _is_fifo(path: str) -> bool:
    with suppress(OSError):
        return os.stat(path).st_mode & 0o170000 == 0o010000
    return False


def _lanes(state: str) -> None:
    """A queue for each session that the daemons may begin, in which its address comes."""
    there = set(os.listdir(f"{state}/answers"))
    for entry in os.listdir(state):
        if entry.endswith(".ids"):
            with suppress(OSError, ValueError), open(f"{state}/{entry}", encoding="ascii") as handle:
                first, last = map(int, handle.read().split())
                for number in range(first, last + 1):
                    if str(number) not in there:
                        with suppress(FileExistsError):
                            os.mkfifo(f"{state}/answers/{number}", 0o600)
    # What scripts of former versions have left.
    shutil.rmtree(f"{state}/leases", ignore_errors=True)
    for name in ("accounts", "accounts.new"):
        with suppress(OSError):
            os.unlink(f"{state}/{name}")


def _end(pid: int) -> None:
    since = _kernel.started(pid)
    deadline = time.monotonic() + 5
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while _kernel.started(pid) == since and time.monotonic() < deadline:
            time.sleep(0.01)
        if _kernel.started(pid) == since:
            os.kill(pid, signal.SIGKILL)


def new_pppd(pppd: str) -> bool:
    """Whether pppd is 2.5 or later, which knows options for all scripts."""
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [pppd, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=10, text=True
        )
        words = done.stdout.split("version ")[-1].split(".")
        return (int(words[0]), int(words[1])) >= (2, 5)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return False


def _supervise(where: _configuration.Places, ready: int) -> None:
    """Be the manager's parent, who starts another one when it dies, but not when it is ended or ends by itself."""
    own_version = version()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.closerange(3, ready)
    os.closerange(ready + 1, 4096)
    os.chdir("/")
    while True:
        child = os.fork()
        if child == 0:
            try:
                lock = None if ready >= 0 else _lock(where.state)
                if lock is None or running(where.state) is None:
                    _serve(where, ready, lock, own_version)
                os._exit(0)
            except Exception as error:
                syslog.syslog(syslog.LOG_ERR, f"the session manager ends: {type(error).__name__}: {error}")
                os._exit(1)
        if ready >= 0:
            os.close(ready)
            ready = -1
        _pid, status = os.waitpid(child, 0)
        if status in (0, signal.SIGTERM):
            return
        time.sleep(0.2)


def _serve(where: _configuration.Places, ready: int, lock: int | None, own_version: str) -> None:
    """Be the manager. ``ready``: where to say that it answers; ``lock``: what is held until then."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
        os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    syslog.openlog("pppoe-server", 0, syslog.LOG_DAEMON)
    ask = f"{where.state}/ask"
    if not _is_fifo(ask):
        with suppress(FileNotFoundError):
            os.unlink(ask)
        os.mkfifo(ask, 0o600)
    questions = os.open(ask, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    addresses = _kernel.Addresses()
    pppd = os.environ.get("PPPOE_SERVER_PPPD") or shutil.which("pppd", path="/usr/sbin:/sbin:/usr/local/sbin") or "pppd"
    manager = _manager.Manager(where, new_pppd(pppd))
    manager.observe(addresses.every())
    pid_file, link = f"{where.state}/manager.pid", f"{where.state}/manager"
    with suppress(FileNotFoundError):
        os.unlink(link + ".part")
    os.symlink(f"/proc/{os.getpid()}/fd/{questions}", link + ".part")
    os.replace(link + ".part", link)
    with open(pid_file + ".part", "w", encoding="ascii") as handle:
        handle.write(f"{os.getpid()} {_kernel.started(os.getpid())} {own_version}\n")
    os.replace(pid_file + ".part", pid_file)
    _set_rule()
    if ready >= 0:
        os.write(ready, b"ready")
        os.close(ready)
    if lock is not None:
        os.close(lock)
    _loop(manager, addresses, questions, pid_file)


def _loop(manager: _manager.Manager, addresses: _kernel.Addresses, questions: int, pid_file: str) -> None:
    own = _inode(pid_file)
    rest, wait, rule_seen = b"", 0.0, 0.0
    while True:
        further = (manager.history.fileno(), manager.delegation.fileno(), manager.announcement.fileno())
        heard = [addresses.fileno(), questions, *(one for one in further if one is not None)]
        select.select(heard, [], [], wait)
        # One whose files somebody has removed is not asked any more, and another one takes its place.
        if _inode(pid_file) != own:
            return
        events = addresses.changes()
        if events is None:
            manager.again(addresses.every())
        else:
            for event in events:
                manager.address(event)
        with suppress(BlockingIOError):
            rest += os.read(questions, 65536)
        *lines, rest = rest.split(b"\n")
        for line in lines:
            hear(manager, line.decode("utf-8", "replace"))
        now = time.monotonic()
        if lines and now - rule_seen > 3:
            rule_seen = now
            _set_rule()
        again = manager.answer()
        manager.counters.ends(manager.book)
        soon = [manager.room.keep(), manager.look_at_plans(), manager.history.flush(manager.living)]
        soon.append(manager.delegation.look(manager.book.sessions))
        soon += [manager.announcement.look(manager.book.sessions), manager.farewells.look()]
        soon.append(manager.pado_delay.look(manager.book.sessions.values()))
        wait = again if again is not None else 1.0 if any(soon) else 30.0


def _inode(path: str) -> int:
    with suppress(OSError):
        return os.stat(path).st_ino
    return 0


def hear(manager: _manager.Manager, line: str) -> None:
    """Something that a script of ours says."""
    words = line.split(" ", 5)
    if words[0] == "dial" and len(words) == 5 and words[1].isdigit():
        manager.dials.ask(_dials.Dial(int(words[1]), words[2], words[3], words[4], time.monotonic()))
    elif words[0] == "account" and len(words) == 6 and words[1].isdigit():
        stays = manager.account(int(words[1]), words[3], words[5])
        _replies.reply(manager.places.state, words[2], f"{words[1]} {'stay' if stays else 'leave'}")
    elif words[0] == "plan" and len(words) == 6 and words[1].isdigit():
        stays = manager.begins(int(words[1]), words[4], words[5])
        _replies.reply(manager.places.state, words[2], f"{words[1]} {'stay' if stays else 'leave'}")
    elif words[0] == "begun" and len(words) == 3 and words[1].isdigit():
        manager.farewells.begun(int(words[1]), words[2])
    elif words[0] == "count" and len(words) == 2 and words[1].isdigit():
        manager.count(int(words[1]))
    elif words[0] == "accounts":
        manager.learn_accounts()
    elif words[0] == "prefixes":
        manager.delegation.load()
    elif words[0] == "routes":
        manager.announcement.load(manager.book.sessions)
    elif words[0] == "pado_delay":
        manager.pado_delay.again()


def _set_rule() -> None:
    """Have udev run nothing for the links of sessions."""
    if os.environ.get("PPPOE_SERVER_STATE"):
        return
    rules = {
        name: _basics.text(path) for name, path in _links.files(_links.RULES, ".rules").items() if path != _links.RULE
    }
    sysctl = [_basics.text(path) for path in _links.files(_links.SYSCTL, ".conf").values()]
    text = _links.rule(rules, sysctl)
    if text == (_basics.text(_links.RULE) or None):
        return
    with suppress(OSError):
        if text is None:
            os.unlink(_links.RULE)
            return
        with suppress(FileExistsError):
            os.mkdir(os.path.dirname(_links.RULE))
            os.chmod(os.path.dirname(_links.RULE), 0o755)  # noqa: S103
        with open(_links.RULE + ".part", "w", encoding="utf-8") as handle:
            os.fchmod(handle.fileno(), 0o644)
            handle.write(text)
        os.replace(_links.RULE + ".part", _links.RULE)


def stop(where: _configuration.Places) -> None:
    """End the manager, and take back what it has made."""
    now = running(where.state)
    if now is not None:
        _end(now[0])
    for path in [f"{where.state}/{name}" for name in ("manager.pid", "manager", "ask")] + [_links.RULE]:
        with suppress(OSError):
            os.unlink(path)
    shutil.rmtree(f"{where.state}/answers", ignore_errors=True)


def main(words: t.Sequence[str]) -> None:
    where = places()
    if words == ["ensure"]:
        ensure(where)
    elif words == ["stop"]:
        stop(where)
    elif words in (["accounts"], ["prefixes"], ["routes"]):
        ensure(where)
        descriptor = os.open(f"{where.state}/ask", os.O_RDWR | os.O_CLOEXEC)
        os.write(descriptor, words[0].encode() + b"\n")
    elif words[:1] == ["daemon"] and len(words) == 2 and words[1].isdigit():
        _daemon.prepare(int(words[1]))
    elif words == ["padt"]:
        raise SystemExit(0 if _padt.send(sys.stdin) else 1)
    else:
        raise SystemExit("usage: pppoe-server-manager ensure | stop | accounts | prefixes | routes | daemon PID | padt")


if __name__ == "__main__":
    main(sys.argv[1:])
