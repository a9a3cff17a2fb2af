# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts as rows of FreeRADIUS's tables, in the form of COPY. Private to this collection. Pure.

``encode`` runs on the controller for many accounts, and in the module for a few. A row is kind, account, attribute,
operator and value; the kinds are ``c`` (radcheck), ``r`` (radreply), ``g`` (the group in radusergroup) and ``a`` (the
account is to be absent).
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account, _batch
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _attributes, _nt_hash
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre._psql import copied

COLUMNS = ("name", "secret", "server", "addresses", "group", "attributes", "state")
MAGIC = b"dialtone.pppoe radius accounts 1 "
#: RADIUS counts the bytes of a value in one (RFC 2865 section 5).
MOST_NAME = 253
#: User-Password is at most that long (RFC 2865 section 5.2).
MOST_PASSWORD = 128
# What FreeRADIUS's policy filter_username refuses, as its authors see it.
_FILTERED = (
    (re.compile(r"\s"), "has a blank"),
    (re.compile(r"['\"\\%$]"), "has one of ' \" \\ % $"),
    (re.compile(r"@.*@"), "has more than one @"),
    (re.compile(r"\.\."), "has two dots in a row"),
    (re.compile(r"\.\Z"), "ends with a dot"),
    (re.compile(r"@\."), "has a dot behind its @"),
    (re.compile(r"@(?!.+\..)"), "has a realm without a dot"),
)
_USUAL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_USUAL_SECRET = re.compile(r"[A-Za-z0-9!#$%&()*+,./:;<=>?^_{|}~-][A-Za-z0-9!#$%&()*+,./:;<=>?@^_{|}~-]{0,63}\Z")


@dataclass
class UserBatch:
    """Accounts as rows. ``attributes``: where each attribute was named first."""

    rows: bytes = b""
    count: int = 0
    attributes: dict[str, str] = field(default_factory=dict)

    def dump(self) -> bytes:
        """The batch as bytes for a file, which then has secrets in it."""
        header = json.dumps({"count": self.count, "attributes": self.attributes}).encode("ascii")
        return MAGIC + header + b"\n" + self.rows


def read(handle: t.BinaryIO) -> UserBatch:
    """What ``dump`` gave. ``Refused`` (parameter ``src``) for anything else."""
    values = _batch.header_of(handle, MAGIC, "radius_user")
    return UserBatch(handle.read(), values["count"], values["attributes"])


def check_known(batch: UserBatch, known: t.Collection[str]) -> None:
    """Refuse attributes that are not in FreeRADIUS's dictionary, where it is there."""
    for name, place in batch.attributes.items():
        if known and name not in known:
            problem = f"{name} is not in FreeRADIUS's dictionary, and accounts that have it could not log in."
            raise Refused(place, problem, f"Look for its name in {_attributes.DICTIONARY}.")


def check_store(store: str, authentication: str) -> None:
    """CHAP is a hash of the secret itself (RFC 1994), so whoever checks it needs the clear text."""
    if store == "nt" and authentication == "chap":
        problem = "nt keeps a hash of each secret, and with CHAP the server needs the clear text to check a login."
        fix = "Set authentication to pap or mschap-v2 if the servers use that, or store to clear."
        raise Refused("store", problem, fix)


def encode(
    entries: t.Sequence[t.Mapping[str, t.Any]], place: t.Callable[[int], str], store: str = "clear"
) -> UserBatch:
    """The entries, each with the values of ``COLUMNS``, as a batch; ``Refused`` for one that is wrong.

    ``place`` gives the parameter by which an error names an entry, from its index.
    """
    lines: list[str] = []
    places: dict[str, int] = {}
    holders: dict[str, int] = {}
    attributes: dict[str, str] = {}
    for index, entry in enumerate(entries):
        usual = _usual(entry)
        account = (*usual, None, (), ()) if usual is not None else _account_of(entry, place(index), attributes)
        name, secret, address, check, reply = account
        if places.setdefault(name, index) != index:
            problem = f"the account {name!r} is already listed in {place(places[name])}."
            raise Refused(place(index), problem, "List each account once.")
        if secret is None:
            lines.append(f"a\t{copied(name)}\t\t\t\n")
            continue
        if address and holders.setdefault(address, index) != index:
            problem = f"{address} is already the address in {place(holders[address])}."
            raise Refused(f"{place(index)}.addresses", problem, "Give each account a different address.")
        lines.append(_secret_row(name, secret, store))
        for kind, items in (("c", check), ("r", reply)):
            lines += ["\t".join([kind, *map(copied, (name, *item))]) + "\n" for item in items]
        if entry.get("group"):
            lines.append(f"g\t{copied(name)}\t\t\t{copied(entry['group'])}\n")
    return UserBatch("".join(lines).encode("utf-8"), len(entries), attributes)


def _secret_row(name: str, secret: str, store: str) -> str:
    attribute, value = ("Cleartext-Password", secret) if store == "clear" else ("NT-Password", _nt_hash.nt_hash(secret))
    return f"c\t{copied(name)}\t{attribute}\t:=\t{copied(value)}\n"


def _usual(entry: t.Mapping[str, t.Any]) -> tuple[str, str] | None:
    """Name and secret of an entry that is valid at a glance, and has nothing more than a group."""
    name, secret, server, addresses, group, attributes, state = map(entry.get, COLUMNS)
    plain = not attributes and state in (None, "", "present") and server in (None, "", "*") and not group
    if not plain or (addresses and addresses != ["*"]):
        return None
    if not isinstance(name, str) or not isinstance(secret, str):
        return None
    return (name, secret) if _USUAL_NAME.match(name) and _USUAL_SECRET.match(secret) else None


