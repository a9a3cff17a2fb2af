# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dial-up connection: what may be asked for. Private to this collection."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _account
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _delegation as _client_delegation
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces, _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

# RFC 2516, section 7: 1500 less the six bytes of PPPoE's header and the two of PPP's.
OVERHEAD = 8
USUAL_MTU = 1492
MOST_MTU = 1500  # RFC 4638, where the Ethernet below carries 1508
LEAST_MTU = 128  # pppd/lcp.h MINMRU
MOST_VLAN = 4094
MOST_UNIT = 9999
# The kernel takes unsigned numbers; pppd's own is an int (options.c dfl_route_metric).
MOST_METRIC = 2**31 - 1
MOST_TAG = 255

_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\Z")
# pppd takes them from the network as they are, and shows them in its log.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
# (parameter, least, most); None for parameters that may be left out.
_NUMBERS: tuple[tuple[str, int, int], ...] = (
    ("vlan", 1, MOST_VLAN),
    ("unit", 0, MOST_UNIT),
    ("route_metric", 0, MOST_METRIC),
    ("demand_idle", 1, MOST_METRIC),
    ("lcp_echo_interval", 0, MOST_METRIC),
    ("lcp_echo_failure", 0, MOST_METRIC),
    ("redial_pause", 1, 3600),
    ("redial_pause_max", 1, 3600),
    ("timeout", 1, MOST_METRIC),
)


@dataclass(frozen=True)
class Connection:
    """One connection. ``dns``: ``("none",)``, ``("server",)``, or addresses. ``methods``: those it may prove itself by.

    ``link``: the name of the link's interface, ``None`` for the kernel's choice. ``metric``: of the default route.
    ``demand_idle``: seconds without traffic after which a connection sleeps, ``None`` for one that stays up.
    """

    name: str
    interface: str
    username: str
    vlan: int | None = None
    ac_name: str | None = None
    service_name: str | None = None
    methods: tuple[str, ...] = ()
    link: str | None = None
    unit: int | None = None
    default_route: bool = True
    metric: int = 0
    dns: tuple[str, ...] = ("none",)
    firewall: str = "none"
    ipv6: bool = False
    delegation: _client_delegation.Delegation | None = None
    mtu: int = USUAL_MTU
    interface_mtu: int = 0
    demand_idle: int | None = None
    lcp_echo_interval: int = 3
    lcp_echo_failure: int = 3
    redial_pause: int = 5
    redial_pause_max: int = 60

    @property
    def nic(self) -> str:
        """The Ethernet interface that PPPoE uses: the VLAN's, if there is one."""
        return self.interface if self.vlan is None else f"{self.interface}.{self.vlan}"

    @property
    def link_name(self) -> str | None:
        """The name of the link's interface if it is known beforehand."""
        return self.link if self.unit is None else f"ppp{self.unit}"


def check_name(name: str) -> str:
    if not _names.CONNECTION.fullmatch(name):
        raise Refused(
            "name", f"{name!r} cannot be a file's and a unit's name.", "Use up to 32 letters, digits, '-' or '_'."
        )
    return name


@dataclass(frozen=True)
class ClientRequest:
    """What a run asks for. ``wanted`` is ``None`` where the connection is meant as it is configured, by its name.

    ``together``: the connections that the same play configures. ``hooks``: the texts of ``up`` and ``down``.
    """

    name: str
    state: str
    wanted: Connection | None = None
    secret: str | None = None
    boot: bool = True
    startup: str = "auto"
    hooks: tuple[tuple[str, str | None], ...] = (("up", None), ("down", None))
    user_control: bool = False
    user_control_group: str | None = None
    together: tuple[str, ...] = ()
    timeout: int = 60
    check_mode: bool = False

    @property
    def configures(self) -> bool:
        return self.wanted is not None

    @property
    def ends(self) -> bool:
        """Whether the link is to end."""
        return self.state in ("disconnected", "absent")

    @property
    def writes(self) -> bool:
        """Whether files are to be written or removed; otherwise the request is only about the link."""
        return self.configures or self.state == "absent"


def request(params: t.Mapping[str, t.Any], defaults: t.Mapping[str, t.Any], check_mode: bool) -> ClientRequest:
    """What the module's parameters ask for, as far as they can be judged without the host.

    ``Refused`` for options of a connection that is only to be dialled.
    """
    name, state = check_name(params["name"]), params["state"]
    if state in ("disconnected", "absent"):
        return ClientRequest(name, state, check_mode=check_mode)
    _check_number("timeout", params["timeout"], 1, MOST_METRIC)
    if params["interface"] is None:
        for option, default in defaults.items():
            if option not in ("name", "state", "timeout") and params[option] != default:
                raise Refused(
                    option, "an option of a connection needs its interface.", "Give interface and username too."
                )
        return ClientRequest(name, state, timeout=params["timeout"], check_mode=check_mode)
    group = params["user_control_group"]
    if group is not None and not _GROUP.match(group):
        raise Refused("user_control_group", f"{group!r} is not the name of a group.", "Give one that getent(1) knows.")
    return ClientRequest(
        name,
        state,
        connection(params),
        secret=params["secret"],
        boot=params["boot"],
        startup=params["startup"],
        hooks=(("up", params["on_up"]), ("down", params["on_down"])),
        user_control=params["user_control"],
        user_control_group=group,
        together=tuple(params["configured_together"] or ()),
        timeout=params["timeout"],
        check_mode=check_mode,
    )


