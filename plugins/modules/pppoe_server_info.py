#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_info
short_description: Report the status of PPPoE servers
version_added: 0.1.0
description:
  - Lists the instances that M(dialtone.pppoe.pppoe_server) has configured on a host, with the number of their sessions,
    the usage of their pools, and warnings. Lists l2tpns (M(dialtone.pppoe.pppoe_l2tpns)) in the same form.
  - Changes nothing, and needs no variables from the inventory. Does not read secrets.
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
options: {}
seealso:
  - module: dialtone.pppoe.pppoe_access
  - module: dialtone.pppoe.pppoe_l2tpns
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_session_info
  - module: dialtone.pppoe.pppoe_server_metrics
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Read the status of the servers
  dialtone.pppoe.pppoe_server_info:
  register: server

- name: Show it
  ansible.builtin.debug:
    msg: "{{ server.servers | dialtone.pppoe.table(['name', 'sessions', 'pool_free', 'warnings']) }}"
"""

RETURN = r"""
servers:
  description: The instances, sorted by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the instance. V(l2tpns) with l2tpns.
      type: str
      sample: default
    engine:
      description: V(rp-pppoe) or V(l2tpns).
      type: str
      sample: rp-pppoe
    running:
      description: Whether its daemon is running.
      type: bool
      sample: true
    interfaces:
      description: The interfaces that it serves. Empty if it is not running.
      type: list
      elements: str
      sample: [eth1]
    version:
      description: The version of rp-pppoe or l2tpns.
      type: str
      sample: '3.15'
    mode:
      description: V(kernel) if new sessions are carried by the kernel, V(user) if by relay processes, V(l2tpns) if by
        l2tpns, V(none) if it is not running.
      type: str
      sample: kernel
    cluster_role:
      description: V(master) or V(member) in a cluster of l2tpns, where each member has all sessions; otherwise V(none).
      type: str
      sample: master
    sessions:
      description: Number of live sessions.
      type: int
      sample: 12
    sessions_limit:
      description: Maximum number of sessions.
      type: int
      sample: 20
    plans:
      description: How many live sessions have each plan (see M(dialtone.pppoe.pppoe_plans)).
      type: dict
      sample: {home: 11, office: 1}
    pool_size:
      description: Number of addresses in the pool. V(0) where RADIUS assigns them.
      type: int
      sample: 19
    pool_used:
      description: Number of pool addresses in use.
      type: int
      sample: 11
    pool_free:
      description: Number of free pool addresses.
      type: int
      sample: 8
    drained:
      description: Whether it starts no new sessions, see M(dialtone.pppoe.pppoe_access).
      type: bool
      sample: false
    dial_hold:
      description: How long it holds PADS and LCP requests, in milliseconds.
      type: int
      sample: 90
    discovery_rate:
      description: How many PADI and PADR each client may send per second. V(0) is no limit.
      type: int
      sample: 5
    pado_delay:
      description: How long it delays each PADO, in milliseconds, or a list of steps by the number of sessions.
      type: raw
      sample: 0
    bytes_in:
      description: Bytes received in the live sessions.
      type: int
      sample: 123456
    bytes_out:
      description: Bytes sent in the live sessions.
      type: int
      sample: 654321
    warnings:
      description: What is wrong, in sentences.
      type: list
      elements: str
      sample: [The pool is nearly used up.]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _info as _l2tpns_info
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _info as _server_info

ARGUMENTS: dict[str, t.Any] = {}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    _root.require_root("The servers of a host")
    return {"changed": False, "servers": [*_server_info.servers(module), *_l2tpns_info.servers(module)]}


if __name__ == "__main__":
    main()
