# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live PPPoE sessions of a host, from what it tells of itself. Private to this collection.

Only the text of commands, of files in /proc and of pppd's database is looked at here; ``_sessions_observe`` reads them.
"""

from __future__ import annotations

import os
import re
import struct
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _capabilities as _pppd_capabilities

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._host._interfaces import Interface

# A session as rp-pppoe's server names it to pppd, and the plugin to itself.
_SESSION = re.compile(r"(\d+):([0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5})\Z")
# The relay process of user mode, in pppd's option `pty` (pppoe-server.c startPPPDUserMode, pppoe-connect).
_RELAY = re.compile(r"(?:\S*/)?pppoe\s")
_RELAY_DEVICE = re.compile(r"\s-I\s+(\S+)")
_RELAY_SESSION = re.compile(r"\s-e\s+(\S+)")
_INSTANCE = re.compile(re.escape(_layout_server.options_path("\0")).replace("\0", "([^/]+)") + r"\Z")


@dataclass(frozen=True)
class PppdCommand:
    """What the command of a pppd says: its side of the session, and the session itself."""

    role: str  # "server" or "client"
    mode: str  # "kernel" or "user"
    device: str | None = None
    session_id: int | None = None
    mac: str | None = None
    instance: str | None = None
    username: str | None = None


@dataclass(frozen=True)
class KernelSession:
    """A line of /proc/net/pppoe."""

    session_id: int
    mac: str
    device: str


@dataclass
class ObservedSessions:
    """What has been read of a host; functions give what only few sessions need."""

    commands: t.Mapping[int, t.Sequence[str]]
    variables: dict[int, dict[str, str]]
    kernel: list[KernelSession]
    interfaces: dict[str, Interface]
    counters: dict[str, tuple[int, int]]
    peers: t.Callable[[str], t.Sequence[str]] = field(default=lambda _name: ())
    own_session: t.Callable[[str], int | None] = field(default=lambda _name: None)
    interface_of: t.Callable[[int], str | None] = field(default=lambda _pid: None)


def sessions(host: ObservedSessions) -> list[dict[str, t.Any]]:
    """The sessions by the interface's name; one that is still coming up has no address, and perhaps no interface."""
    calls = {pid: parse_command(words, host.peers) for pid, words in host.commands.items()}
    # What a server gave its pppd is certain; it leaves the lines of the kernel that are clients'.
    served = {(call.session_id, call.mac) for call in calls.values() if call and call.role == "server"}
    rest = [session for session in host.kernel if (session.session_id, session.mac) not in served]
    found = [_session(host, pid, call, rest) for pid, call in calls.items() if call]
    return sorted(found, key=lambda entry: _natural(entry["interface"] or ""))


def _session(host: ObservedSessions, pid: int, call: PppdCommand, rest: list[KernelSession]) -> dict[str, t.Any]:
    variables = host.variables.get(pid, {})
    name = variables.get("IFNAME") or host.interface_of(pid)
    interface = host.interfaces.get(name) if name else None
    address = interface.ipv4() if interface else None
    local, peer = (address.local, address.peer) if address else (None, None)
    session_id, mac = call.session_id, call.mac
    device = call.device or variables.get("DEVICE")
    if call.role == "client" and call.mode == "kernel":
        mac = normal_mac(variables.get("MACREMOTE"))
        own = host.own_session(call.instance) if call.instance else None
        session_id = _id_of_client(rest, device, mac, own)
    received, sent = host.counters.get(name or "", (None, None))
    return {
        "interface": interface.name if interface else None,
        "role": call.role,
        "username": call.username if call.role == "client" else variables.get("PEERNAME"),
        "address": local if call.role == "client" else peer,
        "local_address": local,
        "peer_address": peer,
        "peer_mac": mac,
        "session_id": session_id,
        "device": device,
        "instance": call.instance,
        "mode": call.mode,
        "mtu": interface.mtu if interface else None,
        "pid": pid,
        "bytes_in": received,
        "bytes_out": sent,
    }


