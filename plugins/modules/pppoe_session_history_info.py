#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_session_history_info
short_description: Find out who had which address when
version_added: 0.1.0
description:
  - Lists former and live PPPoE sessions by address, account, MAC address and time.
  - On a RADIUS centre (see M(dialtone.pppoe.pppoe_radius)), they come from the accounting of all servers. On a server
    with O(dialtone.pppoe.pppoe_server#module:history_days), they come from its own record.
  - Without any selector, all sessions are listed, up to O(limit).
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
options:
  address:
    description:
      - Limit to sessions with one of these addresses. An IPv6 address means sessions that had a prefix with it, at the
        time that is asked for. A centre has no record of IPv6 prefixes.
    type: list
    elements: str
  username:
    description: Limit to sessions of these accounts.
    type: list
    elements: str
  mac:
    description: Limit to sessions of clients with one of these MAC addresses.
    type: list
    elements: str
  at:
    description:
      - Limit to sessions that were up at this moment, in ISO 8601, such as V(2026-11-28T14:30:00+01:00). Without a zone
        it is UTC.
    type: str
  since:
    description: Limit to sessions that were up at this time or later.
    type: str
  until:
    description: Limit to sessions that were up at this time or earlier.
    type: str
  limit:
    description: How many sessions are listed at most, the latest ones.
    type: int
    default: 1000
  path:
    description: The record of a server.
    type: path
    default: /var/lib/pppoe-server/history.db
  service_file:
    description: The service file of libpq that describes the database of a centre.
    type: path
    default: /etc/freeradius/pppoe-radius/pg_service.conf
seealso:
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Find out who had an address
  dialtone.pppoe.pppoe_session_history_info:
    address: 10.20.1.77
    at: "2026-11-28T14:30:00+01:00"
  register: found

- name: List the sessions of an account in November
  dialtone.pppoe.pppoe_session_history_info:
    username: cmz
    since: "2026-11-01"
    until: "2026-12-01"
"""

RETURN = r"""
sessions:
  description: The sessions, the latest one first.
  returned: always
  type: list
  elements: dict
  contains:
    account:
      description: The account, V(none) if it had not named one.
      type: str
      sample: cmz
    address:
      description: The client's address.
      type: str
      sample: 10.20.1.77
    ipv6_prefixes:
      description:
        - The IPv6 prefixes that the session had, each with C(start) and C(stop), which is V(none) if it has it now.
          Empty on a centre.
      type: list
      elements: dict
      sample: [{prefix: "2001:db8:194:4700::/56", start: "2026-11-28T12:00:01Z", stop: "2026-11-28T13:40:00Z"}]
    mac:
      description: The client's MAC address.
      type: str
      sample: 02:64:74:00:01:02
    device:
      description: The Ethernet interface of the server.
      type: str
      sample: eth1
    interface:
      description: The PPP interface. V(none) on a centre.
      type: str
      sample: ppp3
    session_id:
      description: The PPPoE session ID.
      type: int
      sample: 7
    start:
      description: The start of the session, in UTC.
      type: str
      sample: "2026-11-28T12:00:00Z"
    stop:
      description: Its end, V(none) if it is up.
      type: str
      sample: "2026-11-28T13:40:00Z"
    seconds:
      description: Its duration.
      type: int
      sample: 6000
    bytes_in:
      description: Bytes received from the client.
      type: int
      sample: 123456
    bytes_out:
      description: Bytes sent to the client.
      type: int
      sample: 654321
    cause:
      description:
        - Why it ended, as far as that is known.
        - On a centre, the cause of RADIUS, or V(Stale) if nothing was heard of it.
        - On a server, the reason for which the session manager hung it up, or else what pppd has said of it in the
          journal, as a cause of RADIUS; V(boot) if the host went down, or V(unseen) if its end was not seen.
        - V(User-Request) means that the client has hung up, V(Admin-Reset) a signal to pppd, V(Lost-Carrier) that LCP
          echoes were not answered or the interface went down, V(Session-Timeout) and V(Idle-Timeout) the limits of that
          name, V(NAS-Request) a limit of traffic, and V(Service-Unavailable) that a later authentication failed.
      type: str
      sample: User-Request
    server:
      description: The address of the server on a centre, the instance on a server.
      type: str
      sample: 192.168.5.109
    source:
      description: V(radius) or V(server).
      type: str
      sample: radius
count:
  description: How many of them there are.
  returned: always
  type: int
  sample: 1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _question as _history_question
from ansible_collections.dialtone.pppoe.plugins.module_utils._history import _records as _history_records
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS = {
    "address": {"type": "list", "elements": "str"},
    "username": {"type": "list", "elements": "str"},
    "mac": {"type": "list", "elements": "str"},
    "at": {"type": "str"},
    "since": {"type": "str"},
    "until": {"type": "str"},
    "limit": {"type": "int", "default": 1000},
    "path": {"type": "path", "default": "/var/lib/pppoe-server/history.db"},
    "service_file": {"type": "path", "default": "/etc/freeradius/pppoe-radius/pg_service.conf"},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    asked = _history_question.question(module.params)
    _root.require_root("The records of sessions")
    found = _history_records.every(module, module.params["path"], module.params["service_file"], asked)
    return {"changed": False, "sessions": found, "count": len(found)}


if __name__ == "__main__":
    main()
