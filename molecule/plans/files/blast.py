"""TCP as fast as it goes, beside pings. Prints JSON.

blast.py serve PORT                     serve both directions until killed
blast.py down|up HOST PORT SECONDS      measure: Mbit/s of the payload, and the pings beside it
blast.py garden INTERFACE               what can be reached by an interface: the gateway, and elsewhere
"""

from __future__ import annotations

import json
import re
import socket
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


def measure(way: str, host: str, port: int, seconds: float) -> None:
    pings = subprocess.Popen(
        ["ping", "-i", "0.2", "-c", str(int(seconds * 5)), "-w", str(int(seconds) + 2), host],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with socket.create_connection((host, port)) as one:
        one.sendall(way[:1].encode())
        if way == "down":
            count, took = received(one, seconds)
        else:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                one.sendall(BLOCK)
            one.shutdown(socket.SHUT_WR)
            count, took = json.loads(one.recv(4096))
    text = pings.communicate()[0]
    times = sorted(map(float, re.findall(r"time=([0-9.]+)", text)))
    sent, got = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", text).groups())
    print(
        json.dumps(
            {
                "mbit": round(count * 8 / max(took, 0.1) / 1e6, 2),
                "ping_avg": round(sum(times) / len(times), 1) if times else None,
                "ping_median": times[len(times) // 2] if times else None,
                "ping_max": times[-1] if times else None,
                "pings_sent": sent,
                "pings_lost": sent - got,
            }
        )
    )


def reached(interface: str, host: str, port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        one.settimeout(3)
        try:
            one.connect((host, port))
        except OSError:
            return False
        return True


def garden(interface: str) -> None:
    elsewhere = subprocess.run(["ping", "-c", "1", "-W", "2", "-I", interface, "8.8.8.8"], stdout=subprocess.DEVNULL)
    print(
        json.dumps(
            {
                "allowed": reached(interface, "192.168.5.1", 5001),
                "elsewhere": elsewhere.returncode == 0,
                "http": reached(interface, "8.8.8.8", 80),
                "https": reached(interface, "8.8.8.8", 443),
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    elif sys.argv[1] == "garden":
        garden(sys.argv[2])
    else:
        measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
