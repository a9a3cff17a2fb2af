#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_ipv6
short_description: Give the customers of a PPPoE server IPv6 prefixes
version_added: 0.1.0
description:
  - Gives each session of an instance of M(dialtone.pppoe.pppoe_server) a /64 by router advertisements, and the router
    of the customer a prefix of its own by DHCPv6 prefix delegation (RFC 8415).
  - An account keeps its prefixes. They are recorded in C(/var/lib/pppoe-server/NAME.prefixes), which stays when the
    prefixes of the instance are removed.
  - The routes of a session exist as long as its link. Addresses of the prefixes that no session has are unreachable.
  - The instance needs O(dialtone.pppoe.pppoe_server#module:ipv6) V(true), and the host has to forward IPv6, see
    O(dialtone.pppoe.forwarding#module:ipv6_forwarding).
  - Living sessions get changed prefixes at once, and none is ended. Everything is validated before the first write.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
options:
  name:
    description:
      - The instance.
    type: str
    default: default
  prefixes:
    description:
      - Networks from which each session gets a /64. Addresses of hosts on the link are made from it.
    type: list
    elements: str
    default: []
  delegated_prefixes:
    description:
      - Networks from which the routers of customers get a prefix for the networks behind them.
    type: list
    elements: str
    default: []
  delegated_length:
    description:
      - The length of these prefixes, from 32 to 64. A length that a router asks for makes no difference.
    type: int
    default: 56
  dns_servers:
    description:
      - Up to three name servers that are announced to customers, by router advertisements and by DHCPv6.
    type: list
    elements: str
    default: []
  accounts:
    description:
      - Accounts that have prefixes of their own; others in the list are passed over. The list can be that of
        O(dialtone.pppoe.chap_user#module:users). Secrets stay on the controller.
      - 'C(name): the account. C(framed_ipv6_prefix): the /64 of its session. C(delegated_ipv6_prefix): the prefix of
        its router, from /32 to /64. They need not be in O(prefixes) or O(delegated_prefixes).'
      - The attributes C(Framed-IPv6-Prefix) and C(Delegated-IPv6-Prefix) of RADIUS take their place.
    type: list
    elements: dict
    default: []
  accounts_src:
    description:
      - A file on the controller with further accounts, as in O(dialtone.pppoe.chap_user#module:src). A CSV file can
        have the columns C(framed_ipv6_prefix) and C(delegated_ipv6_prefix), a JSON file the keys of O(accounts).
    type: str
  filter:
    description:
      - Whether IPv6 packets of customers pass only if their source address is routed to the link by which they come, so
        that no customer uses an address of another. The MSS of TCP connections is limited to what the links carry.
      - This uses nftables, iptables or firewalld, like M(dialtone.pppoe.masquerade). Other rules stay untouched. The
        rules apply to all links called C(ppp*).
      - A chain of another firewall that drops all forwarded packets gets rules that accept those that customers send,
        and the answers to them.
    type: bool
    default: true
  startup:
    description:
      - What starts the program that answers customers at boot. V(auto) is systemd where it runs, otherwise C(rc.local).
    type: str
    choices: [auto, systemd, rc_local]
    default: auto
  state:
    description:
      - V(absent) takes the prefixes of the instance away, also from living sessions.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The program that answers customers needs UDP port 547 (DHCPv6) for itself. It is one process for all instances.
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.forwarding
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Give each customer a /64 for the link and a /56 for the networks behind the router
  dialtone.pppoe.pppoe_ipv6:
    prefixes: ["2001:db8:1::/48"]
    delegated_prefixes: ["2001:db8:100::/40"]
    dns_servers: ["2001:db8::53"]
    accounts:
      - name: cmz
        delegated_ipv6_prefix: "2001:db8:9::/48"

- name: Take all of that away
  dialtone.pppoe.pppoe_ipv6:
    state: absent
"""

RETURN = r"""
sessions:
  description: How many /64 O(prefixes) have.
  returned: success
  type: int
  sample: 65536
delegations:
  description: How many prefixes O(delegated_prefixes) have.
  returned: success
  type: int
  sample: 65536
filter:
  description: What filters, V(nftables), V(iptables) or V(firewalld); null for nothing.
  returned: success
  type: str
  sample: nftables
accounts:
  description: How many accounts have prefixes of their own.
  returned: success
  type: int
  sample: 1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_ipv6 as _server_session_ipv6

ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str", "default": "default"},
    "prefixes": {"type": "list", "elements": "str", "default": []},
    "delegated_prefixes": {"type": "list", "elements": "str", "default": []},
    "delegated_length": {"type": "int", "default": 56},
    "dns_servers": {"type": "list", "elements": "str", "default": []},
    "accounts": {"type": "list", "elements": "dict", "default": []},
    # The action plugin puts the path of its own file here.
    "accounts_src": {"type": "str"},
    "filter": {"type": "bool", "default": True},
    "startup": {"type": "str", "choices": ["auto", "systemd", "rc_local"], "default": "auto"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    return _server_session_ipv6.run(module)


if __name__ == "__main__":
    main()