_Account = tuple[str, "str | None", "str | None", tuple[_attributes.Item, ...], tuple[_attributes.Item, ...]]


def _account_of(entry: t.Mapping[str, t.Any], parameter: str, attributes: dict[str, str]) -> _Account:
    """Name, secret (``None``: absent), address, items to check and items of the answer."""
    prefix = parameter + "." if parameter else ""
    account = _account.of_server({**entry, "addresses": None}, parameter)
    # pppd asks for the name as it spells it, so this is what has to be found.
    name = account.name.decode("ascii")
    _check_name(prefix + "name", name)
    if not account.present:
        return name, None, None, (), ()
    if account.server != b"*":
        problem = f"{account.server.decode('ascii')!r} is a server, and an account in RADIUS is one of all servers."
        raise Refused(prefix + "server", problem, "Leave it out.")
    secret = (account.secret or b"").decode("utf-8")
    _check_secret(prefix + "secret", secret)
    given = entry.get("attributes") or {}
    if not isinstance(given, dict):
        raise Refused(prefix + "attributes", "is not a dictionary.", "Write it as {Filter-Id: 2000/1000}.")
    for attribute in given:
        attributes.setdefault(str(attribute), f"{prefix}attributes")
    check, reply = _attributes.items(prefix + "attributes", given)
    address = _address(prefix + "addresses", entry.get("addresses"))
    if address:
        if "Framed-IP-Address" in given:
            raise Refused(prefix + "addresses", "and Framed-IP-Address are both there.", "Give one of them.")
        reply = (_attributes.Item("Framed-IP-Address", ":=", address), *reply)
    _check_group(prefix + "group", entry.get("group"))
    return name, secret, address, check, reply


def _check_name(parameter: str, name: str) -> None:
    for pattern, what in _FILTERED:
        if pattern.search(name):
            raise Refused(parameter, f"{name!r} {what}, and FreeRADIUS refuses such names.", "Change it.")
    if len(name) > MOST_NAME:
        raise Refused(parameter, f"is longer than {MOST_NAME} bytes.", "Shorten it.")


def _check_secret(parameter: str, secret: str) -> None:
    if len(secret.encode("utf-8")) > MOST_PASSWORD:
        raise Refused(parameter, f"is longer than {MOST_PASSWORD} bytes.", "Shorten it.")
    if not secret.isprintable():
        raise Refused(parameter, "has control characters.", "Take them out.")
    if "\\" in secret:
        raise Refused(parameter, "has a backslash, which FreeRADIUS would interpret.", "Choose another secret.")
    _attributes.refuse_quoted(parameter, secret)


def _address(parameter: str, addresses: t.Any) -> str | None:
    """The one address that RADIUS can give; ``None`` for that of a pool."""
    if not addresses or list(addresses) == ["*"]:
        return None
    hosts = [_account.single_host(str(one).encode()) for one in addresses if one != "*"]
    if len(hosts) != 1 or hosts[0] is None:
        problem = "is not a single address, and RADIUS gives a session one."
        raise Refused(parameter, problem, "Give one IPv4 address, or '*' for one of a pool.")
    _account.of_server({"name": "x", "secret": "x", "addresses": [hosts[0].decode()]}, parameter.rpartition(".")[0])
    return hosts[0].decode()


def _check_group(parameter: str, group: t.Any) -> None:
    if group is not None and (not isinstance(group, str) or len(group) > 64 or not group.isprintable()):
        raise Refused(parameter, "is not the name of a group.", "Give a text of up to 64 characters.")


def of_secrets_file(content: bytes, name: str) -> tuple[list[dict[str, t.Any]], list[str], list[str]]:
    """The accounts of a pppd's secrets file, their places, and warnings of lines that cannot be taken over.

    A server is left out: with RADIUS an account is valid at all of them.
    """
    entries: dict[str, dict[str, t.Any]] = {}
    places: list[str] = []
    skipped: list[str] = []
    for line in _words.lines(content):
        if not line.words:
            continue
        place = f"{name}:{line.number}"
        words = [word.decode("utf-8", "replace") for word in line.words]
        if len(words) < 4 or words[0] == "*" or words[2].startswith("@"):
            skipped.append(f"line {line.number}")
            continue
        addresses = words[3 : words.index("--") if "--" in words else None]
        hosts = [word for word in addresses if word != "*" and not word.startswith("!")]
        if len(hosts) > 1 or any(_account.single_host(host.encode()) is None for host in hosts):
            skipped.append(f"the addresses of line {line.number}")
            hosts = []
        entry = {"name": words[0], "secret": words[2], "addresses": hosts or None}
        former = entries.setdefault(words[0], entry)
        if former is entry:
            places.append(place)
        elif former["secret"] != entry["secret"]:
            problem = f"the account {words[0]!r} has another secret in a line before, for another server."
            raise Refused(place, problem, "Decide on one, since RADIUS has one for all servers.")
    warnings = []
    if skipped:
        shown = ", ".join(skipped[:20]) + (f" and {len(skipped) - 20} more" if len(skipped) > 20 else "")
        warnings.append(f"{name}: not taken over, since RADIUS has nothing like it: {shown}.")
    return list(entries.values()), places, warnings


def attributes_of(text: str, parameter: str) -> dict[str, str]:
    """The attributes in a field of a CSV file: ``Filter-Id=2000/1000|Session-Timeout=86400``."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split("|"))):
        name, equals, value = part.partition("=")
        if not equals or name in found:
            raise Refused(parameter, "is not a list of NAME=VALUE.", "Separate them by |, each with a name of its own.")
        found[name.strip()] = value.strip()
    return found
