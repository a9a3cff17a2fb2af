# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a server that was set up by hand to the variables of the role, and what would change. Private. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._accounts import Known
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt._options import Options
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server._startup_lines import Command

#: How many names or addresses one finding tells.
MOST = 10
#: Every source, in the role's words.
EVERYBODY = "0.0.0.0/0"
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
}


@dataclass(frozen=True)
class Nat:
    """Source NAT for an outside interface. ``rule``: as its program prints it; ``saved``: something loads it at boot.

    ``sources``: the networks it holds for, none for all. ``plain``: one that the role makes too.
    """

    rule: str
    out_interface: str | None
    sources: tuple[str, ...]
    plain: bool
    saved: bool


@dataclass(frozen=True)
class Session:
    """A live session of this server; ``mode``: ``user`` or ``kernel``."""

    interface: str
    address: str
    mode: str


@dataclass
class Observed:
    """What has been read of one server. ``pool``: the server's and the client's address of each session it can have.

    ``pid`` is ``None`` if it doesn't run, ``boot`` names what starts it at boot, ``unit`` the unit that it runs in.
    ``without_system_account``: names that no system account has.
    """

    command: Command
    pid: int | None
    boot: str | None
    unit: str | None
    pool: list[tuple[str, str]]
    options: Options | None
    accounts: list[Known] = field(default_factory=list)
    secrets_path: str = "/etc/ppp/chap-secrets"
    secrets_mode: int = 0o600
    without_system_account: list[str] = field(default_factory=list)
    nat: list[Nat] = field(default_factory=list)
    forwards: bool = True
    forwards_at_boot: bool = True
    sessions: list[Session] = field(default_factory=list)
    host_addresses: list[str] = field(default_factory=list)
    default_route: str | None = None
    systemd: bool = True


class Findings:
    """``change``: what a run changes; ``problem``: what is wrong now; ``stays``: what a run leaves as it is."""

    def __init__(self) -> None:
        self.all: list[dict[str, str]] = []

    def _add(self, kind: str, text: str, why: str) -> None:
        # A finding is one line, whatever a file or a command on that host holds.
        text = "".join(character if character.isprintable() else "?" for character in text)
        self.all.append({"kind": kind, "text": text, "why": why})

    def change(self, text: str, why: str) -> None:
        self._add("change", text, why)

    def problem(self, text: str, why: str) -> None:
        self._add("problem", text, why)

    def stays(self, text: str, why: str) -> None:
        self._add("stays", text, why)


def describe(seen: Observed) -> tuple[dict[str, t.Any], list[dict[str, str]]]:
    """The role's variables, in the order in which to print them, and what a person should know before using them."""
    say = Findings()
    variables: dict[str, t.Any] = {"pppoe_server_interfaces": seen.command.interfaces}
    outside = _nat(seen, variables, say)
    _addresses(seen, variables, say)
    _sessions_now(seen, say)
    _authentication(seen, variables, say)
    _session_options(seen, variables, say)
    _discovery(seen, variables, say)
    _accounts(seen, say)
    _host(seen, outside, variables, say)
    return variables, say.all


def _nat(seen: Observed, variables: dict[str, t.Any], say: Findings) -> str | None:
    plain = [nat for nat in seen.nat if nat.plain]
    outside = next((nat.out_interface for nat in plain), None)
    if outside is None:
        variables["pppoe_server_nat"] = False
        for nat in seen.nat:
            say.stays(f"The rule '{nat.rule}' is left to you.", "It is not of the kind that the role makes.")
        if not seen.nat:
            say.stays("No NAT.", f"There is no rule for it; the default route is by {seen.default_route or 'nothing'}.")
        return None
    variables["pppoe_server_outside_interface"] = outside
    rules = [nat for nat in plain if nat.out_interface == outside]
    sources = [source for nat in rules for source in nat.sources]
    # By default the role hides its own clients only, which would be a second rule beside one for everybody.
    variables["pppoe_server_nat_sources"] = sources if all(nat.sources for nat in rules) else [EVERYBODY]
    for nat in rules:
        if nat.saved:
            say.stays(f"The rule '{nat.rule}' stays as it is.", "Something loads it at boot; keep one of the two.")
        else:
            say.change(f"The rule '{nat.rule}' is there after a reboot too.", "Nothing saves it now.")
    if len(rules) > len({nat.rule for nat in rules}):
        say.problem("The same rule stands there more than once.", "Each is tried for each packet; one is enough.")
    say.change(
        "TCP segments are clamped to the MTU of the link (pppoe_server_clamp_mss).",
        "Without it, pages hang for customers behind whom path MTU discovery is filtered.",
    )
    return outside


