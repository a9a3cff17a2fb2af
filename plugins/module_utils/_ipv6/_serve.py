# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The responder as a program: sockets, and one loop for all sessions. Private to this collection.

It begins as root, opens its sockets and reads its settings, and then is nobody without a capability: whoever finds an
error in what hears customers has only these sockets. It has no state, so that it may end and begin at any moment.
"""

from __future__ import annotations

import glob
import hashlib
import ipaddress
import os
import pwd
import select
import signal
import socket
import struct
import sys
import syslog
import time
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _advertisement as _ipv6_advertisement
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _dhcp as _ipv6_dhcp
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _responder as _ipv6_responder
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _routes as _ipv6_routes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _settings as _ipv6_settings

CONFIGURATION = "/etc/ppp/pppoe-server"
#: Of the one that ``start`` has made.
PID = "/run/pppoe-server/ipv6.pid"
_ALL_ROUTERS = "ff02::2"
_DUID_UUID = 4  # RFC 6355
#: linux/icmpv6.h; Python has no name for it.
_ICMP6_FILTER = 1
#: Memberships of one socket. Each takes some of net.core.optmem_max, which has been 20 kB.
_MOST_MEMBERSHIPS = 100
#: The longest message that is read; a longer one is cut, and so is none.
_LONGEST = 1500
_ANCILLARY = 256
_PACKET_INFO = struct.Struct("=16sI")
_LEAST_MTU = 1280


class Wire:
    """The sockets."""

    def __init__(self) -> None:
        self.icmp = _socket(socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        only = [0xFFFFFFFF] * 8
        only[_ipv6_advertisement.SOLICITATION >> 5] &= ~(1 << (_ipv6_advertisement.SOLICITATION & 31))
        self.icmp.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *only))
        self.icmp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        for option in (socket.IPV6_MULTICAST_HOPS, socket.IPV6_UNICAST_HOPS):
            self.icmp.setsockopt(socket.IPPROTO_IPV6, option, _ipv6_advertisement.HOP_LIMIT)
        self.dhcp = _socket(socket.SOCK_DGRAM, 0)
        self.dhcp.bind(("::", _ipv6_dhcp.SERVER_PORT))
        #: Sockets that are members of groups and no more, each with the links that it is for.
        self._members: list[tuple[socket.socket, set[int]]] = []

    def advertise(self, index: int, to: str, message: bytes) -> None:
        with suppress(OSError):  # the link may be gone
            self.icmp.sendto(message, (to.partition("%")[0], 0, 0, index))

    def answer(self, index: int, to: tuple[str, int], message: bytes) -> None:
        with suppress(OSError):
            self.dhcp.sendto(message, (to[0].partition("%")[0], to[1], 0, index))

    def join(self, index: int) -> None:
        free = next((one for one in self._members if len(one[1]) < _MOST_MEMBERSHIPS), None)
        if free is None:
            free = (socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC), set())
            self._members.append(free)
        free[1].add(index)
        self._membership(free[0], socket.IPV6_JOIN_GROUP, index)

    def leave(self, index: int) -> None:
        """Also for a link that is gone: its membership stays with the socket until then."""
        for member, links in self._members:
            if index in links:
                links.discard(index)
                self._membership(member, socket.IPV6_LEAVE_GROUP, index)

    def _membership(self, member: socket.socket, option: int, index: int) -> None:
        for group in (_ALL_ROUTERS, _ipv6_dhcp.GROUP):
            packed = socket.inet_pton(socket.AF_INET6, group)
            with suppress(OSError):
                member.setsockopt(socket.IPPROTO_IPV6, option, packed + struct.pack("=I", index))

    def mtu(self, index: int) -> int:
        try:
            with open(f"/sys/class/net/{socket.if_indextoname(index)}/mtu", encoding="ascii") as handle:
                return int(handle.read())
        except (OSError, ValueError):  # it has gone meanwhile
            return _LEAST_MTU


def _socket(kind: int, protocol: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6, kind | socket.SOCK_CLOEXEC, protocol)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    return opened


class Heard(t.NamedTuple):
    """A message that has come by a link. ``to``: the address that it was for."""

    message: bytes
    source: tuple[str, int]
    link: int
    to: str
    hop_limit: int


def hear(opened: socket.socket) -> Heard | None:
    """One message; ``None`` if there is none, or it is longer than any that counts."""
    try:
        message, ancillary, flags, source = opened.recvmsg(_LONGEST, _ANCILLARY, socket.MSG_DONTWAIT)
    except OSError:
        return None
    index, to, hop_limit = 0, "", -1
    for level, kind, value in ancillary:
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            address, index = _PACKET_INFO.unpack_from(value)
            to = socket.inet_ntop(socket.AF_INET6, address)
        elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_HOPLIMIT:
            hop_limit = struct.unpack_from("=i", value)[0]
    return None if flags & socket.MSG_TRUNC else Heard(message, (source[0], source[1]), index, to, hop_limit)


def servers(folder: str) -> dict[int, tuple[ipaddress.IPv6Address, ...]]:
    """The name servers of each instance, by its slot."""
    found = {}
    for path in glob.glob(f"{folder}/*{_ipv6_settings.ENDING}"):
        try:
            with open(path, "rb") as handle:
                settings = _ipv6_settings.read(handle.read())
        except (OSError, ValueError) as error:
            syslog.syslog(syslog.LOG_ERR, f"{path} cannot be read: {error}")
            continue
        found[settings.slot] = settings.dns
    return found


def own_duid() -> bytes:
    """The same after each start of this host."""
    try:
        with open("/etc/machine-id", "rb") as handle:
            seed = handle.read().strip()
    except OSError:
        seed = os.uname().nodename.encode()
    return struct.pack("!H", _DUID_UUID) + hashlib.sha256(b"dialtone.pppoe " + seed).digest()[:16]


def become_nobody() -> None:
    """For good: with the user go all capabilities."""
    nobody = pwd.getpwnam("nobody")
    os.chdir("/")
    os.setgroups([])
    os.setresgid(nobody.pw_gid, nobody.pw_gid, nobody.pw_gid)
    os.setresuid(nobody.pw_uid, nobody.pw_uid, nobody.pw_uid)


def main(words: t.Sequence[str] = ()) -> None:
    """``start`` and ``stop`` are for hosts without systemd."""
    if list(words) == ["start"]:
        stop()
        start()
    elif list(words) == ["stop"]:
        stop()
    else:
        serve()


def start() -> None:
    """Be the parent of one that serves, and start it again when it dies, until ``stop``."""
    if os.fork():
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.closerange(3, 4096)
    os.makedirs(os.path.dirname(PID), mode=0o700, exist_ok=True)
    with open(PID, "w", encoding="ascii") as handle:
        os.fchmod(handle.fileno(), 0o600)
        handle.write(f"{os.getpid()}\n")
    child = 0

    def end(_number: int, _frame: t.Any) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                serve()
            except BaseException as error:
                syslog.syslog(syslog.LOG_ERR, f"{type(error).__name__}: {error}")
            os._exit(1)
        os.waitpid(child, 0)
        time.sleep(1)


def stop() -> None:
    """End the one that ``start`` has made."""
    try:
        with open(PID, encoding="ascii") as handle:
            pid = int(handle.read())
        with open(f"/proc/{pid}/cmdline", "rb") as handle:
            ours = b"pppoe-server-ipv6" in handle.read()
    except (OSError, ValueError):
        return
    if ours:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 5
    while ours and os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.02)
    os.unlink(PID)


def serve() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    syslog.openlog("pppoe-server-ipv6", 0, syslog.LOG_DAEMON)
    folder = os.environ.get("PPPOE_SERVER_CONFIGURATION", CONFIGURATION)
    try:
        wire = Wire()
    except OSError as error:
        raise SystemExit(f"pppoe-server-ipv6: another program answers DHCPv6 on port 547, or {error}") from None
    responder = _ipv6_responder.Responder(wire, servers(folder), own_duid())
    kernel = _ipv6_routes.Kernel(_ipv6_routes.LINK_GROUP | _ipv6_routes.ROUTE_GROUP)
    if os.geteuid() == 0:
        become_nobody()
    responder.begin(kernel.routes(), time.monotonic())
    while True:
        step(responder, kernel, wire)


def step(responder: _ipv6_responder.Responder, kernel: _ipv6_routes.Kernel, wire: Wire) -> None:
    """Wait for something to happen, and do what follows from it."""
    due = responder.next()
    wait = None if due is None else max(due - time.monotonic(), 0.0)
    select.select([kernel.fileno(), wire.icmp.fileno(), wire.dhcp.fileno()], [], [], wait)
    events = kernel.changes()
    now = time.monotonic()
    if events is None:
        responder.begin(kernel.routes(), now)
    else:
        responder.change(events, now)
    responder.advertise(now)
    # A few of each at a time, so that those who send much do not keep a change of a route waiting.
    for _turn in range(32):
        heard = hear(wire.dhcp)
        if heard is not None:
            responder.asked(heard.link, heard.source, heard.to == _ipv6_dhcp.GROUP, heard.message, now)
        other = hear(wire.icmp)
        if other is not None:
            responder.solicited(other.link, other.source[0], other.hop_limit, other.message, now)
        if heard is None and other is None:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
