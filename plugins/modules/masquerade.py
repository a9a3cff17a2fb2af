#!/usr/bin/python
# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: masquerade
short_description: Manage source NAT behind an outside interface
version_added: 0.1.0
description:
  - Translates the source address of packets that leave through the outside interface to its address (IPv4), now and
    after a reboot.
  - Uses firewalld if it is running, otherwise native nftables if the kernel supports it, otherwise a working
    C(iptables) command.
  - Only the module's own rules are ever added, replaced or removed. With nftables they are in a separate table,
    C(table ip dialtone_pppoe_NAME), which is replaced atomically. With iptables each has the comment
    C(dialtone.pppoe NAME).
  - Rules that have been flushed are restored by the next run, or by restarting the unit.
  - If another chain drops forwarded packets (Docker, ufw, a custom filter), translated traffic, replies to it, and
    forwarded ports are accepted there, by rules after all others but before the one that drops everything.
    RV(accepted_in) lists these chains. Rules are judged by what they match, not by their text.
  - If rules that name interfaces, addresses or protocols would still drop everything that clients send, or all replies,
    the run is refused before anything is written, and the error names the rule.
  - Does not enable forwarding (C(net.ipv4.ip_forward), see M(dialtone.pppoe.forwarding)), and filters nothing.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
  - dialtone.pppoe.walled_garden
attributes:
  check_mode:
    details:
      - If a required program is not installed yet and no other works, check mode predicts a change, with
        O(ignore:backend) V(null), assuming that a package is installed before the actual run.
