# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of a server's routing lie on its host. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

#: The kernel's table that the session manager fills, and interfaces whose neighbors it tells of customers.
ANNOUNCED = "/etc/ppp/pppoe-server-routing/announced"

#: Proxy ARP, now and after a reboot.
SYSCTL = "/etc/sysctl.d/60-pppoe-server-routing.conf"

#: BIRD's own configuration, of which the first that is there counts.
BIRD_MAIN = ("/etc/bird/bird.conf", "/etc/bird.conf")
BIRD_SOCKET = "/run/bird/bird.ctl"
BIRD_UNIT = "bird.service"

#: FRR's, which every daemon of it shares.
FRR_MAIN = "/etc/frr/frr.conf"
FRR_DAEMONS = "/etc/frr/daemons"
FRR_UNIT = "frr.service"


def bird_file(main: str) -> str:
    """Our file, which BIRD's own configuration includes."""
    folder = "/etc/bird" if main.startswith("/etc/bird/") else "/etc"
    return f"{folder}/pppoe-server.conf"


def drop_in(unit: str) -> str:
    """What is said of a routing daemon's unit beside its own file."""
    return f"{_layout_server.UNITS}/{unit}.d/dialtone-pppoe.conf"
