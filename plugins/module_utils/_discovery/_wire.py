# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks the wires of this host who offers PPPoE sessions. Private to this collection."""

from __future__ import annotations

import errno
import select
import socket
import time
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._discovery import _frames as _discovery_frames
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _interfaces
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused

# A frame that is for us; the others are our own, or for other stations (packet(7), linux/if_packet.h).
_HOST, _TO_ALL, _TO_GROUP = 0, 1, 2
_LONGEST_FRAME = 65535
# What a flood of answers may cost: nobody is listened to any longer on that interface.
MOST_ANSWERS = 1000


class DiscoveryFailed(Failed):
    """The host cannot ask; the text says why."""


@dataclass
class Answered:
    """An access concentrator that has answered: all that it said, how often, and how soon."""

    offer: _discovery_frames.Offer
    answers: int
    seconds: float  # from the first PADI


@dataclass
class Wire:
    """An interface on which was asked, and who answered, by MAC and AC name in the order of their first answers."""

    interface: str
    padis: int = 0
    answers: int = 0
    answered: dict[tuple[str, str | None], Answered] = field(default_factory=dict)

    def take(self, offer: _discovery_frames.Offer, seconds: float) -> None:
        self.answers += 1
        known = self.answered.get((offer.mac, offer.ac_name))
        if known is None:
            self.answered[offer.mac, offer.ac_name] = Answered(offer, 1, seconds)
        else:
            known.offer = _discovery_frames.merged(known.offer, offer)
            known.answers += 1

    def flooded(self) -> bool:
        return self.answers >= MOST_ANSWERS

    def satisfied(self, enough: int) -> bool:
        """Whether nothing more needs to be heard here."""
        return self.flooded() or 0 < enough <= len(self.answered)


def check(interface: str) -> str | None:
    """Refuse an interface that no PADI can leave; a warning if none will arrive."""
    _interfaces.require("interfaces", interface)
    if not _interfaces.is_ethernet(interface):
        raise Refused("interfaces", f"{interface} is not an Ethernet interface.", "PPPoE needs one.")
    master = _interfaces.bridge_or_bond(interface)
    if master is not None:
        raise Refused("interfaces", f"{interface} is a port of {master}.", f"Use {master}, which receives its frames.")
    if not _interfaces.is_up(interface):
        raise Refused("interfaces", f"{interface} is down.", f"Bring it up: ip link set {interface} up.")
    return f"{interface} has no carrier: is its cable plugged in?" if _interfaces.has_no_carrier(interface) else None


def ask(
    interfaces: list[str], question: _discovery_frames.Inquiry, timeout: float, attempts: int, enough: int
) -> list[Wire]:
    """Ask on all interfaces side by side, and collect the answers of ``timeout`` seconds.

    An interface on which ``enough`` access concentrators have answered is asked no more; with 0, that is never.
    """
    wires = {}
    try:
        for interface in interfaces:
            wires[_socket(interface)] = Wire(interface)
        _collect(wires, question, _discovery_frames.waits(timeout, attempts), enough)
    finally:
        for opened in wires:
            opened.close()
    return list(wires.values())


def _socket(interface: str) -> socket.socket:
    try:
        # With protocol 0 nothing arrives until bind: without it, frames of all interfaces would.
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise DiscoveryFailed(
            "A raw socket needs root, or CAP_NET_RAW: run the task with become. Add become: true to it."
        ) from error
    except OSError as error:
        raise DiscoveryFailed(f"This host has no raw sockets (AF_PACKET): {error}") from error
    try:
        opened.bind((interface, _discovery_frames.ETHERTYPE))
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _collect(
    wires: dict[socket.socket, Wire], question: _discovery_frames.Inquiry, waits: list[float], enough: int
) -> None:
    began = time.monotonic()
    deadline = began
    for wait in waits:
        deadline += wait
        for opened, wire in wires.items():
            if not wire.satisfied(enough):
                _send(opened, wire, question)
        while True:
            listening = [opened for opened, wire in wires.items() if not wire.satisfied(enough)]
            left = deadline - time.monotonic()
            if not listening or left <= 0:
                break
            for opened in select.select(listening, [], [], left)[0]:
                _receive(opened, wires[opened], question, began)


def _send(opened: socket.socket, wire: Wire, question: _discovery_frames.Inquiry) -> None:
    try:
        opened.send(_discovery_frames.padi(opened.getsockname()[4], question))
    except OSError as error:
        # Full queues are no reason to give up: the next PADI may pass.
        if error.errno not in (errno.ENOBUFS, errno.EAGAIN):
            raise DiscoveryFailed(f"No PADI can be sent on {wire.interface}: {error}") from error
    wire.padis += 1


def _receive(opened: socket.socket, wire: Wire, question: _discovery_frames.Inquiry, began: float) -> None:
    try:
        frame, sender = opened.recvfrom(_LONGEST_FRAME)
    except BlockingIOError:
        return
    except OSError as error:
        raise DiscoveryFailed(f"{wire.interface} went down while answers were awaited: {error}") from error
    # What comes for a VLAN of an interface is delivered to the interface's own socket too, in the VLAN's name.
    if sender[0] != wire.interface or sender[2] not in (_HOST, _TO_ALL, _TO_GROUP):
        return
    offer = _discovery_frames.offer(frame, question)
    if offer is not None:
        wire.take(offer, time.monotonic() - began)
