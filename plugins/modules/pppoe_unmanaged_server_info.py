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
  - Reads a server that somebody has set up without this collection, that is the process C(pppoe-server) and whatever
    starts it, its options file, the accounts, the rules for NAT and the setting for forwarding, and gives the
    variables with which the role P(dialtone.pppoe.pppoe_server#role) makes the same of it, with what that would
    change and why.
  - Read are rc.local and the scripts that it runs, systemd units with their drop-ins and environment files, scripts
    in C(/etc/init.d), crontabs, C(/etc/network/interfaces) and hooks of networks and of pppd. They are read as a
    shell reads them, and nothing of them is run. Variables with literal values, loops over literal words, C(su -c),
    C(sh -c), C(sudo), C(nohup), C(screen) and the like are followed. Whatever only a run could tell is named with its
    file and its line.
  - The method of authentication is the one that pppd asks for, from all options, C(/etc/ppp/options) and the accounts
    that there are. If pppd's plugin C(radius.so) asks RADIUS servers, its configuration is read, and they are in
    C(pppoe_server_radius), each with a variable for a vault as its secret. Accounts that another plugin asks for
    elsewhere are named as such, and the role refuses to take over the server.
  - It changes nothing. Secrets are not in its result. Accounts stay where they are, and need not be in the inventory.
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
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
  description: Each server that runs, or that something starts at boot, other than those of this collection.
  returned: always
  type: list
  elements: dict
  contains:
    command:
      description: Its command, as it runs or as it is started.
      type: list
      elements: str
      sample: [pppoe-server, -I, eth1, -L, 192.168.10.109, -R, 192.168.10.2, -N, '20']
    own_name:
      description: The name that the second column of the secrets files has for it.
      type: str
      sample: gate1
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
            - V(refused) for what has to be solved before the role takes over, V(change) for what a run of the role
              would change, V(problem) for what is wrong and will stay so, V(stays) for what a run leaves as it is.
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
findings:
  description: What is to be known of the host as a whole, such as lines that cannot be read literally.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: As in RV(servers[].findings[].kind).
      type: str
      sample: refused
    text:
      description: What it is about.
      type: str
      sample: "Line 4 of /etc/rc.local cannot be read literally: 'pppoe-server -I $(cat /etc/lan)'."
    why:
      description: Why, and what to do.
      type: str
      sample: It starts a pppoe-server. Write its command out with its values, or take it out.
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _observe as _adopt_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS: dict[str, t.Any] = {}


def run(module: AnsibleModule) -> dict[str, t.Any]:
    _root.require_root("The servers of a host")
    servers, findings = _adopt_observe.servers(module)
    return {"changed": False, "servers": servers, "findings": findings}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
