# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parameters of a RADIUS centre mean, checked. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _attributes

#: Printable, and nothing that the configuration of FreeRADIUS gives a meaning.
_SECRET = re.compile(r"[A-Za-z0-9!()*+,./:;<=>?@^_|~-]{1,128}\Z")
_CHARACTERS = "Give 1 to 128 letters, digits or ! ( ) * + , - . / : ; < = > ? @ ^ _ | ~ without blanks."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_NAME_FIX = "Give 1 to 63 letters, digits, dots, hyphens or underscores."
_LOCAL = ("", "localhost", "127.0.0.1")


_OF_RADSEC = "radsec"


@dataclass(frozen=True)
class Client:
    """A concentrator that may ask. ``secret``: empty for one that asks by RadSec only.

    ``disconnect_secret``: empty where sessions can't be ended from here.
    """

    name: str
    address: str
    secret: str = field(repr=False)
    disconnect_secret: str = field(repr=False, default="")
    message_authenticator: bool = True

    @property
    def is_host(self) -> bool:
        return "/" not in self.address


@dataclass(frozen=True)
class Database:
    host: str = ""
    port: int = 5432
    name: str = "radius"
    user: str = "radius"
    password: str = field(repr=False, default="")
    ca: str = ""

    @property
    def is_local(self) -> bool:
        return self.host in _LOCAL


@dataclass(frozen=True)
class Group:
    """What accounts have in common: items to check, and items of the answer."""

    check: tuple[_attributes.Item, ...]
    reply: tuple[_attributes.Item, ...]


@dataclass(frozen=True)
class RadSec:
    certificate: str
    key: str
    ca: str


@dataclass(frozen=True)
class Centre:
    """``pools``: ranges by name; ``stale_after`` in seconds; ``keep_days``: 0 for ever."""

    clients: tuple[Client, ...]
    database: Database
    pools: dict[str, list[_pool.Range]]
    groups: dict[str, Group]
    interim_interval: int = 300
    single_session: str = "allow"
    stale_after: int = 3600
    keep_days: int = 365
    radsec: RadSec | None = None


def centre(params: t.Mapping[str, t.Any], known: t.Collection[str] = ()) -> Centre:
    """The settings of a centre. ``known``: the names of FreeRADIUS's dictionary, empty if it is not there yet."""
    interim = _within("interim_interval", params["interim_interval"], 60, 86400)
    stale = _within("stale_after", params["stale_after"], 60, 30 * 86400)
    if stale < 3 * interim:
        problem = f"{stale} is less than three times interim_interval, {interim}."
        raise Refused("stale_after", problem, f"Give {3 * interim} or more, or live sessions would count as over.")
    pools = _pools(params["pools"] or {})
    return Centre(
        _clients(params["clients"] or [], bool(params["radsec"])),
        _database(params["database"] or {}),
        pools,
        _groups(params["groups"] or {}, pools, known),
        interim,
        params["single_session"],
        stale,
        _within("keep_days", params["keep_days"], 0, 36500),
        _radsec(params["radsec"]),
    )


