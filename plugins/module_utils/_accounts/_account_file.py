# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts from the text of a CSV or JSON file. Private to this collection.

``rows`` gives entries with the values of the module's ``users``, and for each the place that an error names. No error
shows anything that may be a secret, so values appear in none.
"""

from __future__ import annotations

import csv
import io
import json
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._batch import COLUMNS
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

Entry = dict[str, t.Any]
_KNOWN = "name, secret, server, addresses and state"


def rows(text: str, name: str, form: str) -> tuple[list[Entry], list[str]]:
    """The entries of a file called ``name``, ``csv`` or ``json``, and their places (``customers.csv:5``)."""
    text = text[1:] if text.startswith("\ufeff") else text
    if not text.strip():
        raise Refused("src", f"{name} is empty.", "Give it a header and accounts, or leave src out.")
    return _csv_rows(text, name) if form == "csv" else _json_rows(text, name)


def _csv_rows(text: str, name: str) -> tuple[list[Entry], list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    entries, places = [], []
    line = 1
    try:
        columns = [column.strip() for column in next(reader)]
        _check_columns(columns, f"{name}:1")
        last = reader.line_num
        for values in reader:
            line, last = last + 1, reader.line_num
            if not values:
                continue
            place = f"{name}:{line}"
            if len(values) != len(columns):
                problem = f"has {len(values)} fields, the header has {len(columns)}."
                raise Refused(place, problem, "Give one for each column, and put one with a comma in double quotes.")
            entries.append(_csv_entry(dict(zip(columns, values)), place))
            places.append(place)
    except csv.Error:
        mend = 'Put a field with a comma, quotation mark or newline in double quotes, and write " in it twice.'
        raise Refused(f"{name}:{reader.line_num}", "is not valid CSV.", mend) from None
    return entries, places


def _check_columns(columns: list[str], place: str) -> None:
    unknown = [number for number, column in enumerate(columns, 1) if column not in COLUMNS]
    if unknown:
        # A file without a header has an account in its first line, so the column is not named.
        raise Refused(place, f"the name of column {unknown[0]} is unknown.", f"Begin with a header of {_KNOWN}.")
    if len(set(columns)) < len(columns):
        raise Refused(place, "a column is there twice.", "Take one out.")
    for column in ("name", "secret"):
        if column not in columns:
            raise Refused(place, f"the column {column} is missing.", "Add it to the header and to each line.")


def _csv_entry(entry: Entry, place: str) -> Entry:
    if "addresses" in entry:
        entry["addresses"] = entry["addresses"].split() or None
    state = entry.get("state")
    if state is not None:
        _check_state(state or "present", place)
    return entry


def _check_state(state: t.Any, place: str) -> None:
    if state not in ("present", "absent"):
        raise Refused(f"{place}.state", "is neither present nor absent.", "Give one of them, or leave it empty.")


def _json_rows(text: str, name: str) -> tuple[list[Entry], list[str]]:
    try:
        entries = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise Refused(f"{name}:{line}", "is not valid JSON.", "Give a list of objects.") from None
    if not isinstance(entries, list):
        raise Refused("src", f"{name} is no list.", "Give a list of objects, one an account.")
    places = [f"{name}[{index}]" for index in range(len(entries))]
    for entry, place in zip(entries, places):
        _check_object(entry, place)
    return entries, places


def _check_object(entry: t.Any, place: str) -> None:
    if not isinstance(entry, dict):
        raise Refused(place, "is no object.", "Give an object with name and secret.")
    if not entry.keys() <= set(COLUMNS):
        raise Refused(place, "has an unknown key.", f"Known are {_KNOWN}.")
    for key in ("name", "secret", "server"):
        if not isinstance(entry.get(key), (str, type(None))):
            raise Refused(f"{place}.{key}", "is no text.", "Put it in double quotes.")
    addresses = entry.get("addresses")
    if isinstance(addresses, str):
        entry["addresses"] = addresses.split() or None
    elif addresses is not None and not (isinstance(addresses, list) and all(isinstance(one, str) for one in addresses)):
        raise Refused(f"{place}.addresses", "is no list of texts.", 'Give a list such as ["10.0.0.9"].')
    _check_state(entry.get("state") or "present", place)
