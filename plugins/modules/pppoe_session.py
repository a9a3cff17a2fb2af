#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_session
short_description: End live PPPoE sessions
version_added: 0.1.0
description:
  - Ends PPPoE sessions of a host, both those it serves and those it has dialled, and returns once they have ended.
  - The other end is notified (LCP Terminate-Request, PADT). This works for sessions carried by the kernel or by a relay
    process, whatever started them, and even if the server that started them is gone.
  - A session is selected if it matches every selector that is set. At least one selector or O(all) is required.
  - Sessions of M(dialtone.pppoe.pppoe_l2tpns) are ended on the master of the cluster. On another member,
    the task fails and names the master.
  - A client can reconnect at once unless its account was removed or its secret changed. A connection of
    M(dialtone.pppoe.pppoe_client) on this host stays down until the next boot, or until it is started.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
  - dialtone.pppoe.sessions
options:
  state:
    description:
      - V(absent) ends the selected sessions.
    type: str
    choices: [absent]
    required: true
  all:
    description:
      - End all sessions that match the selectors, or all sessions of the host if none is set. This must be requested
        explicitly, since the uplink of a router may be among them; use O(role) to exclude it.
    type: bool
    default: false
  timeout:
    description:
      - Seconds to wait for the sessions to end. The session of a peer that no longer responds takes about six. The task
        fails if any are left after that.
    type: int
    default: 20
requirements:
  - iproute2
notes:
  - Sessions that are still being established are ended as well, as soon as their account is known.
seealso:
  - module: dialtone.pppoe.chap_user
  - module: dialtone.pppoe.pppoe_client
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
# Accounts are looked up when a client authenticates, so removing one does not end a session.
- name: Remove the account of a former customer
  dialtone.pppoe.chap_user:
    name: cmz
    state: absent

- name: End the customer's session
  dialtone.pppoe.pppoe_session:
    state: absent
    username: cmz

# The same for all accounts that are no longer listed. An empty list ends no session.
- name: Make the list of customers authoritative
  dialtone.pppoe.chap_user:
    users: "{{ customers }}"
    exclusive: true
  register: accounts

- name: End the sessions of removed accounts
  dialtone.pppoe.pppoe_session:
    state: absent
    role: server
    username: "{{ accounts.removed }}"

- name: End the session with this address
  dialtone.pppoe.pppoe_session:
    state: absent
    address: 192.168.10.7

- name: End the session of a router, whatever account it uses
  dialtone.pppoe.pppoe_session:
    state: absent
    mac: 02:64:74:00:01:02

- name: End all sessions of an instance
  dialtone.pppoe.pppoe_session:
    state: absent
    instance: campus
    role: server

- name: End all sessions of clients, but keep the uplink
  dialtone.pppoe.pppoe_session:
    state: absent
    all: true
    role: server
"""

RETURN = r"""
sessions:
  description:
    - The sessions that were ended, with the values of M(dialtone.pppoe.pppoe_session_info).
    - C(address) is V(none) for a session that was still being established.
  returned: always
  type: list
  elements: dict
  sample: [{"interface": "ppp0", "role": "server", "username": "cmz", "address": "192.168.10.2", "pid": 1677}]
count:
  description: Number of sessions.
  returned: always
  type: int
  sample: 1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _sessions as _l2tpns_sessions
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _hang_up as _sessions_hang_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _selection as _sessions_selection

ARGUMENTS = {
    **_sessions_selection.ARGUMENTS,
    "state": {"type": "str", "choices": ["absent"], "required": True},
    "all": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 20},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    wanted = _sessions_selection.selection(module.params)
    if not module.params["all"] and not set(wanted) - {"role"}:
        raise Refused(
            "username",
            "no sessions are selected.",
            "Give username, address, mac, interface or instance, or all=true.",
        )
    if module.params["timeout"] < 1:
        raise Refused("timeout", "{} is too small.".format(module.params["timeout"]), "Give 1 or more.")
    _root.require_root("The sessions of a host")
    meant = _sessions_selection.chosen([*_sessions_observe.every(module), *_l2tpns_sessions.live()], wanted)
    left = [] if module.check_mode else _end(module, meant)
    ended = [session for session in meant if session not in left]
    result = {
        "changed": bool(ended),
        "sessions": ended,
        "count": len(ended),
        "diff": {"before": "".join(map(_line, ended)), "after": ""},
    }
    if left:
        raise Failed(
            "These sessions have not ended within {} seconds: {}.".format(
                module.params["timeout"], ", ".join(map(_name, left))
            ),
            **result,
        )
    return result


def _end(module: AnsibleModule, meant: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """End them, and return those that are left."""
    of_l2tpns = [session for session in meant if session["mode"] == _l2tpns_sessions.MODE]
    of_pppd = [session for session in meant if session not in of_l2tpns]
    left = _l2tpns_sessions.end(of_l2tpns, module.params["timeout"])
    return left + _sessions_hang_up.hang_up(module, of_pppd, module.params["timeout"])


def _name(session: dict[str, t.Any]) -> str:
    if session["mode"] == _l2tpns_sessions.MODE:
        return "{username} (session {session_id})".format(**session)
    return "{interface} (pid {pid})".format(**session)


def _line(session: dict[str, t.Any]) -> str:
    return "{interface} {role} {username} {address} {peer_mac}\n".format(**session)


if __name__ == "__main__":
    main()
