# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dial-up connection: what may be asked for, and the files it comes to. Private to this collection."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils import _accounts, _client_scripts
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._words import quote

PEERS = "/etc/ppp/peers"
UNITS = "/etc/systemd/system"
RUN = "/run"
MARKER = "# Managed by Ansible (dialtone.pppoe.pppoe_client). Changes made here are overwritten."

# RFC 2516, section 7: 1500 less the six bytes of PPPoE's header and the two of PPP's.
OVERHEAD = 8
MOST_MTU = 1492
LEAST_MTU = 128  # pppd/lcp.h MINMRU

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,31}\Z")
# pppd takes them from the network as they are, and shows them in its log.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
MOST_TAG = 255


@dataclass(frozen=True)
class Connection:
    """One connection. ``dns``: ``("none",)``, ``("server",)``, or addresses."""

    name: str
    interface: str
    username: str
    ac_name: str | None
    service_name: str | None
    default_route: bool
    dns: tuple[str, ...]
    mtu: int
    lcp_echo_interval: int
    lcp_echo_failure: int


@dataclass(frozen=True)
class Host:
    """What the host's pppd is like: the file name of its PPPoE plugin, and whether it can report to systemd."""

    plugin: str = "pppoe.so"
    notifies: bool = True

    @property
    def is_249(self) -> bool:
        """Whether pppd is 2.4.9 or later, which gave the plugin this name (the older one is a link since)."""
        return self.plugin == "pppoe.so"


def label(name: str) -> str:
    """The name by which pppd and the secrets files know the connection; the account is this connection's alone."""
    return f"pppoe-client-{name}"


def peers_path(name: str) -> str:
    return f"{PEERS}/{name}"


def unit_name(name: str) -> str:
    return f"pppoe-client@{name}.service"


def unit_path(name: str) -> str:
    return f"{UNITS}/{unit_name(name)}"


def log_path(name: str) -> str:
    return f"{RUN}/{label(name)}.log"


def servers_path(name: str) -> str:
    """Where our scripts note the name servers that are in force."""
    return f"{RUN}/{label(name)}.dns"


def check_name(name: str) -> str:
    if not _NAME.match(name):
        raise Refused(
            "name", f"{name!r} cannot be a file's and a unit's name.", "Use up to 32 letters, digits, '-' or '_'."
        )
    return name


def connection(params: t.Mapping[str, t.Any], interface_mtu: int) -> Connection:
    """The connection that the module's parameters ask for, all of them valid."""
    check_name(params["name"])
    secret = params["secret"]
    _accounts.of_client(params["username"], "(stays as it is)" if secret is None else secret)
    _check_mtu(params["mtu"], params["interface"], interface_mtu)
    for parameter, least in (("lcp_echo_interval", 0), ("lcp_echo_failure", 0), ("timeout", 1)):
        if params[parameter] < least:
            raise Refused(parameter, f"{params[parameter]} is too small.", f"Give {least} or more.")
    return Connection(
        name=params["name"],
        interface=params["interface"],
        username=params["username"],
        ac_name=_tag("ac_name", params["ac_name"]),
        service_name=_tag("service_name", params["service_name"]),
        default_route=params["default_route"],
        dns=_dns(params["dns"]),
        mtu=params["mtu"],
        lcp_echo_interval=params["lcp_echo_interval"],
        lcp_echo_failure=params["lcp_echo_failure"],
    )


def _check_mtu(mtu: int, interface: str, interface_mtu: int) -> None:
    most = min(MOST_MTU, interface_mtu - OVERHEAD)
    if not LEAST_MTU <= mtu <= most:
        why = "the most that PPPoE carries" if most == MOST_MTU else f"{interface} has an MTU of {interface_mtu}"
        raise Refused("mtu", f"{mtu} is out of range.", f"Give {LEAST_MTU} to {most} ({why}).")


def _tag(parameter: str, value: str | None) -> str | None:
    if not value:
        return None
    if _UNPRINTABLE.search(value):
        raise Refused(parameter, f"{value!r} has control characters in it.", "Take them out.")
    if len(value.encode()) > MOST_TAG:
        raise Refused(parameter, f"it is longer than {MOST_TAG} bytes.", "Give the name that the server announces.")
    return value


def _dns(value: str | list[str]) -> tuple[str, ...]:
    """``none``, ``server``, one address or several; a list of one word is that word."""
    entries = [value] if isinstance(value, str) else value
    entries = [word.strip() for entry in entries for word in str(entry).split(",")]
    if entries in (["none"], ["server"]):
        return tuple(entries)
    if not entries or entries == [""]:
        raise Refused("dns", "it is empty.", "Give none, server, or the addresses of name servers.")
    for entry in entries:
        try:
            ipaddress.ip_address(entry)
        except ValueError:
            raise Refused(
                "dns", f"{entry!r} is no address of a name server.", "Give none, server, or addresses such as 8.8.8.8."
            ) from None
    return tuple(entries)


