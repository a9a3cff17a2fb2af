#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_discovery_info
short_description: Discover PPPoE access concentrators
version_added: 0.1.0
description:
  - Sends discovery requests on Ethernet interfaces of a host, and lists the access concentrators that answer. Finds
    rogue access concentrators, and shows whether an interface leads to any at all.
  - The module itself sends a PADI and receives the PADOs (RFC 2516), and goes no further. It requests no session and
    changes nothing, neither on the host nor on an access concentrator, and nothing needs to be installed.
  - Answers that violate the protocol are listed as well, with what is wrong with them.
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
attributes:
  check_mode:
    details:
      - Never changes anything, so check mode sends discovery requests as well.
options:
  interfaces:
    description:
      - The Ethernet interfaces to send requests on, all at the same time. For a VLAN use its interface, such as
        V(eth1.7).
      - Each must exist and be up. It needs no address. Instead of a port of a bridge or bond, use the bridge or bond,
        which receives the frames of its ports.
    type: list
    elements: str
    required: true
    aliases: [interface]
  service_name:
    description:
      - Request this service. An access concentrator that does not offer it does not answer.
      - By default any service, in which case answers list the services on offer.
    type: str
    default: ""
  max_payload:
    description:
      - Request this packet size in bytes, more than 1492 (RFC 4638). The size that an access concentrator agrees to is
        in RV(access_concentrators[].max_payload).
    type: int
  timeout:
    description:
      - Seconds to wait for answers, from 0.1 to 600. The module always waits for the whole time, unless O(stop_after)
        ends it.
      - Access concentrators can be configured to answer late, to be second choice. Some do so after several seconds.
    type: float
    default: 5
  attempts:
    description:
      - How many PADIs to send on each interface, from 1 to 10, in case one is lost. The pause between them doubles each
        time, as required by RFC 2516.
    type: int
    default: 3
  stop_after:
    description:
      - Stop listening on an interface once this many access concentrators have answered. V(0) means never.
      - With V(1), the module quickly checks whether any access concentrator answers.
    type: int
    default: 0
  allowed:
    description:
      - The access concentrators that are allowed. Any other that answers is listed in RV(rogues).
      - A rogue access concentrator can copy a name or an Ethernet address, so an entry should have both.
    type: list
    elements: dict
    suboptions:
      ac_name:
        description: Its access concentrator name.
        type: str
      mac:
        description:
          - Its Ethernet address, in any of the common notations. Quote it, since YAML reads some addresses as numbers.
        type: str
notes:
  - An access concentrator on the host itself is not found on its own interface, since a host does not receive its own
    frames.
  - Frames with a VLAN tag are received on the interface of that VLAN only.
  - Text from an access concentrator is shown with non-printable characters as V(\\xNN).
  - After 1000 answers on an interface, further ones are ignored, and there is a warning.
seealso:
  - module: dialtone.pppoe.pppoe_client
  - name: RFC 2516
    description: A Method for Transmitting PPP Over Ethernet.
    link: https://www.rfc-editor.org/rfc/rfc2516
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: List the access concentrators on eth0
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: [eth0]
  register: discovery

- name: Check whether an access concentrator answers on the modem's VLAN
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: [eth1.7]
    stop_after: 1
  register: discovery

- name: Fail if a rogue access concentrator answers
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: [eth0, eth1]
    allowed:
      - ac_name: gate
        mac: "02:64:74:00:01:02"
  register: discovery
  failed_when: discovery.rogues | length > 0
