"""TCP as fast as it goes, beside pings. Prints JSON.

blast.py serve PORT                     serve both directions until killed
blast.py down|up|both HOST PORT SECONDS INTERFACE [PINGS_PER_SECOND]
                                        measure: Mbit/s of the payload, and the pings beside it
blast.py garden INTERFACE               what can be reached by an interface: the gateway, and elsewhere
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

BLOCK = bytes(65536)


def serve(port: int) -> None:
    listener = socket.create_server(("", port))
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def answer(one: socket.socket) -> None:
    with one:
        if one.recv(1) == b"d":
            try:
                while True:
                    one.sendall(BLOCK)
            except OSError:
                return
        # Up: how many bytes arrived, and in which time, without the first second.
        one.sendall(json.dumps(received(one, 0)).encode())


def received(one: socket.socket, seconds: float) -> list[float]:
    """Bytes and seconds after the first second, until the end or for so long."""
    began, count, since = time.monotonic(), 0, None
    while not seconds or time.monotonic() - began < seconds:
        data = one.recv(65536)
        now = time.monotonic()
        if not data:
            break
        if since is not None:
            count, last = count + len(data), now
        elif now - began > 1:
            since = last = now
    return [count, last - since if since is not None else 0]


class Pings(threading.Thread):
    """Echo requests, ``rate`` in a second; ``times``: of the answers, in ms; ``lost``: when, in seconds."""

    def __init__(self, host: str, seconds: float, interface: str, rate: float) -> None:
        super().__init__()
        self.host, self.interface, self.rate, self.times = host, interface, rate, []
        self.count, self.lost = int(seconds * rate), []
        self.start()

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as wire:
            bind(wire, self.interface)
            wire.connect((self.host, 0))
            sent, answered, own = {}, set(), os.getpid() & 0xFFFF
            began = time.monotonic()
            end = began + self.count / self.rate + 2
            while len(self.times) < self.count and time.monotonic() < end:
                due = began + len(sent) / self.rate
                if len(sent) < self.count and time.monotonic() >= due:
                    sent[len(sent)] = time.monotonic()
                    wire.send(echo(own, len(sent) - 1))
                    continue
                wire.settimeout(max(0.001, (due if len(sent) < self.count else end) - time.monotonic()))
                try:
                    packet = wire.recv(2048)
                except OSError:
                    continue
                kind, _code, _sum, who, number = struct.unpack_from("!BBHHH", packet, (packet[0] & 15) * 4)
                if kind == 0 and who == own and number in sent:
                    self.times.append((time.monotonic() - sent[number]) * 1000)
                    answered.add(number)
            self.lost = [round(sent[number] - began, 2) for number in sorted(set(sent) - answered)]


def echo(who: int, number: int) -> bytes:
    """RFC 792."""
    words = [8 << 8, 0, who, number]
    total = sum(words)
    words[1] = ~(total + (total >> 16)) & 0xFFFF
    return struct.pack("!4H", *words)


def bind(one: socket.socket, interface: str) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())


def measure(way: str, host: str, port: int, seconds: float, interface: str, rate: float) -> dict[str, object]:
    pings = Pings(host, seconds, interface, rate)
    with socket.socket() as one:
        bind(one, interface)
        one.connect((host, port))
        one.sendall(way[:1].encode())
        if way == "down":
            count, took = received(one, seconds)
        else:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                one.sendall(BLOCK)
            one.shutdown(socket.SHUT_WR)
            count, took = json.loads(one.recv(4096))
    pings.join()
    times = sorted(round(one, 1) for one in pings.times)
    return {
        "way": way,
        "mbit": round(count * 8 / max(took, 0.1) / 1e6, 2),
        "ping_avg": round(sum(times) / len(times), 1) if times else None,
        "ping_median": times[len(times) // 2] if times else None,
        "ping_max": times[-1] if times else None,
        "pings_sent": pings.count,
        "pings_lost": pings.count - len(times),
        "lost_after": pings.lost[:20],
    }


def reached(interface: str, host: str, port: int) -> bool:
    with socket.socket() as one:
        bind(one, interface)
        one.settimeout(3)
        try:
            one.connect((host, port))
        except OSError:
            return False
        return True


def has_ipv6(interface: str) -> bool:
    with open("/proc/net/if_inet6") as handle:
        return any(line.split()[-1] == interface for line in handle)


def garden(interface: str) -> None:
    elsewhere = subprocess.run(["ping", "-c", "1", "-W", "2", "-I", interface, "8.8.8.8"], stdout=subprocess.DEVNULL)
    print(
        json.dumps(
            {
                "allowed": reached(interface, "192.168.5.1", 5001),
                "elsewhere": elsewhere.returncode == 0,
                "http": reached(interface, "8.8.8.8", 80),
                "https": reached(interface, "8.8.8.8", 443),
                "ipv6": has_ipv6(interface),
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    elif sys.argv[1] == "garden":
        garden(sys.argv[2])
    else:
        ways, (host, port, seconds, link, *more) = sys.argv[1], sys.argv[2:]
        found = [
            measure(way, host, int(port), float(seconds), link, float(more[0]) if more else 5)
            for way in (("down", "up") if ways == "both" else (ways,))
        ]
        print(json.dumps(found if ways == "both" else found[0]))
