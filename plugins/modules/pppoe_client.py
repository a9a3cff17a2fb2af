#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_client
short_description: Dial a PPPoE connection, now and at boot
version_added: 0.1.0
description:
  - Configures one PPPoE connection of a Linux host, dials it, and tells what came of it. The connection is carried by
    pppd and its own PPPoE plugin, in the kernel.
  - Any number of connections may stand side by side, each with a name of its own.
  - If a dial fails, the module fails with the reason in a sentence, made from pppd's own words, so that a wrong
    secret is told from a server that is silent. The configuration stays, and the host goes on trying in the background.
  - Everything is validated before the first write.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
    details:
      - Whether a dial will succeed cannot be predicted.
      - Programs may still be missing in check mode, since a run may install them first.
  diff_mode:
    support: full
    details:
      - Secrets are never shown.
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the connection. Up to 32 letters, digits, V(-) or V(_), and no V(-) at its beginning.
      - It is the file's name in C(/etc/ppp/peers), and with systemd the unit is C(pppoe-client@NAME.service).
      - A file of that name that this module has not written is left alone, and the call refused.
    type: str
    required: true
  interface:
    description:
      - The Ethernet interface that leads to the access concentrator. It must exist, and be no port of a bridge or a
        bond. If it is down it is set up, at each attempt; it needs no address.
      - Required if O(state=present), and if O(state=connected) unless nothing but O(name) and O(timeout) is given. Then
        the connection is dialled as it is configured, and stays if it is up.
    type: str
  username:
    description:
      - The account's name. Required where O(interface) is.
    type: str
  secret:
    description:
      - The account's secret, its password. It is written to C(/etc/ppp/chap-secrets) and C(/etc/ppp/pap-secrets), for
        this connection only, so that two connections may have accounts of the same name.
      - It may have any characters but NUL. One that begins with V(@/), for which pppd would read another file, is kept
        in a file of its own, in C(/etc/ppp/pppoe-client).
      - If left out, these files are left alone, and must have the account already.
    type: str
  authentication:
    description:
      - The methods by which the host may prove itself. A server that asks for none of them is not answered, so that
        without V(pap) the secret never crosses the wire.
      - By default any that pppd knows.
    type: list
    elements: str
    choices: [pap, chap, mschapv2]
  vlan:
    description:
      - The VLAN on O(interface) that leads to the access concentrator. Its interface is O(interface) with a dot and
        this number behind it; it is made when it isn't there, and removed when no connection needs it any more.
      - Refused if that VLAN is there already by another name, which then belongs in O(interface).
      - By default the packets are untagged.
    type: int
  ac_name:
    description:
      - Take only the access concentrator of this name. By default the first that answers.
    type: str
  service_name:
    description:
      - Ask for this service. By default any.
    type: str
  link_interface:
    description:
      - The name of the link's own interface, such as V(ppp-office), by which firewall rules and scripts know it
        whatever other links there are.
      - By default it is the kernel's choice, V(ppp0) for the first link that comes up, unless O(unit) is given.
    type: str
  unit:
    description:
      - The number of the link's interface, V(3) for V(ppp3). Not together with O(link_interface).
    type: int
  default_route:
    description:
      - Whether the link becomes a default route of the host.
      - Refused if the host has another default route with the same O(route_metric), or if another connection asks for
        one. One with another metric stays, and counts when it has the least.
    type: bool
    default: true
  route_metric:
    description:
      - The metric of the default route. Of several default routes the one with the least counts.
    type: int
    default: 0
  dns:
    description:
      - V(none) to leave name resolution alone, V(server) to use the name servers that the access concentrator tells, or
        the addresses of name servers, as a list or separated by commas.
      - Name servers count while the link is up, for C(systemd-resolved) or C(resolvconf) where the host lives by one of
        them, otherwise in C(/etc/resolv.conf). There, other name servers are set aside as comments until the link is
        down, and everything else in the file stays.
    type: raw
    default: none
  firewall:
    description:
      - V(standalone) lets nothing new come in by the link, for this host or through it, but for pings.
      - V(masquerade) also gives the link's address to what others send out through it, and clamps the MSS of their TCP
        connections to what the link carries; it needs forwarding (M(dialtone.pppoe.forwarding)).
      - The rules are there before the link is, and after a reboot, by nftables, iptables or firewalld like those of
        M(dialtone.pppoe.masquerade). They go by the link's name, which is V(ppp-NAME) then unless O(link_interface) or
        O(unit) says otherwise.
    type: str
    choices: [none, standalone, masquerade]
    default: none
  ipv6:
    description:
      - Whether the link carries IPv6, too. It has link-local addresses then, and takes what the server announces, also
        on a host that forwards IPv6 (C(accept_ra=2)).
      - RV(address) and the unit's state tell of IPv4 alone.
    type: bool
    default: false
  mtu:
    description:
      - The largest packet in bytes, in both directions. From 128 to 1500, and at least 8 less than the MTU of
        O(interface).
      - More than 1492 is asked for by RFC 4638. A server that does not agree gets 1492, which RV(mtu) tells.
    type: int
    default: 1492
  demand_idle:
    description:
      - Dial when there is traffic for the link, and hang up after so many seconds without any. The addresses may be
        others at each dial.
      - With O(state=connected) it is dialled once, to see that it works. Afterwards, one that sleeps counts as
        connected.
      - By default the link stays up.
    type: int
  lcp_echo_interval:
    description:
      - Ask the server every so many seconds whether it is still there, unless it has sent something meanwhile. V(0) for
        never.
    type: int
    default: 4
  lcp_echo_failure:
    description:
      - After so many questions without an answer the link counts as broken, and is dialled anew. V(0) for never.
      - With both defaults, a server that is gone is noticed after 12 to 16 seconds.
    type: int
    default: 3
  redial_pause:
    description:
      - How many seconds to wait after the first attempt that fails. Each further pause is twice as long. After a
        refused account the pauses are five times as long.
      - A link that was up for at least so long is dialled again at once when it breaks.
      - The pauses are for O(startup=systemd), whose C(systemctl status) tells them.
    type: int
    default: 5
  redial_pause_max:
    description:
      - The longest pause in seconds, before it is multiplied by five for a refused account. For O(startup=rc_local) and
        with O(demand_idle) it is the only one.
    type: int
    default: 60
  on_up:
    description:
      - A shell script to run as root each time when the link has come up; its output goes to the system log. Its
        arguments and variables are those of C(/etc/ppp/ip-up), see pppd(8).
      - A change of it needs no redial.
      - It may have a secret in it. Only root can read it on the host, and neither a result nor a diff nor the log shows
        it.
    type: str
  on_down:
    description:
      - The same for when the link has gone down.
    type: str
  user_control:
    description:
      - Whether ordinary users may start and stop the connection, with C(systemctl start pppoe-client@NAME) and
        C(systemctl stop pppoe-client@NAME). They still cannot read its secret, nor change it.
      - It is a rule for polkit, which must be installed. Not with O(startup=rc_local).
    type: bool
    default: false
  user_control_group:
    description:
      - Only the members of this group may. By default every user of the host.
    type: str
  configured_together:
    description:
      - Names of connections that the same play configures. Nothing that they have now, such as the metric of a
        default route, stands against this one.
    type: list
    elements: str
  boot:
    description:
      - Whether the connection is dialled at boot.
    type: bool
    default: true
  startup:
    description:
      - What dials at boot, and again whenever the link ends. V(systemd) is a unit, V(rc_local) a block in C(rc.local).
      - V(auto) is V(systemd) on hosts booted with it, otherwise V(rc_local).
    type: str
    choices: [auto, systemd, rc_local]
    default: auto
  state:
    description:
      - V(connected) configures the connection and returns once the link has an IPv4 address, the default route if it is
        to have it, and its name servers. A link that is up stays, unless a change needs a redial; then it is dialled
        anew, once.
      - V(present) configures the connection and touches no link. RV(applied=pending) tells that a live link does not
        have that configuration yet.
      - V(disconnected) hangs up, and leaves the configuration alone, so that an enabled connection is dialled again at
        the next boot.
      - V(absent) hangs up and removes everything of the connection.
    type: str
    choices: [connected, present, disconnected, absent]
    default: connected
  timeout:
    description:
      - How many seconds to wait for the link with O(state=connected). A refused account is not waited for.
    type: int
    default: 60
