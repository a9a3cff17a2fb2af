# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pppd's plugin ``radius.so`` reads on a host that somebody has set up. Private to this collection. Pure.

No secret leaves this file, only the place where each is. Source: pppd/plugins/radius/config.c and dict.c.
"""

from __future__ import annotations

import ipaddress
import os
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _settings as _radius_settings

#: What the plugin reads if no option names another file.
DEFAULT = "/etc/radiusclient/radiusclient.conf"
_WORDS = """
    auth_order login_tries login_timeout nologin issue authserver acctserver servers dictionary login_radius seqfile
    mapfile default_realm radius_timeout radius_retries nas_identifier login_local bindaddr
"""
_KEYWORDS = frozenset(_WORDS.split())
#: Without these the plugin lets nobody in (test_config).
_NEEDED = ("authserver", "acctserver", "servers", "dictionary")
#: Of a longer line, pppd reads the rest as another one; of a longer secret it uses the beginning.
_MOST_LINE, _MOST_SECRET = 127, 48
_MOST_INCLUDES = 50

Read = t.Callable[[str], "bytes | None"]


@dataclass(frozen=True)
class KnownServer:
    """A server that the host asks. ``place``: that of its secret, if it is known; ``wrong``: what is with that one."""

    address: str
    port: int
    place: str = ""
    wrong: str = ""

    @property
    def variable(self) -> str:
        """For a vault to hold the secret."""
        return "vault_radius_{}_secret".format(self.address.replace(".", "_"))


@dataclass
class ObservedRadius:
    """``broken``: what cannot be read literally, each with its place, and the fix. ``values``: by keyword."""

    path: str
    values: dict[str, str] = field(default_factory=dict)
    servers: list[KnownServer] = field(default_factory=list)
    accounting: list[tuple[str, int]] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    broken: list[tuple[str, str]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def place(self, keyword: str) -> str:
        return f"line {self.lines[keyword]} of {self.path}"


def observe(path: str, read: Read) -> ObservedRadius:
    """The settings in the file and in those that it names. ``read``: the content of a file, ``None`` without one."""
    found = ObservedRadius(path)
    content = read(path)
    if content is None:
        found.broken.append((f"{path} cannot be read.", "Without it, the plugin lets nobody in."))
        return found
    _take_lines(found, content)
    for keyword in _NEEDED:
        if not found.values.get(keyword):
            found.broken.append((f"{path} has no {keyword}.", "Without it, the plugin lets nobody in."))
    found.accounting = list(_addresses(found, "acctserver", 1813))
    secrets = _secrets(found, read(found.values["servers"])) if found.values.get("servers") else []
    for address, port in _addresses(found, "authserver", 1812):
        found.servers.append(_with_secret(address, port, secrets))
    if found.values.get("dictionary"):
        found.attributes = _attributes(found, found.values["dictionary"], read)
    return found


def _take_lines(found: ObservedRadius, content: bytes) -> None:
    for number, raw in enumerate(content.split(b"\n"), 1):
        line = raw.decode("utf-8", "replace")
        if not line or line.startswith("#"):
            continue
        place = f"Line {number} of {found.path}"
        keyword, value = line[: _end_of_word(line)], line[_end_of_word(line) :].lstrip()
        if number == content.count(b"\n") + 1:
            found.broken.append((f"{place} has no end.", "pppd loses its last character. End it with a newline."))
        elif not keyword:
            found.broken.append((f"{place} begins with a blank.", "The plugin then lets nobody in. Remove it."))
        elif keyword not in _KEYWORDS:
            found.broken.append((f"{place} has the unknown keyword {keyword!r}.", "Correct it, or remove it."))
        elif value != value.rstrip():
            found.broken.append((f"{place} ends with a blank.", "The plugin takes it for a part of the value."))
        else:
            # Of two lines the plugin takes the latter.
            found.values[keyword], found.lines[keyword] = value, number


def _end_of_word(line: str) -> int:
    return next((index for index, character in enumerate(line) if character in " \t"), len(line))


def _addresses(found: ObservedRadius, keyword: str, port: int) -> t.Iterator[tuple[str, int]]:
    """The servers of a line; one that is no address is named."""
    for word in found.values.get(keyword, "").replace(",", " ").split():
        name, colon, given = word.partition(":")
        address = "127.0.0.1" if name == "localhost" else name
        if not _is_address(address):
            problem = f"The {keyword} {name!r} in {found.place(keyword)} is not an IPv4 address."
            found.broken.append((problem, "Give the address there, since the servers of the role have no names."))
        elif colon and not (given.isdigit() and 0 < int(given) < 65535):
            found.broken.append((f"{given!r} in {found.place(keyword)} is not a port ({keyword}).", "Correct it."))
        else:
            yield address, int(given) if colon else port


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(text))
    except ValueError:
        return False


class _Line(t.NamedTuple):
    names: list[str]
    secret: str
    place: str


def _secrets(found: ObservedRadius, content: bytes | None) -> list[_Line]:
    path = found.values["servers"]
    if content is None:
        found.broken.append((f"{path} cannot be read.", f"It is named in {found.place('servers')}."))
        return []
    lines = []
    for number, raw in enumerate(content.split(b"\n"), 1):
        words = raw.decode("utf-8", "surrogateescape").split()
        if raw.startswith(b"#") or len(words) < 2:
            continue
        if len(raw) > _MOST_LINE:
            problem = f"Line {number} of {path} has more than {_MOST_LINE} bytes."
            found.broken.append((problem, "pppd reads the rest as another line. Shorten it."))
        # NAME, or NAME/NAME, one of which is this host.
        names = ["127.0.0.1" if name == "localhost" else name for name in words[0].split("/")]
        lines.append(_Line(names, words[1], f"line {number} of {path}"))
    return lines


def _with_secret(address: str, port: int, secrets: t.Sequence[_Line]) -> KnownServer:
    line = next((line for line in secrets if address in line.names), None)
    if line is None:
        return KnownServer(address, port)
    wrong = ""
    if len(line.secret) > _MOST_SECRET:
        wrong = f"is longer than {_MOST_SECRET} bytes, of which pppd uses the first {_MOST_SECRET}"
    elif not _radius_settings.is_secret(line.secret):
        wrong = "has a character that the role does not take"
    return KnownServer(address, port, line.place, wrong)


def _attributes(found: ObservedRadius, path: str, read: Read) -> list[str]:
    """The names in a dictionary and in those that it includes."""
    names: list[str] = []
    todo, seen = [path], {path}
    while todo and len(seen) <= _MOST_INCLUDES:
        path = todo.pop(0)
        content = read(path)
        if content is None:
            found.broken.append((f"The dictionary {path} cannot be read.", "Without it, the plugin lets nobody in."))
            continue
        for raw in content.decode("utf-8", "replace").splitlines():
            words = raw.split("#")[0].split()
            if len(words) > 1 and words[0] == "ATTRIBUTE":
                names.append(words[1])
            elif len(words) > 1 and words[0].lstrip("$") == "INCLUDE":
                other = os.path.join(os.path.dirname(path), words[1])
                todo += [other] if other not in seen else []
                seen.add(other)
    return names
