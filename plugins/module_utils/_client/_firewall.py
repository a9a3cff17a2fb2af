# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall of a connection, by the same parts as masquerade. Private to this collection."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _backend as _firewall_backend
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._plan import ClientPlan
    from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan

IPV6 = "/proc/net/if_inet6"


@dataclass(frozen=True)
class Firewall:
    """What has to change in the rules for a connection. ``predicted``: a run may install a firewall first."""

    todo: tuple[_firewall_plan.FirewallPlan, ...] = ()
    predicted: bool = False

    @property
    def changed(self) -> bool:
        return self.predicted or any(one.changed for one in self.todo)

    def diff(self) -> list[dict[str, str]]:
        return [line for one in self.todo for line in one.diff()]

    def apply(self, module: AnsibleModule) -> None:
        for one in self.todo:
            if one.changed:
                _engine()[1].apply(module, one)


def _engine() -> tuple[t.Any, t.Any]:
    """How firewalls are planned and changed, which most connections have no need of: it takes a while to load."""
    from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply as _firewall_apply
    from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan

    return _firewall_plan, _firewall_apply


def plan(module: AnsibleModule, request: ClientRequest, planned: ClientPlan) -> Firewall:
    """The rules that the connection is to have; ``Refused`` where this host cannot have them."""
    if not request.writes:
        return Firewall()
    former = (
        _firewall_request.client_request(request.name, "ppp0", "standalone"),
        _firewall_request.delegation_request(request.name, "ppp0"),
    )
    startup = "systemd" if planned.to_systemd else "rc_local"
    todo = []
    for rules, one in zip(_rules(request), former):
        if rules is None:
            # Those that an earlier run has made are known by the files that load them.
            if _firewall_boot.made(one):
                todo.append(_engine()[0].prepare(module, one, None, "none"))
            continue
        try:
            todo.append(_engine()[0].prepare(module, rules, "auto", startup))
        except _firewall_backend.NoBackend as error:
            if module.check_mode and error.missing:
                return Firewall(predicted=True)
            asked = request.wanted.firewall if request.wanted is not None else ""
            raise Refused("firewall", f"{asked!r} is not possible.", str(error)) from None
    return Firewall(tuple(todo))


def _rules(request: ClientRequest) -> tuple[_firewall_request.FirewallRequest | None, ...]:
    """For the connection itself, and for a prefix that is delegated to it."""
    wanted = request.wanted
    if wanted is None or wanted.firewall == "none" or wanted.link_name is None:
        return None, None
    name, link = wanted.name, wanted.link_name
    own = _firewall_request.client_request(name, link, wanted.firewall, os.path.exists(IPV6))
    return own, _firewall_request.delegation_request(name, link) if wanted.delegation is not None else None
