# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pppoe-server instance: from parameters to pppd options, the daemon's command and what starts it.

Private to this collection. Pure: nothing here looks at the host.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _named_pools, _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _radius as _layout_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _hooks
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _plugin as _radius_plugin
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _options as _server_options

# pppoe-server pastes these into a shell command (pppoe-server.c startPPPD), so only what no shell minds.
DISCOVERY_NAME = re.compile(r"[A-Za-z0-9._:@=+/-]{1,64}\Z")
AUTHENTICATION = ("chap", "pap", "mschap-v2")
PLUGIN = "pppoe.so"


@dataclass(frozen=True)
class Capabilities:
    """What this host's programs can do; a path is ``None`` where the program is missing.

    ``kernel_problem``: why the kernel cannot carry PPPoE sessions, in a sentence, or ``None`` if it can.
    """

    pppoe_server: str | None = None
    version: str | None = None
    flags: frozenset[str] = frozenset()
    pppd: str | None = None
    plugin: str | None = None
    kernel_problem: str | None = None


@dataclass(frozen=True)
class Instance:
    """A validated instance. ``addresses``: those it hands out, in order; ``pools``: named ones, for plans.

    ``session_count`` may be more: accounts with an address of their own need none of these.
    """

    name: str
    interfaces: tuple[str, ...]
    local_address: str
    addresses: tuple[str, ...]
    session_count: int
    authentication: str
    system_login: bool
    ipv6: bool
    dns_servers: tuple[str, ...]
    lcp_echo_interval: int
    lcp_echo_failure: int
    mtu: int
    mru: int
    options: tuple[tuple[bytes, ...], ...]
    ac_name: str | None
    service_names: tuple[str, ...]
    sessions_per_mac: int
    single_session: str = "allow"
    radius: bool = False
    history_days: int = 0
    pools: t.Mapping[str, _named_pools.Named] = field(default_factory=dict)
    interface_mtu: int = 0

    @property
    def every_address(self) -> list[str]:
        """Those of all its pools."""
        more = (_pool.text(address) for one in self.pools.values() for address in one.addresses)
        return [*self.addresses, *more]

    @property
    def options_path(self) -> str:
        return _layout_server.options_path(self.name)

    @property
    def pool_path(self) -> str:
        return _layout_server.pool_path(self.name)


def parse_help(text: str) -> tuple[str | None, frozenset[str]]:
    """The version and the option letters that ``pppoe-server -h`` prints."""
    version = re.search(r"PPPoE-Server Version (\S+?),", text)
    return version.group(1) if version else None, frozenset(re.findall(r"^\s+-(\w)\s", text, re.MULTILINE))


def instance(parameters: t.Mapping[str, t.Any]) -> Instance:
    """An instance from the module's parameters, or ``Refused``."""
    _names.check_name(parameters["name"])
    addresses, pools, session_count = _addresses(parameters)
    return Instance(
        name=parameters["name"],
        interfaces=_interfaces(parameters["interfaces"]),
        local_address=_pool.text(_pool.address("local_address", parameters["local_address"])),
        addresses=addresses,
        pools=pools,
        interface_mtu=parameters["interface_mtu"],
        session_count=session_count,
        authentication=parameters["authentication"],
        system_login=parameters["system_login"],
        ipv6=parameters["ipv6"],
        dns_servers=_dns_servers(parameters["dns_servers"]),
        lcp_echo_interval=_number(parameters, "lcp_echo_interval", 0, 3600),
        lcp_echo_failure=_number(parameters, "lcp_echo_failure", 0, 1000),
        # pppd's own limits (fsm MINMRU) below, RFC 4638 with an ordinary Ethernet MTU above.
        mtu=_number(parameters, "mtu", 128, 1500),
        mru=_number(parameters, "mru", 128, 1500),
        options=_server_options.parsed(parameters),
        ac_name=None if parameters["ac_name"] is None else _discovery_name("ac_name", parameters["ac_name"]),
        service_names=tuple(
            _discovery_name(f"service_names[{index}]", name) for index, name in enumerate(parameters["service_names"])
        ),
        sessions_per_mac=_number(parameters, "sessions_per_mac", 0, _pool.MOST_SESSIONS),
        single_session=parameters["single_session"],
        history_days=_number(parameters, "history_days", 0, 3650),
        radius=_radius(parameters),
    )


def _radius(parameters: t.Mapping[str, t.Any]) -> bool:
    """Whether sessions log in by RADIUS; ``Refused`` beside what its plugin would not read, or not heed."""
    if not parameters["radius"]:
        return False
    if parameters["system_login"]:
        raise Refused("system_login", "with radius, pppd does not ask PAM.", "Set one of both.")
    ac_name = parameters["ac_name"] or ""
    if "=" in ac_name or len(ac_name) > _radius_plugin.MOST_VALUE:
        raise Refused(
            "ac_name",
            f"'{ac_name}' cannot be sent to RADIUS.",
            f"With radius, give up to {_radius_plugin.MOST_VALUE} characters without =.",
        )
    return True


