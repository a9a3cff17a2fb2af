#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_plans
short_description: Set rates and limits of the customers of a PPPoE server
version_added: 0.1.0
description:
  - Defines the plans of an instance of M(dialtone.pppoe.pppoe_server), and which account has which. A session gets the
    rates of its account before its first IPv4 packet passes. Rates are for IPv4 and IPv6 together.
  - Living sessions whose rates change get the new ones at once, without losing a packet, and none is ended. Only with
    another C(queue) for downloads, what is in the former one at that moment is lost.
  - Everything is validated before the first write. Plans that the kernel of the host cannot apply are refused.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
  - dialtone.pppoe.walled_garden
attributes:
  check_mode:
    details:
      - To find out what the kernel can do, it is tried in a network namespace, for which the kernel may load modules.
options:
  name:
    description:
      - The instance.
    type: str
    default: default
  plans:
    description:
      - The plans by name, each a dictionary with any of the following keys. Required if O(state=present).
      - 'C(rate): a dictionary with C(download) and C(upload), from the point of view of the customer. Each is a number
        with V(k), V(M) or V(G) for bit/s, such as V(20M), from V(64k) to V(10G). Without one of them there is no limit
        in this direction.'
      - 'C(queue): V(fq_codel), the default, or V(cake). cake is as fair, but takes 1.1 MB of memory for a session,
        fq_codel 40 kB.'
      - 'C(upload_by): V(police), the default, drops packets that come too fast. V(shape) queues them, which suits slow
        upload rates better, but needs another interface (C(ifb-pppN)) for each session.'
      - 'C(session_timeout): the seconds after which a session is ended. C(idle_timeout): the seconds without a packet
        after which it is ended. Both are checked every five seconds.'
      - 'C(pool): the pool of the addresses of its accounts, one of O(pools). A fixed address counts more.'
      - 'C(volume): how much a session may transfer in both directions until it is ended, such as V(50GB).'
    type: dict
  pools:
    description:
      - Further pools by name, each a dictionary, from which plans draw their addresses
        (O(dialtone.pppoe.pppoe_plans#module:plans)). Only their names count for this module.
      - 'C(addresses): what it holds, in the forms of O(dialtone.pppoe.pppoe_server#module:pool). C(next_pool): the pool
        that serves when it is full, one of these or V(default), which is that of the instance. Without it, sessions are
        refused then.'
    type: dict
    default: {}
  walled_garden:
    description:
      - What accounts that are disabled or have expired (C(enabled) and C(expires) in
        O(dialtone.pppoe.pppoe_plans#module:accounts)) can still reach. Without it they are refused. Only whether there
        is one counts for this module.
    type: dict
  default_plan:
    description:
      - The plan of accounts without one. Without it they have no limit.
    type: str
  accounts:
    description:
      - Accounts that have a plan or something of their own; others in the list are passed over. The list can be that of
        O(dialtone.pppoe.chap_user#module:users). Secrets stay on the controller.
      - 'C(name): the account. C(plan): its plan. C(rate): its own rates, as in O(plans), in the place of those of its
        plan. C(enabled): V(false) refuses new sessions of the account, or lets them into O(walled_garden). C(mac): the
        only Ethernet address from which it may connect. Sessions that are refused are reported by
        M(dialtone.pppoe.pppoe_session_info) and in the log.'
      - 'C(expires): from when on the account is as if C(enabled) were V(false). A date such as V(2026-12-31) begins at
        00:00 UTC; a time needs its zone, such as V(2026-12-31T18:00:00+01:00). The host looks at its own clock, so that
        no run is needed then. A session that is up ends within ten seconds.'
      - An account with C(state) V(absent) is passed over.
    type: list
    elements: dict
    default: []
  accounts_src:
    description:
      - A file on the controller with accounts, as in O(dialtone.pppoe.chap_user#module:src). A CSV file can have the
        columns C(plan), C(download), C(upload), C(enabled), C(mac) and C(expires), a JSON file the keys of O(accounts).
    type: str
  rate_attribute:
    description:
      - The attribute of RADIUS whose rates take the place of those of the plan, if the session has it. It is read from
        the file that pppd's plugin C(radattr.so) writes.
      - V(Filter-Id) is C(download/upload) in kbit/s.
      - V(Mikrotik-Rate-Limit) is C(rx/tx) of the router, which is upload/download. With bursts, a priority or a minimum
        it is not applied, and the log says so.
      - V(WISPr-Bandwidth-Max) is C(WISPr-Bandwidth-Max-Down) and C(WISPr-Bandwidth-Max-Up), in bit/s.
    type: str
    choices: [Filter-Id, Mikrotik-Rate-Limit, WISPr-Bandwidth-Max]
  interfaces:
    description:
      - The access interfaces. A rate that is more than the speed of one of them is refused.
    type: list
    elements: str
    default: []
  require_kernel:
    description:
      - Fail if the kernel lacks something that the plans need. V(false) makes that a warning, for a host that will boot
        another kernel, or for tests in containers.
    type: bool
    default: true
  state:
    description:
      - V(absent) removes the plans of the instance, and the limits of its living sessions.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The rates are set by C(pppoe-server-manager) through netlink. For a session, pppd runs one more shell, and no other
    program.
  - Needs a kernel with C(sch_tbf), C(sch_fq_codel), C(sch_ingress), C(cls_flower) and C(act_police); with C(queue=cake)
    C(sch_cake), and with C(upload_by=shape) C(ifb) and C(act_mirred).
  - pppd before 2.5 asks for the rates by a script in C(/etc/ppp/ip-pre-up.d). Where a distribution has no such folder,
    a session gets its rates within a second after it has its address.
  - C(enabled) and C(mac) are checked when a session begins. M(dialtone.pppoe.pppoe_session) ends living ones.
  - With a walled garden, a host keeps a file for each moment at which accounts expire, at most 5000.
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.chap_user
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Sell 20/5 and 100/20
  dialtone.pppoe.pppoe_plans:
    plans:
      home:
        rate: {download: 20M, upload: 5M}
      fast:
        rate: {download: 100M, upload: 20M}
        session_timeout: 86400
    default_plan: home
    accounts:
      - name: cmz
        plan: fast
      - name: cmz2
        mac: 02:64:74:00:03:01
      - name: moved-out
        enabled: false
      - name: guest
        expires: "2026-12-31"

- name: Take the rates from RADIUS
  dialtone.pppoe.pppoe_plans:
    plans: {}
    rate_attribute: Mikrotik-Rate-Limit

- name: Remove all limits
  dialtone.pppoe.pppoe_plans:
    state: absent
"""

RETURN = r"""
plans:
  description: How many plans there are.
  returned: success
  type: int
  sample: 2
accounts:
  description: How many accounts have a plan or something of their own.
  returned: success
  type: int
  sample: 3
sessions_changed:
  description: How many living sessions got other rates.
  returned: success
  type: int
  sample: 1
sessions:
  description: These sessions and their new rates, at most 100.
  returned: success
  type: list
  elements: dict
  contains:
    interface:
      description: The PPP interface.
      type: str
      sample: ppp0
    username:
      description: The account.
      type: str
      sample: cmz
    plan:
      description: Its plan, V(none) without one.
      type: str
      sample: fast
    download:
      description: The rate to the customer in bit/s, V(none) for no limit.
      type: int
      sample: 100000000
    upload:
      description: The rate from the customer in bit/s, V(none) for no limit.
      type: int
      sample: 20000000
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _walled_garden
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes as _plans_attributes
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _session_plans as _server_session_plans

ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "plans": {"type": "dict"},
    "pools": {"type": "dict", "default": {}},
    "walled_garden": _walled_garden.ARGUMENT,
    "default_plan": {"type": "str"},
    "accounts": {"type": "list", "elements": "dict", "default": []},
    # The action plugin puts the path of its own file here.
    "accounts_src": {"type": "str"},
    "rate_attribute": {"type": "str", "choices": list(_plans_attributes.NAMES)},
    "interfaces": {"type": "list", "elements": "str", "default": []},
    "require_kernel": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    required = [("state", "present", ["plans"])]
    execute(AnsibleModule(argument_spec=ARGUMENTS, required_if=required, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    return _server_session_plans.run(module)


if __name__ == "__main__":
    main()