def connection(params: t.Mapping[str, t.Any]) -> Connection:
    """The connection that the module's parameters ask for, all of them valid but for what its interface decides."""
    _check(params)
    wanted = Connection(
        name=params["name"],
        interface=_interface(params["interface"]),
        username=params["username"],
        vlan=params["vlan"],
        ac_name=_tag("ac_name", params["ac_name"]),
        service_name=_tag("service_name", params["service_name"]),
        methods=tuple(sorted(set(params["authentication"] or ()))),
        link=_link(params["link_interface"], params["unit"]) or _link_for_rules(params),
        unit=params["unit"],
        default_route=params["default_route"],
        metric=params["route_metric"],
        dns=_dns(params["dns"]),
        firewall=params["firewall"],
        ipv6=params["ipv6"],
        delegation=_client_delegation.delegation(
            params["ipv6_delegation"], params["ipv6"], params["demand_idle"] is not None
        ),
        mtu=params["mtu"],
        interface_mtu=params["interface_mtu"],
        demand_idle=params["demand_idle"],
        lcp_echo_interval=params["lcp_echo_interval"],
        lcp_echo_failure=params["lcp_echo_failure"],
        redial_pause=params["redial_pause"],
        redial_pause_max=params["redial_pause_max"],
    )
    if len(wanted.nic) > 15:
        problem = f"the VLAN's interface would be {wanted.nic}, and an interface's name has 15 characters at most."
        raise Refused("vlan", problem, "Create the VLAN by other means, and name its interface in interface.")
    return wanted


def _check(params: t.Mapping[str, t.Any]) -> None:
    """Refuse what is no name, account or number, and numbers that contradict each other."""
    check_name(params["name"])
    secret = params["secret"]
    _account.of_client(params["username"], "(stays as it is)" if secret is None else secret)
    for parameter, least, most in _NUMBERS:
        _check_number(parameter, params[parameter], least, most)
    if params["redial_pause_max"] < params["redial_pause"]:
        problem = f"{params['redial_pause_max']} is less than redial_pause, {params['redial_pause']}."
        raise Refused("redial_pause_max", problem, "Give at least that.")
    if params["demand_idle"] is not None and not params["boot"]:
        problem = f"{params['demand_idle']}, but with boot=false nothing would wait for traffic after the next boot."
        raise Refused("demand_idle", problem, "Set boot=true, or leave demand_idle out.")


def _check_number(parameter: str, value: int | None, least: int, most: int) -> None:
    if value is not None:
        _names.check_number(parameter, value, least, most)


def check_mtu(wanted: Connection, interface_mtu: int) -> None:
    """Refuse an MTU that the Ethernet interface, with ``interface_mtu``, cannot carry."""
    most = min(MOST_MTU, max(interface_mtu, wanted.interface_mtu) - OVERHEAD)
    if wanted.interface_mtu and not wanted.mtu + OVERHEAD <= wanted.interface_mtu <= _interfaces.MOST_MTU:
        problem = f"{wanted.interface_mtu} is out of range."
        raise Refused("interface_mtu", problem, f"Give {wanted.mtu + OVERHEAD} to {_interfaces.MOST_MTU}.")
    if not LEAST_MTU <= wanted.mtu <= most:
        own = f"{wanted.interface} has an MTU of {interface_mtu}, PPPoE takes {OVERHEAD}"
        why = "Ethernet's own" if most == MOST_MTU else own
        raise Refused("mtu", f"{wanted.mtu} is out of range.", f"Give {LEAST_MTU} to {most} ({why}).")


def _interface(name: str) -> str:
    if not _names.INTERFACE_OR_ALIAS.fullmatch(name):
        raise Refused(
            "interface", f"{name!r} has characters that a shell or a unit would act on.", "Rename the interface."
        )
    return name


def _link(link: str | None, unit: int | None) -> str | None:
    if link is None:
        return None
    if unit is not None:
        raise Refused("link_interface", f"{link!r} and unit {unit} both name the link.", "Give one of them.")
    if not _names.LINK.fullmatch(link):
        raise Refused(
            "link_interface",
            f"{link!r} is not a valid interface name.",
            "Use up to 15 letters, digits, '-', '_' or '.', such as ppp-office.",
        )
    return link


def _link_for_rules(params: t.Mapping[str, t.Any]) -> str | None:
    """The name by which the rules of a firewall and systemd-networkd know the link, if it has no name else."""
    if (params["firewall"] == "none" and params["ipv6_delegation"] is None) or params["unit"] is not None:
        return None
    link = f"ppp-{params['name']}"
    if not _names.LINK.fullmatch(link):
        who = f"the rules of firewall={params['firewall']}" if params["firewall"] != "none" else "ipv6_delegation"
        problem = f"is left out, and {who} cannot go by {link}, which is too long."
        raise Refused("link_interface", problem, "Give a name of up to 15 characters.")
    return link


def _tag(parameter: str, value: str | None) -> str | None:
    if not value:
        return None
    if _UNPRINTABLE.search(value):
        raise Refused(parameter, f"{value!r} contains control characters.", "Remove them.")
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
            if "%" in entry:
                # Python takes anything for the interface of a link-local address.
                _interface(entry.partition("%")[2])
        except (ValueError, Refused):
            raise Refused(
                "dns",
                f"{entry!r} is not the address of a name server.",
                "Give none, server, or addresses such as 8.8.8.8.",
            ) from None
    return tuple(entries)
