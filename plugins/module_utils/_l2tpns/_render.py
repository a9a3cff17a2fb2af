# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of l2tpns, from its settings. Private to this collection. Pure."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns._settings import L2tpnsSettings

#: Tenths of a second. l2tpns.c update_config: a timeout below four intervals and 11 tenths is not accepted.
HEARTBEAT, TIMEOUT = 2, 20
#: A router that hears nothing for so long, in seconds, has lost this member.
KEEPALIVE, HOLD = 3, 9
#: Files that a process keeps to as they were at its start, but for ``LIVE``.
STARTED_WITH = (_layout_l2tpns.CONFIGURATION, _layout_l2tpns.POOL, _layout_l2tpns.RULES, _layout_l2tpns.DROP_IN)
_TOKEN = re.compile(r"^enable:([0-9a-f]{32})$", re.M)
#: What a running l2tpns takes up from its configuration on SIGHUP; everything else needs a new process.
LIVE = (
    "primary_dns", "secondary_dns", "primary_radius", "secondary_radius", "primary_radius_port",
    "secondary_radius_port", "radius_secret", "radius_authtypes", "radius_interim", "l2tp_mtu", "echo_timeout",
    "idle_echo_timeout", "primary_ipv6_dns", "secondary_ipv6_dns", "pppoe_ac_name", "pppoe_service_name",
    "pppoe_only_equal_svc_name", "allow_duplicate_users",
)  # fmt: skip


def startup_config(settings: L2tpnsSettings) -> str:
    """The file that l2tpns reads at its start and on SIGHUP; has the RADIUS secret."""
    lines = [f"set {name} {value}" for name, value in _values(settings).items()]
    return "\n".join([_layout_header.LINE.rstrip("\n"), *lines, *_bgp(settings), ""])


def _values(settings: L2tpnsSettings) -> dict[str, str]:
    # What is empty is written too: on SIGHUP a line that is gone would change nothing.
    cluster = settings.cluster
    # One that is asked for a second server and has none gives 0.0.0.0.
    dns = [*settings.dns, *settings.dns] or ["0.0.0.0", "0.0.0.0"]  # noqa: S104
    second = settings.servers[1] if len(settings.servers) > 1 else None
    return {
        "debug": "1",
        "bind_address": cluster.address,
        "peer_address": settings.local_address,
        "cli_bind_address": "127.0.0.1",
        "pppoe_if_to_bind": quoted(settings.interface),
        "pppoe_ac_name": quoted(settings.ac_name or "l2tpns"),
        "pppoe_service_name": quoted(settings.service_name),
        "pppoe_only_equal_svc_name": _yes(bool(settings.service_name)),
        "l2tp_mtu": str(settings.mtu + 38),
        "primary_dns": dns[0],
        "secondary_dns": dns[1],
        **_ipv6(settings),
        "primary_radius": settings.servers[0].address,
        "primary_radius_port": str(settings.servers[0].port),
        "secondary_radius": second.address if second else "0.0.0.0",  # noqa: S104
        "secondary_radius_port": str(second.port if second else 0),
        "radius_secret": quoted(settings.secret),
        "radius_authtypes": quoted(settings.authentication),
        "radius_accounting": "yes",
        "radius_interim": str(settings.interim),
        "allow_duplicate_users": _yes(not settings.single_session),
        "disable_lac_func": "yes",
        "echo_timeout": str(settings.echo),
        "idle_echo_timeout": str(settings.idle),
        "cluster_address": cluster.group,
        "cluster_interface": quoted(cluster.interface),
        "cluster_hb_interval": str(HEARTBEAT),
        "cluster_hb_timeout": str(TIMEOUT),
        # With 0, a master without others withdraws its routes, and nobody forwards.
        "cluster_master_min_adv": "1",
    }


def _ipv6(settings: L2tpnsSettings) -> dict[str, str]:
    servers = [*settings.ipv6_dns, "::", "::"]
    prefix = {"ipv6_prefix": settings.ipv6_prefix} if settings.ipv6_prefix else {}
    return {**prefix, "primary_ipv6_dns": servers[0], "secondary_ipv6_dns": servers[1]}


def _bgp(settings: L2tpnsSettings) -> list[str]:
    if not settings.cluster.asn:
        return []
    lines = [f"router bgp {settings.cluster.asn}"]
    for neighbor in settings.cluster.neighbors:
        lines.append(f"neighbour {neighbor.address} remote-as {neighbor.asn}")
        lines.append(f"neighbour {neighbor.address} timers {KEEPALIVE} {HOLD}")
    return lines


