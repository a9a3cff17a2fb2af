#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_client
short_description: Configure and dial a PPPoE client connection
version_added: 0.1.0
description:
  - Configures a PPPoE connection of a Linux host, dials it now and at boot, and returns the addresses of the link. The
    connection uses pppd and its PPPoE plugin, and is carried by the kernel.
  - A host can have any number of connections with different names.
  - If dialling fails, the module fails with the reason from pppd's log, which distinguishes a wrong secret from a
    server that does not answer, for example. The configuration stays, and the connection is retried in the background.
  - Everything is validated before the first write.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    details:
      - Cannot predict whether dialling will succeed.
      - Programs may be missing in check mode, since a run may install them first.
  diff_mode:
    details:
      - Secrets are never shown.
options:
  name:
    description:
      - Name of the connection. Up to 32 letters, digits, V(-) or V(_), not starting with V(-).
      - It is the name of the file in C(/etc/ppp/peers). With systemd, the unit is C(pppoe-client@NAME.service).
      - If a file of that name exists that was not written by this module, the module fails and does not change it.
    type: str
    required: true
  interface:
    description:
      - The Ethernet interface that leads to the access concentrator. It must exist, and must not be a port of a bridge
        or bond. If it is down, it is brought up at each attempt. It needs no address.
      - Required if O(state=present), and if O(state=connected) unless only O(name) and O(timeout) are set. In that
        case, the existing connection is dialled if it is not up.
    type: str
  username:
    description:
      - The account's name. Required if O(interface) is required.
    type: str
  secret:
    description:
      - The account's password. It is written to C(/etc/ppp/chap-secrets) and C(/etc/ppp/pap-secrets) for this
        connection only, so two connections can have accounts of the same name.
      - It may contain any character except NUL. A secret that begins with V(@/), which pppd would take for a file name,
        is stored in a separate file in C(/etc/ppp/pppoe-client).
      - If omitted, these files are not changed, and must already contain the account.
    type: str
  authentication:
    description:
      - The authentication protocols that the host may use. A server that requests none of them is refused, so without
        V(pap) the secret is never sent in clear text.
      - Default is any that pppd supports.
    type: list
    elements: str
    choices: [pap, chap, mschapv2]
  vlan:
    description:
      - The VLAN on O(interface) that leads to the access concentrator. Its interface is called O(interface), a dot and
        this number. It is created if missing, and removed when no connection needs it any more.
      - Refused if an interface for that VLAN exists under another name. In this case, set O(interface) to that name.
      - By default, frames are untagged.
    type: int
  ac_name:
    description:
      - Connect only to the access concentrator of this name. Default is the first that answers.
    type: str
  service_name:
    description:
      - Request this service. Default is any.
    type: str
  link_interface:
    description:
      - The name of the link's interface, such as V(ppp-office), so that firewall rules and scripts can refer to it.
      - By default the kernel chooses it, V(ppp0) for the first link that comes up, unless O(unit) is set.
    type: str
  unit:
    description:
      - The number of the link's interface, such as V(3) for V(ppp3). Mutually exclusive with O(link_interface).
    type: int
  default_route:
    description:
      - Whether to set a default route through the link.
      - Refused if the host or another connection has a default route with the same O(route_metric). One with another
        metric is kept; the lowest metric wins.
    type: bool
    default: true
  route_metric:
    description:
      - The metric of the default route. Among several default routes, the lowest metric wins.
    type: int
    default: 0
  dns:
    description:
      - V(none) to leave name resolution unchanged, V(server) to use the name servers that the server announces, or the
        addresses of name servers, as a list or comma-separated.
      - The name servers are used while the link is up, through C(systemd-resolved) or C(resolvconf) if the host uses
        one of them, otherwise in C(/etc/resolv.conf). There, other name servers are commented out until the link is
        down, and everything else in the file is kept.
    type: raw
    default: none
  firewall:
    description:
      - V(standalone) drops new connections from the link, to this host or through it, except pings.
      - V(masquerade) also masquerades traffic that is forwarded to the link, and clamps the MSS of its TCP connections.
        It needs forwarding (M(dialtone.pppoe.forwarding)).
      - The rules are loaded before the link comes up, and after a reboot, with nftables, iptables or firewalld as for
        M(dialtone.pppoe.masquerade). They refer to the name of the link, which defaults to V(ppp-NAME) in this case
        unless O(link_interface) or O(unit) is set.
    type: str
    choices: [none, standalone, masquerade]
    default: none
  ipv6:
    description:
      - Whether the link also carries IPv6. It then has link-local addresses, and accepts router advertisements of the
        server, even on a host that forwards IPv6 (C(accept_ra=2)). With O(default_route=false) it takes no default
        route from them.
      - With O(state=connected), a link that was dialled is given 3 seconds to get an address from the prefix of the
        server. If it gets none, a warning says what is missing.
      - RV(address) and the state of the unit refer to IPv4 only.
    type: bool
    default: false
  ipv6_delegation:
    description:
      - Asks the server for an IPv6 prefix (DHCPv6 prefix delegation), and gives a /64 of it to each of these
        interfaces, where it is advertised to hosts. Needs O(ipv6), systemd, and IPv6 forwarding, see
        O(dialtone.pppoe.forwarding#module:ipv6_forwarding).
      - With O(state=connected), the module returns once each of them has its /64, or fails after O(timeout).
      - After a redial the interfaces have their prefixes again, the same if the server keeps them. Addresses of the
        prefix that no interface has are unreachable.
      - The link needs a name, which defaults to V(ppp-NAME) unless O(link_interface) or O(unit) is set.
      - If omitted, prefixes that an earlier run has set up are taken away again.
    type: dict
    suboptions:
      interfaces:
        description:
          - The interfaces that lead to the networks behind the host. The first one gets the first /64, and so on.
          - Interfaces that are configured by a file of systemd-networkd keep that; a drop-in is added to it. Others
            keep their IPv4 addresses, whatever has set them.
        type: list
        elements: str
        required: true
      client:
        description:
          - What speaks DHCPv6 and advertises the prefixes. V(networkd) is systemd-networkd, which is started with the
            connection. V(dhcpcd) is dhcpcd, version 10 or later, with radvd, which run while the link is up.
          - V(auto) selects V(networkd) if systemd-networkd is installed, otherwise V(dhcpcd).
        type: str
        choices: [auto, networkd, dhcpcd]
        default: auto
      length:
        description:
          - The length of the prefix to ask for. A server may give another one.
        type: int
        default: 56
  mtu:
    description:
      - Maximum packet size in bytes, in both directions. From 128 to 1500, and at least 8 less than the MTU of
        O(interface).
      - More than 1492 is requested according to RFC 4638. If the server does not agree, it is 1492, as RV(mtu) shows.
    type: int
    default: 1492
  interface_mtu:
    description:
      - The MTU that O(interface) and its VLAN have at least from each dial on, such as V(1508) for a O(mtu) of V(1500).
        V(0) leaves them as they are. The segment has to carry frames of this size.
    type: int
    default: 0
  demand_idle:
    description:
      - Dial on demand, and hang up after this many seconds without traffic. The addresses may change with each dial.
      - With O(state=connected) the connection is dialled once, to check that it works. Afterwards, an idle connection
        counts as connected.
      - By default the link stays up.
    type: int
  lcp_echo_interval:
    description:
      - Seconds between LCP echo requests to the server, which are omitted while it sends other packets. V(0) disables
        them.
    type: int
    default: 3
  lcp_echo_failure:
    description:
      - How many unanswered LCP echo requests end the link; it is then redialled. V(0) means never.
      - With both defaults, a failed server is detected after 9 to 12 seconds, and on a busy link after 12 to 15.
    type: int
    default: 3
  redial_pause:
    description:
      - Seconds to wait after the first failed attempt. The pause doubles with each further failure. After a refused
        account, pauses are five times as long.
      - A link that breaks after it was up for at least this long is redialled at once.
      - Applies to O(startup=systemd). C(systemctl status) shows the current pause.
    type: int
    default: 5
  redial_pause_max:
    description:
      - The maximum pause in seconds, before it is multiplied by five for a refused account. With O(startup=rc_local)
        and with O(demand_idle), every pause has this length.
    type: int
    default: 60
  on_up:
    description:
      - A shell script to run as root whenever the link has come up. Its output goes to the system log. Its arguments
        and variables are those of C(/etc/ppp/ip-up), see pppd(8).
      - Changing it needs no redial.
      - It may contain a secret. Only root can read it on the host, and it is not shown in results, diffs and logs.
    type: str
  on_down:
    description:
      - A shell script to run as root whenever the link has gone down, as O(on_up).
    type: str
  user_control:
    description:
      - Whether unprivileged users may start and stop the connection with C(systemctl start pppoe-client@NAME) and
        C(systemctl stop pppoe-client@NAME). They cannot read its secret or change it.
      - Installs a rule for polkit, which must be installed. Not available with O(startup=rc_local).
    type: bool
    default: false
  user_control_group:
    description:
      - Limit O(user_control) to the members of this group. Default is every user of the host.
    type: str
  configured_together:
    description:
      - Names of connections that the same play configures. Their current settings, such as the metric of a default
        route, are not considered a conflict with this connection.
    type: list
    elements: str
  boot:
    description:
      - Whether the connection is dialled at boot.
    type: bool
    default: true
  startup:
    description:
      - What dials at boot, and redials whenever the link ends. V(systemd) is a unit, V(rc_local) a block in
        C(rc.local).
      - V(auto) selects V(systemd) if it is running, otherwise V(rc_local).
    type: str
    choices: [auto, systemd, rc_local]
    default: auto
  state:
    description:
      - V(connected) configures the connection and returns once the link has an IPv4 address, its default route if
        requested, and its name servers. A link that is up is kept unless a change requires a redial, which happens
        once.
      - V(present) configures the connection, but does not dial or hang up. RV(applied=pending) shows that a live link
        does not have the new configuration yet.
      - V(disconnected) hangs up, but does not change the configuration, so an enabled connection is dialled again at
        the next boot.
      - V(absent) hangs up and removes the connection.
    type: str
    choices: [connected, present, disconnected, absent]
    default: connected
  timeout:
    description:
      - Seconds to wait for the link with O(state=connected). The module fails at once if the account is refused.
    type: int
    default: 60
requirements:
  - pppd 2.4.9 or later with its PPPoE plugin (package C(ppp))
  - a kernel with PPP over Ethernet
  - iproute2
  - polkit 0.106 or later, for O(user_control)
  - systemd-networkd 250 or later, or dhcpcd 10 or later and radvd, for O(ipv6_delegation)
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
- name: Configure a connection, and dial it now and at boot
  dialtone.pppoe.pppoe_client:
    name: ppp1
    interface: eth0
    username: cmz
    secret: "{{ vault_cmz_secret }}"
    dns: [114.114.114.114, 8.8.8.8]

- name: Configure a second connection as a backup
  dialtone.pppoe.pppoe_client:
    name: office
    interface: eth1
    vlan: 7
    link_interface: ppp-office
    username: cmz2
    secret: "{{ vault_cmz2_secret }}"
    route_metric: 100

- name: Configure a connection that users can dial, and that hangs up after five minutes without traffic
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

- name: Use the server's name servers from the next dial on
  dialtone.pppoe.pppoe_client:
    name: ppp1
    interface: eth0
    username: cmz
    dns: server
    state: present

- name: Hang up until the next boot
  dialtone.pppoe.pppoe_client:
    name: ppp1
    state: disconnected

- name: Remove the connection
  dialtone.pppoe.pppoe_client:
    name: ppp1
    state: absent
"""

RETURN = r"""
asleep:
  description: Whether the connection is waiting for traffic, with O(demand_idle).
  returned: success
  type: bool
  sample: false
interface:
  description: The interface of the link. V(none) if there is no link.
  returned: success
  type: str
  sample: ppp0
address:
  description: The IPv4 address of the host.
  returned: success
  type: str
  sample: 192.168.10.2
peer_address:
  description: The IPv4 address of the server.
  returned: success
  type: str
  sample: 192.168.10.109
mtu:
  description: The negotiated MTU of the link in bytes.
  returned: success
  type: int
  sample: 1492
ipv6_address:
  description: A global IPv6 address of the link. V(none) if it has none.
  returned: success
  type: str
  sample: "2001:db8:1:2::2"
delegated_ipv6_prefix:
  description: The prefix that the server has delegated. V(none) if there is none, or if it is a single /64.
  returned: success
  type: str
  sample: "2001:db8:100:500::/56"
inside_ipv6_prefixes:
  description: The /64 of each interface of O(ipv6_delegation) that has one.
  returned: success
  type: dict
  sample: {eth1: "2001:db8:100:500::/64"}
dns_servers:
  description: The name servers that are used because of this link.
  returned: success
  type: list
  elements: str
  sample: [114.114.114.114, 8.8.8.8]
applied:
  description:
    - What was done to the link, or would be done in check mode. V(none), V(dialled), V(redialled) (it was up with
      another configuration), V(hung_up), or V(pending) (it is up with another configuration, with O(state=present)).
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
    - The interfaces of the connection that NetworkManager or systemd-networkd also manages, by the name of the program.
      There is a warning if the interface of the link is among them, since the program may remove its address and
      routes.
  returned: O(state=connected) or O(state=present)
  type: dict
  sample: {NetworkManager: [eth0, ppp0]}
reason:
  description:
    - Why dialling failed, as a keyword. V(no_answer) (no access concentrator answers), V(refused) (one answers, and
      gives no session), V(account_refused), V(authentication) (the two ends do not agree on an
      authentication protocol), V(no_secret), V(no_address), V(default_route), V(no_ipv6) (O(ipv6_delegation) has
      not got a prefix), V(hung_up), V(silent), V(interface), V(not_started), or V(timeout).
  returned: when dialling failed
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
    "ipv6_delegation": {
        "type": "dict",
        "options": {
            "interfaces": {"type": "list", "elements": "str", "required": True},
            "client": {"type": "str", "choices": ["auto", "networkd", "dhcpcd"], "default": "auto"},
            "length": {"type": "int", "default": 56},
        },
    },
    "mtu": {"type": "int", "default": 1492},
    "interface_mtu": {"type": "int", "default": 0},
    "demand_idle": {"type": "int"},
    "lcp_echo_interval": {"type": "int", "default": 3},
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
