# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of pppoe_plans: the tables of an instance, and the rates of its sessions. Private to this collection."""

from __future__ import annotations

import glob
import os
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _walled_garden
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _names, _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _check as _plans_check
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _grant as _plans_grant
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _probe as _plans_probe
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _shaping as _plans_shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

HOOK = f"{_pppoe_server_up.HOOK_FOLDER}/{_pppoe_server_up.HOOK}"
_NEW = (2, 5)
_RUN = "/run"
_LINKS = "/sys/class/net"
#: So many sessions are listed in a result.
MOST = 100


@dataclass(frozen=True)
class RateChange:
    """A session whose rates are others than wanted; ``after``: ``None`` to take them away."""

    interface: str
    username: str | None
    before: _plans_grant.Shape | None
    after: _plans_grant.Shape | None


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Observe, check, plan, apply, report."""
    params = module.params
    _names.check_name(params["name"])
    files = _no_files(params["name"])
    if params["state"] == "absent" and not _files.changes(files):
        # There are no plans, so no session has rates.
        return _report(module, (), (), None)
    _root.require_root("The sessions of a host")
    tables = None
    if params["state"] == "present":
        tables, files = _wanted(module, params)
    changed = _files.changes(files)
    sessions = _changes(module, params["name"], tables)
    if not module.check_mode:
        _files.write(module, changed)
        # Once more, for a session that came up meanwhile and had its rates from the former tables.
        apply(_changes(module, params["name"], tables))
    return _report(module, changed, sessions, tables)


def _report(
    module: AnsibleModule,
    changed: t.Sequence[_files.Change],
    sessions: t.Sequence[RateChange],
    tables: _plans_grant.Tables | None,
) -> dict[str, t.Any]:
    return {
        "changed": bool(changed or sessions),
        "diff": [*_files.diff(changed), *map(_diff, sessions[:MOST])] if module._diff else [],
        "plans": len(tables.plans) if tables else 0,
        "accounts": tables.accounts.count(b"\n") if tables else 0,
        "sessions_changed": len(sessions),
        "sessions": [_shown(change) for change in sessions[:MOST]],
    }


def _wanted(module: AnsibleModule, params: t.Mapping[str, t.Any]) -> tuple[_plans_grant.Tables, list[_files.File]]:
    """The tables of the instance, checked, and its files."""
    plans = _plans_check.plans("plans", params["plans"] or {}, list(params["pools"]))
    accounts = _accounts(params)
    _plans_check.table("accounts", accounts.decode("utf-8", "replace"), list(plans), params["default_plan"])
    _plans_check.within("plans", plans, _speeds(params["interfaces"]))
    garden = _walled_garden.is_given(params["walled_garden"])
    expiries = _plans_grant.moments(accounts) if garden else []
    _plans_check.moments("accounts", expiries)
    text = _plans_grant.plans_text(plans, params["default_plan"], params["rate_attribute"], garden, expiries)
    tables = _plans_grant.tables(text, accounts)
    problem = _kernel_problem(tables)
    if problem is not None:
        if params["require_kernel"]:
            raise Refused("plans", problem, "Install this module of the kernel, or choose others.")
        module.warn(f"Sessions will have no rates: {problem}")
    files = [
        _files.File(_layout_server.plans_path(params["name"]), text, 0o600),
        _files.File(_layout_server.customers_path(params["name"]), accounts, 0o600, secret=True),
    ]
    if os.path.isdir(os.path.dirname(HOOK)):
        old = (_pppd_capabilities.version(module) or _NEW) < _NEW
        files.append(_files.File(HOOK, _pppoe_server_up.hook_script() if old else None, 0o755, program=True))
    return tables, files


def _accounts(params: t.Mapping[str, t.Any]) -> bytes:
    """The text of the accounts that have something of their own."""
    if params["accounts_src"]:
        content = _files.read(params["accounts_src"])
        if content is None:
            fix = "Let Ansible run pppoe_plans as a task, so that its action plugin reads the file."
            raise Refused("accounts_src", "has not been read on the controller.", fix)
        return content
    entries = params["accounts"] or []
    return _plans_grant.accounts_text(_plans_check.accounts(entries, lambda index: f"accounts[{index}]"))


def _speeds(interfaces: t.Iterable[str] | None) -> dict[str, int]:
    """In bit/s, of the interfaces that tell."""
    found = {}
    for name in interfaces or ():
        try:
            text = _files.text(f"{_LINKS}/{name}/speed").strip()
        except OSError:  # not up
            continue
        if text.isdigit() and int(text):
            found[name] = int(text) * 1_000_000
    return found


def _kernel_problem(tables: _plans_grant.Tables) -> str | None:
    """What the kernel does not have, ``None`` if it has everything."""
    queues = {(plan["queue"], plan["upload_by"]) for plan in tables.plans.values()}
    if not queues and not tables.attribute and not _plans_grant.have_rates(tables.accounts):
        return None
    queues = queues or {("fq_codel", "police")}
    for queue, upload_by in sorted(queues):
        lacks = _plans_probe.missing([_plans_grant.Shape(10_000_000, 10_000_000, None, queue, upload_by)])
        if lacks is not None:
            return f"the kernel of this host does not have {lacks}, which queue={queue} upload_by={upload_by} needs."
    return None


def _no_files(name: str) -> list[_files.File]:
    paths = [_layout_server.plans_path(name), _layout_server.customers_path(name)]
    if not set(glob.glob(_layout_server.plans_path("*"))) - set(paths):
        paths.append(HOOK)
    return [_files.File(path, None) for path in paths]


def _changes(module: AnsibleModule, instance: str, tables: _plans_grant.Tables | None) -> list[RateChange]:
    """The sessions of an instance whose rates are not as wanted."""
    found = []
    for session in _sessions_observe.live(module):
        if session["role"] != "server" or session["instance"] != instance:
            continue
        interface = session["interface"]
        name = session["username"]
        before = _plans_grant.of_alias(_interfaces.alias(interface))
        after = _shape(tables, _visible(name), interface, session["seconds"]) if tables else None
        if before != after:
            found.append(RateChange(interface, name, before, after))
    return found


def _visible(name: str | None) -> str | None:
    """A name as pppd's messages and its secrets files spell it."""
    return None if name is None else _words.visible(name.encode("utf-8", "surrogateescape")).decode("ascii")


