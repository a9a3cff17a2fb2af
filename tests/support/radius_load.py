#!/usr/bin/env python3
"""radius_load.py SESSIONS CONCENTRATORS FLIGHT SECRET: as many concentrators log sessions in and account for them.

Concentrator N has the address 10.77.0.N of this host. A line of JSON for each phase: login, start, interim, stop.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import hashlib
import hmac
import json
import os
import selectors
import socket
import struct
import sys
import time
import typing as t

CENTRE, AUTHENTICATION, ACCOUNTING = "127.0.0.1", 1812, 1813
#: Seconds after which a packet is sent again, and how often.
AGAIN, TRIES = 3.0, 5
START, STOP, INTERIM = 1, 2, 3
PARTS = (("median_ms", 50), ("p99_ms", 99))
_HEADER = struct.Struct("!BBH")


def attribute(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value) + 2]) + value


def number(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("!I", value))


class Waiting(t.NamedTuple):
    session: int
    sent: float
    packet: bytes
    tries: int


class Load:
    def __init__(self, sessions: int, concentrators: int, flight: int, secret: bytes) -> None:
        self.sessions, self.flight, self.secret = sessions, flight, secret
        self.sockets: list[socket.socket] = []
        self.selector = selectors.DefaultSelector()
        for one in range(concentrators):
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            made.bind((f"10.77.0.{one + 1}", 0))
            made.setblocking(False)
            self.sockets.append(made)
            self.selector.register(made, selectors.EVENT_READ, one)
        self.addresses: dict[int, bytes] = {}

    def common(self, session: int) -> bytes:
        one, port = session % len(self.sockets), session // len(self.sockets)
        return b"".join(
            (
                attribute(1, b"customer%06d" % session),
                attribute(4, socket.inet_aton(f"10.77.0.{one + 1}")),
                attribute(32, b"gate%d" % (one + 1)),
                number(5, port),
                number(6, 2),
                number(7, 1),
                number(61, 15),
                attribute(31, b"02:77:00:%02x:%02x:%02x" % (session >> 16, session >> 8 & 255, session & 255)),
                attribute(87, b"eth1:%d" % port),
            )
        )

    def login(self, session: int, ident: int) -> bytes:
        authenticator = os.urandom(16)
        padded = (b"secret-%06d" % session).ljust(16, b"\0")
        key = hashlib.md5(self.secret + authenticator, usedforsecurity=False).digest()
        body = self.common(session) + attribute(2, bytes(a ^ b for a, b in zip(padded, key)))
        head = _HEADER.pack(1, ident, 20 + len(body) + 18) + authenticator
        signed = hmac.new(self.secret, head + body + attribute(80, bytes(16)), hashlib.md5).digest()
        return head + body + attribute(80, signed)

    def record(self, status: int, session: int, ident: int) -> bytes:
        seconds = 0 if status == START else 300 if status == INTERIM else 600
        body = self.common(session) + b"".join(
            (
                number(40, status),
                attribute(44, b"%08X%06d" % (1700000000, session)),
                attribute(8, self.addresses.get(session, bytes(4))),
                number(55, int(time.time())),
                number(46, seconds),
                number(42, seconds * 1000),
                number(43, seconds * 9000),
                number(41, 0),
            )
        )
        if status == STOP:
            body += number(49, 1)
        head = _HEADER.pack(4, ident, 20 + len(body))
        return head + hashlib.md5(head + bytes(16) + body + self.secret, usedforsecurity=False).digest() + body

    def phase(self, what: str, make: t.Callable[[int, int], bytes], port: int, sessions: t.Iterable[int]) -> None:
        """Have each session say something, and print what came of it."""
        # One queue a concentrator, so that each of them has as much in flight as the others.
        left = [collections.deque[int]() for _one in self.sockets]
        for session in sessions:
            left[session % len(left)].append(session)
        total = sum(map(len, left))
        window = max(1, min(250, self.flight // len(left)))
        waiting: list[dict[int, Waiting]] = [{} for _one in left]
        free = [collections.deque(range(256)) for _one in left]
        latencies: list[float] = []
        again = lost = refused = 0
        began = looked = time.monotonic()
        while any(left) or any(waiting):
            for one, queue in enumerate(left):
                while queue and len(waiting[one]) < window:
                    session, ident = queue.popleft(), free[one].popleft()
                    packet = make(session, ident)
                    waiting[one][ident] = Waiting(session, time.monotonic(), packet, 1)
                    self.send(one, packet, port)
            for key, _events in self.selector.select(0.2):
                refused += self.hear(key.data, waiting[key.data], free[key.data], latencies)
            if time.monotonic() - looked > 0.5:
                looked = time.monotonic()
                for one, mine in enumerate(waiting):
                    sent, given_up = self.send_again(one, mine, free[one], port)
                    again, lost = again + sent, lost + given_up
        seconds = time.monotonic() - began
        latencies.sort()
        found = {
            "phase": what,
            "count": total,
            "seconds": round(seconds, 2),
            "a_second": round(total / seconds),
            "again": again,
            "lost": lost,
            "refused": refused,
            **{name: round(latencies[len(latencies) * part // 100] * 1000, 1) for name, part in PARTS if latencies},
        }
        print(json.dumps(found), flush=True)

    def send_again(
        self, one: int, waiting: dict[int, Waiting], free: collections.deque[int], port: int
    ) -> tuple[int, int]:
        """Send what has no answer yet; how many that were, and how many are given up."""
        now, again, lost = time.monotonic(), 0, 0
        for ident, each in list(waiting.items()):
            if now - each.sent <= AGAIN * each.tries:
                continue
            if each.tries >= TRIES:
                del waiting[ident]
                free.append(ident)
                lost += 1
            else:
                waiting[ident] = each._replace(tries=each.tries + 1)
                self.send(one, each.packet, port)
                again += 1
        return again, lost

    def send(self, one: int, packet: bytes, port: int) -> None:
        # What does not fit is sent again.
        with contextlib.suppress(BlockingIOError):
            self.sockets[one].sendto(packet, (CENTRE, port))

    def hear(self, one: int, waiting: dict[int, Waiting], free: collections.deque[int], latencies: list[float]) -> int:
        refused = 0
        while True:
            try:
                answer = self.sockets[one].recv(4096)
            except BlockingIOError:
                return refused
            each = waiting.pop(answer[1], None)
            if each is None:
                continue
            free.append(answer[1])
            latencies.append(time.monotonic() - each.sent)
            refused += answer[0] == 3
            at = 20
            while at + 2 <= len(answer) and answer[at + 1] >= 2:
                if answer[at] == 8:
                    self.addresses[each.session] = answer[at + 2 : at + 6]
                at += answer[at + 1]


def main(sessions: int, concentrators: int, flight: int, secret: bytes) -> None:
    load = Load(sessions, concentrators, flight, secret)
    load.phase("login", load.login, AUTHENTICATION, range(sessions))
    for what, status in (("start", START), ("interim", INTERIM)):
        load.phase(
            what, lambda session, ident, status=status: load.record(status, session, ident), ACCOUNTING, range(sessions)
        )
    ended = range(0, sessions, 10)
    load.phase("stop", functools.partial(load.record, STOP), ACCOUNTING, ended)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), sys.argv[4].encode())
