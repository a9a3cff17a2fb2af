# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts from the content of a CSV or JSON file. Private to this collection.

``decoded`` gives its text, ``rows`` entries with the values of the module's ``users``, and for each the place that an
error names. No error shows anything that may be a secret, so values appear in none. What a spreadsheet writes is read
where it means one thing only: columns between semicolons or tabs, UTF-16 with its mark, empty columns and rows.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts._batch import COLUMNS
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

Entry = dict[str, t.Any]
#: What pppoe_plans and pppoe_ipv6 have of an account, in a CSV file and in JSON; chap_user passes over it.
_OF_IPV6 = ("framed_ipv6_prefix", "delegated_ipv6_prefix")
_OF_PLANS = ("plan", "download", "upload", "enabled", "mac", "expires", *_OF_IPV6)
_KEYS_OF_PLANS = ("plan", "rate", "enabled", "mac", "expires", *_OF_IPV6)
_KNOWN = (
    "name, secret, server, addresses and state, for plans plan, download, upload, enabled, mac and expires, and for "
    "IPv6 framed_ipv6_prefix and delegated_ipv6_prefix"
)
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
# What a spreadsheet makes of a long number, and keeps of it.
_SHORTENED = re.compile(r"[0-9]([.,][0-9]+)?E[+-][0-9]+\Z")


def decoded(content: bytes, name: str) -> str:
    """The text of a file called ``name``: UTF-8, or UTF-16 with a byte order mark. ``Refused`` for anything else."""
    fix = "Save it in UTF-8."
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16")
        except UnicodeError:
            raise Refused("src", f"{name} begins as UTF-16 does, but is not valid.", fix) from None
    if content.startswith(b"PK\x03\x04"):
        raise Refused("src", f"{name} is a zip archive, as spreadsheets are.", "Export it as CSV in UTF-8.")
    if b"\0" in content:
        raise Refused("src", f"{name} has NUL bytes, as UTF-16 without a byte order mark has.", fix)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        problem = f"{name} is not text in UTF-8. It looks like Latin-1 or Windows-1252 (line {line})."
        raise Refused("src", problem, f"{fix[:-1]}, for example: iconv -f WINDOWS-1252 -t UTF-8 {name}") from None


def rows(text: str, name: str, form: str, more: t.Sequence[str] = ()) -> tuple[list[Entry], list[str]]:
    """The entries of a file called ``name``, ``csv`` or ``json``, and their places (``customers.csv:5``).

    ``more``: columns or keys that it may have beside those of every account.
    """
    text = text[1:] if text.startswith("\ufeff") else text
    if not text.strip():
        raise Refused("src", f"{name} is empty.", "Give it a header and accounts, or leave src out.")
    return _csv_rows(text, name, more) if form == "csv" else _json_rows(text, name, more)


def shortened(entries: t.Sequence[Entry], places: t.Sequence[str]) -> list[str]:
    """A warning of secrets and names that look like numbers of which a spreadsheet has kept the first digits only."""
    found = [
        f"{place}.{column}"
        for entry, place in zip(entries, places)
        for column in ("name", "secret")
        if _SHORTENED.match(entry.get(column) or "")
    ]
    if not found:
        return []
    return [
        f"src: {_text.listed(found)} looks like a long number that a spreadsheet has written in "
        "short, as 1.23E+15. Its other digits are lost: format the column as text before the export."
    ]