"""

RETURN = r"""
access_concentrators:
  description:
    - The access concentrators that answered, by interface in the order of O(interfaces), then in the order of their
      first answers. An Ethernet address with two names is listed twice.
  returned: success
  type: list
  elements: dict
  contains:
    interface:
      description: The interface on which it answered.
      type: str
      sample: eth0
    mac:
      description: Its Ethernet address.
      type: str
      sample: 02:64:74:00:01:02
    ac_name:
      description: Its name. V(none) if the answer has no readable name.
      type: str
      sample: gate
    services:
      description: The services on offer. The empty name means any service.
      type: list
      elements: str
      sample: ["", "fast"]
    cookie:
      description: Whether it uses an AC-Cookie, which protects against floods of requests.
      type: bool
      sample: true
    relayed:
      description: Whether the answer came through a relay (Relay-Session-Id).
      type: bool
      sample: false
    max_payload:
      description: The packet size that it agrees to (PPP-Max-Payload). V(none) if it does not say.
      type: int
      sample: 1500
    errors:
      description: The error tags of its answers, with type and text.
      type: list
      elements: str
      sample: ["Generic-Error: out of memory"]
    problems:
      description: How its answers violate RFC 2516, in sentences.
      type: list
      elements: str
      sample: []
    answers:
      description: Number of its answers.
      type: int
      sample: 3
    milliseconds:
      description: Time from the first PADI to its first answer.
      type: float
      sample: 1.4
    allowed:
      description: Whether it matches an entry of O(allowed). V(none) if O(allowed) is not set.
      type: bool
      sample: true
count:
  description: Number of access concentrators.
  returned: success
  type: int
  sample: 1
rogues:
  description: Those of RV(access_concentrators) that match no entry of O(allowed). Empty if it is not set.
  returned: success
  type: list
  elements: dict
  sample: []
silent:
  description: The interfaces on which no access concentrator answered.
  returned: success
  type: list
  elements: dict
  contains:
    interface:
      description: The interface.
      type: str
      sample: eth1
    padis:
      description: Number of PADIs sent.
      type: int
      sample: 3
"""

import secrets
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._discovery import _frames as _discovery_frames
from ansible_collections.dialtone.pppoe.plugins.module_utils._discovery import _wire as _discovery_wire
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS = {
    "interfaces": {"type": "list", "elements": "str", "required": True, "aliases": ["interface"]},
    "service_name": {"type": "str", "default": ""},
    "max_payload": {"type": "int"},
    "timeout": {"type": "float", "default": 5},
    "attempts": {"type": "int", "default": 3},
    "stop_after": {"type": "int", "default": 0},
    "allowed": {
        "type": "list",
        "elements": "dict",
        "options": {"ac_name": {"type": "str"}, "mac": {"type": "str"}},
    },
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    params = module.params
    question = _discovery_frames.Inquiry(secrets.token_bytes(8), params["service_name"], params["max_payload"])
    _discovery_frames.check(question, params["timeout"], params["attempts"], params["stop_after"])
    allowed = None if params["allowed"] is None else _discovery_frames.known(params["allowed"])
    interfaces = list(dict.fromkeys(params["interfaces"]))
    if not interfaces:
        raise Refused("interfaces", "no interface is given.", "Name one or more.")
    for warning in filter(None, map(_discovery_wire.check, interfaces)):
        module.warn(warning)
    wires = _discovery_wire.ask(interfaces, question, params["timeout"], params["attempts"], params["stop_after"])
    for wire in wires:
        if wire.flooded():
            module.warn(f"{wire.interface}: stopped listening after {wire.answers} answers.")
    found = [_described(wire, one, allowed) for wire in wires for one in wire.answered.values()]
    return {
        "changed": False,
        "access_concentrators": found,
        "count": len(found),
        "rogues": [one for one in found if one["allowed"] is False],
        "silent": [{"interface": wire.interface, "padis": wire.padis} for wire in wires if not wire.answered],
    }


def _described(
    wire: _discovery_wire.Wire,
    one: _discovery_wire.Answered,
    allowed: list[_discovery_frames.AllowedConcentrator] | None,
) -> dict[str, t.Any]:
    return {
        "interface": wire.interface,
        "mac": one.offer.mac,
        "ac_name": one.offer.ac_name,
        "services": list(one.offer.services),
        "cookie": one.offer.cookie,
        "relayed": one.offer.relayed,
        "max_payload": one.offer.max_payload,
        "errors": list(one.offer.errors),
        "problems": list(one.offer.problems),
        "answers": one.answers,
        "milliseconds": round(one.seconds * 1000, 1),
        "allowed": None if allowed is None else any(known.fits(one.offer) for known in allowed),
    }


if __name__ == "__main__":
    main()
