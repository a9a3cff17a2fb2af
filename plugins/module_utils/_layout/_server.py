# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of a server lie on its host. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd

#: Our programs.
DIRECTORY = "/usr/local/libexec/dialtone-pppoe"
INSTANCE = DIRECTORY + "/pppoe-server-instance"
PPPD = DIRECTORY + "/pppoe-server-pppd"
ACCESS = DIRECTORY + "/pppoe-access"

#: What every instance needs, and nothing else.
SCRIPTS = (INSTANCE, PPPD)

UNITS = _systemd.UNITS

CONFIGURATION = "/etc/ppp/pppoe-server"
STATE = "/run/pppoe-server"


def options_path(name: str) -> str:
    return f"{CONFIGURATION}/{name}.options"


def pool_path(name: str) -> str:
    return f"{CONFIGURATION}/{name}.pool"


def pools_path(name: str) -> str:
    """The pools of plans, and that of the walled garden."""
    return f"{CONFIGURATION}/{name}.pools"


def instance_paths(name: str) -> list[str]:
    """What the daemon, its sessions and the session manager read of an instance."""
    return [options_path(name), pool_path(name), pools_path(name)]


def plans_path(name: str) -> str:
    return f"{CONFIGURATION}/{name}.plans"


def customers_path(name: str) -> str:
    """The accounts that have a plan or limits of their own."""
    return f"{CONFIGURATION}/{name}.customers"


def ipv6_path(name: str) -> str:
    """The IPv6 prefixes that an instance gives."""
    return f"{CONFIGURATION}/{name}.ipv6"


def ipv6_accounts_path(name: str) -> str:
    """The accounts that have IPv6 prefixes of their own."""
    return f"{CONFIGURATION}/{name}.ipv6-accounts"


def unit_name(name: str) -> str:
    return f"pppoe-server@{name}.service"


def unit_path(name: str) -> str:
    return f"{UNITS}/{unit_name(name)}"


def access_unit_name(name: str) -> str:
    return f"pppoe-access@{name}.service"
