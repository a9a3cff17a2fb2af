# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT behind an outside interface: what is wanted, and who can do it. Private to this collection.

Another module that needs a firewall for one interface, as a dial-up client does, makes a request and has it planned::

    wanted = _request.client_request("uplink", "ppp-uplink", "standalone")   # or "masquerade"
    plan = _apply.plan(module, wanted, "auto", "systemd")             # startup: systemd, rc_local or none
    plan = _apply.plan_absent(module, wanted)                         # or, for firewall "none": nothing is left
    if plan.changed and not module.check_mode:
        _apply.carry_out(module, wanted, plan)
    result["changed"] |= plan.changed; result["diff"] += plan.diff()     # plan.backend.name, plan.rules(), plan.equal

``Refused`` (bad names), ``_apply.NoBackend`` and ``BackendError`` are what may be raised. Rules, files and units of
such a client are named ``client.NAME``/``client-NAME``, apart from those of the module masquerade.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _ranges
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused

PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
EVERYTHING = (0, 0xFFFFFFFF)
CUSTOMERS = "ppp*"


@dataclass(frozen=True)
class PortForward:
    """Packets to this ``port`` (``80``, ``8000-8010``) of the outside interface go to a customer's ``address``.

    ``to_port`` is empty where the port stays as it is.
    """

    protocol: str
    port: str
    address: str
    to_port: str = ""

    @property
    def final_port(self) -> str:
        return self.to_port or self.port


@dataclass(frozen=True)
class Request:
    """What one owner wants of the firewall.

    ``translate``: packets from ``sources`` (none: from everywhere) that leave by ``out_interface`` get its address.
    ``inside``: the interfaces of those behind it, with ``*`` for any ending; empty for all.
    ``guard``: what was not asked for from inside is kept out at ``out_interface`` (IPv4, and IPv6 with ``guard_ipv6``).
    ``kind``: ``masquerade`` or ``client``, the module that owns it.
    """

    name: str
    out_interface: str
    sources: tuple[_ranges.Source, ...] = ()
    clamp_mss: bool = False
    random_fully: bool = False
    port_forwards: tuple[PortForward, ...] = ()
    translate: bool = True
    inside: str = CUSTOMERS
    guard: bool = False
    guard_ipv6: bool = False
    kind: str = "masquerade"

    @property
    def owner(self) -> str:
        """What our rules are marked with: the name, and whose it is if not the module masquerade's."""
        return self.name if self.kind == "masquerade" else f"{self.kind}.{self.name}"

    @property
    def stem(self) -> str:
        """What our files are called."""
        return f"{self.kind}-{self.name}"

    @property
    def families(self) -> tuple[str, ...]:
        """The families in which this owner may have rules, now or from an earlier run."""
        return ("ip", "ip6") if self.kind == "client" else ("ip",)


@dataclass(frozen=True)
class Comparison:
    """Our rules, as they are and as they shall be, in lines of text.

    ``missing``: rules must be loaded. ``surplus``: rules to take away afterwards.
    ``equal``: rules made by hand that do the same as one of ours.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    missing: bool
    surplus: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return self.missing or bool(self.surplus)


@dataclass(frozen=True)
class Loading:
    """What brings the rules of a backend back at boot: a file, the command that loads it, the one that unloads."""

    path: str
    text: str
    start: tuple[str, ...]
    stop: tuple[str, ...]


class Holder(t.Protocol):
    """A place that rules of ours stand in, for one request; only the last four change anything."""

    name: str  # as a result calls it
    label: str  # as a message calls it
    program: str | None  # the command's path, None where it is not installed

    def present(self) -> tuple[str, ...]:
        """Our rules that are there now."""

    def compare(self) -> Comparison:
        """Our rules that are there against those wanted."""

    def load(self) -> None:
        """Bring in what is missing."""

    def clean(self, surplus: tuple[str, ...]) -> None:
        """Take away the surplus of a comparison."""

    def undo(self, before: tuple[str, ...]) -> None:
        """After a failed load: take away what it brought."""

    def remove(self) -> None:
        """Take away all our rules."""


class Backend(Holder, t.Protocol):
    """One way to do source NAT; ``name`` is as the parameter "backend" calls it."""

    def probe(self) -> str:
        """Why this host cannot have the wanted rules this way; empty if it can. Leaves nothing behind."""

    def remembered(self) -> bool:
        """Whether an earlier run made this backend the one that loads the rules at boot."""

    def loading(self) -> Loading | None:
        """What brings the wanted rules back at boot; ``None`` if the backend does so by itself."""


class BackendError(Failed):
    """A program refused what its probe had allowed; the text has its own words."""


# Runs a command, with a file of that text as its last word if there is any: exit status, output, errors.
Run = t.Callable[[t.Sequence[str], t.Optional[str]], "tuple[int, str, str]"]


class Remembering:
    """A ``Run`` that asks nft and iptables each question once, until something is changed.

    Listing ten thousand rules of others takes as long as all the rest of a run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._answers: dict[tuple[str, ...], tuple[int, str, str]] = {}

    def __call__(self, command: t.Sequence[str], data: str | None) -> tuple[int, str, str]:
        if not asks(command):
            if not tries(command):
                self.forget()
            return self._run(command, data)
        question = tuple(command)
        if question not in self._answers:
            self._answers[question] = self._run(command, data)
        return self._answers[question]

    def forget(self) -> None:
        """Something else, such as systemd, has changed rules."""
        self._answers.clear()