def _id_of_client(rest: list[KernelSession], device: str | None, mac: str | None, own: int | None) -> int | None:
    """The kernel doesn't tell which interface a session belongs to; two over one wire to one server look the same."""
    ids = [entry.session_id for entry in rest if entry.device == device and mac in (None, entry.mac)]
    if own in ids:
        return own
    return ids[0] if len(ids) == 1 else None


def parse_command(words: t.Sequence[str], peers: t.Callable[[str], t.Sequence[str]]) -> PppdCommand | None:
    """What a pppd's command tells; ``None`` if it isn't one of PPPoE. ``peers`` gives the words of a ``call`` file."""
    if not words or os.path.basename(words[0]) != "pppd":
        return None
    name = _processes.after(words, "call")
    options = [*words[1:], *(peers(name) if name else ())]
    relay = _processes.after(options, "pty")
    if relay is not None and _RELAY.match(relay):
        return _user_mode(options, relay, name)
    plugin = next((word for word in options if os.path.basename(word) in _pppd_capabilities.PLUGIN_NAMES), None)
    if plugin is None:
        return None
    device = next((word[len("nic-") :] for word in options if word.startswith("nic-")), None)
    found = _SESSION.match(_processes.after(options, "rp_pppoe_sess") or _processes.after(options, "pppoe-sess") or "")
    if found:
        mac = normal_mac(found.group(2))
        return PppdCommand("server", "kernel", device, int(found.group(1)), mac, _instance(words))
    return PppdCommand("client", "kernel", device, None, None, name, _processes.after(options, "user"))


def _user_mode(options: t.Sequence[str], relay: str, name: str | None) -> PppdCommand:
    device = _RELAY_DEVICE.search(relay)
    interface = device.group(1) if device else None
    found = _RELAY_SESSION.search(relay)
    session = _SESSION.match(found.group(1)) if found else None
    if session is None:
        return PppdCommand("client", "user", interface, None, None, name, _processes.after(options, "user"))
    return PppdCommand(
        "server", "user", interface, int(session.group(1)), normal_mac(session.group(2)), _instance(options)
    )


def _instance(words: t.Sequence[str]) -> str | None:
    match = _INSTANCE.match(_processes.after(words, "file") or "")
    return match.group(1) if match else None


def normal_mac(text: str | None) -> str | None:
    """Lower case, two digits each: rp-pppoe leaves out leading zeros nowhere, but the plugin takes them without."""
    return ":".join(part.lower().zfill(2) for part in text.split(":")) if text else None


def parse_kernel(text: str) -> list[KernelSession]:
    """/proc/net/pppoe: id, address, device. The kernel prints the id's two bytes in the wrong order for us.

    Source: drivers/net/ppp/pppoe.c pppoe_seq_show, which prints a big-endian number as it lies in memory.
    """
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) == 3:
            (session_id,) = struct.unpack(">H", struct.pack("=H", int(words[0], 16)))
            found.append(KernelSession(session_id, words[1].lower(), words[2]))
    return found


def parse_counters(text: str) -> dict[str, tuple[int, int]]:
    """/proc/net/dev: bytes received and sent, by interface."""
    found = {}
    for line in text.splitlines()[2:]:
        name, _colon, numbers = line.rpartition(":")
        values = numbers.split()
        if len(values) >= 9:
            found[name.strip()] = (int(values[0]), int(values[8]))
    return found


def own_session_id(log: str) -> int | None:
    """The id of the last session that pppd's log tells (plugins/pppoe/discovery.c waitForPADS)."""
    found = re.findall(r"^PPP session is (\d+)$", log, re.MULTILINE)
    return int(found[-1]) if found else None


def _natural(name: str) -> tuple[str, int]:
    """ppp2 before ppp10."""
    match = re.match(r"(.*?)(\d+)\Z", name)
    return (match.group(1), int(match.group(2))) if match else (name, -1)
