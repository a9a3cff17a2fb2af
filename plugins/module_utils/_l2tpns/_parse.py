# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What l2tpns prints on its command line. Private to this collection. Pure.

A customer chooses the name that he logs in with, and l2tpns prints it as it is, line breaks too: whoever would trust
each line could be shown sessions that do not exist. Source: cli.c and cluster.c of l2tpns 2.4.1.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

#: Telnet's commands, which libcli sends at the beginning (RFC 854).
_TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|.)", re.S)
_ROW = re.compile(
    r" *(\d{1,5}) +\d{1,7} +\d{1,4} (\S{1,127}) +(\d+\.\d+\.\d+\.\d+) +[YN] [YN] [YN] [YN] +(\d+) +(\d+) +(\d+)"
    r" +\d+ +\d+ +\((\w)\)(\S*) +\S+"
)
_HEADER = re.compile(r" +SID +LkToSID +TID +Username")
_BEGINNING = re.compile(r" *(\d{1,5}) +\d{1,7} +\d{1,4} ")
_USERS = re.compile(r"\d\d:\d\d:\d\d up .*, (\d+) users, load average:")
_FIELD = re.compile(r"\t(IP address|Opened|Bytes In/Out|Tunnel ID):\t+(\S+)")
_USER = re.compile(r"\tUser:\t\t(.*)")
_PEER = re.compile(r" +(\d+\.\d+\.\d+\.\d+) +\d+ +(\d+)")
#: l2tpns.h MAXSESSION; the first entry is not used.
MOST_SESSIONS = 59999
#: A member that was not heard for so long, in seconds, has no sessions. It stays in the list for a while.
FRESH = 2.0
#: tunnel number of PPPoE: TUNNEL_ID_PPPOE.
_PPPOE = "1"


@dataclass(frozen=True)
class CliSession:
    """A session as l2tpns lists it; its ID is that of PPPoE too. ``mac``: empty where it is not printed.

    ``username``: without blanks at its end. ``address``: empty while the customer has none. ``to_customer`` and
    ``from_customer``: bytes.
    """

    sid: int
    username: str
    address: str
    seconds: int
    to_customer: int
    from_customer: int
    mac: str


@dataclass(frozen=True)
class ClusterState:
    """``peers``: by address, seconds since the last heartbeat. ``master_address``: of a slave's master, or empty."""

    master: bool
    own_address: str
    master_address: str
    up_to_date: bool
    peers: t.Mapping[str, float]

    @property
    def heard(self) -> int:
        """How many other members there are. The list of a slave does not have its master."""
        listed = {address for address, age in self.peers.items() if age < FRESH}
        return len(listed if self.master or not self.master_address else listed | {self.master_address})


def plain(data: bytes) -> str:
    """Bytes of the connection as lines without Telnet's commands and carriage returns."""
    text = _TELNET.sub(b"", data).replace(b"\x00", b"").decode("utf-8", "surrogateescape")
    return text.replace("\r", "")


def table(text: str) -> tuple[list[CliSession], set[int], bool]:
    """Of ``uptime`` and ``show session``: the sessions, IDs that may exist, and whether the former can be trusted.

    They can if each line is a session, their IDs ascend, and there are as many as l2tpns counts. Otherwise ask for
    each ID, ``details``.
    """
    count, lines = None, []
    seen = False
    for line in text.split("\n"):
        if not seen and _HEADER.match(line):
            seen = True
        elif not seen:
            found = _USERS.match(line)
            count = int(found.group(1)) if found else count
        elif line.strip():
            lines.append(line)
    lines = _without_prompt(lines)
    rows = [_ROW.fullmatch(line.rstrip()) for line in lines]
    sessions = [_session(row) for row in rows if row]
    may = {int(found.group(1)) for found in map(_BEGINNING.match, lines) if found}
    numbers = [one.sid for one in sessions]
    sound = all(rows) and numbers == sorted(set(numbers)) and count == len(numbers)
    return [one for one in sessions if one.username != "*"], may, seen and sound


def _without_prompt(lines: list[str]) -> list[str]:
    """The last lines are the prompt with the next command: nothing that a customer can put there."""
    while lines and not _ROW.fullmatch(lines[-1].rstrip()) and re.fullmatch(r"[^\s]+[>#] ?(quit)?", lines[-1].strip()):
        lines = lines[:-1]
    return lines


def _session(row: re.Match[str]) -> CliSession:
    sid, name, address, seconds, down, up, kind, peer = row.groups()
    mac = peer.lower() if kind == "P" and re.fullmatch("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", peer) else ""
    return CliSession(int(sid), name, _address(address), int(seconds), int(down), int(up), mac)


def details(text: str, sid: int) -> CliSession | None:
    """Of ``show session ID`` alone: the session without its MAC address, ``None`` if there is none.

    The name comes first, and all that l2tpns knows by itself after it: of lines that are there twice the last ones
    count.
    """
    body = text.partition(f"\nSession {sid}:\n")[2]
    user, fields = _USER.search(body), dict(_FIELD.findall(body))
    if user is None or fields.get("Tunnel ID") != _PPPOE:
        return None
    down, _slash, up = fields.get("Bytes In/Out", "").partition("/")
    seconds, to_customer, from_customer = (
        int(number) if number.isdigit() else 0 for number in (fields.get("Opened", ""), down, up)
    )
    address = _address(fields.get("IP address", ""))
    return CliSession(sid, user.group(1), address, seconds, to_customer, from_customer, "")


def _address(text: str) -> str:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return ""
    return "" if address.is_unspecified else str(address)


def cluster(text: str) -> ClusterState:
    """Of ``show cluster``; no customer has a part in it."""
    values = dict(re.findall(r"^(Cluster status|My address|My master|Uptodate) +: (\S+)", text, re.M))
    peers = {address: int(age) / 10 for address, age in _PEER.findall(text)}
    master = values.get("Cluster status") == "Master"
    return ClusterState(
        master,
        _address(values.get("My address", "")),
        _address(values.get("My master", "")),
        master or values.get("Uptodate") == "Yes",
        peers,
    )


def session_count(text: str) -> int:
    """Of ``uptime``: how many sessions there are, also those that are still being established."""
    found = _USERS.search(text)
    return int(found.group(1)) if found else 0


def version(text: str) -> str | None:
    """Of ``show version``, as "2.4.1"."""
    found = re.search(r"^L2TPNS (\S+)$", text, re.M)
    return found.group(1) if found else None


def starts(text: str) -> int:
    """Of ``show counters``: how many sessions this process has let in."""
    found = re.search(r"^call_sessionsetup +(\d+)$", text, re.M)
    return int(found.group(1)) if found else 0


def values(configuration: str) -> dict[str, str]:
    """Of the file ``startup-config``: what each name is set to."""
    return dict(re.findall(r'^set (\w+) "?([^"\n]*)"?$', configuration, re.M))


def networks(text: str) -> list[str]:
    """Of the file ``ip_pool``: the networks of the pool."""
    return re.findall(r"^(\d[\d./]+)$", text, re.M)


def pool(text: str) -> tuple[int, int] | None:
    """Of ``show pool``: used and free addresses; ``None`` on a member that is not the master."""
    found = re.search(r"^Free: (\d+)\n+Used: (\d+)$", text, re.M)
    return (int(found.group(2)), int(found.group(1))) if found else None
