# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is done to discovery packets on access interfaces: settings, what starts them, the state. Private. Pure."""

from __future__ import annotations

import math
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _pado_delay as _access_pado_delay
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _names
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pado_steps, _pppoe_access

#: The longest delay, in milliseconds. A client repeats a PADR after 5 s, and its LCP request after 3 s.
MOST_HOLD = 1000
#: PADI and PADR a second of a client; a dial needs two. Sixteen routers with MAC addresses in a row share a limit, and
#: may all dial at once after a power cut, so that a tenth of what may come at once is enough.
USUAL_RATE, MOST_RATE = 5, 1000
#: Between these limits lies a hold that was measured.
_LEAST_MEASURED, _MOST_MEASURED = 30, 300

_UNIT = """\
[Unit]
Description=Discovery packets of the PPPoE access concentrator {name}
Before=pppoe-server@{name}.service

[Service]
Type=oneshot
Restart=on-failure
RestartSec=5
ExecStart={command}

[Install]
WantedBy=multi-user.target{devices}
"""


@dataclass(frozen=True)
class Settings:
    """``hold`` and ``pado_delay`` in milliseconds, or steps of the latter; ``rate`` in packets a second of a client."""

    hold: int = 0
    pado_delay: _pado_steps.Delay = 0
    drained: bool = False
    rate: int = 0

    @property
    def words(self) -> tuple[str, str, str, str]:
        """As ``pppoe-access`` takes them."""
        return str(self.hold), _pado_steps.word(self.pado_delay), str(int(self.drained)), str(self.rate)

    @property
    def nothing(self) -> bool:
        return self == Settings()

    @property
    def filters(self) -> frozenset[tuple[int, str]]:
        """The preference and the action of each filter that these settings need."""
        preference = _pppoe_access.PREFERENCES
        found = {(preference["pads"], "mirred"), (preference["lcp"], "mirred")} if self.hold else set()
        if self.drained:
            found.add((preference["pado"], "gact"))
        elif self.pado_delay:
            found.add((preference["pado"], "mirred"))
        return frozenset(found)


def check(interfaces: t.Sequence[str]) -> None:
    """Refuse names that a unit or a shell could take for something else."""
    if not interfaces:
        raise Refused("interfaces", "no interface is named.", "Name the access interfaces.")
    for index, interface in enumerate(interfaces):
        if not _names.LINK.fullmatch(interface):
            raise Refused(
                f"interfaces[{index}]",
                f"{interface!r} is not an interface name that can be used here.",
                "Use letters, digits, '.', '_' and '-', at most 15 of them.",
            )


def asked_hold(text: str | None) -> int | None:
    """``dial_hold`` as a number of milliseconds; ``None`` for ``auto``."""
    return _asked("dial_hold", text, MOST_HOLD, "milliseconds")


def asked_rate(text: str | None) -> int | None:
    """``discovery_rate`` as a number of packets a second; ``None`` for ``auto``."""
    return _asked("discovery_rate", text, MOST_RATE, "packets a second")


def _asked(parameter: str, text: str | None, most: int, unit: str) -> int | None:
    if text is None or text == "auto":
        return None
    if not text.isascii() or not text.isdigit():
        raise Refused(parameter, f"{text!r} is neither auto nor a number.", f"Use auto, 0, or {unit}.")
    return _access_pado_delay.number(parameter, int(text), most, unit)


def settings(
    hold: int,
    pado_delay: t.Any,
    drained: bool | None,
    rate: int,
    former: Settings | None,
    problem: str | None,
) -> Settings:
    """What is asked for, and for the rest what is configured. ``problem``: why the host can do none of it.

    ``pado_delay``: as a user has given it.
    """
    before = former or Settings()
    delay = _access_pado_delay.asked(pado_delay)
    found = Settings(
        hold,
        before.pado_delay if delay is None else delay,
        before.drained if drained is None else drained,
        rate,
    )
    for parameter, value in (("pado_delay", found.pado_delay), ("drained", found.drained)):
        if value and problem:
            raise Refused(parameter, f"this host cannot do it: {problem}.", "Leave it out.")
    return found


def measured_hold(starts: t.Sequence[float]) -> int:
    """The hold for a host on which pppd needs ``starts`` seconds to start, in milliseconds.

    Between the PADS and the moment when pppd listens, the shell and pppd start: about the time that pppd alone takes to
    read its options and to end. Twice that is enough on a quiet host; a busy one loses the first request, as without.
    """
    least = min(starts) * 1000
    return max(_LEAST_MEASURED, min(_MOST_MEASURED, math.ceil(2 * least / 10) * 10))


