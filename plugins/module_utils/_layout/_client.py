# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of a client lie on its host, and what they are called. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd

PEERS = "/etc/ppp/peers"
UNITS = _systemd.UNITS
RUN = "/run"
POLKIT_RULES = "/etc/polkit-1/rules.d"
HOOKS = "/etc/ppp/pppoe-client"

#: Our programs.
DIRECTORY = "/usr/local/libexec/dialtone-pppoe"
UP = DIRECTORY + "/pppoe-client-up"
DOWN = DIRECTORY + "/pppoe-client-down"
INIT = DIRECTORY + "/pppoe-client-init"
ATTEMPT = DIRECTORY + "/pppoe-client-attempt"

#: In /run, held while the plain file is written.
LOCK = "dialtone-pppoe-resolv.lock"
#: The alias of VLAN interfaces that we made, and may remove.
ALIAS = "dialtone.pppoe"

#: Variables that pppd's option `set` gives to the scripts.
CONNECTION = "DIALTONE_CONNECTION"
SERVERS = "DIALTONE_DNS"
METRIC = "DIALTONE_METRIC"

#: How much longer a client waits after a refused account, since the server is unlikely to change its answer soon.
REFUSED_FACTOR = 5


def label(name: str) -> str:
    """The name by which pppd and the secrets files know the connection; the account is this connection's alone."""
    return f"pppoe-client-{name}"


def peers_path(name: str) -> str:
    return f"{PEERS}/{name}"


def unit_name(name: str) -> str:
    return f"pppoe-client@{name}.service"


def unit_path(name: str) -> str:
    return f"{UNITS}/{unit_name(name)}"


def rule_path(name: str) -> str:
    return f"{POLKIT_RULES}/60-{label(name)}.rules"


def hook_path(name: str, action: str) -> str:
    """The hook of ``up`` or ``down``, which our scripts run if it is there."""
    return f"{HOOKS}/{name}.{action}"


def log_path(name: str) -> str:
    return f"{RUN}/{label(name)}.log"


def log_before_path(name: str) -> str:
    """The log of the attempt before, while another is under way; there is no such file once the link is up."""
    return f"{log_path(name)}.before"


def servers_path(name: str) -> str:
    """Where our scripts note the name servers that are in force; there is no such file unless the link is up."""
    return f"{RUN}/{label(name)}.dns"


def failures_path(name: str) -> str:
    """Where the attempts that failed one after the other are counted."""
    return f"{RUN}/{label(name)}.failures"
