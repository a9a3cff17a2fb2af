#!/usr/bin/python
# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: masquerade
short_description: Source NAT behind an outside interface, now and after a reboot
version_added: 0.1.0
description:
  - Gives the packets of PPPoE customers the address of the outside interface when they leave by it (IPv4).
  - Takes native nftables where the kernel of the host really has it, else an C(iptables) command that works, and
    brings the rules back at boot.
  - Only rules of its own are ever added, replaced or removed. With nftables they stand in a table of their own,
    C(table ip dialtone_pppoe_NAME), which is replaced at one stroke. With iptables each bears the comment
    C(dialtone.pppoe NAME).
  - Rules that somebody has flushed are brought back by the next run, and by restarting the unit.
  - Where a chain of others drops forwarded packets (Docker, ufw, a filter made by hand), what is translated, the
    answers to it, and forwarded ports are let through there, by rules that come after all those of others but before
    what drops everything. RV(accepted_in) tells the chains.
  - Forwarding itself (C(net.ipv4.ip_forward)) is not this module's business, and neither is any other filtering.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
    details:
      - Where a program that could do it is not installed yet, and no other works, check mode predicts a change
        with O(ignore:backend) V(null) instead of failing, since a package may be installed before the real run.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the instance. Several may stand side by side, for example one for each outside interface.
      - 1 to 32 letters, digits, C(_) and C(-).
    type: str
    default: default
  out_interface:
    description:
      - The interface by which the packets leave. It must exist, unless its name begins with C(ppp), since a link that
        is dialled comes and goes. Once made, the rules go by its name, be it there or not, so that it may appear after
        a boot.
      - An uplink by PPPoE needs a name of its own, such as C(ppp-uplink). Names such as C(ppp0) go to whoever dials
        first, which after a reboot may be a customer.
      - Required if O(state=present).
    type: str
  source:
    description:
      - Only packets from these IPv4 networks, addresses or ranges (V(10.0.0.2-10.0.0.99)). Without any, all that
        leave by O(out_interface).
    type: list
    elements: str
    default: []
  backend:
    description:
      - What holds the rules.
      - V(auto) is V(firewalld) where one is running; else the backend that is in force; else V(nftables) where the
        kernel accepts the rules, else V(iptables).
      - V(firewalld) makes direct rules of our own and, to let the packets through, a policy of our own from any zone
        to that of O(out_interface), both permanent and in the runtime. A policy takes a reload, which is refused while
        firewalld has settings in its runtime alone. An interface that is in no zone is put into the default zone.
      - V(iptables) takes the first that works of C(iptables), C(iptables-legacy) and C(iptables-nft).
      - Rules of ours in another backend are removed once the new ones are in force.
    type: str
    choices:
      - auto
      - firewalld
      - nftables
      - iptables
    default: auto
  random_fully:
    description:
      - Choose the outside port of each connection at random, where the kernel and the program can; see
        RV(random_fully).
      - It avoids lost packets where very many connections begin at once, and hides port numbers. But the port that a
        customer's program chose is no longer kept, which games and telephony rely on. So it is off by default.
    type: bool
    default: false
  port_forwards:
    description:
      - Ports of the host, as seen at O(out_interface), that lead to customers.
      - From inside, a customer is not reached by the outside address.
    type: list
    elements: dict
    default: []
    suboptions:
      protocol:
        description: The protocol.
        type: str
        choices: [tcp, udp]
        default: tcp
      port:
        description: A port of the outside address, V(8080), or a range of them, V(8000-8010).
        type: str
        required: true
      to_address:
        description: The customer's IPv4 address, which should be a fixed one.
        type: str
        required: true
      to_port:
        description: The customer's port, if it is another one. A range keeps its numbers.
        type: str
  clamp_mss:
    description:
      - Lower the MSS of TCP connections through C(ppp) interfaces to what the path carries, in both directions.
      - Without it, connections of customers hang wherever the messages of path MTU discovery are lost.
    type: bool
    default: true
  persistent:
    description:
      - Bring the rules back at boot.
      - V(false) removes what an earlier run made for that, and leaves no file.
    type: bool
    default: true
  startup:
    description:
      - What brings the rules back at boot, if O(persistent=true). Traces of the other one are removed.
      - V(systemd) is a unit of our own, C(dialtone-pppoe-masquerade@NAME.service). It loads the rules before the
        network comes up, and again whenever C(nftables.service), C(iptables.service) or
        C(netfilter-persistent.service) are restarted or reloaded. Stopping it removes our rules alone.
      - V(rc_local) is a block in C(rc.local), which is made executable for it.
      - V(auto) is V(systemd) where the host was booted with it, else V(rc_local).
    type: str
    choices:
      - auto
      - systemd
      - rc_local
    default: auto
  state:
    description:
      - V(present) makes the rules as described. V(absent) removes the rules, the unit and the files of this
        instance, whatever backend they are in.
    type: str
    choices:
      - present
      - absent
    default: present
