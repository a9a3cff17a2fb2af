#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_client_info
short_description: Report the status of PPPoE client connections
version_added: 0.1.0
description:
  - Lists the connections that M(dialtone.pppoe.pppoe_client) has configured on a host, whether up or down, with their
    addresses and counters, and with the reason if the last dial failed.
  - Changes nothing, and needs no variables from the inventory.
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
options:
  name:
    description:
      - Limit the list to these connections. Those that are not configured are in RV(missing).
      - Default is all.
    type: list
    elements: str
requirements:
  - iproute2
seealso:
  - module: dialtone.pppoe.pppoe_client
  - module: dialtone.pppoe.pppoe_session_info
    description: All live sessions, including those of servers and of other software.
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Read the status of the connections
  dialtone.pppoe.pppoe_client_info:
  register: client

- name: Show it
  ansible.builtin.debug:
    msg: "{{ client.connections | dialtone.pppoe.table(['name', 'state', 'address', 'since', 'last_error']) }}"

- name: Check that every connection is up
  ansible.builtin.assert:
    that: client.connections | rejectattr('state', 'equalto', 'connected') | list | length == 0
"""

RETURN = r"""
connections:
  description: The connections, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the connection.
      type: str
      sample: uplink
    state:
      description:
        - V(connected) if the link has an IPv4 address, V(dialling) if it is being dialled or waiting to redial,
          V(asleep) if it waits for traffic (dial on demand), V(disconnected) otherwise.
      type: str
      sample: connected
    device:
      description: The Ethernet interface that it dials on.
      type: str
      sample: eth0
    username:
      description: The account.
      type: str
      sample: cmz
    interface:
      description: The interface of the link. This and the following six values are V(none) unless it is connected.
      type: str
      sample: ppp0
    address:
      description: The address of the host.
      type: str
      sample: 192.168.10.2
    peer_address:
      description: The address of the server.
      type: str
      sample: 192.168.10.109
    mtu:
      description: The MTU of the link in bytes.
      type: int
      sample: 1492
    since:
      description: Start of the session, in UTC.
      type: str
      sample: "2026-11-22T14:21:53Z"
    seconds:
      description: Duration of the session in seconds.
      type: int
      sample: 86400
    bytes_in:
      description: Bytes received in this session.
      type: int
      sample: 123456
    bytes_out:
      description: Bytes sent in this session.
      type: int
      sample: 654321
    ipv6_address:
      description: A global IPv6 address of the link. V(none) if it has none.
      type: str
      sample: "2001:db8:1:2::2"
    delegated_ipv6_prefix:
      description: The prefix that the server has delegated. V(none) if there is none, or if it is a single /64.
      type: str
      sample: "2001:db8:100:500::/56"
    inside_ipv6_prefixes:
      description: The /64 of each inside interface that has one.
      type: dict
      sample: {eth1: "2001:db8:100:500::/64"}
    boot:
      description: Whether its unit starts at boot. V(none) on a host without systemd.
      type: bool
      sample: true
    reason:
      description:
        - Why the last dial has failed, in a word, as of M(dialtone.pppoe.pppoe_client). V(none) if it has not, or
          if the connection is up.
      type: str
      sample: account_refused
    last_error:
      description: The same in a sentence.
      type: str
      sample: "No access concentrator answers on eth0 (no PADO to our PADI)."
    last_error_at:
      description: When pppd has said so, in UTC.
      type: str
      sample: "2026-11-22T14:21:53Z"
missing:
  description: The names of O(name) that no connection has.
  returned: success
  type: list
  elements: str
  sample: []
count:
  description: How many connections there are.
  returned: success
  type: int
  sample: 1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _connections as _client_connections
from ansible_collections.dialtone.pppoe.plugins.module_utils._client import _status as _client_status
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._root import require_root

ARGUMENTS = {"name": {"type": "list", "elements": "str"}}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    require_root("The connections of a host")
    names = module.params["name"]
    every = _client_connections.every()
    found = _client_status.status(module, [one for one in every if names is None or one.name in names])
    missing = sorted(set(names or ()) - {one.name for one in every})
    return {"changed": False, "connections": found, "missing": missing, "count": len(found)}


if __name__ == "__main__":
    main()