options:
  name:
    description:
      - Name of the instance. There can be several, for example one for each outside interface.
      - 1 to 32 letters, digits, C(_) and C(-).
    type: str
    default: default
  out_interface:
    description:
      - The outside interface. It must exist, unless its name begins with C(ppp), since dialled links come and go. The
        rules refer to its name, so it may appear later, such as after a reboot.
      - A PPPoE uplink needs a fixed name, such as C(ppp-uplink). A name such as C(ppp0) is given to the link that comes
        up first, which after a reboot may be that of a client.
      - Required if O(state=present).
    type: str
  inside_interfaces:
    description:
      - The interfaces that clients dial in on. O(out_interface) must not be one of them, unless the default route leads
        through it, which is reported in a warning.
    type: list
    elements: str
    default: []
  source:
    description:
      - The source networks, addresses or ranges (V(10.0.0.2-10.0.0.99)) to translate. Default is everything that leaves
        through O(out_interface).
    type: list
    elements: str
    default: []
  backend:
    description:
      - The firewall to use.
      - V(auto) selects V(firewalld) if it is running; otherwise the current backend; otherwise V(nftables) if the
        kernel accepts the rules; otherwise V(iptables).
      - V(firewalld) adds direct rules and, to accept the packets, a policy from any zone to that of O(out_interface),
        both permanently and at runtime. A new policy needs a reload, which is refused while firewalld has settings that
        exist at runtime only. An interface without a zone is added to the default zone.
      - V(iptables) uses the first of C(iptables), C(iptables-legacy) and C(iptables-nft) that works.
      - The module's rules in another backend are removed once the new ones are active.
    type: str
    choices:
      - auto
      - firewalld
      - nftables
      - iptables
    default: auto
  random_fully:
    description:
      - Randomize the source port of each connection, if the kernel and the program support it; see RV(random_fully).
      - This avoids lost packets if very many connections start at once, and makes ports unpredictable. However, source
        ports are no longer preserved, which games and telephony rely on. It is therefore off by default.
    type: bool
    default: false
  port_forwards:
    description:
      - Ports of O(out_interface) to forward to clients.
      - They are not reachable at the outside address from inside (no hairpin NAT).
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
        description: The outside port, such as V(8080), or a range, such as V(8000-8010).
        type: str
        required: true
      to_address:
        description: The client's IPv4 address, which should be a fixed one.
        type: str
        required: true
      to_port:
        description: The destination port, if it differs. A range keeps its port numbers.
        type: str
  walled_garden:
    description:
      - What accounts that are disabled or have expired (C(enabled) and C(expires) in
        O(dialtone.pppoe.pppoe_plans#module:accounts)) can still reach. Everything else that they
        send through this host is dropped.
    type: dict
  clamp_mss:
    description:
      - Clamp the MSS of TCP connections through C(ppp) interfaces to the path MTU, in both directions.
      - Without it, connections of clients hang wherever path MTU discovery fails.
    type: bool
    default: true
  persistent:
    description:
      - Restore the rules at boot.
      - V(false) removes what an earlier run installed for this purpose, and leaves no file.
    type: bool
    default: true
  startup:
    description:
      - What restores the rules at boot, if O(persistent=true). The other one is removed.
      - V(systemd) is a separate unit, C(dialtone-pppoe-masquerade@NAME.service). It loads the rules before the network
        comes up, and again whenever C(nftables.service), C(iptables.service) or C(netfilter-persistent.service) is
        restarted or reloaded. Stopping it removes only the module's rules.
      - V(rc_local) is a block in C(rc.local), which is made executable.
      - V(auto) selects V(systemd) if it is running, otherwise V(rc_local).
    type: str
    choices:
      - auto
      - systemd
      - rc_local
    default: auto
  state:
    description:
      - V(present) creates the rules. V(absent) removes the rules, the unit and the files of this instance in all
        backends.
    type: str
    choices:
      - present
      - absent
    default: present
notes:
  - With V(iptables), an existing equal rule without a comment is kept and not duplicated. It is reported in
    RV(equal_rules) and in a warning. Once it is gone, the next run or the next boot adds the module's rule.
    O(state=absent) keeps the existing rule.
  - An existing equal rule in another backend, or in nftables, is kept and reported in the same way, and the module's
    rules are added as well. This is harmless, since a connection is translated only once, by whichever rule comes
    first.
  - Starting C(nftables.service) for the first time flushes all rules, including those of this module, until the next
    run or a restart of the module's unit. At boot, and whenever it is restarted or reloaded, the unit runs after it.
  - C(firewall-cmd --reload) with the iptables backend of firewalld discards all other rules; restart the module's unit
    afterwards.
  - C(netfilter-persistent save) also saves the module's rules. They are not duplicated at boot, but save again after
    O(state=absent).
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Masquerade everything that leaves through eth0
  dialtone.pppoe.masquerade:
    out_interface: eth0

- name: Masquerade the networks of clients only
  dialtone.pppoe.masquerade:
    out_interface: eth0
    source:
      - 192.168.10.0/24
      - 10.67.0.0/16

- name: Forward ports to a client with a fixed address
  dialtone.pppoe.masquerade:
    out_interface: eth0
    port_forwards:
      - {port: "8080", to_address: 192.168.10.3, to_port: "80"}
      - {protocol: udp, port: 27000-27050, to_address: 192.168.10.3}

- name: Masquerade on a second uplink
  dialtone.pppoe.masquerade:
    name: backup
    out_interface: eth2

- name: Remove masquerading
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
    - The selected backend.
    - V(null) with O(state=absent), and in check mode if it is not known yet.
  returned: success
  type: str
  sample: nftables
program:
  description: The command that manages the rules. V(null) if RV(backend) is.
  returned: success
  type: str
  sample: /usr/sbin/nft
rules:
  description: The module's rules, in the syntax of the backend. Empty with O(state=absent).
  returned: success
  type: list
  elements: str
  sample:
    - -t nat -A POSTROUTING -o eth0 -m comment --comment "dialtone.pppoe default" -j MASQUERADE
random_fully:
  description: Whether source ports are randomized.
  returned: success
  type: bool
  sample: false
accepted_in:
  description:
    - Other chains that drop forwarded packets, in which the module's rules accept what is needed.
    - These are chains whose policy is to drop, or which have a rule that drops or rejects every packet, or every packet
      with some exception. If a chain sends those packets to such a chain, as ufw's C(FORWARD) may, it is the latter.
  returned: success
  type: list
  elements: str
  sample:
    - "iptables: FORWARD"
    - "nft: inet filter forward"
equal_rules:
  description: Existing rules, in any backend, that are equal to one of the module's. They are not changed.
  returned: success
  type: list
  elements: str
  sample:
    - -t nat -A POSTROUTING -o eth0 -j MASQUERADE
persistence:
  description:
    - What restores the rules at boot, that is a unit, C(rc.local) or C(/etc/firewalld). V(null) if nothing does.
  returned: success
  type: str
  sample: /etc/systemd/system/dialtone-pppoe-masquerade@default.service
tried:
  description: The backends that were tried, and why they do not work.
  returned: failure, if no backend works
  type: list
  elements: dict
  contains:
    backend:
      description: The backend.
      type: str
    program:
      description: The command, with its path if it is installed.
      type: str
    answer:
      description: Why it does not work.
      type: str
  sample:
    - backend: nftables
      program: /usr/sbin/nft
      answer: "Error: Could not process rule: Operation not supported"
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _walled_garden
from ansible_collections.dialtone.pppoe.plugins.module_utils._firewall import _run as _firewall_run
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

PORT_FORWARD: dict[str, t.Any] = {
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "port": {"type": "str", "required": True},
    "to_address": {"type": "str", "required": True},
    "to_port": {"type": "str"},
}
ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str", "default": "default"},
    "out_interface": {"type": "str"},
    "inside_interfaces": {"type": "list", "elements": "str", "default": []},
    "source": {"type": "list", "elements": "str", "default": []},
    "backend": {"type": "str", "default": "auto", "choices": ["auto", "firewalld", "nftables", "iptables"]},
    "random_fully": {"type": "bool", "default": False},
    "port_forwards": {"type": "list", "elements": "dict", "default": [], "options": PORT_FORWARD},
    "walled_garden": _walled_garden.ARGUMENT,
    "clamp_mss": {"type": "bool", "default": True},
    "persistent": {"type": "bool", "default": True},
    "startup": {"type": "str", "default": "auto", "choices": ["auto", "systemd", "rc_local"]},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
}


def main() -> None:
    required_if = [("state", "present", ["out_interface"])]
    execute(
        AnsibleModule(argument_spec=ARGUMENTS, required_if=required_if, supports_check_mode=True), _firewall_run.run
    )


if __name__ == "__main__":
    main()
