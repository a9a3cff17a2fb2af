# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of BIRD that announces customers' routes, and what BIRD answers. Private to this collection. Pure.

Everything in it is in tables and protocols of its own, beside whatever else the administrator has BIRD do.
"""

from __future__ import annotations

import hashlib
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _settings as _routing_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _stamp as _routing_stamp

PREFIX = "pppoe_server_"
#: The protocol whose description says which text this is.
MARKED = PREFIX + "kernel4"
_DESCRIPTION = "dialtone.pppoe "
_INCLUDE = re.compile(r'^[ \t]*include[ \t]+"([^"]*)"[ \t]*;[^\n]*\n?', re.MULTILINE)
_COMMENT = re.compile(r"#[^\n]*|/\*.*?\*/", re.DOTALL)


def text(settings: _routing_settings.RoutingSettings) -> str:
    """Our file."""
    body = "\n".join(_body(settings))
    return _layout_header.LINE + body.replace("@DIGEST@", digest(settings)) + "\n"


def digest(settings: _routing_settings.RoutingSettings) -> str:
    """What tells this text from another one, without what is secret in it."""
    public = (line for line in _body(settings) if "password" not in line)
    return hashlib.sha256("\n".join(public).encode()).hexdigest()[:16]


def _body(settings: _routing_settings.RoutingSettings) -> t.Iterator[str]:
    for version in (4, 6) if settings.ipv6 else (4,):
        yield from _table(settings, version)
        if settings.ospf:
            yield from _ospf(settings, settings.ospf, version)
        neighbors = settings.bgp.neighbors if settings.bgp else ()
        if settings.bgp and any(one.version == version for one in neighbors):
            yield from _filter(settings, "bgp", version)
        for number, neighbor in enumerate(neighbors, 1):
            if settings.bgp and neighbor.version == version:
                yield from _neighbor(settings, settings.bgp, neighbor, number)


def _table(settings: _routing_settings.RoutingSettings, version: int) -> t.Iterator[str]:
    name = f"{PREFIX}customers{version}"
    yield f"ipv{version} table {name};"
    yield f"protocol kernel {PREFIX}kernel{version} {{"
    yield f'  description "{_DESCRIPTION}@DIGEST@";'
    yield f"  kernel table {settings.table};"
    yield "  learn;"
    yield f"  ipv{version} {{ table {name}; import all; export none; }};"
    yield "}"
    networks = settings.of_version(version)
    if networks:
        yield f"protocol static {PREFIX}static{version} {{"
        yield f"  ipv{version} {{ table {name}; }};"
        yield from (f"  route {network} unreachable;" for network in networks)
        yield "}"


def _filter(settings: _routing_settings.RoutingSettings, protocol: str, version: int) -> t.Iterator[str]:
    """The newest session of a customer counts most: the greatest preference, the smallest metric."""
    ospf = protocol == "ospf"
    yield f"filter {PREFIX}to_{protocol}{version} {{"
    networks = settings.of_version(version)
    if networks:
        accept = "ospf_metric2 = 1; accept;" if ospf else "accept;"
        yield f"  if source = RTS_STATIC then {{ {accept} }}"
        yield f"  if net ~ [ {', '.join(f'{network}+' for network in networks)} ] then reject;"
    yield "  if source != RTS_INHERIT then reject;"
    if ospf:
        yield "  ospf_metric2 = krt_metric;"
    else:
        yield f"  bgp_local_pref = {_routing_stamp.WORST + 1} - krt_metric;"
        yield "  bgp_med = krt_metric;"
    yield "  accept;"
    yield "}"


def _ospf(settings: _routing_settings.RoutingSettings, ospf: _routing_settings.Ospf, version: int) -> t.Iterator[str]:
    yield from _filter(settings, "ospf", version)
    yield f"protocol ospf {'v2' if version == 4 else 'v3'} {PREFIX}ospf{version} {{"
    yield from _router_id(settings)
    table, export = f"{PREFIX}customers{version}", f"{PREFIX}to_ospf{version}"
    yield f"  ipv{version} {{ table {table}; import none; export filter {export}; }};"
    yield f"  area {ospf.area} {{"
    for interface in ospf.interfaces:
        yield f'    interface "{interface}" {{'
        yield f"      hello {ospf.hello};"
        yield f"      dead {ospf.dead};"
        if ospf.password:
            algorithm = "keyed md5" if version == 4 else "hmac sha256"
            yield "      authentication cryptographic;"
            yield f'      password "{ospf.password}" {{ algorithm {algorithm}; }};'
        yield "    };"
    yield "  };"
    yield "}"


def _neighbor(
    settings: _routing_settings.RoutingSettings,
    bgp: _routing_settings.Bgp,
    neighbor: _routing_settings.Neighbor,
    number: int,
) -> t.Iterator[str]:
    version = neighbor.version
    yield f"protocol bgp {PREFIX}bgp{number} {{"
    yield from _router_id(settings)
    yield f"  local as {bgp.as_number};"
    yield f"  neighbor {neighbor.address} as {neighbor.as_number};"
    if neighbor.password:
        yield f'  password "{neighbor.password}";'
    yield f"  ipv{version} {{"
    yield f"    table {PREFIX}customers{version};"
    yield "    import none;"
    yield f"    export filter {PREFIX}to_bgp{version};"
    yield "    next hop self;"
    yield "  };"
    yield "}"


def _router_id(settings: _routing_settings.RoutingSettings) -> t.Iterator[str]:
    if settings.router_id:
        yield f"  router id {settings.router_id};"


def included(main: str, path: str) -> str:
    """BIRD's own configuration with our file in it, in the place where it was, or else at its end."""
    if path in (found.group(1) for found in _INCLUDE.finditer(_without_comments(main))):
        return main
    gap = "" if not main or main.endswith("\n") else "\n"
    return f'{main}{gap}include "{path}"; # {_layout_header.sentence("dialtone.pppoe.pppoe_server_routing")}\n'


