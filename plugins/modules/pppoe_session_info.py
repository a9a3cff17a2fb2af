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
  - Lists the PPPoE sessions that are up on a host, those that it serves and those that it has dialled, with the names,
    addresses and counters that belong to each.
  - It changes nothing, and needs nothing to be installed beforehand. What it lists is what pppd, the kernel and the
    interfaces say, whoever has started the server or dialled.
  - A session is listed once its interface has an IPv4 address; one that is still being authenticated is not.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
  - dialtone.pppoe.sessions
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
requirements:
  - iproute2
notes:
  - The name of a server's peer comes from pppd's own database, C(pppd2.tdb). A pppd built without it leaves
    RV(sessions[].username) empty.
seealso:
  - module: dialtone.pppoe.pppoe_client
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_session
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: The sessions are known
  dialtone.pppoe.pppoe_session_info:
  register: live

- name: Who is connected, and with which address
  ansible.builtin.debug:
    msg: "{{ live.sessions | items2dict(key_name='address', value_name='username') }}"

- name: The session of one account is up
  ansible.builtin.assert:
    that: live.sessions | selectattr('username', 'equalto', 'cmz') | list | length == 1

- name: Whose session is it that has this address
  dialtone.pppoe.pppoe_session_info:
    address: 192.168.10.7
    role: server
  register: found
"""

RETURN = r"""
sessions:
  description: The live sessions that the selectors allow, in the order of their interfaces.
  returned: always
  type: list
  elements: dict
  contains:
    interface:
      description: The PPP interface.
      type: str
      sample: ppp0
    role:
      description: V(server) if the other end has dialled, V(client) if this host has.
      type: str
      sample: server
    username:
      description:
        - The account. On a server, the name that the peer has proved to be his, V(none) without authentication.
      type: str
      sample: cmz
    address:
      description: The client's address, RV(sessions[].peer_address) on a server, else RV(sessions[].local_address).
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
      description: The PPPoE session id. V(none) where it cannot be told for certain, as on a client in user mode.
      type: int
      sample: 7
    device:
      description: The Ethernet interface that carries the session.
      type: str
      sample: eth1
    instance:
      description:
        - The name of the server's instance (see M(dialtone.pppoe.pppoe_server)) or of the client's connection. V(none)
          for a server that was not set up by this collection.
      type: str
      sample: default
    mode:
      description: V(kernel) if the kernel carries the packets, V(user) if a relay process does.
      type: str
      sample: kernel
    mtu:
      description: The MTU of the PPP interface in bytes.
      type: int
      sample: 1492
    pid:
      description: The process id of its pppd.
      type: int
      sample: 1677
    since:
      description: Since when it is up, in UTC.
      type: str
      sample: "2026-11-22T14:21:53Z"
    seconds:
      description: How many seconds it has been up.
      type: int
      sample: 86400
    bytes_in:
      description: How many bytes this host has received in it.
      type: int
      sample: 123456
    bytes_out:
      description: How many bytes this host has sent in it.
      type: int
      sample: 654321
count:
  description: How many of them there are.
  returned: always
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _selection as _sessions_selection


def main() -> None:
    module = AnsibleModule(argument_spec=_sessions_selection.ARGUMENTS, supports_check_mode=True)
    try:
        wanted = _sessions_selection.selection(module.params)
        found = _sessions_selection.chosen(_sessions_observe.live(module), wanted)
    except Refused as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"The sessions of this host cannot be read: {error}")
    module.exit_json(changed=False, sessions=found, count=len(found))


if __name__ == "__main__":
    main()
