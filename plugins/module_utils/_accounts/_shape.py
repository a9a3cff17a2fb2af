# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types that the values of an account have before Ansible converts them. Private to this collection.

YAML turns ``0123`` into 83, ``yes`` into true and ``12:30`` into 750; as ``type: str`` a module gets ``83``, ``True``
and ``750``, and nobody can tell any more what was written. So names and secrets that are no text are ``Refused``. No
text of an error has a value in it, since any of them may be a secret in the wrong place.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

TEXTS = ("name", "secret", "server")
_KEYS = frozenset((*TEXTS, "addresses", "state"))
_STATES = ("present", "absent")
_NUMBER = "YAML reads 0123, 0x1F, 1.10, 1.0e+3, 12:30, .inf and .nan without quotes as numbers"
_TEXT = (str, type(None))
_ENTRY = "Give a list of dictionaries, each with name and secret."


def text(parameter: str, value: t.Any) -> None:
    """Refuse what is neither text nor missing."""
    if value is None or isinstance(value, str):
        return
    key = parameter.rpartition(".")[2]
    raise Refused(parameter, f"is {_kind(value)}, not text{_cause(value)}.", f'Put it in quotes, {key}: "…".')


def texts(params: t.Mapping[str, t.Any], names: t.Iterable[str], prefix: str = "") -> None:
    """``text`` for each of the parameters."""
    for name in names:
        text(prefix + name, params.get(name))


def accounts(params: t.Mapping[str, t.Any]) -> None:
    """The parameters ``name secret server addresses users`` of chap_user."""
    texts(params, (*TEXTS, "src"))
    addresses("addresses", params.get("addresses"))
    if "users" in params:
        listed("users", params["users"], params.get("name") or params.get("src"))


def listed(parameter: str, value: t.Any, instead: t.Any = None) -> None:
    """A list of accounts. ``instead`` is another parameter with accounts, beside which this one may be null."""
    if value is None:
        if not instead:
            raise Refused(parameter, "is null.", "Give a list, or leave it out.")
        return
    if not isinstance(value, (list, tuple)):
        raise Refused(parameter, f"is {_kind(value)}, not a list.", _ENTRY)
    for index, entry in enumerate(value):
        _entry(parameter, index, entry)


def _entry(parameter: str, index: int, entry: t.Any) -> None:
    if isinstance(entry, dict):
        for key in TEXTS:
            if not isinstance(entry.get(key), _TEXT):
                text(f"{parameter}[{index}].{key}", entry[key])
        for key in entry:
            if not isinstance(key, str):
                text(f"{parameter}[{index}], a key of it", key)
        if entry.get("addresses") is not None:
            addresses(f"{parameter}[{index}].addresses", entry["addresses"])
        return
    place = f"{parameter}[{index}]"
    if entry is None:
        raise Refused(place, "is empty.", "Give name and secret, or remove the entry.")
    problem = f"is {_kind(entry)}, not a dictionary with name and secret."
    raise Refused(place, problem, 'Write it as {name: "…", secret: "…"}.')


def is_usual(user: t.Mapping[str, t.Any]) -> bool:
    """Whether no value of an account needs a conversion, which is the module's business."""
    if not user.keys() <= _KEYS or user.get("state", "present") not in _STATES:
        return False
    addresses = user.get("addresses")
    return addresses is None or isinstance(addresses, list)


def connection(params: t.Mapping[str, t.Any]) -> None:
    """The parameters of pppoe_client that are names or a secret."""
    texts(params, ("name", "username", "secret", "ac_name", "service_name"))
    if isinstance(params.get("dns"), bool):
        problem = "is a boolean, as YAML reads yes, no, on, off, true and false without quotes."
        raise Refused("dns", problem, "Give none, server, or a list of addresses.")


def addresses(parameter: str, value: t.Any) -> None:
    """A list of texts, or one text, which Ansible makes a list of."""
    if value is None or isinstance(value, str):
        return
    if not isinstance(value, (list, tuple)):
        raise Refused(parameter, f"is {_kind(value)}, not a list.", 'Give a list such as ["10.0.0.9"].')
    for index, one in enumerate(value):
        if not isinstance(one, str):
            problem = f"is {_kind(one)}, not text{_cause(one)}."
            raise Refused(f"{parameter}[{index}]", problem, 'Give a list such as ["10.0.0.9"].')


def _kind(value: t.Any) -> str:
    kinds: tuple[tuple[type, str], ...] = (
        (type(None), "null"),
        (str, "text"),
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (datetime.date, "a date"),
        (bytes, "binary data"),
        (dict, "a dictionary"),
        (list, "a list"),
        (tuple, "a list"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "of another type")


def _cause(value: t.Any) -> str:
    if isinstance(value, bool):
        return ": YAML reads yes, no, on, off, true and false without quotes as booleans"
    if isinstance(value, (int, float)):
        return f": {_NUMBER}"
    if isinstance(value, datetime.date):
        return ": YAML reads 2026-11-01 without quotes as a date"
    if isinstance(value, dict):
        return ": YAML reads {…} without quotes as a dictionary"
    return ": YAML reads […] without quotes as a list" if isinstance(value, (list, tuple)) else ""
