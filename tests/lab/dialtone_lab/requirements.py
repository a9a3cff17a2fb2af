"""What the machine must have, checked before anything is made."""

import os
import platform
import shutil
from pathlib import Path

from .errors import RequirementError

# program → Debian package. packages.txt, beside tests/lab/lab, lists these packages for whoever installs them.
FOR_IMAGES = {
    "mmdebstrap": "mmdebstrap",
    "apt-ftparchive": "apt-utils",
    "mke2fs": "e2fsprogs",
    "unshare": "util-linux",
    "patchelf": "patchelf",
    "setpriv": "util-linux",
}
FOR_ANY = {
    "ip": "iproute2",
    "nc": "netcat-openbsd",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "nsenter": "util-linux",
    "sysctl": "procps",
}
FOR_KIND = {
    "uml": {
        "taskset": "util-linux",
        # These build modules of its kernel.
        "bc": "bc",
        "bison": "bison",
        "depmod": "kmod",
        "flex": "flex",
        "gcc": "gcc",
        "make": "make",
        "strip": "binutils",
        "tar": "tar",
        "xz": "xz-utils",
    },
    "container": {"podman": "podman", "runc": "runc", "conmon": "conmon"},
}


def check(
    kinds: set[str], which=shutil.which, euid=os.geteuid, machine=platform.machine, tun: Path = Path("/dev/net/tun")
) -> None:
    """Raise RequirementError, in one line, unless labs with hosts of these kinds can be made here."""
    if euid() != 0:
        raise RequirementError("the lab makes network namespaces and must be run as root; use sudo")
    if "uml" in kinds and machine() not in ("x86_64", "i386", "i686"):
        raise RequirementError(
            f"User Mode Linux exists only for x86, and this machine is {machine()}; take a topology of containers"
        )
    needed = dict(FOR_ANY | FOR_IMAGES)
    for kind in kinds:
        needed |= FOR_KIND[kind]
    missing = {program: package for program, package in needed.items() if not which(program)}
    if missing:
        raise RequirementError(
            f"missing {', '.join(sorted(missing))}; install: apt-get install {' '.join(sorted(set(missing.values())))}"
        )
    if not tun.exists() and "uml" in kinds:
        raise RequirementError(
            f"{tun} is missing, which connects User Mode Linux to the lab's segments; "
            "load the kernel module tun, or give this container the device"
        )
