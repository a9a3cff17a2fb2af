# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connections that a host has, by their peers files. Private to this collection. Pure but for ``every``."""

from __future__ import annotations

import glob
import os
import typing as t
from contextlib import suppress
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import Connection
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd._words import UnclosedQuote, lines


@dataclass(frozen=True)
class Configured:
    """A connection as it is configured: its Ethernet interface, the name of its link, the metric of its default route.

    And what it dials with: its account, and the AC and service that it insists on.
    """

    name: str
    nic: str | None = None
    link: str | None = None
    metric: int | None = None
    demand: bool = False
    username: str | None = None
    ac_name: str | None = None
    service_name: str | None = None


def parse(name: str, content: bytes) -> Configured:
    """What a peers file of ours says of its connection, as far as it can be read."""
    options: dict[str, str] = {}
    variables: dict[str, str] = {}
    with suppress(UnclosedQuote):
        for line in lines(content):
            words = [word.decode("utf-8", "replace") for word in line.words]
            if words[:1] == ["set"]:
                key, _equals, value = "".join(words[1:2]).partition("=")
                variables[key] = value
            elif words:
                options[words[0]] = words[1] if len(words) > 1 else ""
    metric = variables.get(_layout_client.METRIC, "")
    return Configured(
        name,
        nic=next((option[4:] for option in options if option.startswith("nic-")), None),
        link=options.get("ifname") or (f"ppp{options['unit']}" if "unit" in options else None),
        metric=int(metric) if metric.isdecimal() else None,
        demand="demand" in options,
        username=options.get("user"),
        ac_name=options.get("rp_pppoe_ac"),
        service_name=options.get("rp_pppoe_service"),
    )


def as_configured(found: Configured, interfaces: t.Container[str]) -> Connection:
    """The connection as far as dialling it needs to be known; ``Refused`` if there is none of its name."""
    if found.nic is None or found.username is None:
        raise Refused(
            "interface",
            f"it is missing, and there is no connection {found.name!r} that could be dialled as it is configured.",
            "Give interface and username.",
        )
    interface, _dot, vlan = found.nic.rpartition(".")
    # Only a VLAN that is not there has to be made, by the interface that it is on.
    missing = bool(interface) and vlan.isdigit() and found.nic not in interfaces
    return Connection(
        found.name,
        interface=interface if missing else found.nic,
        username=found.username,
        vlan=int(vlan) if missing else None,
        ac_name=found.ac_name,
        service_name=found.service_name,
        default_route=found.metric is not None,
        metric=found.metric or 0,
        demand_idle=1 if found.demand else None,
    )


def every() -> list[Configured]:
    """All connections of ours on this host, by name."""
    found = []
    for path in sorted(glob.glob(_layout_client.peers_path("*"))):
        content = _files.read(path) if os.path.isfile(path) else None
        if content is not None and _layout_client.is_ours(content):
            found.append(parse(os.path.basename(path), content))
    return found