requirements:
  - pppd 2.4.9 or later with its PPPoE plugin (package C(ppp))
  - a kernel with PPP over Ethernet
  - iproute2
  - polkit 0.106 or later, for O(user_control)
notes:
  - What C(/etc/ppp/options) says holds for every pppd of a host. The connection takes back C(persist), C(idle),
    C(maxconnect), C(auth) and the like; what pppd cannot take back is in a warning, and refused where nothing would
    work, such as C(refuse-chap) with O(authentication=chap).
seealso:
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: The connection of the guide is up, and comes up at boot
  dialtone.pppoe.pppoe_client:
    name: ppp1
    interface: eth0
    username: cmz
    secret: "{{ vault_cmz_secret }}"
    dns: [114.114.114.114, 8.8.8.8]

- name: A second connection, which counts when the first is down
  dialtone.pppoe.pppoe_client:
    name: office
    interface: eth1
    vlan: 7
    link_interface: ppp-office
    username: cmz2
    secret: "{{ vault_cmz2_secret }}"
    route_metric: 100

- name: A connection that users dial, and that hangs up after five minutes without traffic
  dialtone.pppoe.pppoe_client:
    name: lab
    interface: eth0
    username: cmz3
    secret: "{{ vault_cmz3_secret }}"
    default_route: false
    demand_idle: 300
    user_control: true
    user_control_group: netdev
    on_up: ip route add 198.51.100.0/24 dev "$1"

