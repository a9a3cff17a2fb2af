#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_l2tpns
short_description: Serve PPPoE with l2tpns, alone or as a cluster
version_added: 0.1.0
description:
  - Configures and runs C(l2tpns), a PPPoE server whose sessions outlive a host. All members of a cluster know all
    sessions, and when one fails, the others go on with them. Use it instead of M(dialtone.pppoe.pppoe_server) where
    this matters more than throughput; see the page on clusters.
  - It moves packets in a process of its own, by a C(tun) device, and needs no PPP in the kernel.
  - All accounts are on RADIUS servers.
  - The module writes C(startup-config), C(ip_pool), C(users) and C(access.nft) in C(/etc/l2tpns). It adds to the unit
    C(l2tpns.service) of the package that only the named hosts can reach its ports, that the access interface has the
    MAC address of the cluster and no IPv6 of its own, and that PADTs of customers are dropped.
  - A configuration that is neither the package's example nor written by this module is never replaced.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Files with secrets are listed, but their content is not shown.
  idempotent:
    support: full
options:
  state:
    description:
      - V(started) configures and runs it, now and at boot.
      - V(stopped) stops it, and V(absent) removes its configuration as well. Sessions continue on other members;
        without any, they end.
    type: str
    choices: [started, stopped, absent]
    default: started
  interfaces:
    description:
      - The access interface, exactly one. It gets O(cluster.mac), and IPv6 is disabled on it.
      - Required if O(state=started), like O(local_address) and O(radius).
    type: list
    elements: str
  local_address:
    description:
      - The address of the server's end of all sessions.
    type: str
  pool:
    description:
      - Addresses for customers whom the RADIUS servers assign none, in the forms of the option of this name of
        M(dialtone.pppoe.pppoe_server). Addresses that RADIUS assigns must not be among them, or two customers could
        have the same one.
      - Addresses that end in .0 or .255 are never given out.
      - Empty if RADIUS assigns all addresses, as it must with O(cluster.members), since a member of l2tpns 2.4.1 that
        takes over does not find the sessions of its own pool.
    type: list
    elements: str
    default: []
  dns_servers:
    description:
      - Up to two IPv4 addresses of DNS servers for clients.
    type: list
    elements: str
    default: []
  ipv6:
    description:
      - Whether links carry IPv6. l2tpns enables IPv6 forwarding of the host then, whose interfaces take no router
        advertisements any more, unless their C(accept_ra) is 2.
    type: bool
    default: false
  ipv6_prefixes:
    description:
      - The network from which all customers have their addresses, exactly one, a /64, with O(ipv6). Each is advertised
        the whole network, and is routed only the address that has his IPv4 address in it.
      - The attributes C(Framed-IPv6-Address) and C(Delegated-IPv6-Prefix) of RADIUS give a customer an address, and
        prefixes by DHCPv6.
    type: list
    elements: str
    default: []
  ipv6_dns_servers:
    description:
      - Up to two IPv6 addresses of DNS servers for clients.
    type: list
    elements: str
    default: []
  authentication:
    description:
      - The authentication protocol for clients.
    type: str
    choices: [chap, pap]
    default: chap
  lcp_echo_interval:
    description:
      - Seconds after the last packet from a client until it is sent an LCP echo request.
    type: int
    default: 10
  lcp_echo_failure:
    description:
      - A session ends after the time of so many unanswered requests and one more.
    type: int
    default: 3
  mtu:
    description:
      - Largest packet in bytes, 576 to 1492.
    type: int
    default: 1492
  mru:
    description:
      - Must be equal to O(mtu).
    type: int
    default: 1492
  ac_name:
    description:
      - Name of the access concentrator in PADO. All members of a cluster have the same one. C(l2tpns) if not set.
    type: str
    default: ""
  service_names:
    description:
      - The service to offer, at most one. Clients that ask for another one, or for any, are not answered.
      - Without one, all clients are answered.
    type: list
    elements: str
    default: []
  single_session:
    description:
      - V(replace) ends the session of an account when the account logs in again.
    type: str
    choices: [allow, replace]
    default: allow
  radius:
    description:
      - The RADIUS servers, with the keys of M(dialtone.pppoe.pppoe_server_radius).
    type: dict
    default: {}
    suboptions:
      state:
        description:
          - Only V(present).
        type: str
        choices: [present]
        default: present
      servers:
        description:
          - One or two servers. The second one is asked if the first one does not answer.
        type: list
        elements: dict
        suboptions:
          address:
            description:
              - IPv4 address.
            type: str
            required: true
          port:
            description:
              - Port for logins. Accounting goes to the next one. 1812 if not set.
            type: int
          secret:
            description:
              - The secret, one for all servers, up to 63 characters. It is also that of Disconnect-Requests.
            type: str
          tls:
            description:
              - Refused, since l2tpns has no RADIUS over TLS.
            type: dict
      nas_identifier:
        description:
          - Refused, since l2tpns sends none.
        type: str
      nas_address:
        description:
          - The address from which this member reaches the servers. l2tpns has no use for it, since it sends
            O(cluster.address) as NAS-IP-Address, but the role P(dialtone.pppoe.pppoe_radius#role) has.
        type: str
      disconnect_secret:
        description:
          - Must be equal to the secret of the servers.
        type: str
      disconnect_from:
        description:
          - Addresses or networks, beside the servers, that may send Disconnect-Requests.
        type: list
        elements: str
      interim:
        description:
          - Seconds between accounting records of a session, 60 to 86400.
        type: int
        default: 300
  cluster:
    description:
      - What the members of the cluster have in common. Give all members the same values.
    type: dict
    default: {}
    suboptions:
      address:
        description:
          - The address of the cluster, which no member has as its own. O(local_address) if not set. It is
            NAS-IP-Address for the RADIUS servers, and where they send Disconnect-Requests.
        type: str
      interface:
        description:
          - The interface on which the members reach each other. Customers must not reach it, since the protocol has no
            authentication.
          - Required with O(cluster.members).
        type: str
      members:
        description:
          - The addresses of all members on O(cluster.interface), two or more. Empty for a single server.
        type: list
        elements: str
        default: []
      group:
        description:
          - The multicast address of the cluster. Two clusters on one segment need different ones.
        type: str
        default: 239.192.112.112
      mac:
        description:
          - The MAC address that all members have on the access interface. Made of O(cluster.address) if not set.
        type: str
      bgp:
        description:
          - Announce the addresses of customers, the pool and O(cluster.address) by BGP.
        type: dict
        suboptions:
          as_number:
            description:
              - The number of the own autonomous system, 1 to 65535.
            type: int
            required: true
          neighbors:
            description:
              - One or two routers.
            type: list
            elements: dict
            required: true
            suboptions:
              address:
                description:
                  - IPv4 address.
                type: str
                required: true
              as_number:
                description:
                  - The number of its autonomous system. That of O(cluster.bgp.as_number) if not set.
                type: int
  on_change:
    description:
      - What to do with a running process after a change that it cannot take up while it runs.
      - V(live) restarts it if there are no sessions, or if another member has them too.
      - V(when_idle) restarts it if there are no sessions.
      - V(restart) restarts it, which ends all sessions unless another member has them.
      - V(never) leaves it as it is.
    type: str
    choices: [live, when_idle, restart, never]
    default: live
notes:
  - Change one member after the other (C(serial=1)), so that each change finds another member with the sessions.
  - Anybody who can log in to the host can list the sessions on the command line of l2tpns, 127.0.0.1 port 23. Only root
    can change something there.
  - With O(state=stopped) and O(state=absent), the access interface is down and keeps its MAC address until the next
    boot.
  - Tested with l2tpns 2.4.1.
requirements:
  - l2tpns
  - nftables
  - C(/etc/services) (Debian's package netbase) for BGP
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_radius
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Serve PPPoE as one of two members
  dialtone.pppoe.pppoe_l2tpns:
    interfaces: [eth1]
    local_address: 10.99.0.1
    dns_servers: [10.99.0.53]
    radius:
      servers: [{address: 10.0.0.2, secret: "{{ vault_radius_secret }}"}]
    cluster:
      interface: eth0
      members: [10.0.0.11, 10.0.0.12]
      bgp: {as_number: 65001, neighbors: [{address: 10.0.0.1}]}
"""

RETURN = r"""
applied:
  description:
    - What was done to the process, or would be. V(later) if the files have changed, but the process would need a
      restart that would end sessions.
  returned: success
  type: str
  sample: reload
sessions_kept:
  description: Number of sessions that were kept.
  returned: success
  type: int
  sample: 12
sessions_dropped:
  description: Number of sessions that were ended.
  returned: success
  type: int
  sample: 0
mac:
  description: The MAC address of the access interface. V(none) unless O(state=started).
  returned: success
  type: str
  sample: 02:70:0a:63:00:01
"""

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _decision as _l2tpns_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _run as _l2tpns_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _settings as _l2tpns_settings

RADIUS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present"], "default": "present"},
    "servers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "address": {"type": "str", "required": True},
            "port": {"type": "int"},
            "secret": {"type": "str", "no_log": True},
            "tls": {"type": "dict"},
        },
    },
    "nas_identifier": {"type": "str"},
    "nas_address": {"type": "str"},
    "disconnect_secret": {"type": "str", "no_log": True},
    "disconnect_from": {"type": "list", "elements": "str"},
    "interim": {"type": "int", "default": 300},
}
BGP: dict[str, t.Any] = {
    "as_number": {"type": "int", "required": True},
    "neighbors": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"address": {"type": "str", "required": True}, "as_number": {"type": "int"}},
    },
}
CLUSTER: dict[str, t.Any] = {
    "address": {"type": "str"},
    "interface": {"type": "str"},
    "members": {"type": "list", "elements": "str", "default": []},
    "group": {"type": "str", "default": _l2tpns_settings.GROUP},
    "mac": {"type": "str"},
    "bgp": {"type": "dict", "options": BGP},
}
ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["started", "stopped", "absent"], "default": "started"},
    "interfaces": {"type": "list", "elements": "str"},
    "local_address": {"type": "str"},
    "pool": {"type": "list", "elements": "str", "default": []},
    "dns_servers": {"type": "list", "elements": "str", "default": []},
    "ipv6": {"type": "bool", "default": False},
    "ipv6_prefixes": {"type": "list", "elements": "str", "default": []},
    "ipv6_dns_servers": {"type": "list", "elements": "str", "default": []},
    "authentication": {"type": "str", "choices": list(_l2tpns_settings.AUTHENTICATION), "default": "chap"},
    "lcp_echo_interval": {"type": "int", "default": 10},
    "lcp_echo_failure": {"type": "int", "default": 3},
    "mtu": {"type": "int", "default": 1492},
    "mru": {"type": "int", "default": 1492},
    "ac_name": {"type": "str", "default": ""},
    "service_names": {"type": "list", "elements": "str", "default": []},
    "single_session": {"type": "str", "choices": ["allow", "replace"], "default": "allow"},
    "radius": {"type": "dict", "default": {}, "options": RADIUS},
    "cluster": {"type": "dict", "default": {}, "options": CLUSTER},
    "on_change": {"type": "str", "choices": list(_l2tpns_decision.ON_CHANGE), "default": "live"},
}


def main() -> None:
    required = [("state", "started", ("interfaces", "local_address", "radius"))]
    execute(DiscreetModule(argument_spec=ARGUMENTS, required_if=required, supports_check_mode=True), _l2tpns_run.run)


if __name__ == "__main__":
    main()
