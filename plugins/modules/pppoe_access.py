#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_access
short_description: Delay, limit or drop discovery packets on the access interfaces of a PPPoE server
version_added: 0.1.0
description:
  - Speeds up connecting. A typical client sends its first LCP request as soon as it has the PADS. At this time, the
    pppd of the server is still starting, so the request is lost, and the client repeats it after three seconds. With
    O(dial_hold), the kernel holds the PADS, and the server's own first LCP requests behind it, until pppd listens.
  - Delays the PADO with O(pado_delay), so that clients prefer another access concentrator on the same segment, and
    drains a server with O(drained), so that it gets no new sessions while existing ones continue.
  - Limits with O(discovery_rate) how many requests a client may send, so that one that floods the server takes
    neither its time nor the addresses of others.
  - Packets of established sessions are not affected. The root qdisc of the interface and existing filters are kept. The
    delayed packets are redirected through an interface C(pppoe-holdN) of type ifb.
  - The settings take effect immediately, after a reboot and, with systemd and udev, when an interface reappears.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
options:
  name:
    description:
      - The instance of M(dialtone.pppoe.pppoe_server) whose access interfaces these are.
    type: str
    default: default
  interfaces:
    description:
      - The access interfaces. An interface that does not exist yet is configured as soon as it appears.
      - Required if O(state=present), unless the instance already has settings.
    type: list
    elements: str
  dial_hold:
    description:
      - How long to hold PADS and the server's LCP requests, in milliseconds, V(0) to V(1000).
      - V(auto) uses twice the time that pppd takes to start on this host, measured once, between 30 and 300
        milliseconds. If the kernel cannot hold packets, it is V(0), and RV(dial_hold_problem) gives the reason.
      - Default is the configured value, otherwise V(auto).
    type: str
  pado_delay:
    description:
      - How long to delay each PADO, in milliseconds, V(0) to V(4000). Clients use the first PADO that arrives.
      - A list of up to ten steps, each a dictionary of C(sessions) and C(delay), delays PADOs by the number of
        sessions, so that new ones go to the access concentrator with fewer of them. The delay is that of the last
        step whose C(sessions) the host has; it is 0 below the first step. The sessions of all instances on the host
        count. The steps must be in ascending order. A session manager sets the delay, at most once a second; any
        server of M(dialtone.pppoe.pppoe_server) has one.
      - Default is the configured value, otherwise V(0).
    type: raw
  drained:
    description:
      - Whether to drop PADOs, so that no new sessions start. Clients that already have a PADO can still connect.
      - Default is the configured value, otherwise V(false).
    type: bool
  discovery_rate:
    description:
      - How many PADI and PADR each client may send per second, together, V(0) to V(1000). Ten times as many may come
        at once. The kernel drops the rest. V(0) sets no limit.
      - V(auto) is V(5). If the kernel cannot limit packets, it is V(0), and RV(discovery_rate_problem) gives the
        reason.
      - There are 256 limits, and bits 4 to 11 of a MAC address, counted from its end, select one. With more clients
        than that, some share one, and clients behind a relay that uses its own MAC address all do.
        Use V(0) there.
      - A client that sends each request from another MAC address is not limited. Limit these where its port is known,
        in the equipment between it and the server.
      - Default is the configured value, otherwise V(auto).
    type: str
  startup:
    description:
      - What applies the settings at boot. V(auto) selects systemd if it is running.
    type: str
    choices: [auto, systemd, rc_local]
    default: auto
  state:
    description:
      - V(absent) removes all of these settings.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Requires C(tc) and a kernel with C(sch_netem), C(sch_prio), C(sch_ingress), C(cls_u32), C(act_mirred) and C(ifb).
    O(discovery_rate) requires C(act_police) and Linux 5.13 or newer instead of the first two and the last two.
    Debian's kernels have them. On Red Hat's, C(sch_netem) is in C(kernel-modules-extra); this has not been tested.
seealso:
  - module: dialtone.pppoe.pppoe_server
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Speed up connecting for typical clients
  dialtone.pppoe.pppoe_access:
    interfaces: [eth1]

- name: Drain the server
  dialtone.pppoe.pppoe_access:
    interfaces: [eth1]
    drained: true

- name: Answer later than other access concentrators while there are more sessions than there
  dialtone.pppoe.pppoe_access:
    interfaces: [eth1]
    pado_delay:
      - sessions: 200
        delay: 100
      - sessions: 400
        delay: 500

- name: Remove the settings
  dialtone.pppoe.pppoe_access:
    state: absent
"""

RETURN = r"""
dial_hold:
  description: How long PADS and LCP requests are held, in milliseconds.
  returned: when O(state=present)
  type: int
  sample: 90
dial_hold_problem:
  description: Why packets are not held with O(dial_hold=auto). V(null) otherwise.
  returned: when O(state=present)
  type: str
  sample:
pado_delay:
  description: How long each PADO is delayed, in milliseconds, or the steps. Steps that change nothing are left out.
  returned: when O(state=present)
  type: raw
  sample: 0
drained:
  description: Whether PADOs are dropped.
  returned: when O(state=present)
  type: bool
  sample: false
discovery_rate:
  description: How many PADI and PADR each client may send per second. V(0) is no limit.
  returned: when O(state=present)
  type: int
  sample: 5
discovery_rate_problem:
  description: Why there is no limit with O(discovery_rate=auto). V(null) otherwise.
  returned: when O(state=present)
  type: str
  sample:
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _run as _access_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "interfaces": {"type": "list", "elements": "str"},
    "dial_hold": {"type": "str"},
    "pado_delay": {"type": "raw"},
    "drained": {"type": "bool"},
    "discovery_rate": {"type": "str"},
    "startup": {"type": "str", "choices": ["auto", "systemd", "rc_local"], "default": "auto"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), _access_run.run)


if __name__ == "__main__":
    main()