def peers_file(wanted: Connection, host: Host) -> bytes:
    """The options that ``pppd call NAME`` reads. Without ``persist``: what starts pppd also starts it again."""
    key = label(wanted.name)
    lines = [
        MARKER,
        f"plugin {host.plugin}",
        # Half the plugin's own patience, which doubles with each of three attempts: 14 seconds until it tries anew.
        # Version 2.4.9 takes the value over when it reads the interface (plugins/pppoe/plugin.c PPPOEInitDevice).
        *(["pppoe-padi-timeout 2"] if host.is_249 else []),
        f"nic-{wanted.interface}",
        # The names that every version of the plugin knows (plugins/pppoe/plugin.c Options).
        *([f"rp_pppoe_ac {_quoted(wanted.ac_name)}"] if wanted.ac_name else []),
        *([f"rp_pppoe_service {_quoted(wanted.service_name)}"] if wanted.service_name else []),
        f"user {_quoted(wanted.username)}",
        # The second column of the secrets files: two connections may have accounts of one name (auth.c get_secret).
        f"remotename {key}",
        f"linkname {key}",
        f"ipparam {key}",
        "noauth",
        "hide-password",
        "noipdefault",
        *_route_lines(wanted, host),
        *(["usepeerdns"] if wanted.dns == ("server",) else []),
        *_dns_lines(wanted),
        f"mtu {wanted.mtu}",
        f"mru {wanted.mtu}",
        # The server's pppd is seldom there to hear the first request; pppd would repeat it after 3 seconds only.
        "lcp-restart 1",
        "lcp-max-configure 20",
        f"lcp-echo-interval {wanted.lcp_echo_interval}",
        f"lcp-echo-failure {wanted.lcp_echo_failure}",
        # A busy host may need more than pppd's own 5 seconds for the script that takes the name servers back.
        "child-timeout 15",
        f"logfile {log_path(wanted.name)}",
    ]
    return "".join(line + "\n" for line in lines).encode()


def _route_lines(wanted: Connection, host: Host) -> list[str]:
    if not wanted.default_route:
        return ["nodefaultroute"]
    # Without a metric, pppd 2.5 sets no route if there is any other default route, whatever its metric.
    return ["defaultroute", "defaultroute-metric 0"] if host.is_249 else ["defaultroute"]


def _dns_lines(wanted: Connection) -> list[str]:
    if wanted.dns == ("none",):
        return []
    return [
        f"set {_client_scripts.CONNECTION}={wanted.name}",
        f"set {_quoted(_client_scripts.SERVERS + '=' + ' '.join(wanted.dns))}",
        f"ip-up-script {_client_scripts.UP}",
        f"ip-down-script {_client_scripts.DOWN}",
    ]


def _quoted(word: str) -> str:
    return quote(word.encode()).decode()


def is_ours(content: bytes | None) -> bool:
    """Whether a file may be changed by us: it isn't there, or we wrote it."""
    return content is None or content.startswith(MARKER.encode())


def unit_file(wanted: Connection, host: Host) -> bytes:
    """The unit. One process is one attempt and one session, so that its state tells the link's, and its log too."""
    log = log_path(wanted.name)
    return f"""{MARKER}
[Unit]
Description=PPPoE connection {wanted.name} on {wanted.interface}
Documentation=man:pppd(8)
# multi-user.target would otherwise be ordered after this unit, and the boot would wait for a server to answer.
DefaultDependencies=no
Requires=sysinit.target
After=sysinit.target basic.target network.target
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
Type={"notify" if host.notifies else "simple"}
ExecStartPre=-modprobe -q pppoe
ExecStartPre=ip link set dev {wanted.interface} up
ExecStartPre=install -m 0600 /dev/null {log}
ExecStart=pppd call {wanted.name} nodetach{" up_sdnotify" if host.notifies else ""}
Restart=always
RestartSec=10
# 5 is what pppd returns when it was asked to hang up.
SuccessExitStatus=5
KillMode=mixed
TimeoutStartSec=3min
TimeoutStopSec=30

[Install]
WantedBy=multi-user.target
""".encode()


def background_lines(wanted: Connection) -> list[str]:
    """The shell lines that dial without systemd, for rc.local: in the background, and again whenever the link ends."""
    return [
        "(",
        "    tries=0",
        f"    until [ -e /sys/class/net/{wanted.interface} ] || [ $tries -ge 60 ]; do",
        "        tries=$((tries + 1))",
        "        sleep 1",
        "    done",
        "    modprobe -q pppoe",
        f"    ip link set dev {wanted.interface} up",
        f"    install -m 0600 /dev/null {log_path(wanted.name)}",
        f"    exec pppd call {wanted.name} {' '.join(PERSISTENT)}",
        ") </dev/null >/dev/null 2>&1 &",
    ]


PERSISTENT = ("persist", "maxfail", "0", "holdoff", "30")
