# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to change for a request: the check and the plan of a run, from what was observed. Private.

Another module that needs a firewall for one interface, as a dial-up client does, makes a request and has it planned::

    request = _request.client_request("uplink", "ppp-uplink", "standalone")   # or "masquerade"
    todo = _plan.prepare(module, request, "auto", "systemd")     # startup: systemd, rc_local or none
    todo = _plan.prepare(module, request, None, "none")          # or, for firewall "none": nothing is left
    if todo.changed and not module.check_mode:
        _apply.apply(module, request, todo)
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
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class UnitChange:
    """What our systemd unit needs: nothing at all where ``drop`` and the others are false."""

    read_again: bool = False
    enable: bool = False
    run: bool = False
    drop: bool = False


@dataclass(frozen=True)
class PlannedRules:
    """A place for rules of ours, and what is to be done about them there."""

    holder: Holder
    comparison: Comparison


@dataclass(frozen=True)
class FirewallPlan:
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
    parts: tuple[PlannedRules, ...]
    others: tuple[Holder, ...]
    equal: tuple[str, ...]
    files: list[_files.Change]
    unit: UnitChange
    before: tuple[str, ...]
    partly: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        return any(part.comparison.missing for part in self.parts)

    @property
    def changed(self) -> bool:
        differs = any(part.comparison.differs for part in self.parts)
        return differs or bool(self.others) or bool(self.files) or self.unit != UnitChange()

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


def prepare(module: AnsibleModule, request: FirewallRequest, asked: str | None, startup: str) -> FirewallPlan:
    """Observe, check and plan; ``startup``: ``systemd``, ``rc_local`` or ``none``.

    ``asked``: the backend, or ``None`` where nothing of ours is to be left.
    """
    try:
        host = _firewall_observe.observe(module, request, asked)
    except _firewall_backend.NoBackend:
        if not request.random_fully:
            raise
        # An old kernel or program has source NAT without that.
        request = replace(request, random_fully=False)
        host = _firewall_observe.observe(module, request, asked)
    check(host, request)
    return plan(host, request, startup)


def check(host: _firewall_observe.ObservedFirewall, request: FirewallRequest) -> None:
    """Refuse what cannot be had without loss, or would be of no use, before anything is written."""
    if host.lost:
        raise Refused("backend", host.lost, "")
    if host.block:
        raise Refused(
            "out_interface" if request.kind == "masquerade" else "firewall",
            f"with the rules for {request.out_interface}, the firewall of this host would still drop what they are "
            f"for. {host.block}.",
            "That rule names interfaces, addresses or protocols, so it is taken for your wish: remove it, or put a "
            "rule before it that accepts them.",
        )


def plan(host: _firewall_observe.ObservedFirewall, request: FirewallRequest, startup: str) -> FirewallPlan:
    """What has to change so that the backend, and chains of others that drop, have our rules, or nobody has."""
    backend = host.backend
    places: list[Holder] = [] if backend is None else [backend, *host.chains]
    parts = tuple(PlannedRules(one, host.comparisons[one]) for one in places)
    elsewhere = [one for one in host.candidates if one is not backend]
    others = tuple(one for one in (elsewhere if places else host.present) if host.present[one])
    equal = tuple(line for one in [*places, *elsewhere] if places for line in host.comparisons[one].equal)
    found = _loadings(host, request)
    if not found:
        startup = "none"
    files = _files.changes(_firewall_boot.files(request, startup, found))
    missing = any(part.comparison.missing for part in parts)
    unit = _unit(host, request, startup == "systemd", missing, files)
    random_fully = request.random_fully and bool(places)
    decided = (backend, startup, random_fully, parts, others, equal, files, unit, _before(host))
    return FirewallPlan(host.run, host.candidates, *decided, tuple(host.partly))


def _loadings(host: _firewall_observe.ObservedFirewall, request: FirewallRequest) -> list[Loading]:
    """What brings the rules back at boot."""
    if host.backend is None:
        return []
    lines = [line for chain in host.chains for line in chain.script_lines()]
    forward = _firewall_forward_script.loading(request, _firewall_boot.RULES_DIRECTORY, lines)
    return [one for one in (host.backend.loading(), forward) if one is not None]


def _before(host: _firewall_observe.ObservedFirewall) -> tuple[str, ...]:
    return tuple(line for lines in host.present.values() for line in lines)


def _unit(
    host: _firewall_observe.ObservedFirewall,
    request: FirewallRequest,
    needed: bool,
    missing: bool,
    files: list[_files.Change],
) -> UnitChange:
    now = host.unit
    if not needed:
        return UnitChange(drop=now.active or any(now.linked) or now.file)
    changed = any(change.file.path == _firewall_boot.unit_path(request) for change in files)
    return UnitChange(read_again=changed, enable=not all(now.linked), run=missing or not now.active)
