# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The RADIUS servers of a host, and what it calls itself there: from parameters, checked. Private. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

#: What stands in quotation marks in FreeRADIUS's files and means nothing but itself there.
_SECRET = re.compile(r"[!#%&()*+,./0-9:;<=>?@A-Z\[\]^_a-z{|}~-]{1,128}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._:@+-]{1,63}")
_PATH = re.compile(r"/[A-Za-z0-9._/+@-]{1,250}")
PORT, TLS_PORT = 1812, 2083
MOST_SERVERS = 8


@dataclass(frozen=True)
class Tls:
    """Paths on the host, which FreeRADIUS reads as user freerad."""

    ca: str
    certificate: str
    key: str


@dataclass(frozen=True)
class Server:
    """A RADIUS server; accounting is at the next port, but by TLS at the same one."""

    address: str
    port: int
    secret: str
    tls: Tls | None = None


@dataclass(frozen=True)
class RadiusSettings:
    """``nas_address``: empty for the address from which the host reaches the first server."""

    servers: tuple[Server, ...]
    nas_identifier: str
    nas_address: str
    disconnect_secret: str
    disconnect_from: tuple[str, ...]


def settings(parameters: t.Mapping[str, t.Any], host_name: str) -> RadiusSettings:
    """From the module's parameters, or ``Refused``."""
    entries = parameters["servers"] or []
    if not 1 <= len(entries) <= MOST_SERVERS:
        raise Refused(
            "servers", f"{len(entries)} servers are given.", f"Name 1 to {MOST_SERVERS}, the first choice first."
        )
    servers = tuple(_server(f"servers[{index}]", entry) for index, entry in enumerate(entries))
    places = [(server.address, server.port) for server in servers]
    for index, place in enumerate(places):
        if place in places[:index]:
            raise Refused(f"servers[{index}].address", f"{place[0]} is named twice.", "Name each server once.")
    identifier = parameters["nas_identifier"] or host_name
    if not is_identifier(identifier):
        raise Refused("nas_identifier", f"{identifier!r} is not allowed.", "Use 1 to 63 of A-Z a-z 0-9 . _ : @ + -.")
    nas_address = parameters["nas_address"] or ""
    if nas_address:
        nas_address = _address("nas_address", nas_address)
        if ":" in nas_address:
            raise Refused("nas_address", f"{nas_address} is an IPv6 address.", "Give the IPv4 address of this host.")
    secret = parameters["disconnect_secret"] or ""
    if secret:
        _check_secret("disconnect_secret", secret)
    elif parameters["disconnect_from"]:
        raise Refused("disconnect_from", "no one may ask, since disconnect_secret is not set.", "Set both or none.")
    asking = parameters["disconnect_from"] or [server.address for server in servers]
    networks = [_network(f"disconnect_from[{index}]", network) for index, network in enumerate(asking)]
    return RadiusSettings(servers, identifier, nas_address, secret, tuple(dict.fromkeys(networks)) if secret else ())


def is_secret(text: str) -> bool:
    """Whether it is taken as a secret."""
    return bool(_SECRET.fullmatch(text))


def is_identifier(text: str) -> bool:
    """Whether it is taken as a NAS-Identifier."""
    return bool(_IDENTIFIER.fullmatch(text))


def _server(parameter: str, entry: t.Mapping[str, t.Any]) -> Server:
    tls = entry.get("tls")
    port = entry.get("port") or (TLS_PORT if tls else PORT)
    if not 1 <= port <= 65534:
        raise Refused(f"{parameter}.port", f"{port} is out of range.", "Give a number from 1 to 65534.")
    secret = entry.get("secret") or ""
    if tls:
        # RFC 6614, 2.3: what protects the packets is TLS.
        secret = secret or "radsec"
    elif not secret:
        raise Refused(f"{parameter}.secret", "it is not set.", "Give the secret that the server has for this host.")
    _check_secret(f"{parameter}.secret", secret)
    return Server(_address(f"{parameter}.address", entry["address"]), port, secret, _tls(parameter, tls))


def _tls(parameter: str, tls: t.Mapping[str, str] | None) -> Tls | None:
    if not tls:
        return None
    for name in ("ca", "certificate", "key"):
        if not _PATH.fullmatch(tls[name]):
            raise Refused(f"{parameter}.tls.{name}", f"{tls[name]!r} is not a file path.", "Give an absolute path.")
    return Tls(tls["ca"], tls["certificate"], tls["key"])


def _check_secret(parameter: str, secret: str) -> None:
    if not is_secret(secret):
        raise Refused(
            parameter,
            "it holds a character that is not allowed, or is too long.",
            "Use 1 to 128 ASCII characters, but no blanks, quotation marks, backslashes, backticks and $.",
        )


def _address(parameter: str, text: str) -> str:
    # FreeRADIUS asks for a name only when it starts, and does not start without an answer.
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Refused(parameter, f"{text!r} is not an address.", "Give an IPv4 or IPv6 address, not a name.") from None


def _network(parameter: str, text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise Refused(parameter, f"{text!r} is not a network.", "Give addresses or networks as 192.0.2.0/24.") from None