def asks(command: t.Sequence[str]) -> bool:
    """Whether a command of nft or iptables only lists rules or tells its version."""
    nft = command[0].rpartition("/")[2] == "nft"
    return "list" in command[1:4] if nft else command[0] != "unshare" and ("-S" in command or command[-1] == "-V")


def tries(command: t.Sequence[str]) -> bool:
    """Whether a command leaves the rules of this host as they are, whatever it does."""
    return command[0] == "unshare" or command[1] == "-c"


def request(
    name: str,
    out_interface: str | None,
    source: list[str] | None,
    clamp_mss: bool,
    random_fully: bool = False,
    port_forwards: list[dict[str, t.Any]] | None = None,
) -> Request:
    """The parameters, checked; ``out_interface`` is ``None`` where rules are only to be taken away."""
    _names.check_name(name)
    if out_interface is None:
        return Request(name, "")
    _names.check_interface("out_interface", out_interface)
    sources = {_source(index, text) for index, text in enumerate(source or [])}
    return Request(
        name,
        out_interface,
        tuple(sorted(sources)),
        clamp_mss,
        random_fully,
        _port_forwards(port_forwards or []),
    )


def client_request(name: str, interface: str, firewall: str, ipv6: bool = True) -> Request:
    """The firewall of a dial-up client: ``standalone`` or ``masquerade``, on its ``interface``, which need not exist.

    ``standalone`` keeps out what was not asked for from this host or from behind it, but for pings; ``masquerade``
    also gives the address of the link to what leaves by it. ``ipv6``: whether this host's kernel has it.
    """
    _names.check_name(name)
    _names.check_interface("interface", interface)
    translate = firewall == "masquerade"
    return Request(
        name,
        interface,
        clamp_mss=translate,
        translate=translate,
        inside="",
        guard=True,
        guard_ipv6=ipv6,
        kind="client",
    )


def _source(index: int, text: str) -> _ranges.Source:
    parameter = f"source[{index}]"
    first, dash, last = text.strip().partition("-")
    try:
        if dash:
            found = _ranges.Source(int(ipaddress.IPv4Address(first.strip())), int(ipaddress.IPv4Address(last.strip())))
        else:
            network = ipaddress.IPv4Network(first)
            found = _ranges.Source(int(network.network_address), int(network.broadcast_address))
    except ValueError as error:
        raise Refused(parameter, f"{text!r} is not an IPv4 network.", _mend(text, error)) from None
    if found.last < found.first:
        raise Refused(parameter, f"{text!r} ends before it begins.", "Put the lower address first.")
    if found == EVERYTHING:
        raise Refused(parameter, f"{text!r} is every address.", "Leave source out to have all of them.")
    return found


def _mend(text: str, error: ValueError) -> str:
    try:
        return f"It has bits set beyond its prefix; the network is {ipaddress.IPv4Network(text.strip(), strict=False)}."
    except ValueError:
        if ":" in text:
            return "Source NAT of this module is for IPv4 only."
        return f"Write it like 10.67.0.0/24, 10.67.0.9 or 10.67.0.2-10.67.0.99. ({error})"


def _port_forwards(entries: list[dict[str, t.Any]]) -> tuple[PortForward, ...]:
    found: list[PortForward] = []
    for index, entry in enumerate(entries):
        one = _port_forward(f"port_forwards[{index}]", entry)
        for earlier in found:
            if one.protocol == earlier.protocol and _overlap(one.port, earlier.port):
                raise Refused(
                    f"port_forwards[{index}].port",
                    f"{one.protocol} port {one.port} is forwarded to {earlier.address} already.",
                    "Give each port to one customer.",
                )
        found.append(one)
    return tuple(sorted(found, key=lambda one: (one.protocol, _ends(one.port))))


def _port_forward(parameter: str, entry: dict[str, t.Any]) -> PortForward:
    port, to_port = (_ports(f"{parameter}.{key}", entry.get(key)) for key in ("port", "to_port"))
    if to_port and "-" in port + to_port and port != to_port:
        raise Refused(
            f"{parameter}.to_port",
            f"{to_port} is given for port {port}.",
            "A range of ports keeps its numbers: leave to_port out.",
        )
    address = str(entry["to_address"])
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        raise Refused(f"{parameter}.to_address", f"{address!r} is no IPv4 address.", "Give a customer's.") from None
    return PortForward(entry["protocol"], port, str(parsed), "" if to_port == port else to_port)


def _ports(parameter: str, value: t.Any) -> str:
    text = str("" if value is None else value).strip()
    if not text and parameter.endswith(".to_port"):
        return ""
    match = PORTS.fullmatch(text)
    if not match or not 1 <= _ends(text)[0] <= _ends(text)[1] <= 65535:
        raise Refused(
            parameter, f"{text!r} is no port.", "Give a number from 1 to 65535, or a range such as 8000-8010."
        )
    first, last = _ends(text)
    return str(first) if first == last else f"{first}-{last}"


def _ends(port: str) -> tuple[int, int]:
    first, _dash, last = port.partition("-")
    return int(first), int(last or first)


def _overlap(one: str, other: str) -> bool:
    return _ends(one)[0] <= _ends(other)[1] and _ends(other)[0] <= _ends(one)[1]


def words(out: str, err: str, status: int) -> str:
    """The answer of a program that failed, on one line."""
    lines = [line.strip() for line in (err or out).splitlines()]
    # Not the marks below a faulty word, nor "# Warning: iptables-legacy tables present".
    told = [line for line in lines if not set(line) <= set("^~ ") and not line.startswith("#")]
    return "; ".join(told) or f"exit status {status}"