def _addresses(seen: Observed, variables: dict[str, t.Any], say: Findings) -> None:
    local = seen.pool[0][0] if seen.pool else ""
    variables["pppoe_server_local_address"] = local
    fixed = {host: account.name for account in seen.accounts for host in account.fixed}
    offered = list(dict.fromkeys(remote for _local, remote in seen.pool))
    own = [address for address in offered if address in {local, *seen.host_addresses}]
    given_twice = [f"{address} of {fixed[address]}" for address in offered if address in fixed]
    if given_twice:
        say.change(
            f"The server no longer hands out {listed(given_twice)}.",
            "It gives the fixed address of an account to others too: two customers with one address.",
        )
    if own:
        say.change(f"The pool leaves out {listed(own)}.", "This host has it itself.")
    # The role leaves out the fixed addresses of all accounts by itself, also of those that come later.
    variables["pppoe_server_pool"] = spans(address for address in offered if address not in own)
    if all(address in fixed or address in own for address in offered):
        say.problem("No address is left for the pool.", "Put some into pppoe_server_pool.")


def _sessions_now(seen: Observed, say: Findings) -> None:
    holders: dict[str, list[str]] = {}
    for session in seen.sessions:
        holders.setdefault(session.address, []).append(session.interface)
    for address, interfaces in holders.items():
        if len(interfaces) > 1:
            say.problem(
                f"{address} belongs to {len(interfaces)} live sessions ({', '.join(interfaces)}).",
                "Only one of these customers has a connection that works. Sessions are kept; hang up one of them.",
            )
    if seen.pid is None:
        say.change("The access concentrator is started.", "It does not run now.")
        return
    say.change(
        f"The daemon (process {seen.pid}) is replaced. Live sessions ({len(seen.sessions)}) go on as they are.",
        "Options of pppoe-server hold for a new process only. Clients that dial in that second try again.",
    )
    if any(session.mode == "user" for session in seen.sessions) or seen.command.last("k") is None:
        say.change(
            "New sessions are carried by the kernel, where it can (pppoe_server_kernel_mode).",
            "Relay processes have a fraction of the throughput. Live sessions keep theirs until they redial.",
        )


def _authentication(seen: Observed, variables: dict[str, t.Any], say: Findings) -> None:
    options = seen.options
    if options is None:
        say.problem(f"{seen.command.options_path} is not there.", "Without it, each session ends at once.")
        return
    known = list(dict.fromkeys(method for method in options.authentication if method))
    if known and known[0] != "chap":
        variables["pppoe_server_authentication"] = known[0]
    if not options.authentication or options.noauth:
        say.change(
            "Clients must prove who they are (auth, require-chap).",
            "The options ask for no authentication: where /etc/ppp/options does not either, anybody is let in.",
        )
    elif len(options.authentication) > 1 or not known:
        say.change(
            f"Clients are asked for {known[0] if known else 'chap'} only.",
            "The role has the server ask for one method. Customers whose settings forbid it cannot log in.",
        )
    if options.login:
        variables["pppoe_server_system_login"] = True
        say.stays(
            "Each customer needs a system account on this host, besides its own (login).",
            "Set pppoe_server_system_login to false to have accounts count alone, unless you record log-ins by PAM.",
        )
        if seen.without_system_account:
            say.problem(
                f"No system account: {listed(seen.without_system_account)}.",
                "With the right password, they are let go with 'Authentication failed'.",
            )


