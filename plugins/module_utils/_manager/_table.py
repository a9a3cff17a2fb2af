# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of IPv6 prefixes of an instance, and what an account has by it. Private to this collection.

An account that gets a prefix is a line more at the end of the table, on the disk before the prefix is used.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes as _ipv6_prefixes
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _settings as _ipv6_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics

Pair = tuple["_ipv6_prefixes.Prefix | None", "_ipv6_prefixes.Prefix | None"]
_HEAD = "# Which account has which IPv6 prefix: the /64 of its session, what is delegated to its router, its name.\n"


class Table:
    """``own``: the text of the accounts that have a prefix by configuration. ``path``: of the table of ``instance``."""

    def __init__(self, settings: _ipv6_settings.Settings, own: str, path: str, instance: str) -> None:
        self.settings, self._path, self._instance = settings, path, instance
        owns, given = _ipv6_prefixes.read(own), _ipv6_prefixes.read(_tidied(path))
        self._kinds = [_ipv6_prefixes.Allotment(*one) for one in zip(settings.pools, owns, given)]
        self._owns = [_ipv6_prefixes.Prefix(text) for kind in owns for text in kind.values()]

    def of(self, account: str) -> Pair:
        """The framed and the delegated prefix of an account, which keeps them from now on."""
        before = [kind.of(account) for kind in self._kinds]
        framed, delegated = (kind.allot(account) for kind in self._kinds)
        if [framed, delegated] != before:
            try:
                append(self._path, _ipv6_prefixes.line(account, framed, delegated))
            except OSError as error:
                said = f"{self._path} cannot be written, so the IPv6 prefix of {account} may change: {error}"
                _basics.say(said, self._instance)
        return framed, delegated

    def lacks(self, pair: Pair) -> list[str]:
        """Of which kinds there is a pool, but no prefix."""
        kinds = zip(("/64 for a session", "prefix to delegate"), self.settings.pools, pair)
        return [name for name, pool, prefix in kinds if pool.networks and prefix is None]

    def unused(self) -> list[_ipv6_prefixes.Prefix]:
        """What leads nowhere but for the prefixes of sessions that are up: the pools, and accounts' own beside them."""
        pools = [*self.settings.prefixes, *self.settings.delegated]
        return [*pools, *(one for one in self._owns if not any(one.subnet_of(pool) for pool in pools))]


def _tidied(path: str) -> str:
    """A table as it is, but for lines of accounts that have a later one, which are removed."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as handle:
            text = handle.read()
    except OSError:
        return ""
    tidy = _ipv6_prefixes.without_former(text)
    if tidy != text:
        with suppress(OSError):  # the later line counts all the same
            _replace(path, tidy)
    return tidy


def _replace(path: str, text: str) -> None:
    new = path + ".new"
    with open(new, "w", encoding="utf-8", errors="surrogateescape") as handle:
        os.fchmod(handle.fileno(), 0o600)
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(new, path)
    _sync(os.path.dirname(path))


def append(path: str, line: str) -> None:
    """Add a line, so that it is on the disk when this returns; after one that a power cut has left half written."""
    folder = os.path.dirname(path)
    with suppress(FileExistsError):
        os.makedirs(folder, mode=0o700)
    new = not os.path.exists(path)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        start = _HEAD if not size else "" if os.pread(descriptor, 1, size - 1) == b"\n" else "\n"
        os.write(descriptor, (start + line).encode("utf-8", "surrogateescape"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        _sync(folder)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def radius(attributes: t.Mapping[str, str]) -> Pair:
    """The prefixes that RADIUS has said (RFC 3162, RFC 4818), which count more. ``ValueError`` for a bad one."""
    found: list[_ipv6_prefixes.Prefix | None] = []
    for name in ("Framed-IPv6-Prefix", "Delegated-IPv6-Prefix"):
        prefix = None
        if name in attributes:
            prefix = _ipv6_prefixes.Prefix(attributes[name], strict=False)
            if prefix.prefixlen > _ipv6_prefixes.FRAMED_LENGTH or (name[0] == "F" and prefix.prefixlen != 64):
                raise ValueError(f"{name} {attributes[name]} has the wrong length")
        found.append(prefix)
    return found[0], found[1]
