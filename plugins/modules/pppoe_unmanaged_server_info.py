#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_unmanaged_server_info
short_description: Read the configuration of an unmanaged PPPoE server
version_added: 0.1.0
description:
  - Reads a server that was set up without this collection, as in a tutorial, that is the process C(pppoe-server) or its
    line in rc.local, its options file, the accounts, NAT rules and forwarding settings. Returns the variables for the
    role P(dialtone.pppoe.pppoe_server#role) to take it over, with what that would change and why.
  - Changes nothing. The result contains no secrets. Accounts stay where they are, and need not be in the inventory.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
    details:
      - Never changes anything.
  diff_mode:
    support: N/A
    details:
      - Never changes anything.
  idempotent:
    support: full
options: {}
requirements:
  - iproute2
notes:
  - The addresses of the pool are determined by C(pppoe-server) itself from its arguments.
  - Servers that are managed by this collection are not listed.
  - Tested on Debian 12 (rp-pppoe 3.15).
seealso:
  - module: dialtone.pppoe.pppoe_server
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Read unmanaged servers
  dialtone.pppoe.pppoe_unmanaged_server_info:
  register: unmanaged

- name: Show their problems
  ansible.builtin.debug:
    msg: "{{ unmanaged.servers | map(attribute='findings') | flatten | selectattr('kind', 'equalto', 'problem') }}"
"""

RETURN = r"""
servers:
  description: The unmanaged servers that are running or that rc.local starts.
  returned: always
  type: list
  elements: dict
  contains:
    command:
      description: Its command, as running or as in rc.local.
      type: list
      elements: str
      sample: [pppoe-server, -I, eth1, -L, 192.168.10.109, -R, 192.168.10.2, -N, '20']
    pid:
      description: Its process ID. V(none) if it is not running.
      type: int
      sample: 615
    live_sessions:
      description: Number of live sessions.
      type: int
      sample: 2
    variables:
      description: Variables for the role P(dialtone.pppoe.pppoe_server#role), without secrets.
      type: dict
      sample:
        pppoe_server_interfaces: [eth1]
        pppoe_server_outside_interface: eth0
        pppoe_server_local_address: 192.168.10.109
        pppoe_server_pool: [192.168.10.2-192.168.10.21]
    findings:
      description: What to know before using the variables.
      type: list
      elements: dict
      contains:
        kind:
          description:
            - V(change) for what a run of the role would change, V(problem) for a problem that the role does not fix,
              V(stays) for what a run leaves unchanged.
          type: str
          sample: change
        text:
          description: What it is about.
          type: str
          sample: The server no longer hands out 192.168.10.3 of cmz2.
        why:
          description: Why, and what to do.
          type: str
          sample: "It gives the fixed address of an account to others too: two customers with one address."
    accounts:
      description: The accounts in the secrets file.
      type: list
      elements: dict
      contains:
        name:
          description: The name, as pppd spells it.
          type: str
          sample: cmz2
        server:
          description: The name of the server that it is valid for.
          type: str
          sample: '*'
        addresses:
          description: The addresses that it may have.
          type: list
          elements: str
          sample: [192.168.10.3]
        line:
          description: The number of its line.
          type: int
          sample: 3
        variable:
          description: A suggested name for the variable with its secret, for moving the account to the inventory.
          type: str
          sample: vault_cmz2_secret
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _observe as _adopt_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        found = _adopt_observe.servers(module)
    except (OSError, _words.UnclosedQuote) as error:
        module.fail_json(msg=f"The server of this host cannot be read: {error}")
    module.exit_json(changed=False, servers=found)


if __name__ == "__main__":
    main()
