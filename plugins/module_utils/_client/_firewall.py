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
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._plan import ClientPlan
    from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan

IPV6 = "/proc/net/if_inet6"


@dataclass(frozen=True)
class Firewall:
    """What has to change in the rules for a connection. ``todo`` is ``None`` if nothing has.

    ``predicted``: a run may install a firewall first.
    """

    todo: _firewall_plan.FirewallPlan | None = None
    predicted: bool = False

    @property
    def changed(self) -> bool:
        return self.predicted or (self.todo is not None and self.todo.changed)

    def diff(self) -> list[dict[str, str]]:
        return self.todo.diff() if self.todo is not None else []

    def apply(self, module: AnsibleModule) -> None:
        if self.todo is not None and self.todo.changed:
            _engine()[1].apply(module, self.todo)


def _engine() -> tuple[t.Any, t.Any]:
    """How firewalls are planned and changed, which most connections have no need of: it takes a while to load."""
    from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply as _firewall_apply
    from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _plan as _firewall_plan

    return _firewall_plan, _firewall_apply


def plan(module: AnsibleModule, request: ClientRequest, planned: ClientPlan) -> Firewall:
    """The rules that the connection is to have; ``Refused`` where this host cannot have them."""
    if not request.writes:
        return Firewall()
    rules = _rules(request)
    if rules is None:
        # Those that an earlier run has made are known by the files that load them.
        rules = _firewall_request.client_request(request.name, "ppp0", "standalone")
        made = _files.changes(_firewall_boot.files(rules, "none", []))
        return Firewall(_engine()[0].prepare(module, rules, None, "none")) if made else Firewall()
    try:
        startup = "systemd" if planned.to_systemd else "rc_local"
        return Firewall(_engine()[0].prepare(module, rules, "auto", startup))
    except _firewall_backend.NoBackend as error:
        if module.check_mode and error.missing:
            return Firewall(predicted=True)
        asked = "masquerade" if rules.translate else "standalone"
        raise Refused("firewall", f"{asked!r} is not possible.", str(error)) from None


def _rules(request: ClientRequest) -> _firewall_request.FirewallRequest | None:
    wanted = request.wanted
    if wanted is None or wanted.firewall == "none" or wanted.link_name is None:
        return None
    return _firewall_request.client_request(wanted.name, wanted.link_name, wanted.firewall, os.path.exists(IPV6))
