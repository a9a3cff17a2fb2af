# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts of the instances of the role pppoe_server, by secrets file. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _batch, _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _named_pools
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _check as _ipv6_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _check as _plans_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.modules import chap_user
from ansible_collections.dialtone.pppoe.plugins.plugin_utils._instances import InstanceVariables

Entry = t.Mapping[str, t.Any]
#: Reads a file of accounts: the entries, and the place of each.
Rows = t.Callable[[str, t.Optional[str]], tuple[list[dict[str, t.Any]], list[str]]]


class ListedAccounts(t.NamedTuple):
    """The accounts of an instance: each entry, the place by which an error names it, and all of them as a batch."""

    entries: list[Entry]
    places: list[str]
    batch: _batch.Batch


class AccountsFile(t.NamedTuple):
    """A secrets file and its accounts. ``managed``: whether it is to be written."""

    path: str
    accounts: _batch.Batch
    exclusive: bool = False
    max_removals: int | None = None
    managed: bool = True


def path_of(instance: InstanceVariables) -> str:
    """The secrets file in which its accounts stand."""
    return "/etc/ppp/pap-secrets" if instance.values["authentication"] == "pap" else "/etc/ppp/chap-secrets"


def of(instance: InstanceVariables, rows: Rows) -> ListedAccounts:
    """The accounts of an instance, each checked by itself and beside the others."""
    if instance.radius:
        return ListedAccounts([], [], _encoded(instance, [], []))
    label = instance.label("accounts")
    users = instance.values["accounts"]
    places = [f"{label}[{index}]" for index in range(len(users or ()))]
    entries = _with_pools(instance, _normal(label, users), users, places)
    source = instance.values["accounts_src"]
    if source:
        try:
            more, their_places = rows(str(source), None)
        except Refused as error:
            text = str(error).partition(": ")
            raise Refused(instance.label("accounts_src"), text[2], "") if text[0] == "src" else error from None
        entries, places = [*entries, *_with_pools(instance, more, more, their_places)], [*places, *their_places]
    return ListedAccounts(entries, places, _encoded(instance, entries, places))


def with_plans(instance: InstanceVariables, rows: Rows) -> dict[str, _plans_grant.PlanAccount]:
    """The accounts that have a plan or something of their own."""
    return _plans_check.accounts(*_every(instance, rows))


def with_prefixes(instance: InstanceVariables, rows: Rows) -> _ipv6_check.Accounts:
    """The accounts that have IPv6 prefixes of their own."""
    return _ipv6_check.accounts(*_every(instance, rows))


def _every(instance: InstanceVariables, rows: Rows) -> tuple[list[t.Any], t.Callable[[int], str]]:
    """All entries of accounts, and the place of each."""
    users, label = instance.values["accounts"], instance.label("accounts")
    places = [f"{label}[{index}]" for index in range(len(users))]
    source = instance.values["accounts_src"]
    more, their_places = rows(str(source), None) if source else ([], [])
    return [*users, *more], [*places, *their_places].__getitem__


def _with_pools(
    instance: InstanceVariables, entries: list[t.Any], users: t.Sequence[t.Any], places: t.Sequence[str]
) -> list[t.Any]:
    """The entries, each with the named pool of its plan, and when it comes to be that of the walled garden.

    ``users``: the same accounts with their plans. ``places``: what errors call them.
    """
    plans, garden = instance.values.get("plans") or {}, instance.values.get("walled_garden")
    pools = {name: plan["pool"] for name, plan in plans.items() if isinstance(plan, dict) and plan.get("pool")}
    if not pools and not garden:
        return entries
    found = []
    for entry, user, place in zip(entries, users, places):
        pool = pools.get(user.get("plan") or instance.values.get("default_plan"))
        if garden and user.get("enabled") is False:
            pool = _named_pools.GARDEN
        # A fixed address counts more.
        fixed = [one for one in entry.get("addresses") or () if one != "*"]
        until = None
        if garden and user.get("expires") is not None and pool != _named_pools.GARDEN:
            until = _plans_check.expires(f"{place}.expires", user["expires"])
        found.append({**entry, "pool": pool or "", "until": until} if (pool or until) and not fixed else entry)
    return found


