# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to change for a request: the check and the plan of a run, from what was observed. Private.

Another module that needs a firewall for one interface, as a dial-up client does, makes a request and has it planned::

    wanted = _request.client_request("uplink", "ppp-uplink", "standalone")   # or "masquerade"
    todo = _plan.prepare(module, wanted, "auto", "systemd")     # startup: systemd, rc_local or none
    todo = _plan.prepare(module, wanted, None, "none")          # or, for firewall "none": nothing is left
    if todo.changed and not module.check_mode:
        _apply.apply(module, wanted, todo)
    result["changed"] |= todo.changed; result["diff"] += todo.diff()     # todo.backend.name, todo.rules(), todo.equal

``Refused``, ``_backend.NoBackend`` and ``BackendError`` are what may be raised.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _backend as _firewall_backend
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forward_script as _firewall_forward_script,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _observe as _firewall_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import (
    Backend,
    CachingRunner,
    Comparison,
    Holder,
    Loading,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import Request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class Unit:
    """What our systemd unit needs: nothing at all where ``drop`` and the others are false."""

    read_again: bool = False
    enable: bool = False
    run: bool = False
    drop: bool = False


@dataclass(frozen=True)
class Part:
    """A place for rules of ours, and what is to be done about them there."""

    holder: Holder
    comparison: Comparison


@dataclass(frozen=True)
class Plan:
    """All that a run changes.

    ``parts``: the backend taken, and chains of others that drop what we need let through.
    ``others``: places that are not (or no longer) ours and have rules of ours.
    ``before``: our rules before the run, wherever they are.
    ``equal``: rules made by hand, of any backend, that do the same as one of ours.
    ``partly``: what drops some of what is translated, for a warning.
    ``run``: what runs the commands of all of them. ``candidates``: all backends of this host.
    """

    run: CachingRunner
    candidates: tuple[Backend, ...]
    backend: Backend | None
    startup: str
    random_fully: bool
    parts: tuple[Part, ...]
    others: tuple[Holder, ...]
    equal: tuple[str, ...]
    files: list[_files.Change]
    unit: Unit
    before: tuple[str, ...]
    partly: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        return any(part.comparison.missing for part in self.parts)

    @property
    def changed(self) -> bool:
        differs = any(part.comparison.differs for part in self.parts)
        return differs or bool(self.others) or bool(self.files) or self.unit != Unit()

    @property
    def accepted_in(self) -> tuple[str, ...]:
        """The chains of others that let ours through because a rule of ours is in them."""
        return tuple(part.holder.name for part in self.parts[1:] if part.comparison.after)

    def rules(self) -> tuple[str, ...]:
        """Our rules after the run."""
        return tuple(line for part in self.parts for line in part.comparison.after)

    def diff(self) -> list[dict[str, str]]:
        """The rules and the files, before and after."""
        before, after = ("".join(line + "\n" for line in lines) for lines in (self.before, self.rules()))
        rules = {"before_header": "rules", "after_header": "rules", "before": before, "after": after}
        return ([rules] if before != after else []) + _files.diff(self.files)


def prepare(module: AnsibleModule, wanted: Request, asked: str | None, startup: str) -> Plan:
    """Observe, check and plan; ``startup``: ``systemd``, ``rc_local`` or ``none``.

    ``asked``: the backend, or ``None`` where nothing of ours is to be left.
    """
    try:
        host = _firewall_observe.observe(module, wanted, asked)
    except _firewall_backend.NoBackend:
        if not wanted.random_fully:
            raise
        # An old kernel or program has source NAT without that.
        wanted = replace(wanted, random_fully=False)
        host = _firewall_observe.observe(module, wanted, asked)
    check(host, wanted)
    return plan(host, wanted, startup)


def check(host: _firewall_observe.Observed, wanted: Request) -> None:
    """Refuse what cannot be had without loss, or would be of no use, before anything is written."""
    if host.lost:
        raise Refused("backend", host.lost, "")
    if host.block:
        raise Refused(
            "out_interface" if wanted.kind == "masquerade" else "firewall",
            f"with the rules for {wanted.out_interface}, the firewall of this host would still drop what they are for. "
            f"{host.block}.",
            "That rule names interfaces, addresses or protocols, so it is taken for your wish: remove it, or put a "
            "rule before it that accepts them.",
        )


def plan(host: _firewall_observe.Observed, wanted: Request, startup: str) -> Plan:
    """What has to change so that the backend, and chains of others that drop, have our rules, or nobody has."""
    backend = host.backend
    places: list[Holder] = [] if backend is None else [backend, *host.chains]
    parts = tuple(Part(one, host.comparisons[one]) for one in places)
    elsewhere = [one for one in host.candidates if one is not backend]
    others = tuple(one for one in (elsewhere if places else host.present) if host.present[one])
    equal = tuple(line for one in [*places, *elsewhere] if places for line in host.comparisons[one].equal)
    found = _loadings(host, wanted)
    if not found:
        startup = "none"
    files = _files.changes(_firewall_boot.files(wanted, startup, found))
    missing = any(part.comparison.missing for part in parts)
    unit = _unit(host, wanted, startup == "systemd", missing, files)
    random_fully = wanted.random_fully and bool(places)
    decided = (backend, startup, random_fully, parts, others, equal, files, unit, _before(host))
    return Plan(host.run, host.candidates, *decided, tuple(host.partly))


def _loadings(host: _firewall_observe.Observed, wanted: Request) -> list[Loading]:
    """What brings the rules back at boot."""
    if host.backend is None:
        return []
    lines = [line for chain in host.chains for line in chain.script_lines()]
    forward = _firewall_forward_script.loading(wanted, _firewall_boot.RULES_DIRECTORY, lines)
    return [one for one in (host.backend.loading(), forward) if one is not None]


def _before(host: _firewall_observe.Observed) -> tuple[str, ...]:
    return tuple(line for lines in host.present.values() for line in lines)


def _unit(
    host: _firewall_observe.Observed, wanted: Request, needed: bool, missing: bool, files: list[_files.Change]
) -> Unit:
    now = host.unit
    if not needed:
        return Unit(drop=now.active or any(now.linked) or now.file)
    changed = any(change.file.path == _firewall_boot.unit_path(wanted) for change in files)
    return Unit(read_again=changed, enable=not all(now.linked), run=missing or not now.active)
