#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_discovery_info
short_description: Find the PPPoE access concentrators on a wire
version_added: 0.1.0
description:
  - Asks on Ethernet interfaces of a host who offers PPPoE sessions, and lists who answers. It finds a rogue access
    concentrator, and tells whether a wire leads to one at all.
  - The module speaks the discovery stage of RFC 2516 by itself, a PADI and the PADOs that answer it, and goes no
    further. No session is asked for, nothing is changed, neither on the host nor on an access concentrator, and
    nothing needs to be installed.
  - Whoever answers is listed, also with an answer that breaks the rules; what is wrong with it is told.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is ever changed, so it asks in check mode too.
  diff_mode:
    support: N/A
    details:
      - Nothing is ever changed.
  idempotent:
    support: full
options:
  interfaces:
    description:
      - The Ethernet interfaces to ask on, all at the same time. A VLAN has an interface of its own, such as V(eth1.7).
      - Each must exist and be up. It needs no address. In place of a port of a bridge or a bond name the bridge or
        bond, where the port's frames arrive.
    type: list
    elements: str
    required: true
    aliases: [interface]
  service_name:
    description:
      - Ask for this service. An access concentrator that does not have it stays silent.
      - By default for any, and answers list the services that there are.
    type: str
    default: ""
  max_payload:
    description:
      - Ask whether packets of so many bytes, more than 1492, may be used (RFC 4638). The size that an access
        concentrator agrees to is in RV(access_concentrators[].max_payload).
    type: int
  timeout:
    description:
      - How many seconds to listen, from 0.1 to 600. All interfaces are listened to for the whole time, since a slow
        access concentrator may be the one that is looked for, unless O(stop_after) ends it.
      - Access concentrators can be set to answer late, in order to be second choice. Some do so after several seconds.
    type: float
    default: 5
  attempts:
    description:
      - How many PADIs are sent on each interface, from 1 to 10, in case that one is lost. The pause between them
        doubles each time, as RFC 2516 wants it.
    type: int
    default: 3
  stop_after:
    description:
      - Be content with an interface once so many access concentrators have answered there. V(0) for never.
      - With V(1), the module is a quick check whether anyone answers.
    type: int
    default: 0
  allowed:
    description:
      - The access concentrators that are supposed to be there. Who answers and fits none of these entries is in
        RV(strangers).
      - A name can be copied by a rogue, and so can an Ethernet address. An entry with both is the better check.
    type: list
    elements: dict
    suboptions:
      ac_name:
        description: The name that it must have.
        type: str
      mac:
        description:
          - The Ethernet address that it must have, in any of the common notations, in quotes since YAML reads some
            addresses as numbers.
        type: str
notes:
  - An access concentrator on the host itself is not found by asking on its own interface, since a host does not hear
    what it sends there.
  - Frames that carry the tag of a VLAN are heard on the interface of that VLAN only.
  - Text that an access concentrator sends is shown with everything unprintable as V(\\xNN).
  - After 1000 answers on an interface nothing more is heard there, and a warning tells so.
seealso:
  - module: dialtone.pppoe.pppoe_client
  - name: RFC 2516
    description: A Method for Transmitting PPP Over Ethernet.
    link: https://www.rfc-editor.org/rfc/rfc2516
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Everyone who answers on a wire is known
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: [eth0]
  register: wire

- name: Whether the modem's VLAN leads to an access concentrator is known, as soon as one answers
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: [eth1.7]
    stop_after: 1
  register: wire

- name: Nobody answers who is not supposed to
  dialtone.pppoe.pppoe_discovery_info:
    interfaces: [eth0, eth1]
    allowed:
      - ac_name: gate
        mac: "02:64:74:00:01:02"
  register: wire
  failed_when: wire.strangers | length > 0
"""

RETURN = r"""
access_concentrators:
  description:
    - Who has answered, by interface in the order of O(interfaces), then in the order of the first answers. One Ethernet
      address with two names is two.
  returned: success
  type: list
  elements: dict
  contains:
    interface:
      description: The interface on which the answer came.
      type: str
      sample: eth0
    mac:
      description: The Ethernet address that answered.
      type: str
      sample: 02:64:74:00:01:02
    ac_name:
      description: Its name. V(none) if the answer has none that can be read.
      type: str
      sample: gate
    services:
      description: The services that it offers. The empty name stands for any service.
      type: list
      elements: str
      sample: ["", "fast"]
    cookie:
      description: Whether it protects itself with an AC-Cookie against floods of requests.
      type: bool
      sample: true
    relayed:
      description: Whether a relay has brought the answer (Relay-Session-Id).
      type: bool
      sample: false
    max_payload:
      description: The packet size that it agrees to (PPP-Max-Payload), V(none) if it says nothing of it.
      type: int
      sample: 1500
    errors:
      description: The error tags of its answers, the kind and the text.
      type: list
      elements: str
      sample: ["Generic-Error: out of memory"]
    problems:
      description: What is wrong with its answers by RFC 2516, in sentences. Empty if nothing is.
      type: list
      elements: str
      sample: []
    answers:
      description: How often it has answered.
      type: int
      sample: 3
    milliseconds:
      description: How long its first answer took, from the first PADI.
      type: float
      sample: 1.4
    allowed:
      description: Whether it fits an entry of O(allowed). V(none) if O(allowed) was not given.
      type: bool
      sample: true
count:
  description: How many there are.
  returned: success
  type: int
  sample: 1
strangers:
  description: Those of RV(access_concentrators) that fit no entry of O(allowed). Empty if it was not given.
  returned: success
  type: list
  elements: dict
  sample: []
silent:
  description: The interfaces on which nobody has answered.
  returned: success
  type: list
  elements: dict
  contains:
    interface:
      description: The interface.
      type: str
      sample: eth1
    padis:
      description: How many PADIs were sent there.
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
    question = _discovery_frames.Question(secrets.token_bytes(8), params["service_name"], params["max_payload"])
    _discovery_frames.check(question, params["timeout"], params["attempts"], params["stop_after"])
    allowed = None if params["allowed"] is None else _discovery_frames.known(params["allowed"])
    interfaces = list(dict.fromkeys(params["interfaces"]))
    if not interfaces:
        raise Refused("interfaces", "there is none to ask on.", "Name one or more.")
    for warning in filter(None, map(_discovery_wire.check, interfaces)):
        module.warn(warning)
    wires = _discovery_wire.ask(interfaces, question, params["timeout"], params["attempts"], params["stop_after"])
    for wire in wires:
        if wire.flooded():
            module.warn(f"{wire.interface}: after {wire.answers} answers nothing more was listened to.")
    found = [_described(wire, one, allowed) for wire in wires for one in wire.answered.values()]
    return {
        "changed": False,
        "access_concentrators": found,
        "count": len(found),
        "strangers": [one for one in found if one["allowed"] is False],
        "silent": [{"interface": wire.interface, "padis": wire.padis} for wire in wires if not wire.answered],
    }


def _described(
    wire: _discovery_wire.Wire, one: _discovery_wire.Answered, allowed: list[_discovery_frames.Known] | None
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