- name: The connection takes the server's name servers from the next dial on
  dialtone.pppoe.pppoe_client:
    name: ppp1
    interface: eth0
    username: cmz
    dns: server
    state: present

- name: The connection is down until the next boot
  dialtone.pppoe.pppoe_client:
    name: ppp1
    state: disconnected

- name: Nothing is left of the connection
  dialtone.pppoe.pppoe_client:
    name: ppp1
    state: absent
"""

RETURN = r"""
asleep:
  description: Whether there is no session because there was no traffic, with O(demand_idle).
  returned: success
  type: bool
  sample: false
interface:
  description: The interface of the link, V(none) if there is no link.
  returned: success
  type: str
  sample: ppp0
address:
  description: The IPv4 address that the host has got.
  returned: success
  type: str
  sample: 192.168.10.2
peer_address:
  description: The IPv4 address of the access concentrator's end.
  returned: success
  type: str
  sample: 192.168.10.109
mtu:
  description: The MTU of the link in bytes, as both ends have agreed.
  returned: success
  type: int
  sample: 1492
dns_servers:
  description: The name servers that are in force by this link.
  returned: success
  type: list
  elements: str
  sample: [114.114.114.114, 8.8.8.8]
applied:
  description:
    - What was done to the link, or would be in check mode. V(none), V(dialled), V(redialled) (it was up, with another
      configuration), V(hung_up), or V(pending) (with O(state=present), it is up with another configuration).
  returned: success
  type: str
  sample: dialled
startup:
  description: What starts the connection, V(systemd) or V(rc_local).
  returned: O(state=connected) or O(state=present)
  type: str
  sample: systemd
managed_by:
  description:
    - The interfaces of the connection that NetworkManager or systemd-networkd manages as well, by the name of that
      program. The result warns if the link's own is among them, since such a program may take from it its address and
      its routes.
  returned: O(state=connected) or O(state=present)
  type: dict
  sample: {NetworkManager: [eth0, ppp0]}
reason:
  description:
    - Why the dial failed, in a word. V(no_answer) (no access concentrator answers), V(refused) (one answers, and gives
      session that could be used), V(account_refused), V(authentication) (the two do not agree on how to authenticate),
      V(no_secret), V(no_address), V(default_route), V(hung_up), V(silent), V(interface), V(not_started), or V(timeout).
  returned: when a dial failed
  type: str
  sample: account_refused
"""

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._client._run import run
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "interface": {"type": "str"},
    "username": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "authentication": {"type": "list", "elements": "str", "choices": ["pap", "chap", "mschapv2"]},
    "vlan": {"type": "int"},
    "ac_name": {"type": "str"},
    "service_name": {"type": "str"},
    "link_interface": {"type": "str"},
    "unit": {"type": "int"},
    "default_route": {"type": "bool", "default": True},
    "route_metric": {"type": "int", "default": 0},
    "dns": {"type": "raw", "default": "none"},
    "firewall": {"type": "str", "choices": ["none", "standalone", "masquerade"], "default": "none"},
    "ipv6": {"type": "bool", "default": False},
    "mtu": {"type": "int", "default": 1492},
    "demand_idle": {"type": "int"},
    "lcp_echo_interval": {"type": "int", "default": 4},
    "lcp_echo_failure": {"type": "int", "default": 3},
    "redial_pause": {"type": "int", "default": 5},
    "redial_pause_max": {"type": "int", "default": 60},
    # They may have secrets in them.
    "on_up": {"type": "str", "no_log": True},
    "on_down": {"type": "str", "no_log": True},
    "user_control": {"type": "bool", "default": False},
    "user_control_group": {"type": "str"},
    "configured_together": {"type": "list", "elements": "str"},
    "boot": {"type": "bool", "default": True},
    "startup": {"type": "str", "choices": ["auto", "systemd", "rc_local"], "default": "auto"},
    "state": {"type": "str", "choices": ["connected", "present", "disconnected", "absent"], "default": "connected"},
    "timeout": {"type": "int", "default": 60},
}


def main() -> None:
    module = DiscreetModule(
        argument_spec=ARGUMENTS,
        check=_shape.connection,
        required_together=[("interface", "username")],
        required_if=[("state", "present", ["interface", "username"])],
        supports_check_mode=True,
    )
    execute(module, run)


if __name__ == "__main__":
    main()
