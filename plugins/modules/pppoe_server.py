#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server
short_description: Configure and run a PPPoE server with rp-pppoe
version_added: 0.1.0
description:
  - Configures one instance of C(pppoe-server) from rp-pppoe, that is its pppd options, its address pool and its start
    at boot, and ensures that the process runs with that configuration.
  - Use M(dialtone.pppoe.chap_user) for accounts and M(dialtone.pppoe.masquerade) for NAT.
  - Live sessions are kept. Options of pppd are read by each new session, so changing them affects no process. For other
    changes, the daemon is replaced while its sessions continue, unless O(on_change) says otherwise.
  - An unmanaged C(pppoe-server) that runs on one of O(interfaces) is taken over in the same way. What starts it at
    boot, such as a line in rc.local or a unit, is disabled.
  - Everything is validated before the first write, also by C(pppoe-server) itself if it is installed.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
  - dialtone.pppoe.walled_garden
options:
  name:
    description:
      - Name of the instance. Up to 32 letters, digits, V(-) or V(_).
    type: str
    default: default
  interfaces:
    description:
      - The access interfaces, to which clients are connected. They must exist, and need no address. At boot, the
        instance waits for them and brings them up.
      - Required unless O(state=absent) or O(state=stopped).
    type: list
    elements: str
  local_address:
    description:
      - The server's IPv4 address in every session.
      - Required unless O(state=absent) or O(state=stopped).
    type: str
  pool:
    description:
      - The addresses for clients whose account has no fixed address. Each entry has one of the forms
        V(first-last) such as V(10.0.0.2-10.0.0.99), V(first+count) such as V(10.0.0.2+98), a network such as
        V(10.0.0.0/24) (without its first and last address), or a single address.
      - Must not contain O(local_address), another address of this host, or an address of another instance.
      - Each session holds one of them while it lasts. The session of an account with a fixed address gives it back when
        no other is left.
      - Required unless O(state=absent) or O(state=stopped).
    type: list
    elements: str
  pools:
    description:
      - Further pools by name, each a dictionary, from which plans draw their addresses
        (O(dialtone.pppoe.pppoe_plans#module:plans)). The line of an account in the
        secrets file names its pool as well (C(-- file pool-NAME)), which the role C(pppoe_server) sees to.
      - 'C(addresses): what it holds, in the forms of O(dialtone.pppoe.pppoe_server#module:pool). C(next_pool): the pool
        that serves when it is full, one of these or V(default), which is that of the instance. Without it, sessions are
        refused then.'
    type: dict
    default: {}
  session_count:
    description:
      - Maximum number of concurrent sessions. Default is the number of addresses in O(pool) and O(pools), plus one for
        each single address in O(reserved_addresses).
    type: int
  reserved_addresses:
    description:
      - Addresses that belong to accounts, as in the address column of chap-secrets. Hosts, networks and V(first-last)
        are excluded from the pool, since pppoe-server would otherwise assign them to others as well. V(*), V(-),
        V(!...) and host names are ignored.
      - Listing a host address twice is an error. An address outside the pool and the networks of the instance is
        reported in a warning (see O(networks)).
    type: list
    elements: str
    default: []
  excluded_addresses:
    description:
      - Further addresses to exclude from the pool, in the forms of O(pool). No warning is given for them.
    type: list
    elements: str
    default: []
  networks:
    description:
      - Further networks for fixed addresses of accounts, in addition to O(pool) and the networks of O(interfaces), in
        the forms of O(pool). List networks here that are routed to this host.
    type: list
    elements: str
    default: []
  walled_garden:
    description:
      - What accounts that are disabled or have expired (C(enabled) and C(expires) in
        O(dialtone.pppoe.pppoe_plans#module:accounts)) can still reach. This module gives them addresses,
        M(dialtone.pppoe.masquerade) has the rules of the firewall.
    type: dict
  authentication:
    description:
      - The authentication protocol for clients.
      - With V(pap) the accounts are in C(/etc/ppp/pap-secrets), otherwise in C(/etc/ppp/chap-secrets).
    type: str
    choices: [chap, pap, mschap-v2]
    default: chap
  system_login:
    description:
      - Also require a system account with the client's name, through PAM, and record the session (pppd's option
        C(login)). Many tutorials set it; without such an account, a client is refused despite the correct password.
    type: bool
    default: false
  ipv6:
    description:
      - Whether pppd negotiates IPv6 with clients (C(+ipv6), otherwise C(noipv6)). Each link then has link-local
        addresses. Prefixes and router advertisements are not configured; use radvd, for example.
    type: bool
    default: false
  dns_servers:
    description:
      - Up to two DNS servers to announce to clients.
    type: list
    elements: str
    default: []
  lcp_echo_interval:
    description:
      - Seconds between LCP echo requests to a client. V(0) disables them.
    type: int
    default: 10
  lcp_echo_failure:
    description:
      - How many unanswered LCP echo requests end a session. V(0) means never.
    type: int
    default: 3
  mtu:
    description:
      - Maximum size of packets sent to a client, in bytes, whatever a client asks for. Values other than V(1492) need
        kernel mode.
      - More than V(1492) is for clients that ask for it (RFC 4638), and needs an MTU of 8 bytes more on O(interfaces),
        see O(interface_mtu).
    type: int
    default: 1492
  mru:
    description:
      - Maximum size of packets that clients are asked to send, in bytes. Values other than V(1492) need kernel mode.
    type: int
    default: 1492
  interface_mtu:
    description:
      - The MTU that O(interfaces) have at least when the instance starts, such as V(1508) for a O(mtu) of V(1500).
        That of an interface below a VLAN is raised, too. V(0) leaves them as they are, and there is a warning if that
        is not enough.
      - Switches and clients on the segment have to carry frames of this size.
    type: int
    default: 0
  options:
    description:
      - Additional pppd options, each with its arguments, such as V(idle 600). Options that conflict with a parameter or
        with the operation of the server are refused.
    type: list
    elements: str
    default: []
  ac_name:
    description:
      - Access concentrator name announced in discovery. Default is the host name. Up to 64 letters, digits and any of
        V(._:@=+/-).
    type: str
  service_names:
    description:
      - Service names that clients can request. Clients that request none are always served. Characters as in
        O(ac_name).
    type: list
    elements: str
    default: []
  sessions_per_mac:
    description:
      - Maximum number of sessions per client MAC address. V(0) means unlimited.
    type: int
    default: 0
  single_session:
    description:
      - What to do when an account that already has a session connects again.
      - V(allow) permits any number of sessions.
      - V(replace) ends the old session. Of two that are established at the same time, the later one stays. A customer
        whose router has crashed is back online at once; two routers with the same account take turns.
      - V(deny) refuses the new session, with a message in the log. Of two that are established at the same time, the
        earlier one stays. A customer whose router has crashed must wait until the server has noticed, which takes
        O(lcp_echo_interval) times O(lcp_echo_failure) seconds.
      - The limit is enforced once a session has its address, so a refused session is up for a moment.
      - The limit applies per host, as the secrets file does. Sessions of all instances with V(replace) or V(deny) are
        counted together; those of instances with V(allow) are not counted.
      - A change applies to later connections and affects no process. Existing sessions are counted.
    type: str
    choices: [allow, replace, deny]
    default: allow
  history_days:
    description:
      - Keep a record of each session on the host for so many days, with account, address, MAC address, interface,
        session ID, start, end and bytes, in C(/var/lib/pppoe-server/history.db).
        M(dialtone.pppoe.pppoe_session_history_info) answers questions from it.
      - V(0) keeps none. What has been recorded before is not deleted then.
    type: int
    default: 0
  radius:
    description:
      - Let RADIUS servers decide who may log in, instead of the secrets file, which is not read then. This requires
        M(dialtone.pppoe.pppoe_server_radius), which says where they are.
      - A client without an address of RADIUS gets one of O(pool). A client with one holds no address of O(pool), so
        O(session_count) can be larger than it.
      - A change applies to later connections.
    type: bool
    default: false
  kernel_mode:
    description:
      - Whether sessions are carried by the kernel, at several times the throughput of relay processes.
      - V(auto) uses the kernel if possible, and otherwise warns with the reason.
      - V(always) fails if this is not possible. V(never) uses relay processes.
    type: str
    choices: [auto, always, never]
    default: auto
  require_kernel_ppp:
    description:
      - Fail if the kernel has no PPP support. Without it, the server would answer clients but never establish a
        session.
      - With V(false) this is only a warning, for a host that will boot another kernel, or for tests in containers.
    type: bool
    default: true
  startup:
    description:
      - What starts the instance at boot.
      - V(systemd) is a unit C(pppoe-server@NAME.service), which also restarts a daemon that has died.
      - V(rc_local) is a line in rc.local, for hosts without systemd. Nothing restarts a daemon that dies.
        Where systemd runs, the daemon gets a scope of its own, so that an out-of-memory kill ends one session and
        no limit of rc-local.service or of a login applies.
      - V(none) does not start it at boot.
    type: str
    choices: [systemd, rc_local, none]
    default: systemd
  state:
    description:
      - V(started) configures and runs the instance.
      - V(stopped) stops the process and ends all its sessions. The configuration, if any, is not changed.
      - V(present) configures the instance, but does not start, replace or stop a process.
      - V(absent) stops the process, ends all its sessions and removes the configuration.
    type: str
    choices: [started, stopped, present, absent]
    default: started
  on_change:
    description:
      - What to do if the arguments of the running process differ from the configuration.
      - V(live) replaces the daemon and keeps all sessions.
      - V(when_idle) restarts it if there is no session; otherwise a later run does.
      - V(restart) restarts it, which ends all sessions.
      - V(never) leaves it running as it is.
    type: str
    choices: [live, when_idle, restart, never]
    default: live
notes:
  - The configuration is in C(/etc/ppp/pppoe-server/), scripts are in C(/usr/local/libexec/dialtone-pppoe/), and runtime
    state is in C(/run/pppoe-server/). An existing C(/etc/ppp/pppoe-server-options) is neither read nor changed.
  - An address or session ID is never assigned to two live sessions, even if the daemon is replaced, restarted or
    killed, and is free again when its session has ended. The address of each session is leased by the script that
    C(pppoe-server) runs as pppd, so the address in the log line C(Session N created) is only a suggestion.
  - Tested on Debian 12 (rp-pppoe 3.15, ppp 2.4.9) and Debian 13 (rp-pppoe 4.0, ppp 2.5.2).
seealso:
  - module: dialtone.pppoe.chap_user
  - module: dialtone.pppoe.masquerade
  - module: dialtone.pppoe.pppoe_session_info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Serve clients on eth1 with twenty addresses
  dialtone.pppoe.pppoe_server:
    interfaces: [eth1]
    local_address: 192.168.10.109
    pool: [192.168.10.2+20]
    reserved_addresses: [192.168.10.3]
    dns_servers: [202.106.0.20, 8.8.8.8]

- name: Serve a VLAN with a separate instance
  dialtone.pppoe.pppoe_server:
    name: campus
    interfaces: [eth1.20]
    local_address: 10.20.0.1
    pool: [10.20.0.2-10.20.3.254]
    ac_name: campus
    sessions_per_mac: 1

- name: Change the access concentrator name once nobody is connected
  dialtone.pppoe.pppoe_server:
    interfaces: [eth1]
    local_address: 192.168.10.109
    pool: [192.168.10.2+20]
    ac_name: gate
    on_change: when_idle

- name: Remove the instance for VLAN 20 and end its sessions
  dialtone.pppoe.pppoe_server:
    name: campus
    state: absent
"""

RETURN = r"""
command:
  description: The daemon's command, without the arguments that are added at each start to avoid IDs and addresses in
    use.
  returned: when O(state=started) or O(state=present)
  type: list
  elements: str
  sample: [/usr/sbin/pppoe-server, -F, -I, eth1, -L, 192.168.10.109, -O, /etc/ppp/pppoe-server/default.options]
capabilities:
  description: Capabilities of the host.
  returned: when O(state=started) or O(state=present)
  type: dict
  contains:
    pppoe_server:
      description: Path of the program, null if it is not installed.
      type: str
    version:
      description: Its version.
      type: str
    flags:
      description: The option letters that it supports.
      type: str
    pppd:
      description: Path of pppd, null if it is not installed.
      type: str
    plugin:
      description: Path of pppd's PPPoE plugin, null if there is none.
      type: str
    kernel_problem:
      description: Why this kernel cannot carry sessions; null if it can.
      type: str
  sample:
    pppoe_server: /usr/sbin/pppoe-server
    version: '3.15'
    flags: CFHILMNOPQRSTXdfhilmopqrsux
    pppd: /usr/sbin/pppd
    plugin: /usr/lib/pppd/2.4.9/pppoe.so
    kernel_problem: null
kernel_mode:
  description: Whether sessions are carried by the kernel.
  returned: when O(state=started) or O(state=present)
  type: bool
  sample: true
applied:
  description:
    - What was done to the process. V(none), V(started), V(stopped), V(live) if it was replaced while sessions were
      kept, V(restarted), or V(pending) if it still has its old arguments.
  returned: success
  type: str
  sample: live
sessions_kept:
  description: Number of sessions that were kept.
  returned: success
  type: int
  sample: 12
sessions_dropped:
  description: Number of sessions that were ended.
  returned: success
  type: int
  sample: 0
addresses:
  description: Number of addresses in the pool.
  returned: when O(state=started) or O(state=present)
  type: int
  sample: 19
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _walled_garden
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _decision as _server_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _run as _server_run

REQUIRED = ["interfaces", "local_address", "pool"]
ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "interfaces": {"type": "list", "elements": "str"},
    "local_address": {"type": "str"},
    "pool": {"type": "list", "elements": "str"},
    "pools": {"type": "dict", "default": {}},
    "session_count": {"type": "int"},
    "reserved_addresses": {"type": "list", "elements": "str", "default": []},
    "excluded_addresses": {"type": "list", "elements": "str", "default": []},
    "networks": {"type": "list", "elements": "str", "default": []},
    "walled_garden": _walled_garden.ARGUMENT,
    "authentication": {"type": "str", "choices": list(_server_config.AUTHENTICATION), "default": "chap"},
    "system_login": {"type": "bool", "default": False},
    "ipv6": {"type": "bool", "default": False},
    "dns_servers": {"type": "list", "elements": "str", "default": []},
    "lcp_echo_interval": {"type": "int", "default": 10},
    "lcp_echo_failure": {"type": "int", "default": 3},
    "mtu": {"type": "int", "default": 1492},
    "mru": {"type": "int", "default": 1492},
    "interface_mtu": {"type": "int", "default": 0},
    "options": {"type": "list", "elements": "str", "default": []},
    "ac_name": {"type": "str"},
    "service_names": {"type": "list", "elements": "str", "default": []},
    "sessions_per_mac": {"type": "int", "default": 0},
    "radius": {"type": "bool", "default": False},
    "history_days": {"type": "int", "default": 0},
    "single_session": {"type": "str", "choices": list(_pppoe_server_up.CHOICES), "default": "allow"},
    "kernel_mode": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "require_kernel_ppp": {"type": "bool", "default": True},
    "startup": {"type": "str", "choices": ["systemd", "rc_local", "none"], "default": "systemd"},
    "state": {"type": "str", "choices": ["started", "stopped", "present", "absent"], "default": "started"},
    "on_change": {"type": "str", "choices": list(_server_decision.ON_CHANGE), "default": "live"},
}


def main() -> None:
    required = [("state", "started", REQUIRED), ("state", "present", REQUIRED)]
    execute(AnsibleModule(argument_spec=ARGUMENTS, required_if=required, supports_check_mode=True), _server_run.run)


if __name__ == "__main__":
    main()
