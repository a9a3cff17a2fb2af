# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of l2tpns lie on its host. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd

#: Compiled into l2tpns.
FOLDER = "/etc/l2tpns"
CONFIGURATION = FOLDER + "/startup-config"
POOL = FOLDER + "/ip_pool"
USERS = FOLDER + "/users"

#: Ours: rules of nftables for the access interface, loaded before each start.
RULES = FOLDER + "/access.nft"
TABLE = "netdev dialtone_l2tpns"
PLUGINS = "/usr/lib/l2tpns"

#: The package's own unit, and what we add to it.
UNIT = "l2tpns.service"
#: What the running process was started with, or has read since.
RUN = "/run/l2tpns"
DROP_IN = f"{_systemd.UNITS}/{UNIT}.d/dialtone-pppoe.conf"


def running(path: str) -> str:
    """Where the running process's copy of a file is."""
    return f"{RUN}/{path.rpartition('/')[2]}"
