"""Many PPPoE customers in one process, on one interface, and how to talk to that process.

`Customers` starts it and asks it things; `Crowd` is what runs in it. It needs no PPP in the kernel, and gives no
address to any interface.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from . import ppp
from .customer import DIALLING, STATES, Customer
from .customer_settings import settings
from .errors import LabError
from .machine import in_namespace

#: How often the clock of the customers ticks, seconds.
TICK = 0.02
#: How the MAC addresses of a flood begin.
FORGED = b"\x02\xf1"
#: Frames and packets that wait to be read, bytes: a flood shall not cost answers.
BUFFER = 32 << 20
SO_RCVBUFFORCE, SOL_PACKET, ETH_P_ALL = 33, 263, 3
PACKET_ADD_MEMBERSHIP, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING, PACKET_MR_PROMISC = 1, 8, 23, 1


class Crowd:
    """All customers on one interface."""

    def __init__(self, interface: str):
        self.customers: dict[int, Customer] = {}
        self.by_mac: dict[bytes, Customer] = {}
        self.waiting: list[Customer] = []
        self.at_once = 0
        self.greedy = False
        self.offers: dict[bytes, ppp.Frame] = {}
        self.prefix = b"\x02\xc5" + bytes([zlib.crc32(interface.encode()) & 0xFF])
        self.wire = _wire(interface)

    # What it can be asked.

    def dial(self, first: int = 1, count: int = 1, at_once: int = 0, **values: Any) -> dict[str, Any]:
        """Let customers dial, all at once or not more than `at_once`; the others are settings of theirs."""
        wanted = settings(values)
        for number in range(first, first + count):
            customer = self.customers.get(number)
            if customer is None:
                customer = Customer(number, self.prefix + number.to_bytes(3, "big"))
                self.customers[number] = self.by_mac[customer.mac] = customer
            name = wanted.username.replace("{number}", str(number))
            customer.settings = dataclasses.replace(wanted, username=name)
            customer.ask(time.monotonic())
            self.waiting.append(customer)
        self.at_once = at_once
        return {"dialling": count}

    def hang_up(self, first: int = 1, count: int | None = None, how: str = "terminate") -> dict[str, Any]:
        """Let them hang up: "terminate", "padt" or "vanish"."""
        if how not in ("terminate", "padt", "vanish"):
            raise ValueError(f"how: {how!r}; give terminate, padt or vanish")
        for customer in self._some(first, count):
            customer.hang_up(time.monotonic(), how)
        return {}

    def ping(self, first: int = 1, count: int | None = None, interval: float = 0.2, to: str = "") -> dict[str, Any]:
        """Begin to ping the other end of each link, or `to`; an interval of 0 stops."""
        for customer in self._some(first, count):
            if customer.state == "up" or not interval:
                customer.ping(time.monotonic(), interval, to)
        return {}

    def status(self, first: int = 1, count: int | None = None) -> dict[str, Any]:
        """How each of them is, and how many there are of each state."""
        some = self._some(first, count)
        states = {state: sum(1 for each in some if each.state == state) for state in STATES}
        return {
            "states": {state: number for state, number in states.items() if number},
            "waiting": len(self.waiting),
            "customers": [each.report for each in some],
        }

    def flood(self, rate: int = 100, seconds: float = 1.0, kind: str = "padi", macs: int = 0) -> dict[str, Any]:
        """Send so many PADIs a second, each from another MAC address; with "padr" each asks for a session, and no more.

        Of the `kind` "echo" they are LCP echo requests, of the kind "solicit" questions for an IPv6 prefix under ever
        new names, both of the session of the first customer who is up. With `macs` there are no more MAC addresses
        than that, and with "padr" one that has an offer asks for sessions by it alone.
        """
        talker = next((each for each in self.customers.values() if each.state == "up"), None)
        if kind not in ("padi", "padr", "echo", "solicit") or (kind in ("echo", "solicit") and talker is None):
            raise ValueError(f"kind: {kind!r}; give padi, padr, or echo or solicit with a customer who is up")
        self.greedy = kind == "padr"
        self.offers.clear()
        began, number = time.monotonic(), 0
        while number < rate * seconds:
            if kind == "echo" and talker:
                talker.send_echo()
                self._flush(talker)
            elif kind == "solicit" and talker and talker.ipv6 is not None:
                talker.ipv6.solicit(time.monotonic(), os.urandom(14))
                self._flush(talker)
            else:
                self._ask_from(FORGED + (number % macs if macs else number).to_bytes(4, "big"))
            number += 1
            self.turn(max(0.0, began + number / rate - time.monotonic()))
        if self.greedy:
            self.turn(1.0)
        self.greedy = False
        return {"sent": number}

    def rebind(self, first: int = 1, count: int | None = None, duid: str = "") -> dict[str, Any]:
        """Ask for the delegated prefix again, as after a time without a server; `duid` (hex) is another one."""
        for customer in self._some(first, count):
            if customer.ipv6 is not None and customer.state == "up":
                customer.ipv6.ask_again(time.monotonic(), bytes.fromhex(duid))
        return {}

    def end_ipv6(self, first: int = 1, count: int | None = None) -> dict[str, Any]:
        """Stop IPv6CP; the session stays."""
        for customer in self._some(first, count):
            if customer.ipv6 is not None and customer.state == "up":
                customer.ipv6.end()
                self._flush(customer)
        return {}

    def _some(self, first: int, count: int | None) -> list[Customer]:
        end = first + count if count is not None else None
        return [each for number, each in self.customers.items() if number >= first and (end is None or number < end)]

    # The loop.

    def turn(self, seconds: float = 0.0) -> None:
        """Read what has come, for so long, and let the clock tick."""
        deadline = time.monotonic() + seconds
        while True:
            heard = self._read()
            self.tick()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            if not heard:
                time.sleep(min(left, TICK))

    def tick(self) -> None:
        """Let those begin whose turn it is, and all of them do what is due."""
        now = time.monotonic()
        dialling = sum(1 for each in self.customers.values() if each.state in DIALLING) if self.waiting else 0
        while self.waiting and (not self.at_once or dialling < self.at_once):
            self.waiting.pop(0).dial(now)
            dialling += 1
        for customer in self.customers.values():
            customer.tick(now)
            self._flush(customer)

    def _read(self) -> bool:
        for number in range(500):
            try:
                data, beside, _flags, _address = self.wire.recvmsg(2048, 64)
            except BlockingIOError:
                return number > 0
            frame = ppp.parse(data)
            if frame and self.greedy and frame.code == ppp.PADO and frame.to.startswith(FORGED):
                self.offers[frame.to] = frame
                self._ask(frame)
            customer = self.by_mac.get(frame.to) if frame else None
            if frame and customer and customer.settings.vlan == _vlan(beside):
                customer.hear(frame, time.monotonic())
                self._flush(customer)
        return True

    def _ask_from(self, mac: bytes) -> None:
        """A PADI of a forged MAC address, or a PADR if it has an offer."""
        if mac in self.offers:
            self._ask(self.offers[mac])
        else:
            tags = ppp.tags([(ppp.SERVICE_NAME, b"")])
            self._send(ppp.frame(ppp.BROADCAST, mac, ppp.DISCOVERY, ppp.PADI, 0, tags))

    def _ask(self, offer: ppp.Frame) -> None:
        """Have a forged MAC address ask for a session."""
        pairs = ppp.parse_tags(offer.payload)
        echoed = [pair for pair in pairs if pair[0] in (ppp.AC_COOKIE, ppp.RELAY_SESSION_ID)]
        tags = ppp.tags([(ppp.SERVICE_NAME, b""), *echoed])
        self._send(ppp.frame(offer.source, offer.to, ppp.DISCOVERY, ppp.PADR, 0, tags))

    def _flush(self, customer: Customer) -> None:
        vlan = customer.settings.vlan
        for frame in customer.out:
            self._send(frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:] if vlan else frame)
        customer.out.clear()

    def _send(self, frame: bytes) -> None:
        with contextlib.suppress(BlockingIOError):  # as on a wire that is full: the frame is lost
            self.wire.send(frame)

    def answer(self, line: str) -> str:
        """The answer to one question, a line of JSON both."""
        questions = (self.dial, self.hang_up, self.ping, self.status, self.flood, self.rebind, self.end_ipv6)
        known = {question.__name__: question for question in questions}
        try:
            values = json.loads(line)
            what = values.pop("do")
            if what not in known:
                raise ValueError(f"no such question; there is: {', '.join(known)}")
            return json.dumps(known[what](**values))
        except (TypeError, ValueError) as error:
            return json.dumps({"error": str(error)})


def _wire(interface: str) -> socket.socket:
    """All frames, whoever they are for; without those that are sent here."""
    # Of all types: a kernel without VLANs gives frames of a VLAN to nobody who asks for one type.
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.bind((interface, ETH_P_ALL))
    wire.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    everything = struct.pack("iHH8s", socket.if_nametoindex(interface), PACKET_MR_PROMISC, 0, b"")
    wire.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, everything)
    wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    wire.setblocking(False)
    return wire


def _vlan(beside: list[tuple[int, int, bytes]]) -> int:
    """The VLAN that a frame came on, which the kernel has taken out of it (struct tpacket_auxdata in packet(7))."""
    for level, kind, data in beside:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            return struct.unpack_from("=16xH", data)[0] & 0xFFF
    return 0


def serve(interface: str, path: str) -> None:
    """Be the customers on an interface, and answer on a Unix socket; ends when the socket is gone."""
    crowd, door, chosen = Crowd(interface), socket.socket(socket.AF_UNIX), selectors.DefaultSelector()
    door.bind(path)
    door.listen()
    for each in (door, crowd.wire):
        chosen.register(each, selectors.EVENT_READ)
    while Path(path).exists():
        ready = {key.fileobj for key, _events in chosen.select(TICK)}
        crowd.turn()
        if door in ready:
            caller, _address = door.accept()
            with caller, caller.makefile("rw") as stream:
                stream.write(crowd.answer(stream.readline()) + "\n")


class Customers:
    """The process of that name, from outside. As a context manager it is ended with its block.

    `interface` is one of the network namespace `namespace` (None: this process's own); `folder` has its socket, and
    what it said when it ended badly.
    """

    def __init__(self, folder: Path, interface: str, namespace: str | None = None):
        self.interface, self.namespace = interface, namespace
        self.path = folder / f"{interface}.sock"
        self.log = folder / f"{interface}.log"

    def start(self) -> Customers:
        """Start the process, unless it runs; returns when it answers."""
        if not self.path.exists():
            command = [sys.executable, str(Path(__file__).resolve().parent.parent / "customers")]
            command += [self.interface, str(self.path)]
            if self.namespace:
                command = in_namespace(self.namespace, *command)
            with self.log.open("w") as log:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            while not self.path.exists():
                if process.poll() is not None:
                    raise LabError(f"customers on {self.interface}: {self.log.read_text().strip()}")
                time.sleep(0.05)
        return self

    def ask(self, question: str, **values: Any) -> dict[str, Any]:
        """Ask one question of `Crowd`: ``ask("dial", first=1, count=200, username="cmz", secret="cmz")``."""
        deadline = time.monotonic() + 5
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as caller:
                    caller.connect(str(self.path))
                    with caller.makefile("rw") as stream:
                        stream.write(json.dumps({"do": question, **values}) + "\n")
                        stream.flush()
                        answer = json.loads(stream.readline() or '{"error": "it has ended"}')
                break
            except (ConnectionRefusedError, FileNotFoundError) as error:
                # It has its socket a moment before it listens.
                if time.monotonic() > deadline:
                    raise LabError(f"no customers on {self.interface} ({error})") from error
                time.sleep(0.05)
        if "error" in answer:
            raise LabError(f"customers: {question}: {answer['error']}")
        return answer

    def dial(self, first: int = 1, count: int = 1, **values: Any) -> None:
        """Let customers dial; see `Crowd.dial`."""
        self.ask("dial", first=first, count=count, **values)

    def hang_up(self, first: int = 1, count: int | None = None, how: str = "terminate") -> None:
        """Let them hang up; see `Crowd.hang_up`."""
        self.ask("hang_up", first=first, count=count, how=how)

    def status(self, first: int = 1, count: int | None = None) -> list[dict[str, Any]]:
        """The report of each."""
        return self.ask("status", first=first, count=count)["customers"]

    def wait(self, state: str = "up", first: int = 1, count: int | None = None, seconds: float = 60) -> dict[str, Any]:
        """Wait until all of these are in a state; what `status` says then, or a LabError that tells how they are."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.ask("status", first=first, count=count)
            if not found["waiting"] and set(found["states"]) <= {state}:
                return found
            if time.monotonic() > deadline:
                reasons = sorted({each["reason"] for each in found["customers"] if each["state"] != state})
                raise LabError(f"not all are {state} after {seconds} s: {found['states']} {'; '.join(reasons)}")
            time.sleep(0.1)

    def wait_for_prefixes(self, first: int = 1, count: int | None = None, seconds: float = 60) -> list[dict[str, Any]]:
        """Wait until all of these have a delegated IPv6 prefix; their reports, or a LabError."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.status(first, count)
            without = [each["number"] for each in found if not (each["ipv6"] or {}).get("delegated")]
            if not without:
                return found
            if time.monotonic() > deadline:
                raise LabError(f"{len(without)} have no IPv6 prefix after {seconds} s: {without[:9]}")
            time.sleep(0.1)

    def ping(self, first: int = 1, count: int | None = None, interval: float = 0.2, to: str = "") -> None:
        """Begin to ping; see `Crowd.ping`."""
        self.ask("ping", first=first, count=count, interval=interval, to=to)

    def stop_pings(self, first: int = 1, count: int | None = None) -> dict[int, dict[str, int]]:
        """Stop pinging and wait for the last answers; of each customer how many were sent, answered, lost in a row."""
        self.ping(first, count, interval=0)
        time.sleep(1)
        return {each["number"]: each["pings"] for each in self.status(first, count)}

    def do(self, what: str, values: dict[str, Any]) -> dict[str, Any]:
        """One of these methods or questions by its name, as the command line has it."""
        if what in ("wait", "wait_for_prefixes", "stop_pings", "end"):
            return getattr(self, what)(**values) or {}
        return self.ask(what, **values)

    def end(self) -> None:
        """End the process; its customers vanish."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Customers:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.end()