notes:
  - With V(iptables), a rule of iptables made by hand that does the same and bears no comment is left as it is, and not
    doubled; it is told in RV(equal_rules) and in a warning. Once it has gone, the next run or the next boot adds
    ours. O(state=absent) leaves it too.
  - A rule made by hand in another backend, or one of nft, is left and told in the same way, and ours stand beside it.
    That does no harm, since a connection is translated once, by whichever comes first.
  - Starting C(nftables.service) for the first time beside our unit flushes the rules of everybody, ours too, until
    the next run or a restart of our unit. At boot, and whenever it is restarted or reloaded, ours come after it.
  - C(firewall-cmd --reload) of a firewalld that works with iptables throws away the rules of others; restart our
    unit after it.
  - C(netfilter-persistent save) saves our rules along with all others. They are not doubled at boot, but after
    O(state=absent) it has to be called again.
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Customers reach the internet through eth0
  dialtone.pppoe.masquerade:
    out_interface: eth0

- name: Only the customers' networks do
  dialtone.pppoe.masquerade:
    out_interface: eth0
    source:
      - 192.168.10.0/24
      - 10.67.0.0/16

- name: Web server and games of a customer with a fixed address are reached from outside
  dialtone.pppoe.masquerade:
    out_interface: eth0
    port_forwards:
      - {port: "8080", to_address: 192.168.10.3, to_port: "80"}
      - {protocol: udp, port: 27000-27050, to_address: 192.168.10.3}

- name: A second uplink, with rules of its own
  dialtone.pppoe.masquerade:
    name: backup
    out_interface: eth2

- name: Take all of it away again
  dialtone.pppoe.masquerade:
    state: absent
"""

RETURN = r"""
name:
  description: The instance.
  returned: success
  type: str
  sample: default
backend:
  description:
    - The backend taken.
    - V(null) with O(state=absent), and in a check mode that cannot know it yet.
  returned: success
  type: str
  sample: nftables
program:
  description: The command that the rules are made with; V(null) where RV(backend) is.
  returned: success
  type: str
  sample: /usr/sbin/nft
rules:
  description: Our rules, as lines of the backend; empty with O(state=absent).
  returned: success
  type: list
  elements: str
  sample:
    - -t nat -A POSTROUTING -o eth0 -m comment --comment "dialtone.pppoe default" -j MASQUERADE
random_fully:
  description: Whether outside ports are chosen at random.
  returned: success
  type: bool
  sample: false
accepted_in:
  description:
    - The chains of others that drop forwarded packets, in which rules of ours let through what is needed.
    - A chain counts if its policy is to drop, or if one of its rules drops or rejects every packet. Where a chain sends
      every packet to another one that does so, as ufw's C(FORWARD) may, it is that other one.
  returned: success
  type: list
  elements: str
  sample:
    - "iptables: FORWARD"
    - "nft: inet filter forward"
equal_rules:
  description: Rules made by hand, in whatever backend, that do the same as one of ours. They are left as they are.
  returned: success
  type: list
  elements: str
  sample:
    - -t nat -A POSTROUTING -o eth0 -j MASQUERADE
persistence:
  description:
    - What brings the rules back at boot, a unit or C(rc.local), or C(/etc/firewalld); V(null) if nothing does.
  returned: success
  type: str
  sample: /etc/systemd/system/dialtone-pppoe-masquerade@default.service
tried:
  description: Each way that was tried and what it answered.
  returned: failure, if no backend works
  type: list
  elements: dict
  contains:
    backend:
      description: The backend.
      type: str
    program:
      description: The command, as a path if it is installed.
      type: str
    answer:
      description: Why it does not work.
      type: str
  sample:
    - backend: nftables
      program: /usr/sbin/nft
      answer: "Error: Could not process rule: Operation not supported"