def _interfaces(names: t.Sequence[str]) -> tuple[str, ...]:
    if not names:
        raise Refused("interfaces", "no interface is named.", "Name the one that the clients are connected to.")
    for index, name in enumerate(names):
        parameter = f"interfaces[{index}]"
        _names.check_interface(parameter, name)
        if name in names[:index]:
            raise Refused(parameter, f"'{name}' is named twice.", "Name each interface once.")
    return tuple(names)


def _addresses(parameters: t.Mapping[str, t.Any]) -> tuple[tuple[str, ...], dict[str, _named_pools.Named], int]:
    """The addresses to hand out, the named pools, and how many sessions there may be at once."""
    pool = _pool.spans("pool", parameters["pool"])
    own = _pool.address("local_address", parameters["local_address"])
    for span in pool:
        if span.first <= own <= span.last:
            raise Refused(
                "pool",
                "'{}' holds {}, the server's own address.".format(span.source, parameters["local_address"]),
                "Leave local_address out of the pool.",
            )
    reserved = _pool.reserved("reserved_addresses", parameters["reserved_addresses"])
    excluded = _pool.networks("excluded_addresses", parameters["excluded_addresses"])
    taken = [*reserved, *(_pool.Span(first, last, "") for first, last in excluded)]
    left = _pool.free(pool, taken)
    if not left:
        raise Refused("pool", "accounts reserve every address of it.", "Add addresses for the other customers.")
    pools = _named_pools.named(parameters, pool, own, taken)
    size = len(left) + sum(len(one.addresses) for one in pools.values())
    count = parameters["session_count"]
    # With RADIUS, sessions may have addresses of the servers'.
    most = _pool.MOST_SESSIONS if parameters["radius"] else size
    if count is not None and not 1 <= count <= most:
        raise Refused(
            "session_count",
            f"{count} sessions do not fit a pool with {size} free addresses.",
            f"Give a number from 1 to {most}, or a larger pool.",
        )
    most = count or size + sum(span.first == span.last for span in reserved)
    if most > _pool.MOST_SESSIONS:
        raise Refused(
            "reserved_addresses",
            f"with these and the pool, there could be {most} sessions.",
            f"One server can number {_pool.MOST_SESSIONS}; split the customers over several instances.",
        )
    return tuple(_pool.text(address) for address in left[:count]), pools, most


def outside(parameters: t.Mapping[str, t.Any], connected: t.Mapping[str, t.Sequence[str]]) -> str | None:
    """A warning for reserved addresses that are in no pool and no network of the instance.

    ``connected``: the networks of its interfaces, by interface.
    """
    pools = [*parameters["pool"], *_named_pools.entries(parameters)]
    near = [network for networks in connected.values() for network in networks]
    known = _pool.networks("networks", parameters["networks"]) + _pool.networks("pool", [*pools, *near])
    reserved = _pool.reserved("reserved_addresses", parameters["reserved_addresses"])
    far = _pool.subtract(_pool.merged((span.first, span.last) for span in reserved), _pool.merged(known))
    if not far:
        return None
    places = [*pools, *parameters["networks"]]
    places += [f"{network} of {name}" for name, networks in connected.items() for network in networks]
    return (
        f"reserved_addresses: accounts have {_text.listed([_pool.range_text(span) for span in far])}, in no pool or "
        f"network of instance '{parameters['name']}' ({', '.join(places)}). If they are routed to this host, name "
        "their networks in networks."
    )


def _dns_servers(servers: t.Sequence[str]) -> tuple[str, ...]:
    if len(servers) > 2:
        raise Refused("dns_servers", f"{len(servers)} servers are given.", "PPP can announce at most two.")
    return tuple(_pool.text(_pool.address(f"dns_servers[{index}]", server)) for index, server in enumerate(servers))


def _number(parameters: t.Mapping[str, t.Any], name: str, least: int, most: int) -> int:
    return _names.check_number(name, int(parameters[name]), least, most)


def _discovery_name(parameter: str, name: str) -> str:
    # A leading '-' would be read as an option of the relay that the name is handed to.
    if not DISCOVERY_NAME.match(name) or name.startswith("-"):
        raise Refused(
            parameter,
            f"{name!r} contains a character that is not allowed.",
            "Use up to 64 of: letters, digits and . _ : @ = + / - (not at the beginning).",
        )
    return name


def options_file(instance: Instance) -> bytes:
    """The pppd options of each session."""
    lines = [
        f"# {_layout_header.sentence(more=f', instance {instance.name}')}",
        "auth",
        "require-" + instance.authentication,
    ]
    if instance.system_login:
        lines.append("login")
    # With the same interface identifiers for each link, a customer's address does not change with each session.
    lines += ["+ipv6", "ipv6 ::1,::2"] if instance.ipv6 else ["noipv6"]
    if instance.lcp_echo_interval:
        lines.append(f"lcp-echo-interval {instance.lcp_echo_interval}")
        lines.append(f"lcp-echo-failure {instance.lcp_echo_failure}")
    lines += ["ms-dns " + server for server in instance.dns_servers]
    lines += [f"mtu {instance.mtu}", f"mru {instance.mru}"]
    lines += _pppoe_server_up.option_lines(instance.single_session)
    if instance.history_days:
        lines.append(f"set {_hooks.HISTORY}{instance.history_days}")
    lines += _radius_plugin.option_lines(instance.ac_name) if instance.radius else []
    text = "".join(line + "\n" for line in lines).encode()
    return text + b"".join(b" ".join(_words.quote(word) for word in option) + b"\n" for option in instance.options)


