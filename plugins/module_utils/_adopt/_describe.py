# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an unmanaged server to the variables of the role, and what would change. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _accounts as _adopt_accounts
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _authentication as _adopt_authentication
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe_nat as _adopt_describe_nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe_pool as _adopt_describe_pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _describe_radius as _adopt_describe_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _radius as _adopt_radius
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._accounts import Secrets
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._findings import Findings, listed
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._nat import Nat
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._options import OptionsFile
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._startup_lines import Command

# Options of pppoe-server that no parameter stands for, and what they do.
_LOST = {
    "T": "ended idle relays (put 'idle SECONDS' into pppoe_server_options instead)",
    "m": "clamped the MSS in the relay (pppoe_server_clamp_mss does it in the firewall)",
    "f": "changed the Ethernet frame types",
    "i": "kept silent when no session was free",
    "l": "gave the server another address on each session",
    "r": "numbered sessions at random",
    "u": "gave each session the ppp unit of its number",
    "M": "sent clients a message",
    "H": "sent clients a URL",
    "q": "ran another program in pppd's place",
    "Q": "ran another program in the relay's place",
    "s": "ran the relays in synchronous mode",
    "o": "began the session numbers higher",
    "g": "named pppd's plugin (the role finds it)",
    "U": "made a control socket",
}


@dataclass(frozen=True)
class LiveSession:
    """A live session of this server; ``mode``: ``user`` or ``kernel``."""

    interface: str
    address: str
    mode: str


@dataclass
class ObservedDaemon:
    """What has been read of one server. ``pool``: the server's and the client's address of each session it can have.

    ``pid`` is ``None`` if it doesn't run, ``boot`` names what starts it at boot, ``unit`` the unit that it runs in.
    ``refused``: what keeps the role from taking over, and how to solve it. ``own_names``: accounts that this host
    itself dials with. ``without_system_account``: names that no system account has. ``pool_problems``: what is wrong
    with its pool, in words and with the reason. ``elsewhere``: addresses that another daemon hands out, and its
    interface. ``same_interface``: processes of other daemons on its interfaces. ``radius``: what its options name, if
    its customers are in RADIUS.
    """

    command: Command
    pid: int | None
    boot: str | None
    unit: str | None
    pool: list[tuple[str, str]]
    options: OptionsFile | None
    chap: Secrets = field(default_factory=lambda: Secrets("/etc/ppp/chap-secrets"))
    pap: Secrets = field(default_factory=lambda: Secrets("/etc/ppp/pap-secrets"))
    options_path: str = "/etc/ppp/pppoe-server-options"
    hostname: str = "localhost"
    own_names: t.Collection[str] = ()
    refused: list[tuple[str, str]] = field(default_factory=list)
    without_system_account: list[str] = field(default_factory=list)
    nat: list[Nat] = field(default_factory=list)
    forwards: bool = True
    forwards_at_boot: bool = True
    sessions: list[LiveSession] = field(default_factory=list)
    host_addresses: list[str] = field(default_factory=list)
    default_route: str | None = None
    systemd: bool = True
    pool_problems: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    same_interface: list[int] = field(default_factory=list)
    radius: _adopt_radius.ObservedRadius | None = None

    @property
    def name(self) -> str:
        """The server's own name, for the secrets files."""
        return (self.options.name if self.options else None) or self.hostname

    @property
    def method(self) -> str:
        return _adopt_authentication.method(self.options or OptionsFile(), self.chap, self.pap, self.name)

    @property
    def secrets(self) -> Secrets:
        """The file that its customers' accounts stand in; nothing of it, if they are in RADIUS."""
        if self.radius is not None:
            return Secrets((self.pap if self.method == "pap" else self.chap).path)
        return self.pap if self.method == "pap" else self.chap


