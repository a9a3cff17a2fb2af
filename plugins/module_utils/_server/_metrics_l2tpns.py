# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the metrics of l2tpns on this host are made of. Private to this collection.

Only Python's own library: this file is a part of the program that writes metrics.
"""

from __future__ import annotations

import ipaddress
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _reading as _l2tpns_reading
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _upstream as _radius_upstream
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _exposition as _server_exposition
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _status as _server_status

ENGINE = "l2tpns"
FOLDER = "/etc/l2tpns"


def found(name: str) -> tuple[_server_status.Status, _server_exposition.Cluster | None]:
    """Its status, and what it says of its cluster, ``None`` if it does not answer."""
    configuration = _l2tpns_parse.values(_server_status.text(f"{FOLDER}/startup-config"))
    pool = tuple(addresses(_l2tpns_parse.networks(_server_status.text(f"{FOLDER}/ip_pool"))))
    pid, since = _server_status.oldest(ENGINE)
    try:
        listed = _l2tpns_reading.sessions()
        text = _l2tpns_reading.ask(["show cluster", "show counters"])
    except OSError:
        return _server_status.Status(name, None, (), pool, (), limit=_l2tpns_parse.MOST_SESSIONS), None
    sessions = tuple(
        _server_status.SessionStatus(str(one.sid), one.address, one.from_customer, one.to_customer)
        for one in listed
        if one.address
    )
    status = _server_status.Status(name, pid, (), pool, sessions, (), since, _l2tpns_parse.MOST_SESSIONS)
    alone = configuration.get("cluster_interface") == "lo"
    return status, cluster(_l2tpns_parse.cluster(text), _l2tpns_parse.starts(text), alone)


def cluster(state: _l2tpns_parse.ClusterState, starts: int, alone: bool) -> _server_exposition.Cluster:
    """``alone``: it is in none."""
    member = (int(state.master), 1 + state.heard, int(state.up_to_date))
    return _server_exposition.Cluster(starts, None if alone else member)


def addresses(networks: t.Iterable[str]) -> t.Iterator[str]:
    """The addresses of a pool that l2tpns gives out: none that ends in .0 or .255."""
    for network in networks:
        for address in ipaddress.IPv4Network(network):
            if int(address) & 0xFF not in (0, 0xFF):
                yield str(address)


def radius() -> dict[str, float | None]:
    """Its RADIUS servers, and how long each took to answer."""
    values = _l2tpns_parse.values(_server_status.text(f"{FOLDER}/startup-config"))
    servers = []
    for which in ("primary", "secondary"):
        with suppress(KeyError, ValueError):
            address, port = values[f"{which}_radius"], int(values[f"{which}_radius_port"])
            if port:
                servers.append(_radius_upstream.Upstream(address, port, values["radius_secret"], "", False))
    return {one.name: _radius_upstream.seconds(one) for one in servers}
