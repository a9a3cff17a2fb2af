# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts of a secrets file as variables of an inventory, such as RADIUS can have them. Private. Pure.

It runs on the controller, and what it gives has secrets: it is to be encrypted before it is written.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account, _secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _yaml as _adopt_yaml
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _users


@dataclass(frozen=True)
class Moved:
    """``text``: the variables, with secrets; ``left``: what is not among them, in words, without secrets."""

    text: str
    count: int
    left: list[str]


def document(content: bytes, path: str, server: str, host: str) -> Moved:
    """The accounts for a server of that name, each as ``pppoe_server_accounts`` has it."""
    entries: dict[str, dict[str, t.Any]] = {}
    left: list[str] = []
    if content.startswith(_adopt_accounts.BOM):
        left.append(f"Line 1 of {path}: the file begins with a byte order mark, a part of the first name for pppd.")
    for line in _adopt_accounts.lines(content, path, left):
        try:
            entry = _entry(line, server)
        except ValueError as error:
            left.append(f"Line {line.number} of {path}: {error}.")
            continue
        if entries.setdefault(entry["name"], entry) is not entry:
            left.append(f"Line {line.number} of {path}: pppd takes an earlier line of this account.")
    lines = [f"# The accounts of {host} in {path}, with their secrets.".encode("ascii", "replace").decode()]
    lines += ["pppoe_server_accounts:" if entries else "pppoe_server_accounts: []"]
    for entry in entries.values():
        name, secret = _adopt_yaml.text(entry["name"]), _adopt_yaml.text(entry["secret"])
        addresses = "".join(f", addresses: [{_adopt_yaml.text(one)}]" for one in entry["addresses"])
        lines.append(f"- {{name: {name}, secret: {secret}{addresses}}}")
    return Moved("---\n" + "".join(f"{line}\n" for line in lines), len(entries), left)


def _entry(line: _words.Line, server: str) -> dict[str, t.Any]:
    """The account of a line; ``ValueError`` with the reason for one that RADIUS cannot have."""
    try:
        words = [word.decode("utf-8") for word in line.words]
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if len(words) < 3:
        raise ValueError("it has no secret")
    name, of, secret = words[:3]
    if of not in ("*", server):
        raise ValueError(f"{name!a} is for the server {of!a}")
    if name == "*":
        raise ValueError("the account * opens any name")
    if secret.startswith("@"):
        raise ValueError(f"the secret of {name!a} is in another file")
    if "--" in words[3:]:
        raise ValueError(f"{name!a} has options of pppd (--), for which RADIUS has attributes")
    entry = {"name": name, "secret": secret, "addresses": _addresses(name, _secrets.address_words(line.words))}
    try:
        _users.encode([entry], lambda _index: "")
    except Refused as error:
        # "name: 'a b' has a blank, and FreeRADIUS refuses such names. Change it."
        reason = str(error).partition(": ")[2].removesuffix(error.fix).strip().rstrip(".")
        raise ValueError(f"the {error.parameter or 'account'} of {name!a}: {reason}") from None
    return entry


def _addresses(name: str, words: t.Sequence[bytes]) -> list[str]:
    """The one address, or none for any."""
    if not words or words[0] == b"-":
        raise ValueError(f"{name!a} has no address, so that it cannot log in")
    host = _account.single_host(words[0]) if len(words) == 1 else None
    if list(words) != [b"*"] and host is None:
        raise ValueError(f"{name!a} has addresses other than a single one or *, and RADIUS gives a session one")
    return [host.decode()] if host else []