def _normal(label: str, users: t.Any) -> list[Entry]:
    """The entries of a list of accounts, those that are written in another form converted."""
    _shape.listed(label, users)
    users_spec: dict[str, t.Any] = chap_user.ARGUMENTS["users"]  # type: ignore[assignment]
    validator = ArgumentSpecValidator(users_spec["options"])
    entries: list[Entry] = []
    for index, user in enumerate(_plans_check.without_plans(users)):
        if not _shape.is_usual(user):
            result = validator.validate(dict(user))
            if result.error_messages:
                raise Refused(f"{label}[{index}]", "; ".join(result.error_messages) + ".", "Correct it.")
            user = result.validated_parameters
        entries.append(user)
    return entries


def _encoded(instance: InstanceVariables, entries: list[Entry], places: list[str]) -> _batch.Batch:
    return _batch.encode(entries, places.__getitem__, path_of(instance).endswith("pap-secrets"), pools=True)


def files(instances: t.Sequence[InstanceVariables], listed: t.Mapping[str, ListedAccounts]) -> list[AccountsFile]:
    """The secrets files of all instances. An account that several have alike is one account."""
    by_path: dict[str, list[InstanceVariables]] = {}
    for one in instances:
        by_path.setdefault(path_of(one), []).append(one)
    return [_file(path, users, listed) for path, users in by_path.items()]


def _file(path: str, instances: list[InstanceVariables], listed: t.Mapping[str, ListedAccounts]) -> AccountsFile:
    first = instances[0]
    entries, places = _joined([listed[one.name] for one in instances])
    batch = listed[first.name].batch if len(instances) == 1 else _encoded(first, entries, places)
    exclusive = first.is_set("accounts_exclusive")
    for one in instances[1:]:
        for key in ("accounts_exclusive", "accounts_max_removals"):
            if str(one.values[key]).lower() != str(first.values[key]).lower():
                problem = f"differs from that of instance '{first.name}', and the accounts of both stand in {path}."
                raise one.refused(key, problem, "Give both the same value.")
    if exclusive and not entries:
        raise first.refused(
            "accounts",
            "is empty, and with exclusive every account would be removed.",
            "List the accounts; to empty the file, list one with state=absent.",
        )
    return AccountsFile(path, batch, exclusive, _max_removals(first), bool(entries) or exclusive)


def _joined(lists: t.Iterable[ListedAccounts]) -> tuple[list[Entry], list[str]]:
    entries: list[Entry] = []
    places: list[str] = []
    seen: dict[tuple[t.Any, t.Any], Entry] = {}
    for one in lists:
        before = dict(seen)
        for entry, place in zip(one.entries, one.places):
            key = entry.get("name"), entry.get("server") or "*"
            if key in before and _plain(before[key]) == _plain(entry):
                continue
            seen[key] = entry
            entries.append(entry)
            places.append(place)
    return entries, places


def _plain(entry: Entry) -> dict[str, t.Any]:
    """An entry with its defaults."""
    given = {key: value for key, value in entry.items() if value}
    return {"server": "*", "addresses": ["*"], "state": "present", **given}


def _max_removals(instance: InstanceVariables) -> int | None:
    value = str(instance.values["accounts_max_removals"]).strip()
    if not value:
        return None
    if not value.isdigit():
        raise instance.refused("accounts_max_removals", f"{value} is not a number from 0.", "Give 0 or more.")
    return int(value)


def removed(instances: t.Sequence[InstanceVariables]) -> list[AccountsFile]:
    """The accounts that go with removed instances; never those of a file on the controller."""
    without = [one for one in instances if not one.is_set("keep_accounts") and one.values["accounts"]]
    listed = {}
    for one in without:
        entries: list[Entry] = [
            {**entry, "state": "absent"} for entry in _normal(one.label("accounts"), one.values["accounts"])
        ]
        places = [f"{one.label('accounts')}[{index}]" for index in range(len(entries))]
        listed[one.name] = ListedAccounts(entries, places, _encoded(one, entries, places))
    return [file._replace(exclusive=False, max_removals=None) for file in files(without, listed)]
