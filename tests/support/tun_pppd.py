"""Stands in for the pppd of a session where the kernel has no PPP: an interface that goes with its process.

`tun_pppd.py FIXED RUN LOCAL:REMOTE …`: FIXED is a file with the address of this account, if it has one; RUN is where
the pid file goes. It sets the addresses in the order of pppd (sys-linux.c sifaddr).
"""

import fcntl
import os
import signal
import socket
import struct
import sys

TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001
SIOCSIFADDR, SIOCSIFDSTADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8918, 0x8914, 1


def main(fixed: str, run: str, given: str) -> None:
    local, remote = given.split(":")
    with open(fixed) as handle:
        remote = handle.read().strip() or remote
    name = f"t{os.getpid()}"
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
    with open(f"{run}/{name}.pid", "w") as handle:
        handle.write(f"{os.getpid()}\n")

    def leave(*_what: object) -> None:
        os.unlink(f"{run}/{name}.pid")
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for number, address in ((SIOCSIFADDR, local), (SIOCSIFDSTADDR, remote)):
            request = struct.pack("16sHH4s8x", name.encode(), socket.AF_INET, 0, socket.inet_aton(address))
            fcntl.ioctl(asked, number, request.ljust(40, b"\0"))
        fcntl.ioctl(asked, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), IFF_UP))
    sys.stdin.read()


main(*sys.argv[1:4])
