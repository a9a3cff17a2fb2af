# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a dial-up connection comes to. Private to this collection."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _dhcpcd as _client_dhcpcd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _networkd as _client_networkd
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._capabilities import Pppd
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import quote

# What pppd calls the methods by which we may be asked to prove ourselves (auth.c auth_options).
REFUSALS = {"pap": "refuse-pap", "chap": "refuse-chap", "mschapv2": "refuse-mschap-v2"}
# Those that are never wanted once a choice is made.
OTHER_REFUSALS = ("refuse-mschap", "refuse-eap")
LEAST_START_SECONDS = 180


def peers_file(wanted: Connection, pppd: Pppd) -> bytes:
    """The options that ``pppd call NAME`` reads. Without ``persist``: what starts pppd also starts it again."""
    lines = [
        _layout_client.MARKER,
        *_discovery_lines(wanted, pppd),
        *_account_lines(wanted),
        *_undoing_lines(wanted),
        *_method_lines(wanted),
        "noipdefault",
        *_route_lines(wanted, pppd),
        "+ipv6" if wanted.ipv6 else "noipv6",
        *(["usepeerdns"] if wanted.dns == ("server",) else []),
        *_script_lines(wanted),
        *_demand_lines(wanted),
        *_link_lines(wanted, pppd),
        f"logfile {_layout_client.log_path(wanted.name)}",
    ]
    return "".join(line + "\n" for line in lines).encode()


def _discovery_lines(wanted: Connection, pppd: Pppd) -> list[str]:
    return [
        f"plugin {pppd.plugin_name}",
        # Half the plugin's own patience, which doubles with each of three attempts: 14 seconds until it tries anew.
        # Version 2.4.9 takes the value over when it reads the interface (plugins/pppoe/plugin.c PPPOEInitDevice).
        *(["pppoe-padi-timeout 2"] if pppd.is_249 else []),
        f"nic-{wanted.nic}",
        # The names that every version of the plugin knows (plugins/pppoe/plugin.c Options).
        *([f"rp_pppoe_ac {_quoted(wanted.ac_name)}"] if wanted.ac_name else []),
        *([f"rp_pppoe_service {_quoted(wanted.service_name)}"] if wanted.service_name else []),
    ]


def _account_lines(wanted: Connection) -> list[str]:
    """The account, and the names by which others know the connection."""
    key = _layout_client.label(wanted.name)
    return [
        f"user {_quoted(wanted.username)}",
        # The second column of the secrets files: two connections may have accounts of one name (auth.c get_secret).
        f"remotename {key}",
        f"linkname {key}",
        f"ipparam {key}",
        *([f"ifname {wanted.link}"] if wanted.link is not None else []),
        *([f"unit {wanted.unit}"] if wanted.unit is not None else []),
        "noauth",
        "hide-password",
    ]


def _link_lines(wanted: Connection, pppd: Pppd) -> list[str]:
    """The link once there is a session: its sizes, its first requests, and how it is watched."""
    return [
        f"mtu {wanted.mtu}",
        f"mru {wanted.mtu}",
        # The server's pppd may not be there yet to hear the first request; it would be repeated after 3 seconds only.
        *([f"net-init-script {_layout_client.INIT}"] if pppd.waits else []),
        "lcp-restart 1",
        "lcp-max-configure 20",
        f"lcp-echo-interval {wanted.lcp_echo_interval}",
        f"lcp-echo-failure {wanted.lcp_echo_failure}",
        # A link that is too busy for echoes is alive.
        "lcp-echo-adaptive",
        # A busy host may need more than pppd's own 5 seconds for the script that takes the name servers back.
        "child-timeout 15",
    ]


def _undoing_lines(wanted: Connection) -> list[str]:
    """What /etc/ppp/options says for every pppd of the host, and would undo what is asked for here."""
    if wanted.demand_idle is not None:
        return ["maxconnect 0"]
    # By persist, pppd would dial again by itself, behind the back of what starts it, without the pauses.
    return ["nopersist", "idle 0", "maxconnect 0"]


def _method_lines(wanted: Connection) -> list[str]:
    if not wanted.methods:
        return []
    return [*OTHER_REFUSALS, *(refusal for method, refusal in REFUSALS.items() if method not in wanted.methods)]


def _route_lines(wanted: Connection, pppd: Pppd) -> list[str]:
    """Our script sets the default route: Debian's pppd 2.4.9 sets none beside another, whatever its metric.

    Only the one that leads to a sleeping link, where no script has run yet, is pppd's own.
    """
    if not wanted.default_route:
        return ["nodefaultroute"]
    ours = f"set {_layout_client.METRIC}={wanted.metric}"
    if wanted.demand_idle is None:
        return ["nodefaultroute", ours]
    # Without a metric, pppd 2.5 sets no route if there is any other default route, whatever its metric.
    return ["defaultroute", *([f"defaultroute-metric {wanted.metric}"] if pppd.is_249 else []), ours]


