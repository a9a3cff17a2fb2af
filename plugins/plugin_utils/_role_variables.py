# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of a role, held against its specification. Private to this collection."""

from __future__ import annotations

import difflib
import re
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

# How near a name must be to be the one that was meant.
_NEAR = 0.45
# Of a longer list, the module checks what is in the entries: it is made for that.
_MOST_CHECKED = 500

# The variable of a role for a parameter of a module that it calls, where they are not called the same.
_VARIABLES = {
    "pppoe_server": {
        "chap_user": {
            "users": "accounts",
            "src": "accounts_src",
            "exclusive": "accounts_exclusive",
            "max_removals": "accounts_max_removals",
        },
        "masquerade": {"source": "nat_sources", "out_interface": "outside_interface", "backend": "nat_backend"},
        "pppoe_server_metrics": {"directory": "metrics_directory", "interval": "metrics_interval"},
    },
}


def unknown(role: str, options: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> list[str]:
    """An error for each variable that begins with the name of the role and is none of its own.

    Results that a task has registered are not meant for a role.
    """
    prefix = role + "_"
    return [
        f"{name}: the role {role} has no such variable.{_meant(name, prefix, options)}"
        for name in sorted(variables)
        if name.startswith(prefix) and name not in options and not _is_result(variables[name])
    ]


def _is_result(value: t.Any) -> bool:
    return isinstance(value, dict) and ("changed" in value or "skipped" in value)


def _meant(name: str, prefix: str, options: t.Iterable[str]) -> str:
    rest = name[len(prefix) :]
    scores = {option: _likeness(rest, option[len(prefix) :]) for option in options}
    best = max(scores, key=lambda option: scores[option], default="")
    return (
        f" Did you mean {best}?" if best and scores[best] >= _NEAR else f" Give it a name without {prefix} before it."
    )


def _likeness(one: str, other: str) -> float:
    """1 for the same; a common beginning and words in common count more than letters."""
    letters = difflib.SequenceMatcher(None, one, other).ratio()
    common = other.startswith(one) or set(one.split("_")) & set(other.split("_"))
    return 0.5 + letters / 2 if common else letters


def entries(name: str, option: t.Mapping[str, t.Any], value: t.Any) -> list[str]:
    """Errors of a list of dictionaries that the role's specification calls ``raw``.

    For a list of dictionaries, Ansible's own check prints an entry that is none, with the secret in it.
    """
    try:
        _shape.listed(name, value)
    except Refused as error:
        return [str(error)]
    validator = ArgumentSpecValidator(dict(option["options"]))
    found: list[str] = []
    if len(value) > _MOST_CHECKED:
        return found
    for index, entry in enumerate(value):
        found += [f"{name}[{index}]: {error}" for error in validator.validate(dict(entry)).error_messages]
    return found


def message(role: str, options: t.Mapping[str, t.Any], module: str, text: str, connection: str | None = None) -> str:
    """The error of a module in the words of the role that has called it: its variable instead of the parameter."""
    if connection is not None:
        return f"{role}_connections ({connection}): {text}"
    match = re.match(r"([a-z_]+)(?=[\[.:])", text)
    if not match:
        return text
    variable = _VARIABLES.get(role, {}).get(module, {}).get(match.group(1), match.group(1))
    if f"{role}_{variable}" not in options:
        return text
    return f"{role}_{variable}{text[match.end() :]}"