"""

import os
import re
import typing as t
from contextlib import ExitStack

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _apply as _firewall_apply
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _boot as _firewall_boot
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _request as _firewall_request
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _interfaces, _rc_local, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused

NUMBERED = re.compile(r"ppp\d+")
PORT_FORWARD: dict[str, t.Any] = {
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "port": {"type": "str", "required": True},
    "to_address": {"type": "str", "required": True},
    "to_port": {"type": "str"},
}


def startup_of(parameters: dict[str, t.Any]) -> str:
    """``systemd``, ``rc_local`` or ``none``, decided."""
    if not parameters["persistent"] or parameters["state"] == "absent":
        return "none"
    booted = _systemd.running()
    if parameters["startup"] == "systemd" and not booted:
        raise Refused("startup", "systemd does not run on this host.", "Use auto or rc_local.")
    if parameters["startup"] == "auto":
        return "systemd" if booted else "rc_local"
    return str(parameters["startup"])


def request_of(parameters: dict[str, t.Any]) -> _firewall_request.Request:
    """The checked request."""
    if parameters["state"] == "absent":
        return _firewall_request.request(parameters["name"], None, None, False)
    keys = ("name", "out_interface", "source", "clamp_mss", "random_fully", "port_forwards")
    request = _firewall_request.request(*(parameters[key] for key in keys))
    # A link that is dialled comes and goes; the rules need only its name.
    if not request.out_interface.startswith("ppp"):
        _interfaces.require("out_interface", request.out_interface, _interfaces.default_route_in_words())
    return request


def persistence(wanted: _firewall_request.Request, startup: str) -> str | None:
    """The file that a boot goes by."""
    return {"systemd": _firewall_boot.unit_path(wanted), "rc_local": _rc_local.path()}.get(startup)


def carried_out(module: AnsibleModule) -> dict[str, t.Any]:
    """Plan, do it outside check mode, and tell."""
    startup = startup_of(module.params)
    request = request_of(module.params)
    if module.params["backend"] == "firewalld" and not module.params["persistent"]:
        raise Refused("persistent", "firewalld knows no policy for its runtime alone.", "Leave persistent on.")
    with ExitStack() as locks:
        if not module.check_mode:
            for path in (os.path.join(_firewall_boot.RULES_DIRECTORY, request.name), _rc_local.path()):
                locks.enter_context(_files.locked(path))
        if module.params["state"] == "absent":
            plan = _firewall_apply.plan_absent(module, request)
        else:
            plan = _firewall_apply.plan(module, request, module.params["backend"], startup)
        if plan.changed and not module.check_mode:
            _firewall_apply.carry_out(module, request, plan)
            verify(module, plan)
    if NUMBERED.fullmatch(request.out_interface):
        module.warn(
            f"out_interface: {request.out_interface} is whichever link was dialled first; after a reboot it may be a "
            "customer's. Give the uplink a name of its own, such as ppp-uplink."
        )
    for rule in plan.equal:
        module.warn(f"A rule made by hand already does the same and is left as it is: {rule}")
    backend = plan.backend
    return {
        "changed": plan.changed,
        "backend": backend.name if backend else None,
        "program": backend.program if backend else None,
        "rules": list(plan.rules()),
        "accepted_in": list(plan.accepted_in),
        "random_fully": plan.random_fully,
        "equal_rules": list(plan.equal),
        "persistence": "/etc/firewalld" if backend and backend.name == "firewalld" else persistence(request, startup),
        "diff": plan.diff(),
    }


def verify(module: AnsibleModule, plan: _firewall_apply.Plan) -> None:
    """Warn where the next run would not recognise what this one made."""
    for part in plan.parts:
        present = part.holder.present()
        if sorted(present) != sorted(part.comparison.after):
            module.warn(
                "{} lists our rules in a form that this module does not know, so that each run will report a change: "
                "{}".format(part.holder.program, " | ".join(present) or "no rules at all")
            )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "default": "default"},
            "out_interface": {"type": "str"},
            "source": {"type": "list", "elements": "str", "default": []},
            "backend": {"type": "str", "default": "auto", "choices": ["auto", "firewalld", "nftables", "iptables"]},
            "random_fully": {"type": "bool", "default": False},
            "port_forwards": {"type": "list", "elements": "dict", "default": [], "options": PORT_FORWARD},
            "clamp_mss": {"type": "bool", "default": True},
            "persistent": {"type": "bool", "default": True},
            "startup": {"type": "str", "default": "auto", "choices": ["auto", "systemd", "rc_local"]},
            "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
        },
        required_if=[("state", "present", ["out_interface"])],
        supports_check_mode=True,
    )
    if os.geteuid() != 0:
        module.fail_json(msg="The rules of a host can only be read and changed by root. Use become.")
    try:
        result = carried_out(module)
    except _firewall_apply.NoBackend as error:
        if not (module.check_mode and error.missing):
            module.fail_json(msg=str(error), tried=error.tried)
        result = predicted(module, str(error))
    except (Refused, _firewall_request.BackendError, _systemd.SystemdError, _files.LockTimeout, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(name=module.params["name"], **result)


def predicted(module: AnsibleModule, reason: str) -> dict[str, t.Any]:
    """What check mode tells of a host on which the packages are still to be installed."""
    return {
        "changed": True,
        "backend": None,
        "program": None,
        "rules": [],
        "accepted_in": [],
        "random_fully": False,
        "equal_rules": [],
        "persistence": persistence(request_of(module.params), startup_of(module.params)),
        "msg": "A change is predicted, for the case that a package is installed before the real run. " + reason,
    }


if __name__ == "__main__":
    main()
