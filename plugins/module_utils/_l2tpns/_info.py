# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of l2tpns on this host, in the form of that of rp-pppoe's instances. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _pool
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _cli as _l2tpns_cli
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _sessions as _l2tpns_sessions
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

_ASK = ["show version", "show cluster", "show pool"]


def servers(module: AnsibleModule) -> list[dict[str, t.Any]]:
    """The one server, if l2tpns on this host is ours."""
    configuration = _files.text(_layout_l2tpns.CONFIGURATION)
    if not _layout_header.is_ours(configuration):
        return []
    enabled = _systemd.show(module, [_layout_l2tpns.UNIT])[_layout_l2tpns.UNIT].enabled
    values = _l2tpns_parse.values(configuration)
    if not _l2tpns_cli.answers():
        return [describe(values, enabled, None, [], _interfaces.names())]
    text, sessions = _l2tpns_cli.ask(_ASK), _l2tpns_cli.sessions()
    return [describe(values, enabled, text, sessions, _interfaces.names())]


def describe(
    values: t.Mapping[str, str],
    enabled: bool,
    text: str | None,
    sessions: t.Sequence[_l2tpns_parse.CliSession],
    there: t.Collection[str],
) -> dict[str, t.Any]:
    """What the module returns. ``text``: what l2tpns has answered, ``None`` if it does not run. ``there``: interfaces.

    A member that is not the master does not know the pool.
    """
    up = [one for one in sessions if one.address]
    state = _l2tpns_parse.cluster(text) if text else None
    used, free = (_l2tpns_parse.pool(text) if text else None) or (0, 0)
    alone = values.get("cluster_interface") == "lo"
    return {
        "name": _l2tpns_sessions.MODE,
        "engine": _l2tpns_sessions.MODE,
        "running": text is not None,
        "interfaces": [values["pppoe_if_to_bind"]] if text and "pppoe_if_to_bind" in values else [],
        "version": _l2tpns_parse.version(text) if text else None,
        "mode": _l2tpns_sessions.MODE if text else None,
        "cluster_role": None if alone or state is None else "master" if state.master else "member",
        "sessions": len(up),
        "sessions_limit": _l2tpns_parse.MOST_SESSIONS,
        "plans": {},
        "pool_size": used + free,
        "pool_used": used,
        "pool_free": free,
        "drained": False,
        "dial_hold": 0,
        "discovery_rate": 0,
        "pado_delay": 0,
        "bytes_in": sum(one.from_customer for one in up),
        "bytes_out": sum(one.to_customer for one in up),
        "warnings": warnings(values, enabled, state, (used, free), there),
    }


def warnings(
    values: t.Mapping[str, str],
    enabled: bool,
    state: _l2tpns_parse.ClusterState | None,
    pool: tuple[int, int],
    there: t.Collection[str],
) -> list[str]:
    """What is wrong."""
    found, (used, free) = [], pool
    if state is None:
        found.append("It does not run.")
    interface = values.get("pppoe_if_to_bind", "")
    if interface not in there:
        found.append(f"Its interface {interface} is gone.")
    if not enabled:
        found.append("Its unit does not start at boot.")
    if state is not None and values.get("cluster_interface") != "lo":
        if state.master and not state.heard:
            found.append("It hears no other member of the cluster.")
        if not state.up_to_date:
            found.append("It does not have all sessions of the cluster yet.")
    return [*found, *_pool.shortage(used + free, free)]