def _csv_rows(text: str, name: str, more: t.Sequence[str]) -> tuple[list[Entry], list[str]]:
    known = (*COLUMNS, *_OF_PLANS, *more)
    delimiter, skipped = _delimiter(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    entries, places = [], []
    try:
        for _row in range(skipped):
            next(reader)
        line, last = reader.line_num + 1, reader.line_num
        columns = _columns(next(reader))
        _check_columns(columns, f"{name}:{line}", delimiter, known)
        last = reader.line_num
        for values in reader:
            line, last = last + 1, reader.line_num
            # Spreadsheets write rows and columns without anything in them.
            if not any(values):
                continue
            place = f"{name}:{line}"
            if len(values) < len(columns) or any(values[len(columns) :]):
                problem = f"has {len(values)} fields, the header has {len(columns)}."
                fix = f"Give one for each column, and put one with {_a(delimiter)} in double quotes."
                raise Refused(place, problem, fix)
            entries.append(_csv_entry(dict(zip(columns, values)), place))
            places.append(place)
    except csv.Error:
        fix = f'Put a field with {_a(delimiter)}, quotation mark or newline in double quotes, and write " in it twice.'
        raise Refused(f"{name}:{reader.line_num}", "is not valid CSV.", fix) from None
    if not text.endswith(("\n", "\r")):
        problem = "the last line does not end with a newline, so the file may have been cut off within it."
        raise Refused(f"{name}:{line}", problem, "Export it again, or, if it is complete, end it with a newline.")
    return entries, places


def _a(delimiter: str) -> str:
    return f"a {_DELIMITERS[delimiter][:-1]}"


def _delimiter(text: str, known: t.Collection[str]) -> tuple[str, int]:
    """What separates the columns, by the header that it makes sense of, and how many rows come before the header."""
    lines = text.splitlines()
    named = re.match(r"sep=(.)\Z", lines[0])
    if named and named.group(1) in _DELIMITERS and len(lines) > 1:
        return named.group(1), 1
    for delimiter in _DELIMITERS:
        columns = _columns(lines[0].split(delimiter))
        if len(columns) > 1 and {column.strip('"') for column in columns} <= set(known):
            return delimiter, 0
    return ",", 0


def _columns(header: list[str]) -> list[str]:
    columns = [column.strip().lower() for column in header]
    while columns and not columns[-1]:
        columns.pop()
    return columns


def _check_columns(columns: list[str], place: str, delimiter: str, known: t.Collection[str]) -> None:
    unknown = [number for number, column in enumerate(columns, 1) if column not in known]
    if unknown or not columns:
        # A file without a header has an account in its first line, so the column is not named.
        number = unknown[0] if unknown else 1
        fix = f"Begin with a header of {_KNOWN}, with {_DELIMITERS[delimiter]} between them."
        raise Refused(place, f"the name of column {number} is unknown.", fix)
    if len(set(columns)) < len(columns):
        raise Refused(place, "a column is listed twice.", "Remove one.")
    for column in ("name", "secret"):
        if column not in columns:
            raise Refused(place, f"the column {column} is missing.", "Add it to the header and to each line.")


def _csv_entry(entry: Entry, place: str) -> Entry:
    if "addresses" in entry:
        entry["addresses"] = entry["addresses"].replace(",", " ").split() or None
    state = entry.get("state")
    if state is not None:
        _check_state(state or "present", place)
    return _with_plan(entry, place)


def _with_plan(entry: Entry, place: str) -> Entry:
    """What is for pppoe_plans, as a list of accounts has it; an empty field is the default."""
    rate = {way: entry.pop(way) for way in ("download", "upload") if way in entry}
    rate = {way: value for way, value in rate.items() if value}
    for key in ("plan", "mac", "enabled", "expires", *_OF_IPV6):
        if not entry.get(key, True):
            del entry[key]
    if rate:
        entry["rate"] = rate
    if "enabled" in entry:
        if entry["enabled"].lower() not in ("true", "false", "yes", "no"):
            raise Refused(f"{place}.enabled", "is neither true nor false.", "Give one of them, or leave it empty.")
        entry["enabled"] = entry["enabled"].lower() in ("true", "yes")
    return entry


def _check_state(state: t.Any, place: str) -> None:
    if state not in ("present", "absent"):
        raise Refused(f"{place}.state", "is neither present nor absent.", "Give one of them, or leave it empty.")


def _json_rows(text: str, name: str, more: t.Sequence[str]) -> tuple[list[Entry], list[str]]:
    try:
        entries = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise Refused(f"{name}:{line}", "is not valid JSON.", "Give a list of objects.") from None
    if not isinstance(entries, list):
        raise Refused("src", f"{name} is not a list.", "Give a list of objects, one an account.")
    places = [f"{name}[{index}]" for index in range(len(entries))]
    for entry, place in zip(entries, places):
        _check_object(entry, place, more)
    return entries, places


def _check_object(entry: t.Any, place: str, more: t.Sequence[str]) -> None:
    if not isinstance(entry, dict):
        raise Refused(place, "is not an object.", "Give an object with name and secret.")
    known = (*COLUMNS, *_KEYS_OF_PLANS, *more)
    if not entry.keys() <= set(known):
        raise Refused(place, "has an unknown key.", f"Known are {', '.join(known)}.")
    for key in _shape.TEXTS:
        if not isinstance(entry.get(key), (str, type(None))):
            raise Refused(f"{place}.{key}", "is not a string.", "Put it in double quotes.")
    addresses = entry.get("addresses")
    if isinstance(addresses, str):
        entry["addresses"] = addresses.split() or None
    elif addresses is not None and not (isinstance(addresses, list) and all(isinstance(one, str) for one in addresses)):
        raise Refused(f"{place}.addresses", "is not a list of strings.", 'Give a list such as ["10.0.0.9"].')
    _check_state(entry.get("state") or "present", place)