def not_included(main: str, path: str) -> str:
    """It without our file."""
    return _INCLUDE.sub(lambda found: "" if found.group(1) == path else found.group(0), main)


def has_own(main: str, words: str) -> bool:
    """Whether BIRD's own configuration has a statement that begins with these words, as ``router id``."""
    pattern = r"^[ \t]*" + r"[ \t]+".join(map(re.escape, words.split())) + r"\b"
    return re.search(pattern, _without_comments(main), re.MULTILINE) is not None


def _without_comments(main: str) -> str:
    return _COMMENT.sub("", main)


class Protocol(t.NamedTuple):
    """``state``: ``up``, ``start``, ``down``. ``information``: as ``Running``, ``Established``."""

    name: str
    kind: str
    state: str
    information: str


def protocols(answer: str) -> list[Protocol]:
    """Ours, from what ``birdc show protocols`` answers."""
    found = []
    for line in answer.splitlines():
        words = line.split(None, 5)
        if len(words) >= 4 and words[0].startswith(PREFIX):
            # Since is a time, or a date and a time.
            rest = words[5].split() if len(words) > 5 else []
            if rest and re.fullmatch(r"[\d:.]+", rest[0]):
                rest = rest[1:]
            found.append(Protocol(words[0], words[1], words[3], " ".join(rest)))
    return found


def names(settings: _routing_settings.RoutingSettings) -> list[str]:
    """The protocols that our file has."""
    return re.findall(rf"^protocol .*?({PREFIX}\w+) \{{$", text(settings), re.MULTILINE)


def running_digest(answer: str) -> str | None:
    """Which text BIRD runs, from what ``birdc show protocols all`` answers."""
    found = re.search(rf"Description:\s+{re.escape(_DESCRIPTION)}(\w+)", answer)
    return found.group(1) if found else None