def _within(parameter: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise Refused(parameter, f"{value} is out of range.", f"Give {least} to {most}.")
    return value


def _name(parameter: str, value: t.Any) -> str:
    if not isinstance(value, str) or not _NAME.match(value):
        raise Refused(parameter, f"{value!r} is not a name that can be used here.", _NAME_FIX)
    return value


def _secret(parameter: str, value: str | None, required: bool) -> str:
    if not value and not required:
        return ""
    if not value:
        raise Refused(parameter, "is missing.", "Give the secret that this concentrator has for the centre.")
    if not _SECRET.match(value):
        raise Refused(parameter, "is too long or has a character that cannot stand there.", _CHARACTERS)
    return value


def _secret_of_client(parameter: str, value: str | None, radsec: bool) -> str:
    """With TLS the certificate counts, and its secret is known to everybody (RFC 6614): it is none for UDP."""
    if value == _OF_RADSEC:
        problem = f"{_OF_RADSEC} is the secret that everybody has for RADIUS over TLS."
        raise Refused(parameter, problem, "Choose another one, or leave it out if the concentrator uses TLS only.")
    return _secret(parameter, value, required=not radsec)


def _clients(entries: t.Sequence[t.Mapping[str, t.Any]], radsec: bool) -> tuple[Client, ...]:
    found: list[Client] = []
    for index, entry in enumerate(entries):
        place = f"clients[{index}]"
        name = _name(f"{place}.name", entry.get("name"))
        client = Client(
            name,
            _network(f"{place}.address", entry.get("address") or ""),
            _secret_of_client(f"{place}.secret", entry.get("secret"), radsec),
            _secret(f"{place}.disconnect_secret", entry.get("disconnect_secret"), required=False),
            entry.get("message_authenticator") is not False,
        )
        for other in found:
            if client.name == other.name or client.address == other.address:
                what = client.name if client.name == other.name else client.address
                raise Refused(place, f"{what} is there twice.", "List each concentrator once.")
        if client.disconnect_secret and not client.is_host:
            fix = "Give a single address, or no disconnect_secret."
            raise Refused(f"{place}.address", f"{client.address} is a network, to which nothing can be sent.", fix)
        found.append(client)
    return tuple(found)


def _network(parameter: str, value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        fix = "Give the IPv4 address from which this concentrator asks, or a network."
        raise Refused(parameter, f"{value!r} is not an address: {error}.", fix) from None
    if network.prefixlen < 8:
        raise Refused(parameter, f"{value} is nearly everyone.", "Give an address or a smaller network.")
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _database(entry: t.Mapping[str, t.Any]) -> Database:
    host = entry.get("host") or ""
    database = Database(
        host,
        _within("database.port", entry.get("port") or 5432, 1, 65535),
        _name("database.name", entry.get("name") or "radius"),
        _name("database.user", entry.get("user") or "radius"),
        _secret("database.password", entry.get("password"), required=False),
        entry.get("ca") or "",
    )
    if not database.is_local:
        if not re.match(r"[A-Za-z0-9._,:-]+\Z", host):
            raise Refused("database.host", f"{host!r} is not an address or a host name.", "Give one.")
        if not database.password:
            fix = "Give the password of this user, or leave database.host empty for a database on this host."
            raise Refused("database.password", "is missing.", fix)
        if not database.ca:
            fix = "Give the path on this host of the certificate of the authority that has signed the database's."
            raise Refused("database.ca", "is missing, and a database on another host has to prove who it is.", fix)
    if database.ca and not re.match(r"/[^\s'\\]+\Z", database.ca):
        raise Refused("database.ca", f"{database.ca!r} is not a path that can be used here.", "Give it without blanks.")
    return database


def _pools(entries: t.Mapping[str, t.Sequence[str]]) -> dict[str, list[_pool.Range]]:
    found: dict[str, list[_pool.Range]] = {}
    for name, ranges in entries.items():
        _name("pools, a name in it", name)
        place = f"pools.{name}"
        listed = [ranges] if isinstance(ranges, str) else list(ranges or [])
        found[name] = _pool.merged((span.first, span.last) for span in _pool.spans(place, listed))
        for other, there in found.items():
            shared = next((one for one in found[name] if other != name and _pool.touches(there, one)), None)
            if shared:
                problem = f"shares addresses of {_pool.range_text(shared)} with pools.{other}."
                raise Refused(place, problem, "Put each address in one pool.")
    return found


def _groups(entries: t.Mapping[str, t.Any], pools: t.Collection[str], known: t.Collection[str]) -> dict[str, Group]:
    found = {}
    for name, entry in entries.items():
        place = f"groups.{name}"
        _name("groups, a name in it", name)
        if not isinstance(entry, dict) or not entry.keys() <= {"pool", "attributes"}:
            raise Refused(place, "is not a dictionary of pool and attributes.", "Write it as {pool: NAME}.")
        check, reply = _attributes.items(f"{place}.attributes", entry.get("attributes") or {}, known)
        pool = entry.get("pool")
        if pool:
            if pool not in pools:
                raise Refused(f"{place}.pool", f"there is no pool {pool!r} in pools.", "Add it there.")
            check = (*check, _attributes.Item("Pool-Name", ":=", pool))
        found[name] = Group(check, reply)
    return found


def _radsec(entry: t.Mapping[str, t.Any] | None) -> RadSec | None:
    if not entry:
        return None
    for key in ("certificate", "key", "ca"):
        if not re.match(r"/[A-Za-z0-9._/@+-]+\Z", entry.get(key) or ""):
            raise Refused(f"radsec.{key}", "is not a path on the host.", "Give certificate, key and ca.")
    return RadSec(entry["certificate"], entry["key"], entry["ca"])
