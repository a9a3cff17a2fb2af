# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall of a host as it is: who can hold rules, which of ours are there, and the tables of others. Private.

This is read once in a run. Backends and chains answer from one reading of the host until something is changed.
"""

from __future__ import annotations

import os
import tempfile
import typing as t
from contextlib import ExitStack
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import (
    _forward_tables as _firewall_forward_tables,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._backend import (
    Backend,
    CachingRunner,
    Comparison,
    Holder,
    NoBackend,
    Run,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._firewalld import Firewalld
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._iptables import IPTABLES, Iptables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._nftables import Nftables
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall._request import FirewallRequest
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


@dataclass(frozen=True)
class UnitState:
    """Our systemd unit: whether it runs, which links that enable it are there and missing, whether it has a file."""

    name: str
    active: bool
    links: tuple[str, ...]
    missing_links: tuple[str, ...]
    file: bool


@dataclass(frozen=True)
class ObservedFirewall:
    """What a plan goes by.

    ``candidates``: all backends. ``tables``: those of others that forwarded packets pass.
    ``backend``: the one to take; ``None`` where rules are only to be taken away.
    ``present``: our rules by backend. ``comparisons``: of all backends with what is wanted; none without a backend.
    ``lost``: why firewalld cannot be changed without loss.
    """

    run: CachingRunner
    candidates: tuple[Backend, ...]
    tables: tuple[_firewall_forward_tables.ForwardTable, ...]
    backend: Backend | None
    present: t.Mapping[Holder, tuple[str, ...]]
    comparisons: t.Mapping[Holder, Comparison]
    lost: str
    unit: UnitState


def runner(module: AnsibleModule) -> CachingRunner:
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

    return CachingRunner(run)


def backends(module: AnsibleModule, run: Run, request: FirewallRequest) -> list[Backend]:
    """Every backend, whether it works or not; of the iptables commands, the first that works on its tables."""
    directory = _firewall_boot.RULES_DIRECTORY
    firewalld = Firewalld(run, module.get_bin_path("firewall-cmd"), request)
    found: list[Backend] = [firewalld, Nftables(run, module.get_bin_path("nft"), request, directory)]
    flavours = set()
    for label in IPTABLES:
        backend = Iptables(run, label, module.get_bin_path(label), request, directory)
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


def observe(module: AnsibleModule, request: FirewallRequest, asked: str | None) -> ObservedFirewall:
    """Read all of it; ``asked``: the backend, ``None`` where none is needed. Raises ``NoBackend``."""
    run = runner(module)
    candidates = backends(module, run, request)
    present: dict[Holder, tuple[str, ...]] = {one: one.present() for one in candidates}
    comparisons: dict[Holder, Comparison] = {}
    backend = None
    if asked is not None:
        with_rules = [one for one in candidates if present[one]]
        backend = choose(candidates, asked, with_rules or [one for one in candidates if one.remembered()])
        comparisons = {one: one.compare() for one in candidates}
    return ObservedFirewall(
        run,
        tuple(candidates),
        tuple(tables(run, candidates, request)),
        backend,
        present,
        comparisons,
        backend.loss() if isinstance(backend, Firewalld) else "",
        _unit_state(module, request),
    )


def tables(
    run: Run, candidates: t.Sequence[Backend], request: FirewallRequest
) -> list[_firewall_forward_tables.ForwardTable]:
    """The tables of others that the forwarded packets of a request pass, as they are now."""
    programs = [one for one in candidates if isinstance(one, Iptables)]
    nft = next(one.program for one in candidates if isinstance(one, Nftables))
    return _firewall_forward_tables.observe(run, nft, programs, request.admits or "ip")


def _unit_state(module: AnsibleModule, request: FirewallRequest) -> UnitState:
    name, links = _firewall_boot.unit_name(request), _firewall_boot.links(request)
    return UnitState(
        name,
        _systemd.running() and _systemd.is_active(module, name),
        tuple(link for link in links if os.path.lexists(link)),
        tuple(link for link in links if not os.path.lexists(link)),
        os.path.lexists(_firewall_boot.unit_path(request)),
    )
