#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_radius
short_description: Connect a PPPoE server to RADIUS servers
version_added: 0.1.0
description:
  - Sets up what the instances of M(dialtone.pppoe.pppoe_server) with O(dialtone.pppoe.pppoe_server#module:radius) use.
    All instances of a host share it.
  - pppd talks to a FreeRADIUS on its own host only, since it is deaf to its peer while it waits for an answer. That one
    passes logins on to O(servers) at once. It keeps accounting records on disk, and delivers them in their order, with
    their original times, as soon as a server answers, so that an outage of the servers ends no session and loses no
    record.
  - This FreeRADIUS is a separate process with a configuration of its own, C(pppoe-server-radius.service). What is in
    C(/etc/freeradius) plays no part and is not changed. A C(freeradius.service) that runs nothing but the unchanged
    example of Debian's package is stopped and disabled.
  - After each boot, Accounting-On reports to the servers that earlier sessions of this host have ended.
  - The configuration is checked (C(freeradius -XC)) before anything is written.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  diff_mode:
    details: Files with secrets are listed, but their content is not shown.
options:
  state:
    description:
      - V(absent) removes all of it, but not accounting records that no server has yet. It is refused as long as an
        instance logs in by RADIUS.
      - While sessions that logged in by RADIUS live, V(absent) leaves it there, with a warning, since they still report
        to it.
    type: str
    choices: [present, absent]
    default: present
  servers:
    description:
      - The RADIUS servers. A server is used as long as those before it do not answer.
      - Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      address:
        description:
          - IPv4 or IPv6 address.
        type: str
        required: true
      port:
        description:
          - Port for logins. Accounting goes to the next one, or with O(servers[].tls) to the same one.
          - 1812 if not set, or 2083 with O(servers[].tls).
        type: int
      secret:
        description:
          - The secret that the server has for this host. With O(servers[].tls), C(radsec) if not set.
          - Up to 128 ASCII characters, but no blanks, quotation marks, backslashes, backticks or V($).
        type: str
      tls:
        description:
          - Use RADIUS over TLS (RadSec) with these files. User C(freerad) must be able to read them. A certificate is
            verified, but not the name in it.
        type: dict
        suboptions:
          ca:
            description:
              - Path of the certificates that the server's must be signed by.
            type: path
            required: true
          certificate:
            description:
              - Path of the certificate of this host.
            type: path
            required: true
          key:
            description:
              - Path of its private key.
            type: path
            required: true
  nas_identifier:
    description:
      - The name of this host in each request. The host name if not set.
    type: str
  nas_address:
    description:
      - The IPv4 address by which the servers know this host, and from which requests are sent.
      - If not set, requests carry the address from which this host reaches the first server.
    type: str
  disconnect_secret:
    description:
      - The secret of those who may end sessions and change their rates (Disconnect-Request and CoA-Request, UDP port
        3799). The port is closed if not set.
      - A request can name Acct-Session-Id, Framed-IP-Address, User-Name, Calling-Station-Id and NAS-Port-Id. A session
        must match all that are named, and exactly one must match.
    type: str
  disconnect_from:
    description:
      - Addresses and networks from which such requests are accepted. The O(servers) if not set.
    type: list
    elements: str
    default: []
requirements:
  - FreeRADIUS 3.0 or 3.2
  - pppd with the plugins C(radius.so) and C(radattr.so)
  - systemd
notes:
  - There are no parameters for timeouts and retries, since wrong values end sessions during an outage.
  - A server that does not answer is a warning, not an error.
seealso:
  - module: dialtone.pppoe.pppoe_server
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Connect the server to two RADIUS servers
  dialtone.pppoe.pppoe_server_radius:
    servers:
      - address: 192.0.2.20
        secret: "{{ vault_radius_secret }}"
      - address: 192.0.2.21
        secret: "{{ vault_radius_secret }}"
    disconnect_secret: "{{ vault_disconnect_secret }}"

- name: Use RADIUS over TLS
  dialtone.pppoe.pppoe_server_radius:
    servers:
      - address: 192.0.2.20
        tls:
          ca: /etc/pppoe/radius-ca.pem
          certificate: /etc/pppoe/radius.pem
          key: /etc/pppoe/radius.key
"""

RETURN = r"""
nas_address:
  description: The value of NAS-IP-Address in each request.
  returned: with O(state=present)
  type: str
  sample: 192.0.2.109
nas_identifier:
  description: The value of NAS-Identifier in each request.
  returned: with O(state=present)
  type: str
  sample: bras1
servers:
  description:
    - The servers, and whether each one answers now. One with O(servers[].tls) answers if it listens there and the
      certificates are valid.
  returned: with O(state=present)
  type: list
  elements: dict
  sample: [{"address": "192.0.2.20", "port": 1812, "tls": false, "answers": true}]
sessions:
  description: Number of live sessions for which the connection has been left.
  returned: with O(state=absent)
  type: int
  sample: 0
waiting_records:
  description: Number of accounting records that no server has yet.
  returned: with O(state=present)
  type: int
  sample: 0
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius import _run as _radius_run

TLS = {
    "ca": {"type": "path", "required": True},
    "certificate": {"type": "path", "required": True},
    "key": {"type": "path", "required": True, "no_log": False},
}
SERVER = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int"},
    "secret": {"type": "str", "no_log": True},
    "tls": {"type": "dict", "options": TLS},
}
ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "servers": {"type": "list", "elements": "dict", "options": SERVER},
    "nas_identifier": {"type": "str"},
    "nas_address": {"type": "str"},
    "disconnect_secret": {"type": "str", "no_log": True},
    "disconnect_from": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_if=[("state", "present", ["servers"])], supports_check_mode=True
    )
    execute(module, run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    work = _radius_run.present if module.params["state"] == "present" else _radius_run.absent
    return work(module)


if __name__ == "__main__":
    main()