def _shape(tables: _plans_grant.Tables, name: str | None, interface: str, seconds: int) -> _plans_grant.Shape:
    rates = None
    if tables.attribute:
        try:
            path = f"{_RUN}/radattr.{interface}"
            # A file from before the session is one that a killed pppd has left.
            if time.time() - os.stat(path).st_mtime <= seconds + 2:
                rates = _plans_attributes.rates(tables.attribute, _plans_attributes.read(_files.text(path)))
        except (OSError, ValueError):  # the session manager has logged what cannot be kept
            rates = None
    return tables.grant(name, rates).shape


def apply(changes: t.Sequence[RateChange]) -> None:
    """Set the rates of living sessions, without a packet lost."""
    problems = []
    _plans_shaping.prepare((one.interface, one.before, one.after) for one in changes)
    for change in changes:
        try:
            if change.after is None:
                _plans_shaping.clear(change.interface)
            else:
                _plans_shaping.apply(change.interface, change.before, change.after)
        except OSError as error:
            if os.path.exists(f"{_LINKS}/{change.interface}"):
                problems.append(f"{change.interface}: {error}")
    if problems:
        more = f", and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise Failed(f"The tables are written, but not all sessions have their rates: {'; '.join(problems[:5])}{more}.")


def _shown(change: RateChange) -> dict[str, t.Any]:
    after = change.after or _plans_grant.Shape()
    return {
        "interface": change.interface,
        "username": change.username,
        "plan": after.plan,
        "download": after.download,
        "upload": after.upload,
    }


def _diff(change: RateChange) -> dict[str, str]:
    header = f"rates of {change.interface} ({change.username})"
    before, after = (f"{_plans_grant.alias(one)}\n" if one else "" for one in (change.before, change.after))
    return {"before_header": header, "after_header": header, "before": before, "after": after}