def describe(seen: ObservedDaemon) -> tuple[dict[str, t.Any], list[dict[str, str]]]:
    """The role's variables, in the order in which to print them, and what a person should know before using them."""
    say = Findings()
    variables: dict[str, t.Any] = {"pppoe_server_interfaces": seen.command.interfaces}
    for text, fix in seen.refused:
        say.refused(text, fix)
    customers = [remote for _local, remote in seen.pool]
    fixed = [host for account in seen.secrets.accounts for host in account.fixed]
    outside = _adopt_describe_nat.describe(seen.nat, seen.default_route, [*customers, *fixed], variables, say)
    _adopt_describe_pool.describe(
        seen.command, seen.pool, seen.secrets, seen.host_addresses, seen.elsewhere, variables, say
    )
    for text, why in seen.pool_problems:
        say.problem(text, why)
    _sessions_now(seen, say)
    _authentication(seen, variables, say)
    _radius(seen, variables, say)
    _session_options(seen, variables, say)
    _discovery(seen, variables, say)
    _accounts(seen, say)
    _host(seen, outside, variables, say)
    return variables, say.all


def _sessions_now(seen: ObservedDaemon, say: Findings) -> None:
    holders: dict[str, list[str]] = {}
    for session in seen.sessions:
        holders.setdefault(session.address, []).append(session.interface)
    for address, interfaces in holders.items():
        if len(interfaces) > 1:
            say.problem(
                f"{address} belongs to {len(interfaces)} live sessions ({', '.join(interfaces)}).",
                "Only one of these customers has a working connection. Sessions are kept; hang up one of them.",
            )
    if seen.same_interface:
        pids = ", ".join(map(str, seen.same_interface))
        say.refused(
            f"Another daemon serves the same interface (process {pids}).",
            "It is a matter of chance which one a client reaches. Find out what starts the second one, and stop it.",
        )
    if seen.pid is None:
        say.change("The access concentrator is started.", "It does not run now.")
        return
    say.change(
        f"The daemon (process {seen.pid}) is replaced. Live sessions ({len(seen.sessions)}) continue unchanged.",
        "Options of pppoe-server apply to a new process only. Clients that dial during that second try again.",
    )
    if any(session.mode == "user" for session in seen.sessions) or seen.command.last("k") is None:
        say.change(
            "New sessions are carried by the kernel, where it can (pppoe_server_kernel_mode).",
            "Relay processes have a fraction of the throughput. Live sessions keep theirs until they redial.",
        )


def _authentication(seen: ObservedDaemon, variables: dict[str, t.Any], say: Findings) -> None:
    options = seen.options
    if options is None:
        say.problem(f"{seen.options_path} is not there.", "Without it, each session ends immediately.")
        return
    for text in options.broken:
        text = text.replace("{path}", seen.options_path)
        say.problem(f"{text[0].upper()}{text[1:]}.", "Every session ends with that error, or without the rest of it.")
    if seen.method != "chap":
        variables["pppoe_server_authentication"] = seen.method
    _adopt_authentication.describe(options, seen.method, seen.chap, seen.pap, seen.name, say)
    _adopt_authentication.of_plugins(options, seen.options_path, say)
    if options.login:
        variables["pppoe_server_system_login"] = True
        say.stays(
            "Each customer needs a system account on this host, besides its own (login).",
            "Set pppoe_server_system_login to false to have accounts count alone, unless you record log-ins by PAM.",
        )
        # "*" is no name: with PAP, the password is the system account's (auth.c check_passwd).
        missing = [name for name in seen.without_system_account if name != "*"]
        if missing:
            say.problem(
                f"No system account: {listed(missing)}.",
                "With the right password, their link is closed with 'Authentication failed'.",
            )


def _radius(seen: ObservedDaemon, variables: dict[str, t.Any], say: Findings) -> None:
    if seen.radius is None or seen.options is None:
        return
    plugins = seen.options.plugins
    found = _adopt_describe_radius.describe(seen.radius, seen.options.of_radius, plugins, say)
    if found:
        variables[_adopt_describe_radius.VARIABLE] = found
    nat, sources = variables.get("pppoe_server_nat", True), variables.get("pppoe_server_nat_sources", [])
    customers = [remote for _local, remote in seen.pool]
    _adopt_describe_radius.describe_addresses([one.address for one in seen.sessions], customers, sources, nat, say)


