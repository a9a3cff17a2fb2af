# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts of pppd's secrets files: what may be asked for. Private to this collection.

Whatever pppd would read back as something else than the user asked for is ``Refused``, by the name of its parameter.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import visible

# The longest name and secret, in bytes as they are looked up. CHAP: chap.c rname, auth.c get_secret. PAP, whose
# packets count them in one byte: auth.c check_passwd. A client's own name: the user option, a buffer of 256.
MOST_CHAP = 256
MOST_PAP = 255
MOST_CLIENT = 255

# No leading zeros in a number: the C library would read it as octal.
_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ADDRESS = re.compile(rf"!?({_NUMBER})(?:\.{_NUMBER}){{3}}(?:/([0-9]{{1,2}})(\+?))?\Z")
_POOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z")
ADDRESS_FORMS = (
    "Give '*' for any address, an IPv4 address (10.0.0.9), a network (10.0.0.0/24), a network from which each "
    "interface takes its own address (10.0.0.0/24+), or one of them behind '!' to forbid it."
)


@dataclass(frozen=True)
class Account:
    """One account, in the words that stand in the file.

    ``addresses`` of ``None`` are left as they are, ``alias`` is another spelling that means the same account, and
    ``label`` is the name as people know it. ``parameter`` is where it was asked for (``users[3]``).
    ``pool``: the named pool of the server that its address is of; empty for none, ``None``: as it is. ``until``: when
    it goes to the walled garden, in seconds since 1970.
    """

    name: bytes
    server: bytes = b"*"
    secret: bytes | None = None
    addresses: tuple[bytes, ...] | None = (b"*",)
    present: bool = True
    alias: bytes | None = None
    label: str = ""
    parameter: str = ""
    pool: str | None = None
    until: int | None = None

    @property
    def key(self) -> tuple[bytes, bytes]:
        """What tells one account from another: pppd looks for a client's name and the server's."""
        return self.name, self.server

    @property
    def fixed(self) -> list[bytes]:
        """The single hosts among its addresses, which nobody else may have."""
        return [host for host in map(single_host, self.addresses or ()) if host] if self.present else []


def of_server(entry: t.Mapping[str, t.Any], parameter: str, pap: bool = False) -> Account:
    """An account that others log in with, from the parameters ``name secret server addresses state``.

    ``parameter`` is the place of the entry, ``users[3]`` or empty for the module's own parameters. With ``pap`` the
    file is pap-secrets, where pppd also makes the password visible before it compares it (``auth.c`` check_passwd).
    """
    prefix = parameter + "." if parameter else ""
    most = MOST_PAP if pap else MOST_CHAP
    raw = _name(prefix + "name", entry.get("name"))
    name = _within(prefix + "name", visible(raw), most, "as pppd spells it" if visible(raw) != raw else "")
    server = _server(prefix + "server", entry.get("server") or "*")
    present = entry.get("state") != "absent"
    secret: bytes | None = None
    addresses: tuple[bytes, ...] | None = None
    if present:
        secret = _secret(prefix + "secret", entry.get("secret"))
        secret = _within(prefix + "secret", visible(secret) if pap else secret, most)
        addresses = _addresses(prefix + "addresses", entry.get("addresses"))
    alias = raw if raw != name else None
    pool = _pool(prefix + "pool", entry.get("pool")) if present else None
    until = entry.get("until") if present else None
    return Account(name, server, secret, addresses, present, alias, _label(raw), parameter, pool, until)


def of_client(
    name: str,
    secret: str | None,
    server: str = "*",
    present: bool = True,
    parameters: tuple[str, str, str] = ("username", "secret", "server"),
    secret_file: str | None = None,
) -> Account:
    """The account that this host itself logs in with: pppd sends these bytes, and looks them up as they are.

    It names no addresses, so that nobody logs in here with it; those that its line has already are kept.
    A secret for which pppd would read another file (``is_indirect``) has to stand in ``secret_file``.
    """
    raw = _within(parameters[0], _name(parameters[0], name), MOST_CLIENT)
    password = _within(parameters[1], _plain_secret(parameters[1], secret), MOST_CLIENT) if present else None
    if password and is_indirect(password) and secret_file is not None:
        password = b"@" + secret_file.encode()
    return Account(raw, _server(parameters[2], server), password, None, present, None, _label(raw), parameters[0])


def is_indirect(secret: bytes) -> bool:
    """Whether pppd takes it for the name of the file that has the secret (``auth.c`` scan_authfile)."""
    return secret.startswith(b"@/")


def check_together(accounts: t.Sequence[Account]) -> None:
    """Refuse what no account by itself shows: one asked for twice, or an address given to two."""
    seen: dict[tuple[bytes, bytes], Account] = {}
    holders: dict[bytes, Account] = {}
    for account in accounts:
        twin = seen.setdefault(account.key, account)
        if twin is not account:
            raise Refused(
                account.parameter,
                f"the account {account.label!r} is already listed in {twin.parameter}, for the same server.",
                "List each account once.",
            )
        for host in account.fixed:
            holder = holders.setdefault(host, account)
            if holder.name != account.name:
                raise Refused(
                    f"{account.parameter}.addresses",
                    f"{host.decode()} is already the address of {holder.label!r} ({holder.parameter}).",
                    "Give each account a different address: two sessions cannot share one.",
                )


