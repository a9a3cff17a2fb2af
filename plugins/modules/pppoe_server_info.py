#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_info
short_description: Tell how the PPPoE servers of a host fare
version_added: 0.1.0
description:
  - Lists the instances that M(dialtone.pppoe.pppoe_server) has configured on a host, with the number of their sessions,
    the use of their pools, and what is wrong with them.
  - It changes nothing, and needs to know nothing of the inventory. Secrets are not read.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is ever changed.
  diff_mode:
    support: N/A
    details:
      - Nothing is ever changed.
  idempotent:
    support: full
options: {}
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_session_info
  - module: dialtone.pppoe.pppoe_server_metrics
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: How the servers fare is known
  dialtone.pppoe.pppoe_server_info:
  register: server

- name: It is shown
  ansible.builtin.debug:
    msg: "{{ server.servers | dialtone.pppoe.table(['name', 'sessions', 'pool_free', 'warnings']) }}"
"""

RETURN = r"""
servers:
  description: The instances, by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The name of the instance.
      type: str
      sample: default
    running:
      description: Whether its daemon runs.
      type: bool
      sample: true
    interfaces:
      description: The interfaces that it serves, none if it does not run.
      type: list
      elements: str
      sample: [eth1]
    version:
      description: The version of rp-pppoe.
      type: str
      sample: '3.15'
    mode:
      description: V(kernel) if the kernel carries new sessions, V(user) if relay processes do, V(none) if it is down.
      type: str
      sample: kernel
    sessions:
      description: How many sessions are live.
      type: int
      sample: 12
    sessions_limit:
      description: How many there may be.
      type: int
      sample: 20
    pool_size:
      description: How many addresses the pool has.
      type: int
      sample: 19
    pool_used:
      description: How many of them live sessions have.
      type: int
      sample: 11
    pool_free:
      description: How many of them are free.
      type: int
      sample: 8
    bytes_in:
      description: How many bytes have come in by the live sessions.
      type: int
      sample: 123456
    bytes_out:
      description: How many bytes have gone out by them.
      type: int
      sample: 654321
    warnings:
      description: What is wrong, in sentences.
      type: list
      elements: str
      sample: [The pool is nearly used up.]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _info as _server_info


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        found = _server_info.servers(module)
    except OSError as error:
        module.fail_json(msg=f"The servers of this host cannot be read: {error}")
    module.exit_json(changed=False, servers=found)


if __name__ == "__main__":
    main()
