# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to change for a request: the check and the plan of a run, from what was observed. Private.

Another module that needs a firewall for one interface, as a dial-up client does, makes a request and has it planned::

    request = _request.client_request("uplink", "ppp-uplink", "standalone")   # or "masquerade"
    todo = _plan.prepare(module, request, "auto", "systemd")     # startup: systemd, rc_local or none
    todo = _plan.prepare(module, request, None, "none")          # or, for firewall "none": nothing is left
    if todo.changed and not module.check_mode:
        _apply.apply(module, todo)
    result["changed"] |= todo.changed; result["diff"] += todo.diff()     # todo.backend.name, todo.rules(), todo.equal

``Refused``, ``_backend.NoBackend`` and ``BackendError`` are what may be raised.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _backend as _firewall_backend
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forward_chains as _firewall_forward_chains,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forward_script as _firewall_forward_script,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _observe as _firewall_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _passage as _firewall_passage
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
    """What our systemd unit needs. ``former``: as it was."""

    former: _firewall_observe.UnitState
    read_again: bool = False
    enable: bool = False
    run: bool = False
    drop: bool = False

    @property
    def anything(self) -> bool:
        return self.read_again or self.enable or self.run or self.drop


@dataclass(frozen=True)
class PlannedRules:
    """A place for rules of ours, and what is to be done about them there."""

    holder: Holder
    comparison: Comparison


@dataclass(frozen=True)
class FirewallPlan:
    """All that a run changes for a ``request``.

    ``parts``: the backend taken, and chains of others that drop what we need let through.
    ``others``: places that are not (or no longer) ours and have rules of ours.
    ``before``: our rules before the run, wherever they are.
    ``equal``: rules made by hand, of any backend, that do the same as one of ours.
    ``partly``: what drops some of what is translated, for a warning.
    ``run``: what runs the commands of all of them. ``candidates``: all backends of this host.
    """

    request: FirewallRequest
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
        return differs or bool(self.others) or bool(self.files) or self.unit.anything

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
    passage = _passage_of(host, request)
    check(host, request, passage)
    return plan(host, request, startup, passage)


def _passage_of(host: _firewall_observe.ObservedFirewall, request: FirewallRequest) -> _firewall_passage.Passage:
    """What becomes of the packets that the rules are for; nothing has to pass where rules are only taken away."""
    if host.backend is None:
        return _firewall_passage.Passage({})
    return _firewall_passage.passage(host.tables, request, loaded=False)


def check(
    host: _firewall_observe.ObservedFirewall, request: FirewallRequest, passage: _firewall_passage.Passage
) -> None:
    """Refuse what cannot be had without loss, or would be of no use, before anything is written."""
    if host.lost:
        raise Refused("backend", host.lost, "")
    if passage.block:
        raise Refused(
            "out_interface" if request.kind == "masquerade" else "firewall",
            f"with the rules for {request.out_interface}, the firewall of this host would still drop what they are "
            f"for. {passage.block}.",
            "That rule names interfaces, addresses or protocols, so it is taken for your wish: remove it, or put a "
            "rule before it that accepts them.",
        )


def plan(
    host: _firewall_observe.ObservedFirewall,
    request: FirewallRequest,
    startup: str,
    passage: _firewall_passage.Passage,
) -> FirewallPlan:
    """What has to change so that the backend, and chains of others that drop, have our rules, or nobody has."""
    backend = host.backend
    chains = _firewall_forward_chains.chains(host.run, host.tables, passage.places, request)
    present = dict(host.present)
    present.update((one, one.present()) for one in chains)
    places: list[Holder] = [] if backend is None else [backend, *chains]
    comparisons = dict(host.comparisons)
    comparisons.update((one, one.compare()) for one in chains if places)
    parts = tuple(PlannedRules(one, comparisons[one]) for one in places)
    elsewhere = [one for one in host.candidates if one is not backend]
    others = tuple(one for one in (elsewhere if places else present) if present[one])
    equal = tuple(line for one in [*places, *elsewhere] if places for line in comparisons[one].equal)
    loadings = _loadings(backend, chains, request)
    if not loadings:
        startup = "none"
    files = _files.changes(_firewall_boot.files(request, startup, loadings))
    missing = any(part.comparison.missing for part in parts)
    unit = _unit(host, request, startup == "systemd", missing, files)
    return FirewallPlan(
        request=request,
        run=host.run,
        candidates=host.candidates,
        backend=backend,
        startup=startup,
        random_fully=request.random_fully and bool(places),
        parts=parts,
        others=others,
        equal=equal,
        files=files,
        unit=unit,
        before=tuple(line for lines in present.values() for line in lines),
        partly=passage.partly,
    )


def _loadings(
    backend: Backend | None, chains: t.Sequence[_firewall_forward_chains.ForwardChain], request: FirewallRequest
) -> list[Loading]:
    """What brings the rules back at boot."""
    if backend is None:
        return []
    lines = [line for chain in chains for line in chain.script_lines()]
    forward = _firewall_forward_script.loading(request, _firewall_boot.RULES_DIRECTORY, lines)
    return [one for one in (backend.loading(), forward) if one is not None]


def _unit(
    host: _firewall_observe.ObservedFirewall,
    request: FirewallRequest,
    needed: bool,
    missing: bool,
    files: list[_files.Change],
) -> UnitChange:
    now = host.unit
    if not needed:
        return UnitChange(now, drop=now.active or bool(now.links) or now.file)
    changed = any(change.file.path == _firewall_boot.unit_path(request) for change in files)
    return UnitChange(now, read_again=changed, enable=bool(now.missing_links), run=missing or not now.active)
