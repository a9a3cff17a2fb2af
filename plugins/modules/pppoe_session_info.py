#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_session_info
short_description: List the live PPPoE sessions of a host
version_added: 0.1.0
description:
  - Lists the live PPPoE sessions of a host, both those it serves and those it has dialled, with their accounts,
    addresses and counters.
  - Changes nothing, and needs no prior configuration. The data comes from pppd, the kernel and the interfaces, whatever
    software started the sessions.
  - A session is listed once its interface has an IPv4 address, not while it is being authenticated.
  - Sessions of M(dialtone.pppoe.pppoe_l2tpns) are listed by each member of the cluster. RV(sessions[].instance) and
    RV(sessions[].mode) are V(l2tpns), and RV(sessions[].interface), RV(sessions[].pid) and RV(sessions[].mtu) are
    V(none).
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
  - dialtone.pppoe.sessions
requirements:
  - iproute2
notes:
  - On a server, the account comes from pppd's database C(pppd2.tdb). With a pppd that is built without it,
    RV(sessions[].username) is empty.
seealso:
  - module: dialtone.pppoe.pppoe_client
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_session
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Read the live sessions
  dialtone.pppoe.pppoe_session_info:
  register: live

- name: Show who is connected, and with which address
  ansible.builtin.debug:
    msg: "{{ live.sessions | items2dict(key_name='address', value_name='username') }}"

- name: Check that an account has one session
  ansible.builtin.assert:
    that: live.sessions | selectattr('username', 'equalto', 'cmz') | list | length == 1

- name: Find the session with this address
  dialtone.pppoe.pppoe_session_info:
    address: 192.168.10.7
    role: server
  register: found
"""

RETURN = r"""
sessions:
  description: The live sessions that match the selectors, sorted by interface.
  returned: always
  type: list
  elements: dict
  contains:
    interface:
      description: The PPP interface.
      type: str
      sample: ppp0
    role:
      description: V(server) if the other end dialled, V(client) if this host did.
      type: str
      sample: server
    username:
      description:
        - The account. On a server, the authenticated name of the peer, or V(none) without authentication.
      type: str
      sample: cmz
    address:
      description: The client's address, which is RV(sessions[].peer_address) on a server, and
        RV(sessions[].local_address) on a client.
      type: str
      sample: 192.168.10.2
    local_address:
      description: The address of this host's end.
      type: str
      sample: 192.168.10.109
    peer_address:
      description: The address of the other end.
      type: str
      sample: 192.168.10.2
    peer_mac:
      description: The Ethernet address of the other end. V(none) on a client in user mode.
      type: str
      sample: 02:64:74:00:01:02
    session_id:
      description: The PPPoE session ID. V(none) if it is not known for certain, as on a client in user mode.
      type: int
      sample: 7
    device:
      description: The Ethernet interface that carries the session.
      type: str
      sample: eth1
    instance:
      description:
        - The name of the server instance (see M(dialtone.pppoe.pppoe_server)) or of the client connection. V(none) for
          a server that is not managed by this collection.
      type: str
      sample: default
    mode:
      description: V(kernel) if the session is carried by the kernel, V(user) if by a relay process, V(l2tpns) if by
        l2tpns.
      type: str
      sample: kernel
    mtu:
      description: The MTU of the PPP interface in bytes.
      type: int
      sample: 1492
    pid:
      description: The process ID of its pppd.
      type: int
      sample: 1677
    since:
      description: Start of the session, in UTC.
      type: str
      sample: "2026-11-22T14:21:53Z"
    seconds:
      description: Duration of the session in seconds.
      type: int
      sample: 86400
    plan:
      description: On a server, the plan of the account (see M(dialtone.pppoe.pppoe_plans)), V(none) without one.
      type: str
      sample: home
    download:
      description: On a server, the rate to the customer in bit/s, V(none) for no limit.
      type: int
      sample: 20000000
    upload:
      description: On a server, the rate from the customer in bit/s, V(none) for no limit.
      type: int
      sample: 5000000
    framed_ipv6_prefix:
      description: On a server, the IPv6 prefix of the link (see M(dialtone.pppoe.pppoe_ipv6)), V(none) without one.
      type: str
      sample: 2001:db8:1:9447::/64
    delegated_ipv6_prefix:
      description: On a server, the IPv6 prefix that is delegated to the router of the customer, V(none) without one.
      type: str
      sample: 2001:db8:194:4700::/56
    bytes_in:
      description: Bytes received by this host.
      type: int
      sample: 123456
    bytes_out:
      description: Bytes sent by this host.
      type: int
      sample: 654321
refused:
  description:
    - The sessions that the session manager of M(dialtone.pppoe.pppoe_server) has hung up and that the selectors allow,
      the latest one last, at most 200. They are kept until the next boot.
  returned: always
  type: list
  elements: dict
  contains:
    time:
      description: When it was hung up, in UTC.
      type: str
      sample: "2026-11-27T20:41:07Z"
    reason:
      description: Why.
      type: str
      sample: 192.168.10.3 belongs to the session ppp0 (pid 1677) that is up
    interface:
      description: The PPP interface that it had, V(none) if it had none yet.
      type: str
      sample: ppp1
    username:
      description: The account, V(none) if it had named none yet.
      type: str
      sample: cmz2
    address:
      description: The client's address.
      type: str
      sample: 192.168.10.3
    peer_mac:
      description: The Ethernet address of the client.
      type: str
      sample: 02:64:74:00:03:01
    session_id:
      description: The PPPoE session id.
      type: int
      sample: 8
    instance:
      description: The instance of the server.
      type: str
      sample: default
    pid:
      description: The process id that its pppd had.
      type: int
      sample: 1702
count:
  description: How many of them there are.
  returned: always
  type: int
  sample: 1
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _root
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _sessions as _l2tpns_sessions
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _refused as _sessions_refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _selection as _sessions_selection

ARGUMENTS = _sessions_selection.ARGUMENTS


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    wanted = _sessions_selection.selection(module.params)
    _root.require_root("The sessions of a host")
    found = _sessions_selection.chosen([*_sessions_observe.live(module), *_l2tpns_sessions.live()], wanted)
    refused = _sessions_selection.chosen(_sessions_refused.read(), wanted)
    return {"changed": False, "sessions": found, "count": len(found), "refused": refused}


if __name__ == "__main__":
    main()