def ip_pool(settings: L2tpnsSettings) -> str:
    """The addresses for customers whom RADIUS assigns none; without any, such a customer is refused."""
    return "\n".join([_layout_header.LINE.rstrip("\n"), *settings.pool, ""])


def users(token: str) -> str:
    """Who may use the command line on 127.0.0.1 for more than reading: whoever can read this file."""
    return f"{_layout_header.LINE}enable:{token}\n"


def token_of(text: str) -> str:
    """The password in such a file; empty if there is none."""
    found = _TOKEN.search(text)
    return found.group(1) if found else ""


def drop_in(settings: L2tpnsSettings) -> str:
    """What is added to the package's unit: who may send packets to l2tpns, and how its access interface is."""
    cluster, interface = settings.cluster, settings.interface
    allowed = ["localhost", *(server.address for server in settings.servers)]
    allowed += settings.asking
    allowed += [neighbor.address for neighbor in cluster.neighbors]
    if cluster.members:
        allowed += [cluster.group, *cluster.members]
    forwarding = ["net.ipv4.ip_forward=1", *(["net.ipv6.conf.all.forwarding=1"] if settings.ipv6_prefix else [])]
    # SIGTERM leaves the sessions to the other members; SIGQUIT ends them, and says so.
    signal = "SIGTERM" if cluster.members else "SIGQUIT"
    return (
        f"{_layout_header.LINE}[Unit]\nWants=network-online.target\nAfter=network-online.target\n\n"
        "[Service]\n"
        "ExecStartPre=-/sbin/modprobe tun\n"
        f"ExecStartPre=/sbin/sysctl -qw {' '.join(forwarding)}\n"
        # Two members with one MAC address would each find the other's IPv6 address taken.
        f"ExecStartPre=-/sbin/sysctl -qw net/ipv6/conf/{interface}/disable_ipv6=1\n"
        f"ExecStartPre=/sbin/ip link set dev {interface} address {cluster.mac}\n"
        f"ExecStartPre=/usr/sbin/nft -f {_layout_l2tpns.RULES}\n"
        f"ExecStartPre=/sbin/ip link set dev {interface} up\n"
        f"RuntimeDirectory={_layout_l2tpns.RUN.rpartition('/')[2]}\nRuntimeDirectoryMode=0700\n"
        f"ExecStartPre=/bin/cp -p {' '.join(STARTED_WITH)} {_layout_l2tpns.RUN}\n"
        # Switches learn from it that the address is elsewhere now, also when the process has died.
        f"ExecStopPost=-/sbin/ip link set dev {interface} down\n"
        f"ExecStopPost=-/usr/sbin/nft delete table {_layout_l2tpns.TABLE}\n"
        f"KillSignal={signal}\nTimeoutStopSec=20\nRestart=always\n"
        # Any user of the host could have it load one that ends sessions (nsctl, UDP 1702).
        f"InaccessiblePaths=-{_layout_l2tpns.PLUGINS}\n"
        # The ports for L2TP, nsctl, Disconnect-Requests and the cluster are open to everybody otherwise.
        f"IPAddressDeny=any\nIPAddressAllow={' '.join(dict.fromkeys(allowed))}\n"
    )


def access_rules(settings: L2tpnsSettings) -> str:
    """Drops PADT from customers: l2tpns reads its session ID in the wrong byte order, and would end another session."""
    table = _layout_l2tpns.TABLE
    return (
        f"{_layout_header.LINE}table {table}\ndelete table {table}\ntable {table} {{\n"
        "  chain padt {\n"
        f'    type filter hook ingress device "{settings.interface}" priority 0\n'
        # The second byte of PPPoE's header is its code (RFC 2516, 4).
        "    ether type 0x8863 @nh,8,8 0xa7 drop\n"
        "  }\n}\n"
    )


def needs_restart(before: str, after: str) -> bool:
    """Whether a change of the configuration reaches a running l2tpns only by a new process."""
    return _fixed(before) != _fixed(after)


def _fixed(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(tuple(f"set {name} " for name in LIVE))]


def quoted(value: str) -> str:
    return f'"{value}"'


def _yes(value: bool) -> str:
    return "yes" if value else "no"
