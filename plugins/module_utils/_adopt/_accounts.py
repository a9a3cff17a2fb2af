# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts in a secrets file that somebody has written, without their secrets. Private to this collection. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import single_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings, listed
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class KnownAccount:
    """An account that customers can log in with. ``empty``: it has an empty secret."""

    name: str
    server: str
    addresses: tuple[str, ...]
    line: int
    empty: bool

    @property
    def fixed(self) -> list[str]:
        """Its single hosts."""
        hosts = (single_host(address.encode()) for address in self.addresses)
        return [host.decode() for host in hosts if host]

    def shown(self) -> dict[str, t.Any]:
        return {"name": self.name, "server": self.server, "addresses": list(self.addresses), "line": self.line}


@dataclass
class Secrets:
    """A secrets file. ``without_address``: lines by which pppd lets nobody in; ``broken``: in words."""

    path: str
    accounts: list[KnownAccount] = field(default_factory=list)
    without_address: list[KnownAccount] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    mode: int = 0o600

    def of(self, server: str) -> list[KnownAccount]:
        """Those for a server of that name."""
        return [account for account in self.accounts if account.server in ("*", server)]


def read(content: bytes, path: str = "/etc/ppp/chap-secrets", mode: int = 0o600) -> Secrets:
    """The accounts in the file's order. A line that pppd cannot read is named, and the rest is read."""
    found = Secrets(path, mode=mode)
    if content.startswith(BOM):
        found.broken.append(
            f"{path} begins with a byte order mark (EF BB BF), which pppd takes for a part of the first name"
        )
    for line in lines(content, path, found.broken):
        _take(found, line)
    return found


def lines(content: bytes, path: str, broken: list[str]) -> t.Iterator[_words.Line]:
    """The lines as pppd counts them. One that it cannot read is named in ``broken``, and what follows it is read."""
    position, number = 0, 1
    while position < len(content):
        try:
            for line in _words.lines(content, position, number=number):
                position, number = line.end, line.number + content.count(b"\n", line.start, line.end)
                if line.words:
                    yield line
            return
        except _words.UnclosedQuote as error:
            broken.append(
                f"line {error.line} of {path}: a quotation mark is not closed, so that pppd takes everything up to "
                f"line {min(error.last_line, len(content.splitlines()))} for one word and knows no account there"
            )
            while number <= error.line and position < len(content):
                newline = content.find(b"\n", position)
                position = len(content) if newline < 0 else newline + 1
                number += 1


def _take(found: Secrets, line: _words.Line) -> None:
    addresses = tuple(_text(word) for word in _secrets.address_words(line.words))
    if len(line.words) < 3:
        return
    name, server, secret = line.words[:3]
    account = KnownAccount(_text(name), _text(server), addresses, line.number, not secret)
    if addresses and addresses[0] != "-" and not all(address.startswith("!") for address in addresses):
        found.accounts.append(account)
    else:
        found.without_address.append(account)


def _text(word: bytes) -> str:
    """A word in printable ASCII, as pppd itself spells others."""
    return _words.visible(word).decode("ascii", "backslashreplace")


def describe(secrets: Secrets, server: str, asks_system: bool, own: t.Collection[str], say: Findings) -> None:
    """What is wrong with the accounts of a server of that name.

    ``asks_system``: PAM checks the password (``login`` with PAP). ``own``: names that this host itself dials with.
    """
    for text in secrets.broken:
        say.problem(f"{text[0].upper()}{text[1:]}.", "Correct it: until then, that account does not exist for pppd.")
    names = {account.name for account in secrets.accounts}
    useless = [
        *(f"{one.name} (line {one.line}, for the server '{one.server}')"
          for one in secrets.accounts if one.server not in ("*", server)),
        *(f"{one.name} (line {one.line}, without an address)"
          for one in secrets.without_address if one.name not in own and one.name not in names),
    ]  # fmt: skip
    if useless:
        say.problem(
            f"Accounts that can never log in: {listed(useless)}.",
            f"This server's name is '{server}', and pppd accepts none without an address: write * in that column.",
        )
    empty = [account.name for account in secrets.accounts if account.empty and not asks_system]
    if empty:
        say.problem(f"An empty secret: {listed(empty)}.", "Anybody logs in under that name without a password.")
    if not asks_system and any(account.name == "*" and not account.empty for account in secrets.accounts):
        say.problem("An account *: its secret opens any name.", "Give each customer an account.")
    _same_name_or_address(secrets, say)
    if secrets.mode & 0o077:
        say.problem(
            f"{secrets.path} has the mode {secrets.mode:04o}.", "Others on this host can read the secrets: chmod 600."
        )


def _same_name_or_address(secrets: Secrets, say: Findings) -> None:
    seen_twice: dict[tuple[str, str], list[str]] = {}
    holders: dict[str, set[str]] = {}
    for account in secrets.accounts:
        seen_twice.setdefault((account.name, account.server), []).append(str(account.line))
        for host in account.fixed:
            holders.setdefault(host, set()).add(account.name)
    doubled = [f"{name} (lines {', '.join(lines)})" for (name, _server), lines in seen_twice.items() if len(lines) > 1]
    if doubled:
        say.problem(f"Accounts that occur more than once: {listed(doubled)}.", "pppd takes the first line.")
    shared = [f"{host} ({', '.join(sorted(names))})" for host, names in holders.items() if len(names) > 1]
    if shared:
        say.problem(
            f"Fixed addresses with several accounts: {listed(shared)}.", "Online together, one has no connection."
        )
