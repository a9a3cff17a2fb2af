# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sessions of l2tpns, in the form of those of pppd, and their end. Private to this collection."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _cli as _l2tpns_cli
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _header as _layout_header
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns

Session = dict[str, t.Any]
#: What such a session has as ``mode``, and as ``instance``.
MODE = "l2tpns"
POLL = 0.2


def live() -> list[Session]:
    """The sessions that have an address, as ``_sessions_observe.live`` gives them; none where l2tpns is not ours."""
    configuration = _files.text(_layout_l2tpns.CONFIGURATION)
    if not _layout_header.is_ours(configuration) or not _l2tpns_cli.answers():
        return []
    now = time.time()
    return [_session(one, configuration, now) for one in _l2tpns_cli.sessions() if one.address]


def end(sessions: t.Sequence[Session], timeout: float) -> list[Session]:
    """End sessions of l2tpns, and return those that are left after ``timeout`` seconds."""
    if not sessions:
        return []
    state = _l2tpns_parse.cluster(_l2tpns_cli.ask(["show cluster"]))
    if not state.master:
        raise Failed(
            f"l2tpns ends sessions on the master of the cluster only, {state.master_address or 'which is not there'}."
            " Run it there."
        )
    _l2tpns_cli.ask([f"drop session {session['session_id']}" for session in sessions], privileged=True)
    deadline = time.monotonic() + timeout
    while True:
        # One that has ended is listed for 15 seconds more, without its address.
        there = {(one.sid, one.username) for one in _l2tpns_cli.sessions() if one.address}
        left = [session for session in sessions if (session["session_id"], session["username"]) in there]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(POLL)


def _session(one: _l2tpns_parse.CliSession, configuration: str, now: float) -> Session:
    values = _l2tpns_parse.values(configuration)
    return {
        "interface": None,
        "role": "server",
        "username": one.username,
        "address": one.address,
        "local_address": values.get("peer_address"),
        "peer_address": one.address,
        "peer_mac": one.mac or None,
        "session_id": one.sid,
        "device": values.get("pppoe_if_to_bind"),
        "instance": MODE,
        "mode": MODE,
        "mtu": None,
        "pid": None,
        "bytes_in": one.from_customer,
        "bytes_out": one.to_customer,
        "since": _text.moment(now - one.seconds),
        "seconds": one.seconds,
        **dict.fromkeys(("plan", "download", "upload", "framed_ipv6_prefix", "delegated_ipv6_prefix")),
    }
