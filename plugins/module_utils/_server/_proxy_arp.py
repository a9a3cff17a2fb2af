# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxy ARP: the kernel answers for customers on an interface. Private to this collection.

It does so for all that it routes to another interface, so no customer needs an entry. Its own delay of up to 0.8
seconds before such an answer is taken away.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

#: Each setting below net/ipv4, what it is to be, and what the kernel has by itself.
_SETTINGS = (("conf/{}/proxy_arp", "1", "0"), ("neigh/{}/proxy_delay", "0", "80"))
_SYSCTL = "/proc/sys/net/ipv4/"

#: A file below /proc/sys/net/ipv4, and what is to be in it.
Setting = tuple[str, str]


def text(interfaces: t.Sequence[str]) -> str:
    """The file of sysctl.d, which names interfaces with dots by slashes; empty without interfaces."""
    lines = [f"net/ipv4/{path.format(name)} = {on}\n" for name in interfaces for path, on, _off in _SETTINGS]
    return _layout_header.LINE + "".join(lines) if lines else ""


def of_file(content: str) -> list[str]:
    """The interfaces that such a file has."""
    return re.findall(r"^net/ipv4/conf/(\S+)/proxy_arp = 1$", content, re.MULTILINE)


def changes(interfaces: t.Sequence[str], before: t.Iterable[str]) -> list[Setting]:
    """What differs in the kernel. ``before``: the interfaces of a former run. One that is gone has no settings."""
    wanted = [(path.format(name), on) for name in interfaces for path, on, _off in _SETTINGS]
    wanted += [(path.format(name), off) for name in before if name not in interfaces for path, _on, off in _SETTINGS]
    return [(path, value) for path, value in wanted if _value(path) not in (None, value)]


def apply(settings: t.Iterable[Setting]) -> None:
    for path, value in settings:
        with open(_SYSCTL + path, "w", encoding="ascii") as handle:
            handle.write(value)


def _value(path: str) -> str | None:
    try:
        with open(_SYSCTL + path, encoding="ascii") as handle:
            return handle.read().strip()
    except OSError:
        return None
