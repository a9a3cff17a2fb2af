# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall of a connection, by the same parts as masquerade. Private to this collection."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils import _files, _nat, _nat_host, _nat_startup
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client_options import Connection

IPV6 = "/proc/net/if_inet6"


class Firewall:
    """What has to change in the rules for a connection, and the changing. ``todo`` is ``None`` if nothing has."""

    def __init__(self, wanted: _nat.Request, todo: _nat_host.Plan | None, predicted: bool = False) -> None:
        self.wanted = wanted
        self.todo = todo
        self.predicted = predicted

    @property
    def changed(self) -> bool:
        return self.predicted or (self.todo is not None and self.todo.changed)

    def diff(self) -> list[dict[str, str]]:
        return self.todo.diff() if self.todo is not None else []

    def carry_out(self, module: AnsibleModule) -> None:
        if self.todo is not None and self.todo.changed:
            _nat_host.carry_out(module, self.wanted, self.todo)


def plan(module: AnsibleModule, wanted: Connection, to_systemd: bool) -> Firewall:
    """The rules that the connection shall have; ``Refused`` where this host cannot have them."""
    if wanted.firewall == "none" or wanted.link_name is None:
        return plan_absent(module, wanted.name)
    request = _nat.client_request(wanted.name, wanted.link_name, wanted.firewall, os.path.exists(IPV6))
    try:
        return Firewall(request, _nat_host.plan(module, request, "auto", "systemd" if to_systemd else "rc_local"))
    except _nat_host.NoBackend as error:
        if module.check_mode and error.missing:
            # A run may install what is missing first.
            return Firewall(request, None, predicted=True)
        raise Refused("firewall", f"{wanted.firewall!r} cannot be had.", str(error)) from None


def plan_absent(module: AnsibleModule, name: str) -> Firewall:
    """No rules. Those that an earlier run has made are known by the files that load them."""
    request = _nat.client_request(name, "ppp0", "standalone")
    made = _files.changes(_nat_startup.files(request, "none", []))
    return Firewall(request, _nat_host.plan_absent(module, request) if made else None)
