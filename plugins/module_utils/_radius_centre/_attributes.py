# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RADIUS attributes of accounts and groups as rows of FreeRADIUS's tables. Private to this collection.

FreeRADIUS reads rows of ``radcheck`` and ``radgroupcheck`` to find out whether an account may log in, and answers with
those of ``radreply`` and ``radgroupreply``. An attribute that is unknown to it, or a value in quotation marks, of which
it makes something else (``rlm_sql.c`` sql_fr_pair_list_afrom_str), would refuse the customer.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

DICTIONARY = "/usr/share/freeradius"
#: Attributes that decide about a login instead of being part of the answer.
CHECKED = frozenset(
    {
        "Auth-Type", "Called-Station-Id", "Calling-Station-Id", "Current-Time", "Expiration",
        "Framed-Protocol", "Group", "Hint", "Huntgroup-Name", "Login-Time", "NAS-IP-Address", "NAS-Identifier",
        "NAS-Port", "NAS-Port-Id", "NAS-Port-Type", "Pool-Name", "Service-Type", "Simultaneous-Use",
    }
)  # fmt: skip
#: What is compared with the request instead of set for the login.
_COMPARED = frozenset(
    {"Called-Station-Id", "Calling-Station-Id", "NAS-IP-Address", "NAS-Identifier", "NAS-Port", "NAS-Port-Id",
     "NAS-Port-Type"}
)  # fmt: skip
#: Secrets, which only the parameter for them may set.
PASSWORDS = frozenset(
    {"Cleartext-Password", "NT-Password", "LM-Password", "Crypt-Password", "MD5-Password", "SMD5-Password",
     "SHA-Password", "SSHA-Password", "SHA2-Password", "SSHA2-256-Password", "Password-With-Header", "User-Password",
     "CHAP-Password"}
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_LINE = re.compile(r"^ATTRIBUTE\s+(\S+)", re.MULTILINE)
_MOST = 253


class Item(t.NamedTuple):
    """A row: attribute, operator, value."""

    attribute: str
    op: str
    value: str


def items(
    parameter: str, attributes: t.Mapping[str, t.Any], known: t.Collection[str] = ()
) -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """The items to check and those of the answer. A value is a text, a number, or a list of them."""
    check: list[Item] = []
    reply: list[Item] = []
    for name, given in attributes.items():
        place = f"{parameter}.{name}"
        _check_name(place, name, known)
        values = given if isinstance(given, (list, tuple)) else [given]
        for number, value in enumerate(values):
            text = _value(place, value)
            if name in CHECKED:
                check.append(Item(name, "==" if name in _COMPARED else ":=", text))
            else:
                reply.append(Item(name, "+=" if number else ":=", text))
    return tuple(check), tuple(reply)


def _check_name(place: str, name: t.Any, known: t.Collection[str]) -> None:
    if not isinstance(name, str) or not _NAME.match(name):
        raise Refused(place, "is not the name of a RADIUS attribute.", "Give one such as Filter-Id.")
    if name in PASSWORDS:
        raise Refused(place, "is a secret.", "Give it as secret of the account.")
    if known and name not in known:
        problem = "is not in FreeRADIUS's dictionary, and accounts that have it could not log in."
        raise Refused(place, problem, f"Look for its name in {DICTIONARY}.")


def _value(place: str, value: t.Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Refused(place, "is neither text nor a number.", "Put it in quotes.")
    text = str(value)
    if not text or len(text.encode("utf-8", "replace")) > _MOST or not text.isprintable():
        raise Refused(place, f"is empty, longer than {_MOST} bytes, or has control characters.", "Correct it.")
    refuse_quoted(place, text)
    return text


def refuse_quoted(place: str, text: str) -> None:
    """FreeRADIUS takes what stands between two equal quotation marks for a text to expand, or a program to run."""
    if text[0] in "'\"`" and text[0] == text[-1]:
        problem = f"begins and ends with {text[0]}, which FreeRADIUS would interpret."
        raise Refused(place, problem, "Choose one that begins or ends otherwise.")


def dictionary(folder: str = DICTIONARY) -> frozenset[str]:
    """The names of all attributes that FreeRADIUS knows on this host; none where it is not installed."""
    found: set[str] = set()
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if name.startswith("dictionary"):
            with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as handle:
                found.update(_LINE.findall(handle.read()))
    return frozenset(found)