def command(settings: Settings, interfaces: t.Sequence[str]) -> list[str]:
    return [_layout_server.ACCESS, "apply", *settings.words, *interfaces]


def unit_file(name: str, settings: Settings, interfaces: t.Sequence[str]) -> bytes:
    """The unit; it also runs when an access interface appears again."""
    devices = "".join(f" sys-subsystem-net-devices-{escaped(one)}.device" for one in interfaces)
    text = _UNIT.format(name=name, command=" ".join(command(settings, interfaces)), devices=devices)
    return (_layout_header.LINE + text).encode()


def escaped(name: str) -> str:
    r"""As systemd writes a name into that of a device unit: ``a-b`` is ``a\x2db`` (systemd.unit(5))."""
    return "".join(char if char.isalnum() or char in "._" else rf"\x{ord(char):02x}" for char in name)


def rc_local_lines(settings: Settings, interfaces: t.Sequence[str]) -> list[str]:
    # In the background: it waits for the interface, and its failure must not end the rest of rc.local (sh -e).
    return [" ".join(command(settings, interfaces)) + " &"]


def configured(text: str) -> tuple[Settings, tuple[str, ...]] | None:
    """The settings and interfaces in a unit or in rc.local's block; ``None`` if there are none.

    Before there was a rate, there was no word for it.
    """
    delay = r"(\d{1,5}|\d{1,5}:\d{1,5}(?:,\d{1,5}:\d{1,5})*)"
    words = r" apply (\d{1,5}) " + delay + r" ([01])(?: (\d{1,5}))?((?: [A-Za-z0-9._-]+)+)"
    match = re.search(re.escape(_layout_server.ACCESS) + words, text)
    if match is None:
        return None
    by = _pado_steps.read(match.group(2))
    settings = Settings(int(match.group(1)), by, match.group(3) == "1", int(match.group(4) or 0))
    return settings, tuple(match.group(5).split())


def filters_of(text: str) -> frozenset[tuple[int, str]]:
    """Our filters on an interface, each with its preference and its action.

    ``text``: what ``tc filter show dev INTERFACE egress`` prints. Not as JSON, since up to iproute2 5.10 tc prints the
    matches of u32 in a way that is none.
    """
    found, preference = set(), 0
    for line in text.splitlines():
        head = re.match(r"filter .*\bpref (\d+) ", line)
        action = re.match(r"\s+action order \d+:\s+(\w+)", line)
        if head:
            preference = int(head.group(1))
        elif action and preference in _pppoe_access.PREFERENCES.values():
            found.add((preference, action.group(1)))
    return frozenset(found)


def delays_of(qdiscs: t.Any) -> tuple[int, int] | None:
    """The two delays of an ifb device in milliseconds; ``qdiscs``: what ``tc -j qdisc show dev DEVICE`` prints."""
    delays = {
        entry.get("parent"): round(entry.get("options", {}).get("delay", {}).get("delay", 0) * 1000)
        for entry in qdiscs
        if entry.get("kind") == "netem"
    }
    return (delays.get("1:1", 0), delays.get("1:2", 0)) if delays else None


def rate_of(text: str) -> int | None:
    """How many PADI and PADR a second each client may send, 0 for as many as it likes.

    ``text``: what ``tc filter show`` prints of our preference. ``None`` if a part of the limit is missing.
    """
    rates = re.findall(r"\bpolice .*\bpkts_rate (\d+) pkts_burst (\d+) .*\baction drop/continue", text)
    if not text.strip():
        return 0
    rate = int(rates[0][0]) if rates else 0
    return rate if rates == [(str(rate), str(rate * _pppoe_access.BURST))] * _pppoe_access.BUCKETS else None


def in_force(settings: Settings, egress: str, ingress: str, qdiscs: t.Any, steps: _pado_steps.Steps = ()) -> bool:
    """Whether the kernel does what ``settings`` say. The texts: of our filters, as ``tc filter show`` prints them.

    ``steps``: those that the session manager sets the delay of PADOs by. It may be any of theirs.
    """
    if filters_of(egress) != settings.filters or rate_of(ingress) != settings.rate:
        return False
    delays, delay = delays_of(qdiscs), settings.pado_delay
    if not settings.hold and not delay:
        return delays is None
    if delays is None or steps != (() if isinstance(delay, int) else delay):
        return False
    return delays[0] == settings.hold and delays[1] in _pado_steps.possible(delay)
