#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_routing
short_description: Announce the addresses of PPPoE customers to the routers of the network
version_added: 0.1.0
description:
  - For networks with several access concentrators, where the address of a customer moves with the customer. Routes of
    all sessions of this host, their addresses, IPv6 prefixes and C(Framed-Route), are announced by OSPF or BGP.
  - The newest session of a customer wins in the whole network, so that a customer who has dialled another server is
    reachable while the former one still believes in its session. This needs clocks that agree to within a second.
  - The session manager puts the routes into a table of the kernel, from which BIRD learns them. No program is run when
    a session begins or ends.
  - BIRD's own configuration stays. One line is added that includes a file with tables and protocols of our own. It is
    checked (C(bird -p)) before anything is written, and afterwards it is checked that BIRD runs it.
  - A routing daemon that ends is started again at once (C(Restart=always)).
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: A file with passwords is listed, but its content is not shown.
  idempotent:
    support: full
options:
  state:
    description:
      - V(absent) withdraws the routes. The routing daemon and the administrator's configuration stay.
    type: str
    choices: [present, absent]
    default: present
  engine:
    description:
      - The routing daemon. With V(none), there is only O(proxy_arp).
      - With V(frr), a block in C(frr.conf) is ours, which vtysh applies without touching the rest. FRR announces the
        addresses of sessions, but neither IPv6 prefixes nor C(Framed-Route), and the newest session does not win. A
        customer who has moved is reachable as soon as the former session has ended.
    type: str
    choices: [bird, frr, none]
    default: bird
  ospf:
    description:
      - Announce by OSPF, as external routes of type 2. With O(ipv6), also by OSPFv3.
      - Without O(ospf) and O(bgp), the routes are only in BIRD's tables C(pppoe_server_customers4) and
        C(pppoe_server_customers6), for protocols of your own. Use that if BIRD speaks OSPF on these interfaces already.
    type: dict
    suboptions:
      interfaces:
        description:
          - Interfaces that lead to the routers of the network.
        type: list
        elements: str
        required: true
      area:
        description:
          - The area, as a number or as an address.
        type: str
        default: "0"
      hello:
        description:
          - Seconds between two hello packets. All routers of a segment need the same.
        type: int
        default: 10
      dead:
        description:
          - Seconds without a hello after which a router is dead. All routers of a segment need the same.
          - Four times O(ospf.hello) if not set.
        type: int
      password:
        description:
          - Authenticate packets with this password, by MD5 with OSPF and by HMAC-SHA256 with OSPFv3.
        type: str
  bgp:
    description:
      - Announce by BGP. Routes get a local preference and a MED by the age of the session.
    type: dict
    suboptions:
      as_number:
        description:
          - The AS of this host.
        type: int
        required: true
      neighbors:
        description:
          - The routers. One with an IPv4 address gets IPv4 routes, one with an IPv6 address IPv6 routes.
        type: list
        elements: dict
        required: true
        suboptions:
          address:
            description:
              - Its address.
            type: str
            required: true
          as_number:
            description:
              - Its AS. That of this host if not set. A router of another AS compares the MED only among routes of one
                AS, so all servers need the same one.
            type: int
          password:
            description:
              - The password of the TCP connection (RFC 2385).
            type: str
  ipv6:
    description:
      - Whether to announce IPv6 prefixes, too.
    type: bool
    default: false
  aggregates:
    description:
      - Networks whose addresses never move to another server. They are announced as a whole, and the customers in them
        are not announced one by one.
    type: list
    elements: str
    default: []
  router_id:
    description:
      - The router ID. If not set, it is that of BIRD's own configuration, otherwise the address of the first interface
        of O(ospf), otherwise the address that the first BGP neighbor sees.
    type: str
  proxy_arp:
    description:
      - Interfaces on which this host answers ARP requests for the addresses of its customers, for one segment without
        routers, in whose network these addresses are. Neighbors learn at once of each new session (gratuitous ARP).
      - The kernel then answers on them for all that it routes to another interface.
    type: list
    elements: str
    default: []
  table:
    description:
      - The number of the kernel's routing table for these routes. Nothing else may use it.
    type: int
    default: 88
requirements:
  - BIRD 2, or FRR 8 or later
notes:
  - On a host with C(rp_filter) 1 towards the routers, a customer who has moved may be unreachable until the former
    session has ended.
seealso:
  - module: dialtone.pppoe.pppoe_server
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Announce customers by OSPF
  dialtone.pppoe.pppoe_server_routing:
    ospf:
      interfaces: [eth0]
      hello: 1

- name: Announce customers by BGP, but the pool of this server as a whole
  dialtone.pppoe.pppoe_server_routing:
    bgp:
      as_number: 65001
      neighbors:
        - address: 192.0.2.1
    aggregates: [198.51.100.0/24]

- name: Let the neighbors on a segment without routers reach customers
  dialtone.pppoe.pppoe_server_routing:
    engine: none
    proxy_arp: [eth0]

- name: Stop announcing
  dialtone.pppoe.pppoe_server_routing:
    state: absent
"""

RETURN = r"""
engine:
  description: The routing daemon.
  returned: with O(state=present)
  type: str
  sample: bird
table:
  description: The kernel's table with the routes.
  returned: with O(state=present)
  type: int
  sample: 88
router_id:
  description: The router ID. V(null) for that of the daemon's own configuration.
  returned: with O(state=present)
  type: str
  sample: 192.0.2.109
protocols:
  description: What BIRD says of the protocols. Empty for other engines.
  returned: with O(state=present)
  type: list
  elements: dict
  sample: [{"name": "pppoe_server_ospf4", "protocol": "OSPF", "state": "up", "information": "Running"}]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_routing as _server_session_routing

OSPF = {
    "interfaces": {"type": "list", "elements": "str", "required": True},
    "area": {"type": "str", "default": "0"},
    "hello": {"type": "int", "default": 10},
    "dead": {"type": "int"},
    "password": {"type": "str", "no_log": True},
}
NEIGHBOR = {
    "address": {"type": "str", "required": True},
    "as_number": {"type": "int"},
    "password": {"type": "str", "no_log": True},
}
BGP = {
    "as_number": {"type": "int", "required": True},
    "neighbors": {"type": "list", "elements": "dict", "required": True, "options": NEIGHBOR},
}
ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "engine": {"type": "str", "choices": ["bird", "frr", "none"], "default": "bird"},
    "ospf": {"type": "dict", "options": OSPF},
    "bgp": {"type": "dict", "options": BGP},
    "ipv6": {"type": "bool", "default": False},
    "aggregates": {"type": "list", "elements": "str", "default": []},
    "router_id": {"type": "str"},
    "proxy_arp": {"type": "list", "elements": "str", "default": []},
    "table": {"type": "int", "default": 88},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    return _server_session_routing.run(module)


if __name__ == "__main__":
    main()
