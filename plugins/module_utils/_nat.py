# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT behind an outside interface: what is wanted, and who can do it. Private to this collection."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused

NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
# What the kernel allows is wider (dev_valid_name); these cannot mean anything to a shell, nft or iptables.
INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}")
EVERYTHING = ipaddress.IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Request:
    """One instance of source NAT: packets from ``sources`` (none: from everywhere) that leave by ``out_interface``."""

    name: str
    out_interface: str
    sources: tuple[ipaddress.IPv4Network, ...] = ()
    clamp_mss: bool = False


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


class Backend(t.Protocol):
    """One way to do source NAT, for one request. Only ``load``, ``clean``, ``undo`` and ``remove`` change anything."""

    name: str  # as the parameter "backend" calls it
    label: str  # as a message calls it
    program: str | None  # the command's path, None where it is not installed

    def probe(self) -> str:
        """Why this host cannot have the wanted rules this way; empty if it can. Leaves nothing behind."""

    def present(self) -> tuple[str, ...]:
        """Our rules that are there now."""

    def remembered(self) -> bool:
        """Whether an earlier run made this backend the one that loads the rules at boot."""

    def compare(self) -> Comparison:
        """Our rules that are there against those wanted."""

    def loading(self) -> Loading:
        """What brings the wanted rules back at boot."""

    def load(self) -> None:
        """Bring in what is missing."""

    def clean(self, surplus: tuple[str, ...]) -> None:
        """Take away the surplus of a comparison."""

    def undo(self, before: tuple[str, ...]) -> None:
        """After a failed load: take away what it brought."""

    def remove(self) -> None:
        """Take away all our rules."""


class BackendError(Exception):
    """A program refused what its probe had allowed; the text has its own words."""


# Runs a command, with a file of that text as its last word if there is any: exit status, output, errors.
Run = t.Callable[[t.Sequence[str], t.Optional[str]], "tuple[int, str, str]"]


def request(name: str, out_interface: str | None, source: list[str] | None, clamp_mss: bool) -> Request:
    """The parameters, checked; ``out_interface`` is ``None`` where rules are only to be taken away."""
    if not NAME.fullmatch(name):
        raise Refused("name", f"{name!r} is no name for an instance.", "Use 1 to 32 of the characters A-Z a-z 0-9 _ -.")
    if out_interface is None:
        return Request(name, "")
    if not INTERFACE.fullmatch(out_interface):
        raise Refused(
            "out_interface",
            f"{out_interface!r} is not the name of an interface.",
            "Give one name of up to 15 characters out of A-Z a-z 0-9 _ . @ -, and no pattern.",
        )
    networks = {_network(index, text) for index, text in enumerate(source or [])}
    return Request(name, out_interface, tuple(sorted(networks)), clamp_mss)


def _network(index: int, text: str) -> ipaddress.IPv4Network:
    parameter = f"source[{index}]"
    try:
        network = ipaddress.IPv4Network(text.strip())
    except ValueError as error:
        raise Refused(parameter, f"{text!r} is not an IPv4 network.", _mend(text, error)) from None
    if network == EVERYTHING:
        raise Refused(parameter, f"{text!r} is every address.", "Leave source out to have all of them.")
    return network


def _mend(text: str, error: ValueError) -> str:
    try:
        return f"It has bits set beyond its prefix; the network is {ipaddress.IPv4Network(text.strip(), strict=False)}."
    except ValueError:
        if ":" in text:
            return "Source NAT of this module is for IPv4 only."
        return f"Write it like 10.67.0.0/24 or 10.67.0.9. ({error})"


def words(out: str, err: str, status: int) -> str:
    """The answer of a program that failed, on one line."""
    lines = [line.strip() for line in (err or out).splitlines()]
    # Not the marks below a faulty word, nor "# Warning: iptables-legacy tables present".
    told = [line for line in lines if not set(line) <= set("^~ ") and not line.startswith("#")]
    return "; ".join(told) or f"exit status {status}"
