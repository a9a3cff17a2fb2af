# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the files of a client lie on its host, and what they are called. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header

MARKER = f"# {_layout_header.sentence('dialtone.pppoe.pppoe_client')}"

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
IPV6 = "DIALTONE_IPV6"
DEMAND = "DIALTONE_DEMAND"

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


def started_path(name: str) -> str:
    """A copy of the peers file that the running pppd has read."""
    return f"{RUN}/{label(name)}.started"


def was_up_path(name: str) -> str:
    """Since when the link of this attempt has been up, in seconds since boot; there until the attempt is over."""
    return f"{RUN}/{label(name)}.up"


def programs() -> tuple[str, ...]:
    """Our programs, which all connections of a host share."""
    return UP, DOWN, INIT, ATTEMPT


def run_paths(name: str) -> tuple[str, ...]:
    """What an attempt and its link leave in /run: no configuration, and of no interest in a diff."""
    paths = (log_path, log_before_path, servers_path, failures_path, started_path, was_up_path)
    return tuple(path(name) for path in paths)


def is_ours(content: bytes | None) -> bool:
    """Whether a file may be changed by us: it isn't there, or we wrote it."""
    return content is None or content.startswith((MARKER.encode(), MARKER.replace("#", "//", 1).encode()))
