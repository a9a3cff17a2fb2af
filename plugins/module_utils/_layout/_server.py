# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of a server lie on its host. Private to this collection. Pure."""

from __future__ import annotations

import re

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

#: Our programs.
DIRECTORY = "/usr/local/libexec/dialtone-pppoe"
INSTANCE = DIRECTORY + "/pppoe-server-instance"
PPPD = DIRECTORY + "/pppoe-server-pppd"
ACCESS = DIRECTORY + "/pppoe-access"

CONFIGURATION = "/etc/ppp/pppoe-server"
STATE = "/run/pppoe-server"
LEASES = STATE + "/leases"

#: The name of an instance.
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


def options_path(name: str) -> str:
    return f"{CONFIGURATION}/{name}.options"


def pool_path(name: str) -> str:
    return f"{CONFIGURATION}/{name}.pool"


def unit_name(name: str) -> str:
    return f"pppoe-server@{name}.service"


def access_unit_name(name: str) -> str:
    return f"pppoe-access@{name}.service"


def check_name(name: str) -> None:
    if not NAME.match(name):
        raise Refused("name", f"'{name}' is no instance name.", "Use up to 32 letters, digits, '-' or '_'.")
