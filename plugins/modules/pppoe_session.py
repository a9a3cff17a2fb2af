#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_session
short_description: Hang up live PPPoE sessions
version_added: 0.1.0
description:
  - Ends PPPoE sessions of a host, those that it serves and those that it has dialled, and returns once they have ended.
  - The other end is told (LCP Terminate-Request, PADT). It does not matter whether the kernel or a relay process
    carries the session, who has started it, and whether the server that began it still runs.
  - A session is meant if every selector that is given allows it. At least one selector or O(all) is required.
  - A client that is hung up may dial again at once, unless its account is gone or has another secret. A connection of
    M(dialtone.pppoe.pppoe_client) on this host stays down until the next boot, or until somebody starts it.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
  - dialtone.pppoe.sessions
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(absent) ends the sessions that are meant.
    type: str
    choices: [absent]
    required: true
  all:
    description:
      - End every session that the selectors allow, or every session of the host if there is none. It has to be said in
        so many words, since a router may have an uplink of its own among them; O(role) tells these apart.
    type: bool
    default: false
  timeout:
    description:
      - How many seconds the sessions may take to end. A peer that does not answer any more takes about six. The task
        fails if there are any left after that.
    type: int
    default: 20
requirements:
  - iproute2
notes:
  - Sessions that are still coming up are ended too, as soon as their account is known.
seealso:
  - module: dialtone.pppoe.chap_user
  - module: dialtone.pppoe.pppoe_client
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
# An account is looked up when its owner dials, so taking it away does not end a session.
- name: The account of a former customer is gone
  dialtone.pppoe.chap_user:
    name: cmz
    state: absent

- name: And he is no longer connected
  dialtone.pppoe.pppoe_session:
    state: absent
    username: cmz

# The same for all accounts that a list no longer has. If there are none, an empty list hangs nobody up.
- name: There are no accounts but these
  dialtone.pppoe.chap_user:
    users: "{{ customers }}"
    exclusive: true
  register: accounts

- name: Those that were removed are no longer connected
  dialtone.pppoe.pppoe_session:
    state: absent
    role: server
    username: "{{ accounts.removed }}"

- name: The session with this address ends
  dialtone.pppoe.pppoe_session:
    state: absent
    address: 192.168.10.7

- name: A customer's router has to dial anew, whatever account it uses
  dialtone.pppoe.pppoe_session:
    state: absent
    mac: 02:64:74:00:01:02

- name: Everyone who is served by one instance is hung up
  dialtone.pppoe.pppoe_session:
    state: absent
    instance: campus
    role: server

- name: Nobody is served any more, but the uplink stays
  dialtone.pppoe.pppoe_session:
    state: absent
    all: true
    role: server
"""

RETURN = r"""
sessions:
  description:
    - The sessions that were ended, each with what M(dialtone.pppoe.pppoe_session_info) tells of it.
    - Its C(address) is V(none) for one that was still coming up.
  returned: always
  type: list
  elements: dict
  sample: [{"interface": "ppp0", "role": "server", "username": "cmz", "address": "192.168.10.2", "pid": 1677}]
count:
  description: How many that were.
  returned: always
  type: int
  sample: 1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed, Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
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
            "it is not said which sessions are meant.",
            "Give username, address, mac, interface or instance, or all=true.",
        )
    if module.params["timeout"] < 1:
        raise Refused("timeout", "{} is too small.".format(module.params["timeout"]), "Give 1 or more.")
    meant = _sessions_selection.chosen(_sessions_observe.every(module), wanted)
    left = [] if module.check_mode else _sessions_hang_up.hang_up(module, meant, module.params["timeout"])
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
                module.params["timeout"], ", ".join("{interface} (pid {pid})".format(**session) for session in left)
            ),
            **result,
        )
    return result


def _line(session: dict[str, t.Any]) -> str:
    return "{interface} {role} {username} {address} {peer_mac}\n".format(**session)


if __name__ == "__main__":
    main()
