# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is odd in a secrets file that others have written. Private to this collection.

``warnings`` names the lines that do not mean to pppd what they seem to mean. Nothing of it is changed. A warning has
line numbers, names and servers, never a secret.
"""

from __future__ import annotations

import codecs
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _batch
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._account import Account
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._secrets import RATE, address_words, listed
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._secrets_text import LONE_CR
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

Asked = t.Union[t.Sequence[Account], _batch.Batch]

_BARE = rb"[!$-&(-\[\]-~]+"
_ADDRESS = rb"(?:\*|!?[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2}\+?)?)"
# Lines in which there is nothing odd, unless accounts for one server only are asked for.
_USUAL = re.compile(
    rb"(?:" + _BARE + rb"[ \t]+\*[ \t]+(?:" + _BARE + rb'|"(?:[^"\\\n]|\\[^\n])*")(?:[ \t]+' + _ADDRESS + rb")+[ \t]*"
    rb"(?:[ \t]#[^\r\n]*)?\r?\n|[ \t]*(?:#[^\r\n]*)?\r?\n)+"
)
# A name without a dot, other than the words for all addresses and for none.
_PLAIN_NAME = re.compile(rb"(?!-\Z)!?[^*./:]+\Z")
_SERVER = re.compile(rb"^[^ ]+ (?!\* )", re.MULTILINE)


@dataclass
class Odd:
    """What was found, by kind; each entry names a line."""

    servers: list[tuple[bytes, bytes, int]] = field(default_factory=list)
    rates: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    no_address: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)


def warnings(text: bytes, path: str, asked: Asked) -> list[str]:
    """One warning a kind. ``text`` is the file as it is after the call, and can be read line by line."""
    odd = Odd()
    every = _for_one_server(asked)
    for line in _unusual(text, every):
        _look_at(odd, text, line)
    wanted = _servers(asked, {name for name, _server, _line in odd.servers}) if odd.servers else {}
    others = [
        f"{_readable(name)} for {_readable(server)} (line {number})"
        for name, server, number in odd.servers
        if name in wanted and server not in wanted[name]
    ]
    kinds = [
        ("has accounts of this call for other servers too, which it does not change", others,
         "pppd prefers the line for its own name to one for '*', and ignores other names. To change one, give server."),
        ("has words in the column of addresses that are none for pppd", odd.rates,
         "A file of accel-ppp has rates there. They are left as they are."),
        # The word is not shown, since it may be a part of a secret.
        ("has words in the column of addresses that pppd takes for names of hosts", odd.halves,
         "If one is the rest of a secret with a blank in it, put the secret in quotes."),
        ("has words that end at a # for pppd, and the rest is a comment", odd.cut, "Put a word with # in quotes."),
        ("has names by which nobody can log in, since pppd looks for another spelling", odd.names,
         "Correct or remove the lines."),
        ("has lines with less than the three words of an account", odd.incomplete, "pppd ignores them."),
        ("has accounts without an address, by which nobody can log in", odd.no_address,
         "Add '*', unless this host itself dials with them."),
        ("has comments with carriage returns, behind which pppd reads nothing", odd.hidden,
         r"Convert them to newlines, if there are accounts: tr '\r' '\n'."),
    ]  # fmt: skip
    return [f"{path} {problem}: {listed(found)} {fix}" for problem, found, fix in kinds if found]


def _unusual(text: bytes, every: bool) -> t.Iterator[_words.Line]:
    position, number = 0, 1
    while position < len(text):
        usual = None if every else _USUAL.match(text, position)
        if usual:
            number += text.count(b"\n", position, usual.end())
            position = usual.end()
            continue
        line = next(_words.lines(text, position, None, number), None)
        if line is None:
            return
        yield line
        number += text.count(b"\n", position, line.end)
        position = line.end


def _look_at(odd: Odd, text: bytes, line: _words.Line) -> None:
    words, place = line.words, f"line {line.number}"
    if not words:
        if LONE_CR.search(text[line.start : line.end]):
            odd.hidden.append(place)
        return
    end = _words.spans(text, line)[-1][1]
    if text[end : end + 1] == b"#" and text[end - 1 : end] not in (b'"', b"'"):
        odd.cut.append(place)
    elif len(words) < 3:
        odd.incomplete.append(place)
    if len(words) < 3:
        return
    odd.servers.append((words[0], words[1], line.number))
    addresses = address_words(words)
    odd.rates += [f"{word.decode()!r} ({place})" for word in addresses if RATE.match(word)]
    if any(_PLAIN_NAME.match(word) and not RATE.match(word) for word in addresses):
        odd.halves.append(place)
    ours = words[1].startswith(b"pppoe-client-")
    if not addresses and not ours and text[end : end + 1] != b"#":
        odd.no_address.append(place)
    if addresses and words[0] != _words.visible(words[0]):
        marked = " (a byte order mark)" if words[0].startswith(codecs.BOM_UTF8) else ""
        odd.names.append(f"{_readable(words[0])}{marked} ({place})")


def _readable(word: bytes) -> str:
    return repr(_words.visible(word[:300]).decode("ascii", "backslashreplace"))


def _for_one_server(asked: Asked) -> bool:
    """Whether an account is asked for that is not for any server."""
    if isinstance(asked, _batch.Batch):
        accounts: t.Iterable[Account] = (account for _place, account in asked.special)
        if _SERVER.search(asked.text):
            return True
    else:
        accounts = asked
    return any(account.server != b"*" for account in accounts)


def _servers(asked: Asked, names: set[bytes]) -> dict[bytes, set[bytes]]:
    """For which servers the call has these accounts."""
    accounts = _batch.accounts_of(asked) if isinstance(asked, _batch.Batch) else asked
    found: dict[bytes, set[bytes]] = {}
    for account in accounts:
        if account.name in names:
            found.setdefault(account.name, set()).add(account.server)
    return found
