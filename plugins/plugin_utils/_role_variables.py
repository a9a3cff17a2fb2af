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

#: Variables of pppoe_server that hold for the host, and that no entry of its instances can have.
OF_THE_HOST = ("instances", "instances_exclusive", "packages", "routing", "engine", "cluster")


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


def instances(variable: str, options: t.Mapping[str, t.Any], value: t.Any) -> list[str]:
    """Errors of a list of instances, whose keys are the role's variables without its name."""
    prefix = variable[: -len("instances")]
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, dict) for one in value):
        return [f"{variable}: is not a list of dictionaries. Write each entry as {{name: …, interfaces: […], …}}."]
    keys = {
        name[len(prefix) :]: {key: value for key, value in option.items() if key not in ("default", "required")}
        for name, option in options.items()
        if name[len(prefix) :] not in OF_THE_HOST
    }
    keys["name"] = {"type": "str", "required": True}
    nested = {key: option for key, option in keys.items() if option.get("type") == "raw" and "options" in option}
    validator = ArgumentSpecValidator({**keys, **{key: {"type": "raw"} for key in nested}})
    found = []
    for index, one in enumerate(value):
        place = f"{variable}[{index}]"
        unknown_keys = [str(key) for key in one if key not in keys]
        found += [f"{place}.{key}: there is no such key.{_meant_key(key, keys)}" for key in unknown_keys]
        known = {key: given for key, given in one.items() if key in keys}
        found += [f"{place}: {error}" for error in validator.validate(known).error_messages]
        for key, option in nested.items():
            found += entries(f"{place}.{key}", option, one[key]) if key in one else []
    return found


def _meant_key(key: str, keys: t.Iterable[str]) -> str:
    scores = {other: _likeness(key, other) for other in keys}
    best = max(scores, key=lambda other: scores[other])
    return f" Did you mean {best}?" if scores[best] >= _NEAR else ""


def message(role: str, options: t.Mapping[str, t.Any], text: str, connection: str | None = None) -> str:
    """The error of a module in the words of the role that has called it: its variable instead of the parameter."""
    if connection is not None:
        return f"{role}_connections ({connection}): {text}"
    match = re.match(r"([a-z_]+)(?=[\[.:])", text)
    if not match:
        return text
    variable = f"{role}_{match.group(1)}"
    return variable + text[match.end() :] if variable in options else text
