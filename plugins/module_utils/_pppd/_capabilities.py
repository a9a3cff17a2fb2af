# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host's pppd and kernel can do. Private to this collection."""

from __future__ import annotations

import errno
import glob
import os
import re
import socket
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# Debian and its family, 64-bit Red Hat and SUSE, Alpine and Arch (no folder for the version in a few builds).
PLUGIN_PATTERNS = ("/usr/lib*/pppd/*/", "/usr/lib*/pppd/")
# The plugin is pppoe.so since ppp 2.4.9, which keeps the older name as a link; before, it is rp-pppoe.so.
PLUGIN_NAMES = ("pppoe.so", "rp-pppoe.so")
SBIN = ["/usr/sbin", "/sbin", "/usr/local/sbin"]

AF_PPPOX = 24  # linux/socket.h; Python's socket module has no name for it
PX_PROTO_OE = 0  # linux/if_pppox.h


@dataclass(frozen=True)
class Pppd:
    """What a host's pppd is like: its path, the path of its PPPoE plugin, and its version.

    Where it isn't installed yet (check mode), ``path`` or ``plugin`` is ``None``, and a current one is assumed.
    """

    path: str | None = "/usr/sbin/pppd"
    plugin: str | None = "/usr/lib/pppd/2.4.9/pppoe.so"
    version: tuple[int, ...] = (2, 4, 9)

    @property
    def plugin_name(self) -> str:
        return PLUGIN_NAMES[0] if self.plugin is None else os.path.basename(self.plugin)

    @property
    def is_249(self) -> bool:
        """Whether pppd is 2.4.9 or later, which gave the plugin this name (the older one is a link since)."""
        return self.plugin_name == PLUGIN_NAMES[0]

    @property
    def waits(self) -> bool:
        """Whether pppd waits for a script between the session and its first request (pppd/main.c set_ifunit)."""
        return self.version >= (2, 5, 1)


def observe(module: AnsibleModule) -> Pppd:
    """This host's pppd. Its version is that of the folder with its plugins, where the distribution names it so."""
    path, plugin = command(module), plugin_path()
    if path is None or plugin is None:
        return Pppd(path, plugin)
    folder = re.fullmatch(r"\d+(?:\.\d+)+", os.path.basename(os.path.dirname(plugin)))
    known = tuple(_numbers(folder.group())) if folder else version(module)
    return Pppd(path, plugin, known or (2, 4, 9))


def plugin_path() -> str | None:
    """The path of pppd's own PPPoE plugin, the newest if several are there; ``None`` if there is none."""
    return newest_plugin(
        path for pattern in PLUGIN_PATTERNS for name in PLUGIN_NAMES for path in glob.glob(pattern + name)
    )


def newest_plugin(paths: t.Iterable[str]) -> str | None:
    """The plugin in the folder of the highest version; of two in one folder, the one with the newer name."""

    def rank(path: str) -> tuple[list[int], int]:
        folder, name = os.path.split(path)
        return _numbers(os.path.basename(folder)), -PLUGIN_NAMES.index(name)

    return max(paths, key=rank, default=None)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def command(module: AnsibleModule) -> str | None:
    """The path of pppd, ``None`` if it is not installed."""
    path: str | None = module.get_bin_path("pppd", opt_dirs=SBIN)
    return path


def version(module: AnsibleModule) -> tuple[int, ...] | None:
    """The version of the installed pppd, such as ``(2, 4, 9)``; ``None`` if there is none, or it doesn't tell."""
    pppd = command(module)
    if pppd is None:
        return None
    _rc, out, _err = module.run_command([pppd, "--version"])
    return parse_version(out)


def parse_version(text: str) -> tuple[int, ...] | None:
    """``pppd version 2.4.9`` as ``(2, 4, 9)``; a suffix such as ``b1`` or ``-dev`` is left out."""
    match = re.search(r"^pppd version (\d+(?:\.\d+)*)", text, re.MULTILINE)
    return tuple(_numbers(match.group(1))) if match else None


def kernel_ppp(module: AnsibleModule) -> str | None:
    """``None`` if this kernel can do PPP over Ethernet, else one sentence why not.

    The modules are loaded if they aren't yet; in check mode it is only asked whether they could be.
    """
    loaded = os.path.exists("/proc/net/pppoe") and os.path.exists("/sys/class/ppp")
    why = None if loaded else _modules_problem(module)
    if why is not None or module.check_mode:
        return why
    return _socket_problem() or _device_problem()


def _modules_problem(module: AnsibleModule) -> str | None:
    modprobe = module.get_bin_path("modprobe", opt_dirs=SBIN)
    if modprobe is None:
        # A container: its host may have loaded them, or load them when a socket is opened.
        return None if _socket_problem() is None else _missing("modprobe is not installed")
    for name in ("ppp_generic", "pppoe"):
        arguments = ["--dry-run"] if module.check_mode else []
        rc, _out, err = module.run_command([modprobe, *arguments, name])
        if rc != 0:
            return _missing(f"modprobe {name}: {modprobe_words(err)}")
    return None


def modprobe_words(err: str) -> str:
    """The gist of modprobe's complaint, for a sentence."""
    if "not found" in err:
        return "not found"
    lines = [line for line in err.splitlines() if line.strip()]
    return lines[-1].replace("modprobe: ", "").strip() if lines else "failed without a word"


def _missing(reason: str) -> str:
    return f"the kernel {os.uname().release} has no PPP over Ethernet ({reason})"


def _socket_problem() -> str | None:
    try:
        socket.socket(AF_PPPOX, socket.SOCK_STREAM, PX_PROTO_OE).close()
    except OSError as error:
        return _missing(f"a PPPoE socket cannot be opened: {error.strerror}")
    return None


def _device_problem() -> str | None:
    try:
        os.close(os.open("/dev/ppp", os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        fix = "a container must be given it" if error.errno == errno.ENOENT else "pppd will fail in the same way"
        return f"the device /dev/ppp cannot be opened ({error.strerror}; {fix})"
    return None
