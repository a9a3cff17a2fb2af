# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of a server's RADIUS lie on its host. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server

FOLDER = "/etc/ppp/pppoe-server-radius"
#: What pppd's plugin reads.
CLIENT = FOLDER + "/client.conf"
SERVERS = FOLDER + "/servers"
# FreeRADIUS would read a file called dictionary in the folder of its configuration, too. It has no flags of encryption.
DICTIONARY = FOLDER + "/pppd.dictionary"
PORT_MAP = FOLDER + "/port-map"
SEQUENCE = _layout_server.STATE + "/radius.seq"

#: The whole configuration of the FreeRADIUS of this host, and its unit.
PROXY = FOLDER + "/radiusd.conf"
UNIT = "pppoe-server-radius.service"
#: Accounting records that no server has yet, and what is there until the next boot.
BUFFER = "/var/lib/pppoe-server-radius"
RUN = "/run/pppoe-server-radius"
#: Begins a boot's records.
BOOT = _layout_server.DIRECTORY + "/pppoe-server-radius-boot"

#: Who asks for the end of a session, and who ends it.
ASK = _layout_server.DIRECTORY + "/pppoe-server-disconnect-ask"
DISCONNECT = _layout_server.DIRECTORY + "/pppoe-server-disconnect"
DISCONNECT_QUEUE = RUN + ".disconnect"
DISCONNECT_SOCKET = "pppoe-server-disconnect.socket"
DISCONNECT_SERVICE = "pppoe-server-disconnect@.service"


def unit_path(unit: str) -> str:
    return f"{_layout_server.UNITS}/{unit}"
