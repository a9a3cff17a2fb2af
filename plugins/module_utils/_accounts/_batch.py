# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many accounts as one text, checked and small. Private to this collection.

``encode`` runs on the controller, or wherever the accounts are known; ``read`` where the secrets file is. An account
whose name and server need no quotation is the line that is to stand in the secrets file, and costs no object.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import Account
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._secrets import (
    address_words,
    pool_of,
    words_of,
    written,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

MAGIC = b"dialtone.pppoe accounts 1 "
MOST_HEADER = 256 * 1024 * 1024
COLUMNS = ("name", "secret", "server", "addresses", "state")

_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HOST = rf"(?!(?:0|127|22[4-9]|2[3-5][0-9])\.){_NUMBER}(?:\.{_NUMBER}){{3}}"
_BARE = r"[!$-&(-\[\]-~]"
# name, server, secret, addresses: those that nobody needs to look at twice. Whatever else is valid takes longer.
_USUAL = re.compile(
    rf"(?!\*\n){_BARE}{{1,255}}\n{_BARE}{{1,255}}\n(?!@){_BARE}{{1,255}}\n(?:\*|{_HOST}(?: {_HOST})*(?: \*)?)\Z"
)
_BARE_WORD = re.compile(rf"{_BARE}+\Z".encode("ascii"))


@dataclass
class Batch:
    """Accounts in order: ``text`` has a line for each plain one; ``special`` has the others, each with the place in
    the text before which it comes."""

    text: bytes = b""
    special: list[tuple[int, Account]] = field(default_factory=list)
    count: int = 0
    #: Whether it says of each account which named pool it has, also that it has none.
    pools: bool = False

    def dump(self) -> bytes:
        """The batch as bytes for a file, which then has secrets in it."""
        special = [[before, _packed(account)] for before, account in self.special]
        header = json.dumps({"count": self.count, "special": special, "pools": self.pools}).encode("ascii")
        return MAGIC + header + b"\n" + self.text


def read(handle: t.BinaryIO) -> Batch:
    """What ``dump`` gave. ``Refused`` (parameter ``src``) for anything else."""
    values = header_of(handle, MAGIC, "chap_user")
    special = [(before, _unpacked(packed)) for before, packed in values["special"]]
    return Batch(handle.read(), special, values["count"], values["pools"])


def header_of(handle: t.BinaryIO, magic: bytes, module: str) -> dict[str, t.Any]:
    """The first line of a file that an action plugin has sent, behind the mark of its kind."""
    header = handle.readline(MOST_HEADER)
    if not header.startswith(magic):
        fix = f"Let Ansible run {module} as a task, so that its action plugin reads the file."
        raise Refused("src", "has not been read on the controller.", fix)
    values: dict[str, t.Any] = json.loads(header[len(magic) :])
    return values


def _packed(account: Account) -> dict[str, t.Any]:
    def text(word: bytes | None) -> str | None:
        return None if word is None else word.decode("latin-1")

    addresses = None if account.addresses is None else [word.decode("latin-1") for word in account.addresses]
    words = {"name": text(account.name), "server": text(account.server), "secret": text(account.secret)}
    return {**words, "addresses": addresses, "present": account.present, "alias": text(account.alias),
            "label": account.label, "parameter": account.parameter, "pool": account.pool}  # fmt: skip


def _unpacked(packed: dict[str, t.Any]) -> Account:
    for name in ("name", "server", "secret", "alias"):
        packed[name] = None if packed[name] is None else packed[name].encode("latin-1")
    if packed["addresses"] is not None:
        packed["addresses"] = tuple(word.encode("latin-1") for word in packed["addresses"])
    return Account(**packed)


def account_of(line: bytes, pools: bool) -> Account:
    """The account of a line of ``Batch.text``; ``pools``: those of the batch."""
    return _of_words(next(_words.lines(line)).words, pools)


def _of_words(words: tuple[bytes, ...], pools: bool) -> Account:
    addresses = address_words(words)
    options = words[3 + len(addresses) :]
    pool, until = pool_of(options) if pools else (None, None)
    return Account(words[0], words[1], words[2], addresses, label=words[0].decode("ascii"), pool=pool, until=until)


def accounts_of(batch: Batch) -> list[Account]:
    """All of them, each as an object."""
    accounts = []
    special = iter(batch.special)
    following = next(special, None)
    for line in _words.lines(batch.text):
        while following is not None and following[0] <= line.start:
            accounts.append(following[1])
            following = next(special, None)
        accounts.append(_of_words(line.words, batch.pools))
    return accounts + ([following[1]] if following else []) + [account for _place, account in special]


def encode(
    entries: t.Sequence[t.Mapping[str, t.Any]], place: t.Callable[[int], str], pap: bool = False, pools: bool = False
) -> Batch:
    """The entries, each with the values of ``COLUMNS``, and with ``pools`` also ``pool`` and ``until``, as a batch.

    ``place`` gives the parameter by which an error names an entry, from its index. ``Refused`` for an entry that is
    wrong by itself, or beside the others.
    """
    lines: list[str] = []
    special: list[tuple[int, Account]] = []
    keys: set[str] = set()
    holders: dict[str, str] = {}
    shared = False
    size = 0
    for index, entry in enumerate(entries):
        usual = usual_line(entry)
        if usual:
            name, key, line, hosts = usual
            lines.append(line)
            size += len(line)
        else:
            account = _account.of_server({"pool": "", **entry} if pools else entry, place(index), pap)
            name = account.name.decode("ascii")
            key = f"{name} {account.server.decode('ascii')}"
            hosts = [host.decode("ascii") for host in account.fixed]
            if _is_plain(account):
                lines.append(_line(account))
                size += len(lines[-1])
            else:
                special.append((size, account))
        keys.add(key)
        for host in hosts:
            shared = shared or holders.setdefault(host, name) != name
    if shared or len(keys) < len(entries):
        _account.check_together([_account.of_server(entry, place(index), pap) for index, entry in enumerate(entries)])
    return Batch("".join(lines).encode("latin-1"), special, len(entries), pools)


def usual_line(entry: t.Mapping[str, t.Any]) -> tuple[str, str, str, t.Sequence[str]] | None:
    """Name, name and server, line and single hosts of an entry that is valid at a glance."""
    name, secret, server, addresses, state = map(entry.get, COLUMNS)
    if name is None or secret is None or state == "absent" or entry.get("pool") or entry.get("until"):
        return None
    server = server or "*"
    joined = "*" if addresses is None else " ".join(addresses)
    if not _USUAL.match(f"{name}\n{server}\n{secret}\n{joined}") or joined.count(" ") >= len(addresses or "*"):
        return None
    hosts = () if joined == "*" else [word for word in joined.split(" ") if word != "*"]
    return name, f"{name} {server}", f"{name} {server} {secret} {joined}\n", hosts


def _is_plain(account: Account) -> bool:
    name, server = account.name, account.server
    plain = account.present and account.alias is None and account.label.encode("utf-8") == name
    return plain and bool(_BARE_WORD.match(name) and _BARE_WORD.match(server))


def _line(account: Account) -> str:
    return written(words_of(account)).decode("latin-1") + "\n"
