# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The router ID of a server. Private to this collection.

Not what a routing daemon would choose: that may be the local address of the sessions, which all servers have in common.
"""

from __future__ import annotations

import socket
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _settings as _routing_settings

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def of(module: AnsibleModule, settings: _routing_settings.RoutingSettings, has_own: bool) -> str:
    """``has_own``: the daemon's own configuration has one, which counts: empty."""
    if settings.router_id or has_own or not (settings.ospf or settings.bgp):
        return settings.router_id
    found = _interfaces.addresses(module)
    for name in settings.ospf.interfaces if settings.ospf else ():
        address = found[name].ipv4() if name in found else None
        if address is not None:
            return address.local
    for neighbor in settings.bgp.neighbors if settings.bgp else ():
        if neighbor.version == 4:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
                try:
                    asked.connect((neighbor.address, 179))
                    return str(asked.getsockname()[0])
                except OSError:
                    continue
    raise Refused("router_id", "there is no IPv4 address of this host to take.", "Give an address that is this host's.")
