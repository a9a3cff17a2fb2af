# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other connections of a host, and where two cannot stand side by side. Private to this collection."""

from __future__ import annotations

import glob
import os
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils import _client_config, _client_scripts, _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._words import lines

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client_options import Connection


@dataclass(frozen=True)
class Other:
    """What another connection takes: its Ethernet interface, the name of its link, the metric of its default route."""

    name: str
    nic: str | None = None
    link: str | None = None
    metric: int | None = None
    demand: bool = False


def parse(name: str, content: bytes) -> Other:
    """What a peers file of ours says of its connection."""
    words = [[word.decode("utf-8", "replace") for word in line.words] for line in lines(content)]
    options = {line[0]: line[1] if len(line) > 1 else "" for line in words if line}
    variables = dict(line[1].split("=", 1) for line in words if len(line) > 1 and line[0] == "set" and "=" in line[1])
    nic = next((option[4:] for option in options if option.startswith("nic-")), None)
    link = options.get("ifname") or (f"ppp{options['unit']}" if "unit" in options else None)
    metric = variables.get(_client_scripts.METRIC, "")
    return Other(name, nic, link, int(metric) if metric.isdecimal() else None, "demand" in options)


def of(name: str) -> Other:
    """The connection as it is configured, of which nothing is known if it isn't."""
    return parse(name, _files.read(_client_config.peers_path(name)) or b"")


def every() -> list[Other]:
    """All connections of ours on this host, by name."""
    found = []
    for path in sorted(glob.glob(_client_config.peers_path("*"))):
        content = _files.read(path) if os.path.isfile(path) else None
        if content is not None and _client_config.is_ours(content):
            found.append(parse(os.path.basename(path), content))
    return found


def except_for(name: str) -> list[Other]:
    return [other for other in every() if other.name != name]


def refuse_clashes(wanted: Connection, others: t.Iterable[Other]) -> None:
    """Refuse what two connections cannot both have."""
    for other in others:
        if wanted.default_route and other.metric == wanted.metric:
            raise Refused(
                "route_metric",
                f"{wanted.metric} is the metric that the connection {other.name!r} has for its default route, too.",
                "Give this one another metric, or set default_route=false.",
            )
        if wanted.link_name is not None and wanted.link_name == other.link:
            parameter = "link_interface" if wanted.unit is None else "unit"
            raise Refused(
                parameter,
                f"{wanted.link_name} is the link of the connection {other.name!r}.",
                "Give each connection a name of its own, or leave it out.",
            )