def _session_options(seen: ObservedDaemon, variables: dict[str, t.Any], say: Findings) -> None:
    options = seen.options or OptionsFile()
    servers = [server for server in options.dns_servers if _is_address(server)]
    if servers:
        variables["pppoe_server_dns_servers"] = servers
    variables["pppoe_server_lcp_echo_interval"] = options.lcp_echo_interval
    variables["pppoe_server_lcp_echo_failure"] = options.lcp_echo_failure
    if not options.lcp_echo_interval or not options.lcp_echo_failure:
        say.problem(
            "Dead clients are not noticed: there is no lcp-echo-interval with an lcp-echo-failure.",
            "Their sessions hold addresses for ever. 10 and 3 are the role's defaults.",
        )
    if options.others:
        variables["pppoe_server_options"] = options.others
    for text in options.sizes:
        if text.split()[1] != "1492":
            say.stays(
                f"'{text}' has no effect, now as before: it is 1492.",
                "pppoe-server gives pppd 1492 on its command line. pppoe_server_mtu and _mru do have one.",
            )
    for text, fix in options.dropped:
        say.change(f"The option '{text}' is left out.", fix)
    if seen.options is not None:
        say.stays(f"{seen.options_path} stays, and live sessions have it.", "New sessions do not read it.")


def _discovery(seen: ObservedDaemon, variables: dict[str, t.Any], say: Findings) -> None:
    names = [name for name in [seen.command.last("C")] if name]
    for variable, values in (("ac_name", names), ("service_names", seen.command.all("S"))):
        safe = [value for value in values if _server_config.DISCOVERY_NAME.match(value)]
        for value in values:
            if value and value not in safe:
                say.change(f"The {variable} {value!r} is left out.", "It has characters that a shell would act on.")
        if safe:
            variables["pppoe_server_" + variable] = safe[0] if variable == "ac_name" else safe
    per_mac = seen.command.last("x")
    if per_mac and per_mac.isdigit() and int(per_mac):
        variables["pppoe_server_sessions_per_mac"] = int(per_mac)
    for letter, what in _LOST.items():
        argument = seen.command.last(letter)
        if argument is not None:
            shown = f"-{letter} {argument}".rstrip()
            say.change(f"The option {shown} is left out; it {what}.", "There is no variable for it.")


def _accounts(seen: ObservedDaemon, say: Findings) -> None:
    secrets = seen.secrets
    if seen.radius is not None:
        say.stays(f"{secrets.path} stays as it is.", "pppd does not read it: the accounts are in RADIUS.")
        return
    say.stays(
        f"{len(secrets.accounts)} accounts stay in {secrets.path}, every line of it as it is.",
        "The role changes accounts that are listed in pppoe_server_accounts, and no other.",
    )
    asks_system = bool(seen.options and seen.options.login and seen.method == "pap")
    _adopt_accounts.describe(secrets, seen.name, asks_system, seen.own_names, say)


def _host(seen: ObservedDaemon, outside: str | None, variables: dict[str, t.Any], say: Findings) -> None:
    if not seen.forwards:
        say.change("The host forwards packets (net.ipv4.ip_forward).", "It does not now: customers reach it alone.")
    elif not seen.forwards_at_boot:
        say.change("Packets are forwarded after a reboot too.", "net.ipv4.ip_forward is 1, and no file says so.")
    if outside and seen.default_route and outside != seen.default_route:
        say.problem(f"The NAT is for {outside}, the default route by {seen.default_route}.", "One of them is wrong.")
    if not seen.systemd:
        variables["pppoe_server_startup"] = "rc_local"
    unit = f"the unit {_layout_server.unit_name('default')}" if seen.systemd else "a block in rc.local"
    if seen.boot:
        say.change(f"At boot, {unit} starts it; {seen.boot} no longer does.", "Two would answer on one interface.")
    elif seen.refused:
        say.change(f"At boot, {unit} starts it.", "What starts it now is named above, and has to go first.")
    else:
        say.change(f"At boot, {unit} starts it.", "Nothing that was found does now.")
    if seen.pid is not None and not seen.boot and not seen.refused:
        say.problem(
            f"No line that was read starts process {seen.pid}.",
            "Whatever does will start a second daemon: find it before the next boot, and count the daemons after it.",
        )


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


def placeholders(names: t.Iterable[str]) -> list[str]:
    """A variable for a vault to hold each account's secret, no two alike."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = "vault_{}_secret".format(re.sub(r"[^A-Za-z0-9]", "_", name))
        variable, number = plain, 1
        while variable in taken:
            number += 1
            variable = f"{plain}_{number}"
        taken.add(variable)
        found.append(variable)
    return found