def pools_file(instance: Instance) -> bytes | None:
    """The named pools, for the session manager; ``None`` if there are none."""
    return _named_pools.file(instance.pools)


def pool_file(instance: Instance) -> bytes:
    """One address a line: what ``pppoe-server -p`` reads."""
    return "".join(address + "\n" for address in instance.addresses).encode()


@dataclass(frozen=True)
class Mode:
    """How sessions are carried: by the kernel or a relay process, and why not by the kernel if it was to be tried.

    ``native``: pppoe-server asks for the kernel itself; else our pppd script does.
    """

    kernel: bool
    native: bool
    reason: str | None = None


def mode(kernel_mode: str, can: Capabilities, instance: Instance) -> Mode:
    """``kernel_mode`` is ``auto``, ``always`` or ``never``. ``always`` on a host that cannot is ``Refused``."""
    problem = can.kernel_problem
    if problem is None and can.pppd is not None and can.plugin is None:
        problem = f"pppd has no plugin {PLUGIN} on this host"
    if kernel_mode == "always" and problem:
        raise Refused("kernel_mode", f"always is set, but {problem}.", "Use auto or never.")
    plain = instance.mtu == instance.mru == 1492
    if kernel_mode == "never" or problem:
        if not plain:
            # pppoe-server gives 1492 on pppd's command line, where only our pppd script can take it away.
            why = problem or "kernel_mode is never"
            raise Refused("mtu", f"other values than 1492 need kernel mode, but {why}.", "Leave mtu and mru at 1492.")
        return Mode(kernel=False, native=False, reason=None if kernel_mode == "never" else problem)
    # -k alone would load the plugin from a path that Debian doesn't have; it is of use with -g only.
    return Mode(kernel=True, native={"k", "g"} <= can.flags)


def command(instance: Instance, can: Capabilities, how: Mode) -> list[str]:
    """pppoe-server with its options, but ``-o`` and ``-p``, which the instance script adds when it starts it."""
    words = [can.pppoe_server or "/usr/sbin/pppoe-server", "-F"]
    for interface in instance.interfaces:
        words += ["-I", interface]
    words += ["-L", instance.local_address, "-O", instance.options_path]
    if instance.ac_name is not None:
        words += ["-C", instance.ac_name]
    for service in instance.service_names:
        words += ["-S", service]
    if instance.sessions_per_mac:
        words += ["-x", str(instance.sessions_per_mac)]
    if how.native:
        words += ["-k", "-g", PLUGIN]
    elif how.kernel:
        words += ["-Q", "kernel"]
    words += ["-N", str(instance.session_count), "-q", _layout_server.PPPD]
    return words


def start_line(instance: Instance, server_command: t.Sequence[str]) -> str:
    # Every word has been held against a pattern without blanks, quotes, '$' and '%', so none needs quoting.
    ethernet = [f"mtu={instance.interface_mtu}"] if instance.interface_mtu else []
    names = [*ethernet, *instance.interfaces]
    return " ".join([_layout_server.INSTANCE, "start", instance.name, *names, "--", *server_command])


_UNIT = """\
#
# systemctl stop, restart: ends all sessions of this instance, with PADT.
# systemctl reload: puts a new daemon in the place of the old one as soon as it answers; sessions live on.
# systemctl start: starts a daemon; does nothing if there is one.
# systemctl status: the daemon, and the pppd of each session.
# A daemon that dies is started again; sessions live on.
[Unit]
Description=PPPoE access concentrator {name}
Documentation=man:pppoe-server(8)
After={after}
StartLimitIntervalSec=0

[Service]
# The script says which process is the daemon.
Type=notify
NotifyAccess=all
ExecStart={start}
ExecReload={start}
ExecStop={script} hangup {name} $MAINPID
KillMode=process
Restart=always
RestartSec=100ms
# One process that the kernel kills for want of memory must not end all others, and no limit their number.
OOMPolicy=continue
TasksMax=infinity

[Install]
WantedBy=multi-user.target
"""


def unit_file(instance: Instance, server_command: t.Sequence[str]) -> bytes:
    """The systemd unit of an instance.

    It waits for its interface itself rather than by a device unit, since those don't exist in containers without
    udev, where waiting for one would hold up the boot.
    """
    start = start_line(instance, server_command)
    script = _layout_server.INSTANCE
    # At the end of the host, sessions end first and tell RADIUS so.
    after = f"network.target {_layout_radius.UNIT}" if instance.radius else "network.target"
    text = _UNIT.format(name=instance.name, start=start, script=script, after=after)
    return (_layout_header.LINE + text).encode()


def rc_local_lines(instance: Instance, server_command: t.Sequence[str]) -> list[str]:
    # In the background: it waits for the interface, and its failure must not end the rest of rc.local (sh -e).
    return [start_line(instance, server_command) + " &"]
