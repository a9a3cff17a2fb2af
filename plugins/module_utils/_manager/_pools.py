# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pools of plans: a session has an address of the pool of its account. Private to this collection.

The account is known when the customer has authenticated, but pppd takes its address from its command line before that.
So a session that begins is offered an address of each named pool, in a file with the pool's name in a folder of its
own, which is pppd's working directory. The line of an account in the secrets file has pppd read the file of its pool
(``-- file pool-NAME``), which it does right after the authentication, before IPCP. What a session does not take is free
again as soon as it is up.

An account that expires goes to the walled garden without a run of Ansible: its line has pppd read one more file
(``file ../until-SECONDS``), which is empty until then, and from then on has pppd read the file of the walled garden.
"""

from __future__ import annotations

import json
import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _book

#: What ``next`` calls the pool of the instance itself, and that of the walled garden.
OWN, GARDEN = "default", "walled-garden"
#: How the file of a pool is called, and the one of a moment at which accounts expire (``_accounts._secrets``).
FILE, UNTIL = "pool-", "until-"
_EXPIRED = f"file {FILE}{GARDEN}\n"

Named = t.Mapping[str, t.Mapping[str, t.Any]]
#: Gives the text of a file, and whether it is another than the last time.
Read = t.Callable[[str], tuple[str, bool]]


class Pools:
    """The named pools of the instances of this host. ``folder``: where each session has one, by its session ID."""

    def __init__(self, book: _book.Book, configuration: str, folder: str, read: Read) -> None:
        self._book, self._configuration, self._folder, self._read = book, configuration, folder, read
        self._known: dict[str, Named] = {}
        #: When accounts expire, by instance, and those moments that are still to come.
        self._expiries: dict[str, tuple[int, ...]] = {}
        self._coming: list[int] = []

    def of(self, instance: str) -> Named:
        """The pools of an instance as they are configured now."""
        text, changed = self._read(f"{self._configuration}/{instance}.pools")
        if changed or instance not in self._known:
            found: Named = {}
            if text:
                try:
                    found = json.loads(text)
                    self._book.set_named(instance, {name: one["addresses"] for name, one in found.items()})
                except (ValueError, TypeError, KeyError, AttributeError) as error:
                    found = {}
                    _basics.say(f"the pools of {instance} cannot be read: {error}", instance)
            if not found:
                self._book.set_named(instance, {})
            self._known[instance] = found
        return self._known[instance]

    def expect(self, instance: str, moments: tuple[int, ...], now: float) -> None:
        """When accounts of an instance expire: a file for each of these."""
        former = self._expiries.get(instance, ())
        if former == moments:
            return
        self._expiries[instance] = moments
        wanted = {one for each in self._expiries.values() for one in each}
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        for one in wanted:
            self._write(one, now)
        for one in set(former) - wanted:
            with suppress(OSError):
                os.unlink(f"{self._folder}/{UNTIL}{one}")
        self._coming = sorted(one for one in wanted if one > now)

    def mature(self, now: float) -> None:
        """The accounts whose moment has come have expired."""
        while self._coming and self._coming[0] <= now:
            self._write(self._coming.pop(0), now)

    def _write(self, moment: int, now: float) -> None:
        path, text = f"{self._folder}/{UNTIL}{moment}", _EXPIRED if moment <= now else ""
        # A pppd may read it just now.
        if not os.path.exists(path) or _basics.text(path) != text:
            with open(path, "w", encoding="ascii") as handle:
                handle.write(text)

    def offer(self, session: _book.Session) -> dict[str, str | None]:
        """Keep an address of each pool for a session that is in the book, and write its files.

        The addresses by pool, ``None`` for one that is full; nothing if there are no pools.
        """
        instance = session.instance or ""
        pools = self.of(instance)
        if not pools or not session.session_id.isdigit():
            return {}
        folder = f"{self._folder}/{session.session_id}"
        os.makedirs(folder, mode=0o700, exist_ok=True)
        former = {entry for entry in os.listdir(folder) if entry.startswith(FILE)}
        offered: dict[str, str | None] = {}
        found = {OWN: session.address}
        for name, one in pools.items():
            address = found[name] = self._address(session, instance, name, pools, offered)
            if address is not None:
                lines = [] if address == session.address else [f":{address}"]
                with open(f"{folder}/{FILE}{name}", "w", encoding="ascii") as handle:
                    handle.write("".join(line + "\n" for line in [*one.get("options", ()), *lines]))
                former.discard(FILE + name)
        for entry in former:
            with suppress(OSError):
                os.unlink(f"{folder}/{entry}")
        return found

    def _address(
        self, session: _book.Session, instance: str, name: str, pools: Named, offered: dict[str, str | None]
    ) -> str | None:
        """The address of a pool, or of one of those that follow it; ``None`` if none has any."""
        for one in _chain(name, pools):
            if one == OWN:
                return session.address
            if one not in offered:
                offered[one] = self._book.offer(session, (instance, one))
            if offered[one] is not None:
                return offered[one]
        return None

    def restore(self, session: _book.Session) -> None:
        """What a session on its way has been offered by another manager."""
        folder = f"{self._folder}/{session.session_id}"
        if session.session_id.isdigit() and os.path.isdir(folder):
            for entry in os.listdir(folder):
                for line in _basics.text(f"{folder}/{entry}").splitlines():
                    if line.startswith(":"):
                        self._book.keep(session, line[1:])

    def problem(self, session: _book.Session, pool: str | None) -> str | None:
        """Why a session may not have the address that it has, if its account is to have one of ``pool``.

        An address that is of no pool is a fixed one, which counts more.
        """
        instance = session.instance or ""
        pools = self.of(instance)
        holder = self.holder(session)
        if not pools or holder is None:
            return None
        chain = _chain(pool, pools) if pool else [OWN]
        if holder in chain:
            return None
        full = not any(self._book.has_free(instance if one == OWN else (instance, one)) for one in chain)
        if full:
            return f"living sessions hold every address of the pool {chain[0]}"
        return f"{session.address} is not of the pool {chain[0]}, which is that of its account"

    def holder(self, session: _book.Session) -> str | None:
        """The pool that the address of a session is of; ``None`` for a fixed address."""
        instance, address = session.instance or "", session.address
        if self._book.is_member(instance, address):
            return OWN
        return next((name for name in self.of(instance) if self._book.is_member((instance, name), address)), None)


def _chain(name: str, pools: Named) -> list[str]:
    """A pool and those that follow it when it is full."""
    found = [name]
    while found[-1] in pools:
        follows = pools[found[-1]].get("next")
        if follows is None or follows in found:
            break
        found.append(follows)
    return found
