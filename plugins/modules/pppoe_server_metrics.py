#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_metrics
short_description: Export metrics of a PPPoE server for Prometheus
version_added: 0.1.0
description:
  - Installs a systemd timer that writes C(pppoe_server_NAME.prom) for the textfile collector of Prometheus'
    node_exporter, with the number of sessions of an instance of M(dialtone.pppoe.pppoe_server), the usage of its pool,
    the number of refused connection attempts, and the bytes transferred.
  - "Of an instance: V(pppoe_server_up), V(pppoe_server_start_time_seconds), V(pppoe_server_drained),
    V(pppoe_server_sessions), V(pppoe_server_sessions_limit), V(pppoe_server_pool_addresses),
    V(pppoe_server_pool_used_addresses), V(pppoe_server_receive_bytes_total), V(pppoe_server_transmit_bytes_total) and
    V(pppoe_server_refused_dials_total) with the label C(reason)."
  - "Of dials and sessions: V(pppoe_server_session_starts_total), V(pppoe_server_session_ends_total) with the label
    C(cause), V(pppoe_server_dials_under_way) and the histogram V(pppoe_server_dial_duration_seconds), which is the time
    from the start of a session's pppd to its address. The session manager counts them in memory, at no cost for a
    dial."
  - "V(pppoe_server_ipv6_prefixes): the IPv6 prefixes that sessions have (see M(dialtone.pppoe.pppoe_ipv6)), with the
    label C(kind), which is V(framed) or V(delegated), and as V(missing) the sessions for which one is missing."
  - "Of plans, with the label C(plan): V(pppoe_server_plan_sessions), V(pppoe_server_plan_transmit_bytes_total),
    V(pppoe_server_plan_transmit_drops_total), V(pppoe_server_plan_receive_bytes_total) and
    V(pppoe_server_plan_receive_drops_total)."
  - "Of RADIUS servers, with the label C(radius), which is address and port: V(pppoe_server_radius_up) and
    V(pppoe_server_radius_response_seconds), from a Status-Server request in each update, and
    V(pppoe_server_radius_failed_requests_total). A server behind TLS is left out."
  - "With O(engine=l2tpns), also V(pppoe_server_cluster_master), V(pppoe_server_cluster_members) and
    V(pppoe_server_cluster_up_to_date). Each member of a cluster has all sessions, so that the sum over members counts
    them several times. Ends, refusals, dials and failed requests are not counted with it; the accounting of the RADIUS
    servers has them."
  - Each has the label C(server), the name of the instance.
  - The file is replaced atomically, and contains no name or address of a customer.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
options:
  name:
    description:
      - Name of the instance. With l2tpns, it is what the label C(server) says.
    type: str
    default: default
  engine:
    description:
      - The program that serves PPPoE.
    type: str
    choices: [rp-pppoe, l2tpns]
    default: rp-pppoe
  directory:
    description:
      - The directory that node_exporter reads (C(--collector.textfile.directory)). It must exist.
      - The default is that of Debian's package prometheus-node-exporter.
    type: path
    default: /var/lib/prometheus/node-exporter
  interval:
    description:
      - Seconds between two updates.
    type: int
    default: 30
  state:
    description:
      - V(present) exports the metrics. V(absent) removes the timer, the file and the counters.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Bytes are added up from one update to the next. What a session transfers between the last update and its end is not
    counted.
  - Causes are named as in RADIUS's Acct-Terminate-Cause. What the session manager has ended is V(NAS-Request), or
    V(Port-Preempted) for the sake of another session. The other causes are what pppd has written into systemd's
    journal; V(Unknown) if it has written none, as when it was killed.
  - Starts, ends and dials are counted from the boot on. They are missing while no session manager has run yet.
  - Refused connection attempts are counted from systemd's journal. Without a journal, the number stays 0.
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_server_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Export metrics to node_exporter
  dialtone.pppoe.pppoe_server_metrics:
    directory: /run/node-exporter

- name: Stop exporting metrics
  dialtone.pppoe.pppoe_server_metrics:
    state: absent
"""

RETURN = r"""
path:
  description: The file with the metrics.
  returned: when O(state=present)
  type: str
  sample: /var/lib/prometheus/node-exporter/pppoe_server_default.prom
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _metrics_run as _server_metrics_run

ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "engine": {"type": "str", "choices": ["rp-pppoe", "l2tpns"], "default": "rp-pppoe"},
    "directory": {"type": "path", "default": "/var/lib/prometheus/node-exporter"},
    "interval": {"type": "int", "default": 30},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), _server_metrics_run.run)


if __name__ == "__main__":
    main()