def single_host(word: bytes) -> bytes | None:
    """The address, if a word of a secrets file means exactly one."""
    host = word[:-3] if word.endswith(b"/32") else word
    return host if re.match(rb"[0-9]+(\.[0-9]+){3}\Z", host) else None


def _bytes(parameter: str, value: str) -> bytes:
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused(parameter, "is not valid text.", "Write it in UTF-8.") from None


def _within(parameter: str, word: bytes, most: int, how: str = "") -> bytes:
    if len(word) > most:
        problem = f"is {len(word)} bytes long{' ' + how if how else ''}, pppd keeps {most} and would cut the rest off."
        raise Refused(parameter, problem, f"Make it {most} bytes or less.")
    return word


def _name(parameter: str, value: str | None) -> bytes:
    if not value:
        raise Refused(parameter, "is missing." if value is None else "is empty.", "Give the account's name.")
    if value == "*":
        raise Refused(parameter, "'*' would match every name with this secret.", "Name each account.")
    if "\n" in value or "\0" in value:
        raise Refused(parameter, "contains a newline or NUL, with which no peer can authenticate.", "Remove it.")
    return _bytes(parameter, value)


def _secret(parameter: str, value: str | None) -> bytes:
    secret = _plain_secret(parameter, value)
    if is_indirect(secret):
        fix = "Choose a secret that begins otherwise."
        raise Refused(parameter, "begins with '@/', for which pppd reads the file of that name instead.", fix)
    if secret == b"@login":
        fix = "Choose another secret."
        raise Refused(parameter, "is a word that makes pppd ask for the password of a system user.", fix)
    return secret


def _plain_secret(parameter: str, value: str | None) -> bytes:
    """The problem's text says what is wrong, and never the secret."""
    if value is None:
        raise Refused(parameter, "is missing.", "Give a secret, or state=absent to remove the account.")
    if not value:
        raise Refused(parameter, "is empty: anyone could authenticate.", "Give a secret.")
    if "\0" in value:
        raise Refused(parameter, "contains a NUL, at which pppd would end it.", "Remove it.")
    return _bytes(parameter, value)


def _server(parameter: str, value: str) -> bytes:
    if not (value.isascii() and value.isprintable()):
        problem = "has characters beyond printable ASCII, which pppd spells differently as a server and as a client."
        raise Refused(parameter, problem, "Give '*', or a name in ASCII.")
    return _within(parameter, value.encode("ascii"), MOST_PAP)


def _label(name: bytes) -> str:
    text = name.decode("utf-8")
    return text if text.isprintable() else visible(name).decode("ascii")


def _pool(parameter: str, value: t.Any) -> str | None:
    if value and not (isinstance(value, str) and _POOL.match(value)):
        raise Refused(parameter, f"{value!r} is not the name of a pool.", "Name a pool of the server, in quotes.")
    return t.cast("str | None", value)


def _addresses(parameter: str, values: t.Sequence[str] | None) -> tuple[bytes, ...]:
    if values is None:
        return (b"*",)
    for index, value in enumerate(values):
        if value == "*":
            _refuse_after_any(parameter, index, values)
        else:
            _check_address(f"{parameter}[{index}]", value)
    if all(value.startswith("!") for value in values):
        problem = "allows no address, and pppd refuses a peer that has none."
        raise Refused(parameter, problem, ADDRESS_FORMS)
    _refuse_forbidden_offer(parameter, values)
    return tuple(value.encode("ascii") for value in values)


def _refuse_forbidden_offer(parameter: str, values: t.Sequence[str]) -> None:
    """``auth.c`` set_allowed_addrs offers the first single address, without a look at the ``!`` before it."""
    single = [index for index, value in enumerate(values) if value != "*" and ("/" not in value or value[-1] == "+")]
    allowed = [index for index in single if not values[index].startswith("!")]
    if allowed and allowed[0] != single[0]:
        forbidden, wanted = values[single[0]], values[allowed[0]]
        problem = f"pppd would offer the address of {forbidden!r}, the first single one, and then refuse it."
        raise Refused(f"{parameter}[{single[0]}]", problem, f"Put {wanted!r} before it.")


def _refuse_after_any(parameter: str, index: int, values: t.Sequence[str]) -> None:
    if index != len(values) - 1:
        problem = f"pppd reads nothing behind '*', so {values[index + 1]!r} would not count."
        raise Refused(f"{parameter}[{index + 1}]", problem, "Put '*' last, or leave it out.")


def _check_address(parameter: str, value: str) -> None:
    """What ``auth.c`` set_allowed_addrs takes, less the names, which it would look up in the DNS at each login."""
    match = _ADDRESS.match(value)
    if not match:
        raise Refused(parameter, f"{value!r} is not an address that pppd can restrict a peer to.", ADDRESS_FORMS)
    first, length, own = match.groups()
    # With '+' unit 0 takes the network's address plus 1, which must not be its last: nothing is left in /31+ and /32+.
    longest = 30 if own else 32
    if length is not None and not 1 <= int(length) <= longest:
        fix = f"Give a length from 1 to {longest}, or '*' for any address."
        raise Refused(parameter, f"{value!r} has a prefix length that pppd does not accept.", fix)
    if length is None and (int(first) in (0, 127) or int(first) >= 224):
        raise Refused(parameter, f"{value} is not an address that a host can have.", "Give a unicast address.")
