# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT on a host: what is there, what has to change, and the changing. Private to this collection."""

from __future__ import annotations

import os
import tempfile
import typing as t
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forward_chains as _firewall_forward_chains,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._firewalld import Firewalld
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import Iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import Nftables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import (
    Backend,
    BackendError,
    Comparison,
    Holder,
    Loading,
    Remembering,
    Request,
    Run,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

IPTABLES = ("iptables", "iptables-legacy", "iptables-nft")


class NoBackend(Failed):
    """No way to do source NAT works on this host. ``missing``: one of those asked for is not even installed."""

    def __init__(self, tried: list[dict[str, t.Any]], missing: bool) -> None:
        answers = "; ".join("{program}: {answer}".format(**one) for one in tried)
        super().__init__(
            f"This host cannot do source NAT. Tried {answers}. "
            "Start firewalld, or install nftables or iptables in a version that works with this kernel."
        )
        self.tried = tried
        self.missing = missing


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
    ``run``: what runs the commands of all of them.
    """

    run: Remembering
    backend: Backend | None
    startup: str
    random_fully: bool
    parts: tuple[Part, ...]
    others: tuple[Holder, ...]
    equal: tuple[str, ...]
    files: list[_files.Change]
    unit: Unit
    before: tuple[str, ...]

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


def runner(module: AnsibleModule) -> Remembering:
    """What runs commands for backends."""

    def run(command: t.Sequence[str], data: str | None) -> tuple[int, str, str]:
        with ExitStack() as files:
            words = list(command)
            if data is not None:
                # Not standard input: a program that ends before it has read that is an exception without its answer.
                file = files.enter_context(tempfile.NamedTemporaryFile("w", dir=module.tmpdir, suffix=".nft"))
                file.write(data)
                file.flush()
                words.append(file.name)
            rc, out, err = module.run_command(words, environ_update={"LC_ALL": "C"})
            return rc, out, err

    return Remembering(run)


def backends(module: AnsibleModule, run: Run, wanted: Request) -> list[Backend]:
    """Every backend, whether it works or not; of the iptables commands, the first that works on its tables."""
    directory = _firewall_boot.RULES_DIRECTORY
    firewalld = Firewalld(run, module.get_bin_path("firewall-cmd"), wanted)
    found: list[Backend] = [firewalld, Nftables(run, module.get_bin_path("nft"), wanted, directory)]
    flavours = set()
    for label in IPTABLES:
        backend = Iptables(run, label, module.get_bin_path(label), wanted, directory)
        if backend.flavour not in flavours:
            found.append(backend)
        if backend.program:
            flavours.add(backend.flavour)
    return found


def choose(candidates: list[Backend], asked: str, in_force: list[Backend]) -> Backend:
    """A running firewalld, else the backend in force if it still works, else the first that does."""
    allowed = [one for one in candidates if asked in ("auto", one.name)]
    if asked == "auto":
        # A firewalld that runs is what the host lives by: it would drop what another backend lets through. One that
        # does not run is nothing to wait for.
        firewalld = [one for one in allowed if isinstance(one, Firewalld)]
        allowed = [one for one in firewalld if one.running] or [one for one in allowed if one not in firewalld]
    tried = []
    for one in sorted(allowed, key=lambda one: one not in in_force):
        answer = one.probe()
        if not answer:
            return one
        tried.append({"backend": one.name, "program": one.program or one.label, "answer": answer})
    # What is not installed may be so once the packages are; iptables comes as one package with all its commands.
    installed = {one.name for one in allowed if one.program}
    raise NoBackend(tried, bool({one.name for one in allowed} - installed))


def plan(module: AnsibleModule, wanted: Request, asked: str, startup: str) -> Plan:
    """What has to change for the request; ``startup``: ``systemd``, ``rc_local`` or ``none``."""
    try:
        return _plan(module, wanted, asked, startup)
    except NoBackend:
        if not wanted.random_fully:
            raise
        # An old kernel or program has source NAT without that.
        return _plan(module, replace(wanted, random_fully=False), asked, startup)


def _plan(module: AnsibleModule, wanted: Request, asked: str, startup: str) -> Plan:
    run = runner(module)
    candidates = backends(module, run, wanted)
    doors = _doors(run, candidates, wanted)
    present: dict[Holder, tuple[str, ...]] = {one: one.present() for one in (*candidates, *doors)}
    with_rules = [one for one in candidates if present[one]]
    backend = choose(candidates, asked, with_rules or [one for one in candidates if one.remembered()])
    places: list[Holder] = [backend, *doors]
    parts = tuple(Part(one, one.compare()) for one in places)
    others = tuple(one for one in with_rules if one is not backend)
    elsewhere = tuple(line for one in candidates if one is not backend for line in one.compare().equal)
    equal = tuple(line for part in parts for line in part.comparison.equal) + elsewhere
    loadings = [backend.loading(), _firewall_forward_chains.loading(wanted, _firewall_boot.RULES_DIRECTORY, doors)]
    if isinstance(backend, Firewalld):
        backend.refuse_loss()
    found: list[Loading] = [one for one in loadings if one is not None]
    if not found:
        startup = "none"
    files = _files.changes(_firewall_boot.files(wanted, startup, found))
    missing = any(part.comparison.missing for part in parts)
    unit = _unit(module, wanted, startup == "systemd", missing, files)
    before = tuple(line for lines in present.values() for line in lines)
    return Plan(run, backend, startup, wanted.random_fully, parts, others, equal, files, unit, before)


def _doors(run: Run, candidates: list[Backend], wanted: Request) -> list[_firewall_forward_chains.Door]:
    programs = [one for one in candidates if isinstance(one, Iptables)]
    nft = next(one.program for one in candidates if isinstance(one, Nftables))
    return _firewall_forward_chains.doors(run, nft, programs, wanted)


def plan_absent(module: AnsibleModule, wanted: Request) -> Plan:
    """What has to change so that nothing of ours is left."""
    run = runner(module)
    candidates = backends(module, run, wanted)
    present: dict[Holder, tuple[str, ...]] = {
        one: one.present() for one in (*candidates, *_doors(run, candidates, wanted))
    }
    others = tuple(one for one in present if present[one])
    files = _files.changes(_firewall_boot.files(wanted, "none", []))
    unit = _unit(module, wanted, False, False, files)
    before = tuple(line for lines in present.values() for line in lines)
    return Plan(run, None, "none", False, (), others, (), files, unit, before)


def _unit(module: AnsibleModule, wanted: Request, needed: bool, missing: bool, files: list[_files.Change]) -> Unit:
    path = _firewall_boot.unit_path(wanted)
    active = _systemd.running() and _systemd.is_active(module, _firewall_boot.unit_name(wanted))
    linked = [os.path.lexists(link) for link in _firewall_boot.links(wanted)]
    if not needed:
        return Unit(drop=active or any(linked) or os.path.lexists(path))
    changed = any(change.file.path == path for change in files)
    return Unit(read_again=changed, enable=not all(linked), run=missing or not active)


def carry_out(module: AnsibleModule, wanted: Request, todo: Plan) -> None:
    """Make it so: new rules first, then the old ones go, so that there is no moment without any."""
    _load([part for part in todo.parts if isinstance(part.holder, Firewalld)])
    if todo.backend is not None and todo.startup == "systemd":
        _with_unit(module, wanted, todo)
    else:
        _load([part for part in todo.parts if not isinstance(part.holder, Firewalld)])
        _without_unit(module, wanted, todo)
    for other in todo.others:
        other.remove()
    for part in todo.parts:
        part.holder.clean(part.comparison.surplus)


def _load(parts: t.Sequence[Part]) -> None:
    try:
        for part in parts:
            if part.comparison.missing:
                part.holder.load()
    except BackendError:
        _undo(parts)
        raise


def _undo(parts: t.Sequence[Part]) -> None:
    for part in parts:
        part.holder.undo(part.comparison.before)


def _with_unit(module: AnsibleModule, wanted: Request, todo: Plan) -> None:
    """Files first, then the unit brings in the rules; all is taken back where it fails."""
    unit = _firewall_boot.unit_name(wanted)
    was_linked = any(os.path.lexists(link) for link in _firewall_boot.links(wanted))
    _write(module, todo.files)
    try:
        if todo.unit.read_again:
            _systemd.daemon_reload(module)
        if todo.unit.enable:
            _systemd.enable(module, unit)
        if todo.unit.run:
            # A reload replaces the rules without the moment in between that a restart has.
            act = _systemd.reload if _systemd.is_active(module, unit) else _systemd.start
            todo.run.forget()
            act(module, unit)
    except _systemd.SystemdError as error:
        answer = f"{error} {_status(module, unit)}"
        if not was_linked:
            with suppress(_systemd.SystemdError):
                _systemd.disable(module, unit)
        back = [_files.File(one.file.path, one.before, one.before_mode or 0o644) for one in todo.files]
        _write(module, _files.changes(back))
        _systemd.daemon_reload(module)
        _undo(todo.parts)
        raise BackendError(answer) from None


def _status(module: AnsibleModule, unit: str) -> str:
    """What systemd has to say of a unit that failed: systemctl's own error only points there."""
    command = [module.get_bin_path("systemctl", required=True), "status", "--no-pager", "--full", "--lines=5", unit]
    _rc, out, err = module.run_command(command)
    return "; ".join(line.strip() for line in (out or err).splitlines() if line.strip())


def _without_unit(module: AnsibleModule, wanted: Request, todo: Plan) -> None:
    unit = _firewall_boot.unit_name(wanted)
    booted = _systemd.running()
    present = [link for link in _firewall_boot.links(wanted) if os.path.lexists(link)]
    if todo.unit.drop and booted and present and os.path.lexists(_firewall_boot.unit_path(wanted)):
        _systemd.disable(module, unit)
    for link in present:
        with suppress(FileNotFoundError):
            os.unlink(link)
        _tidy(os.path.dirname(link))
    _write(module, todo.files)
    if todo.unit.drop and booted:
        # Its file is gone, so that stopping it runs nothing: rules that stay are not taken away for a moment.
        _systemd.daemon_reload(module)
        with suppress(_systemd.SystemdError):
            _systemd.stop(module, unit)


def _write(module: AnsibleModule, changes: list[_files.Change]) -> None:
    _files.write(module, changes)
    if any(one.file.content is None and one.file.path.startswith(_firewall_boot.RULES_DIRECTORY) for one in changes):
        _tidy(_firewall_boot.RULES_DIRECTORY)


def _tidy(directory: str) -> None:
    """Remove a directory that nothing is left in."""
    with suppress(OSError):
        os.rmdir(directory)