def _session_options(seen: Observed, variables: dict[str, t.Any], say: Findings) -> None:
    options = seen.options or Options()
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
    for text, mend in options.dropped:
        say.change(f"The option '{text}' is left out.", mend)
    if seen.options is not None:
        say.stays(f"{seen.command.options_path} stays, and live sessions have it.", "New sessions do not read it.")


def _discovery(seen: Observed, variables: dict[str, t.Any], say: Findings) -> None:
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
        if seen.command.last(letter) is not None:
            say.change(f"The option -{letter} is left out; it {what}.", "No variable stands for it.")


def _accounts(seen: Observed, say: Findings) -> None:
    say.stays(
        f"{len(seen.accounts)} accounts stay in {seen.secrets_path}, every line of it as it is.",
        "The role changes accounts that are listed in pppoe_server_accounts, and no other.",
    )
    empty = [account.name for account in seen.accounts if account.empty]
    if empty:
        say.problem(f"An empty secret: {listed(empty)}.", "Anybody logs in under that name without a password.")
    seen_twice: dict[tuple[str, str], list[str]] = {}
    for account in seen.accounts:
        seen_twice.setdefault((account.name, account.server), []).append(str(account.line))
    doubled = [f"{name} (lines {', '.join(lines)})" for (name, _server), lines in seen_twice.items() if len(lines) > 1]
    if doubled:
        say.problem(f"An account more than once: {listed(doubled)}.", "pppd takes the first line.")
    holders: dict[str, set[str]] = {}
    for account in seen.accounts:
        for host in account.fixed:
            holders.setdefault(host, set()).add(account.name)
    shared = [f"{host} ({', '.join(sorted(names))})" for host, names in holders.items() if len(names) > 1]
    if shared:
        say.problem(
            f"A fixed address of several accounts: {listed(shared)}.", "Online together, one has no connection."
        )
    if seen.secrets_mode & 0o077:
        say.problem(
            f"{seen.secrets_path} has the mode {seen.secrets_mode:04o}.",
            "Others on this host can read the secrets: chmod 600.",
        )


def _host(seen: Observed, outside: str | None, variables: dict[str, t.Any], say: Findings) -> None:
    if not seen.forwards:
        say.change("The host passes packets on (net.ipv4.ip_forward).", "It does not now: customers reach it alone.")
    elif not seen.forwards_at_boot:
        say.change("Packets are passed on after a reboot too.", "net.ipv4.ip_forward is 1, and no file says so.")
    if outside and seen.default_route and outside != seen.default_route:
        say.problem(f"The NAT is for {outside}, the default route by {seen.default_route}.", "One of them is wrong.")
    if not seen.systemd:
        variables["pppoe_server_startup"] = "rc_local"
    unit = f"the unit {_layout_server.unit_name('default')}" if seen.systemd else "a block in rc.local"
    if seen.boot:
        say.change(f"At boot, {unit} starts it; {seen.boot} no longer does.", "Two would answer on one interface.")
    else:
        say.change(f"At boot, {unit} starts it.", "Nothing that was found does now.")


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


def spans(addresses: t.Iterable[str]) -> list[str]:
    """Addresses in their order, those in a row as ``first-last``."""
    runs: list[list[int]] = []
    for value in map(int, map(ipaddress.IPv4Address, addresses)):
        if runs and value == runs[-1][1] + 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    texts = [(str(ipaddress.IPv4Address(first)), str(ipaddress.IPv4Address(last))) for first, last in runs]
    return [first if first == last else f"{first}-{last}" for first, last in texts]


def listed(items: t.Sequence[str]) -> str:
    """Some of the items, and how many more there are."""
    more = len(items) - MOST
    return ", ".join(items[:MOST]) + (f" and {more} more" if more > 0 else "")


def placeholder(name: str) -> str:
    """A variable for a vault to hold the account's secret."""
    return "vault_{}_secret".format(re.sub(r"\W", "_", name))
