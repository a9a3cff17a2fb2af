#!/usr/bin/env python3
"""crowd.py COUNT: so many sessions of the instance `default` as a host shows them, without any PPP.

Each is a process called pppd with the words of a session, a link pppN with an address, and what pppd notes in /run.
It is to run in namespaces of its own (network, processes, mounts), and ends when its input does.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

OPTIONS = "/etc/ppp/pppoe-server/default.options"
HASHES, IN_USE = 131, 0x26011999


def address(number: int) -> str:
    return f"10.{16 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


def words(number: int) -> list[str]:
    """The command line of a session's pppd; the shell that it really is waits for the end of its input."""
    session = f"{number + 1}:02:00:00:00:{number // 256:02x}:{number % 256:02x}"
    options = ["plugin", "pppoe.so", "nic-eth1", "rp_pppoe_sess", session, "file", OPTIONS]
    return ["pppd", "-c", "read _", f"10.0.0.1:{address(number)}", "set", f"DIALTONE_LANE={number + 1}", *options]


def database(pids: list[int]) -> bytes:
    """What pppd's database would have of them (pppd/tdb.c)."""
    heads, body, begin = [0] * HASHES, b"", 168 + 4 * (HASHES + 1)
    for number, pid in enumerate(pids):
        key = b"pppd%d" % pid
        data = b"DEVICE=eth1;PPPD_PID=%d;PEERNAME=account%d;IFNAME=ppp%d;SPEED=0;\0" % (pid, number, number)
        size = len(key) + len(data)
        here, chain = begin + len(body), pid % HASHES
        body += struct.pack("=6I", heads[chain], size, len(key), len(data), 0, IN_USE) + key + data + bytes(-size % 4)
        heads[chain] = here
    header = b"TDB file\n".ljust(36, b"\0") + struct.pack("=I", HASHES)
    return header.ljust(168, b"\0") + struct.pack(f"={HASHES + 1}I", 0, *heads) + body


def main(count: int) -> None:
    lines = (
        f"tuntap add dev ppp{number} mode tun\naddr add 10.0.0.1 peer {address(number)}/32 dev ppp{number}\n"
        for number in range(count)
    )
    access = "link add eth1 up type veth peer name client\nlink set client up\n"
    subprocess.run(["ip", "-batch", "-"], input=access + "".join(lines), text=True, check=True)
    waits, keeps = os.pipe()
    os.set_inheritable(keeps, False)
    actions = [(os.POSIX_SPAWN_DUP2, waits, 0)]
    pids = [os.posix_spawn("/bin/sh", words(number), {}, file_actions=actions) for number in range(count)]
    for number, pid in enumerate(pids):
        Path(f"/run/ppp{number}.pid").write_text(f"{pid}\n")
    Path("/run/pppd2.tdb").write_bytes(database(pids))
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