def _demand_lines(wanted: Connection) -> list[str]:
    """One process waits for traffic, dials, and waits again; ``ktune``: connections outlive the change of address."""
    if wanted.demand_idle is None:
        return []
    return [
        "demand",
        f"set {_layout_client.DEMAND}=1",
        f"idle {wanted.demand_idle}",
        f"holdoff {wanted.redial_pause_max}",
        "maxfail 0",
        "ipcp-accept-local",
        "ipcp-accept-remote",
        "ktune",
    ]


def _script_lines(wanted: Connection) -> list[str]:
    # systemd-networkd reads the advertisements itself.
    by_kernel = wanted.ipv6 and (wanted.delegation is None or wanted.delegation.by_dhcpcd)
    return [
        f"set {_layout_client.CONNECTION}={wanted.name}",
        *([f"set {_layout_client.IPV6}=1"] if by_kernel else []),
        f"set {_quoted(_layout_client.SERVERS + '=' + ' '.join(wanted.dns))}",
        f"ip-up-script {_layout_client.UP}",
        f"ip-down-script {_layout_client.DOWN}",
    ]


def _quoted(word: str) -> str:
    return quote(word.encode()).decode()


def attempt(wanted: Connection, pauses: bool = True, options: tuple[str, ...] = ("nodetach",)) -> list[str]:
    """The command that prepares an attempt and becomes pppd; ``pauses``: after failures it waits first."""
    least, most = (wanted.redial_pause, wanted.redial_pause_max) if pauses else (0, 0)
    vlan = "-" if wanted.vlan is None else str(wanted.vlan)
    words = [_layout_client.ATTEMPT, "dial", wanted.name, str(least), str(most), wanted.interface, vlan]
    ethernet = [f"ethernet-mtu={wanted.interface_mtu}"] if wanted.interface_mtu else []
    return [*words, *ethernet, *options]


def unit_file(wanted: Connection) -> bytes:
    """The unit. One process is one attempt and one session, so that its state and its log are the link's.

    It is active from the moment the link has its address, of which our script notifies systemd; one that dials on
    demand is active while it waits.
    """
    longest = wanted.redial_pause_max * _layout_client.REFUSED_FACTOR
    kind = "exec" if wanted.demand_idle is not None else "notify"
    wants = ""
    if wanted.delegation is not None:
        by_dhcpcd = wanted.delegation.by_dhcpcd
        units = _client_dhcpcd.units(wanted.name) if by_dhcpcd else (_client_networkd.SERVICE,)
        wants = f"Wants={' '.join(units)}\n"
    return f"""{_layout_client.MARKER}
[Unit]
Description=PPPoE connection {wanted.name} on {wanted.nic}
Documentation=man:pppd(8)
# multi-user.target would otherwise be ordered after this unit, and the boot would wait for a server to answer.
DefaultDependencies=no
Requires=sysinit.target
{wants}After=sysinit.target basic.target network.target
Conflicts=shutdown.target
Before=shutdown.target
StartLimitIntervalSec=0

[Service]
Type={kind}
NotifyAccess=all
ExecStart={" ".join(attempt(wanted))}
ExecStopPost={_layout_client.ATTEMPT} after {wanted.name} {wanted.redial_pause}
Restart=always
# The pauses are the program's: a link that was up is dialled again at once.
RestartSec=20ms
# 5 is what pppd returns when it was asked to hang up.
SuccessExitStatus=5
KillMode=mixed
TimeoutStartSec={max(LEAST_START_SECONDS, longest + 30)}
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
        f"    exec {' '.join(attempt(wanted, pauses=False, options=persistent(wanted)))}",
        ") </dev/null >/dev/null 2>&1 &",
    ]


def persistent(wanted: Connection) -> tuple[str, ...]:
    """The options of a pppd that nobody starts again: it tries for ever, with the longest pause in between."""
    return "persist", "maxfail", "0", "holdoff", str(wanted.redial_pause_max)


def rule_file(name: str, group: str | None) -> bytes:
    """The polkit rule by which ordinary users, or those of a group, start and stop the unit and no more."""
    whom = f" && subject.isInGroup({group!r})" if group else ""
    return f"""{_layout_client.MARKER.replace("#", "//", 1)}
polkit.addRule(function (action, subject) {{
    if (action.id == "org.freedesktop.systemd1.manage-units" &&
            action.lookup("unit") == "{_layout_client.unit_name(name)}" &&
            ["start", "stop", "restart"].indexOf(action.lookup("verb")) >= 0{whom}) {{
        return polkit.Result.YES;
    }}
}});
""".encode()
