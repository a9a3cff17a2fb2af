#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server
short_description: Run a PPPoE access concentrator with rp-pppoe
version_added: 0.1.0
description:
  - Configures one instance of C(pppoe-server) from rp-pppoe, that is its pppd options, its address pool and what
    starts it at boot, and sees to it that the process runs with that configuration.
  - Accounts are the business of M(dialtone.pppoe.chap_user), NAT that of M(dialtone.pppoe.masquerade).
  - Live sessions outlive changes. Options of pppd are read by each new session, so that changing them touches no
    process; for the others the daemon is replaced while its sessions live on, unless O(on_change) says otherwise.
  - A C(pppoe-server) that somebody has started by hand on one of O(interfaces) is taken over in the same way. Its
    line in rc.local is put out of action, and a unit of which it is the main process starts at boot no longer.
  - Everything is validated before the first write, by C(pppoe-server) itself too where it is installed.
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the instance. Up to 32 letters, digits, V(-) or V(_).
    type: str
    default: default
  interfaces:
    description:
      - The interfaces that the clients are connected to. They must exist, and need no address. At boot they are
        waited for, and are set up.
      - Required unless O(state=absent) or O(state=stopped).
    type: list
    elements: str
  local_address:
    description:
      - The IPv4 address of the server's end of each session. All sessions share it.
      - Required unless O(state=absent) or O(state=stopped).
    type: str
  pool:
    description:
      - The addresses for clients whose account has none of its own, each entry in one of the forms
        V(first-last) such as V(10.0.0.2-10.0.0.99), V(first+count) such as V(10.0.0.2+98), a network such as
        V(10.0.0.0/24) (without its first and last address), or a single address.
      - May not contain O(local_address), another address of this host, or an address of another instance.
      - Each session takes one of them for as long as it lasts. That of an account with an address of its own gives it
        back when no other is left.
      - Required unless O(state=absent) or O(state=stopped).
    type: list
    elements: str
  session_count:
    description:
      - How many sessions there may be at once. By default as many as O(pool) has addresses, and one more for each
        single address of O(reserved_addresses).
    type: int
  reserved_addresses:
    description:
      - Addresses that belong to accounts, as in the address column of chap-secrets. Hosts and networks are left out
        of the pool, since pppoe-server would give them to others too. V(*), V(-), V(!...) and host names reserve
        nothing. V(first-last) reserves all between.
      - A host address that is listed twice is an error. One that is in no pool and no network of the instance is
        reported in a warning (see O(networks)).
    type: list
    elements: str
    default: []
  excluded_addresses:
    description:
      - More addresses to leave out of the pool, wherever they are; each entry in one of the forms of O(pool).
    type: list
    elements: str
    default: []
  networks:
    description:
      - Where addresses of accounts may be beside O(pool) and the networks of the instance's interfaces, without a
        warning. Name networks here that are routed to this host. Each entry in one of the forms of O(pool).
    type: list
    elements: str
    default: []
  authentication:
    description:
      - How clients prove who they are. Clients that cannot are refused.
      - With V(pap) the accounts are in C(/etc/ppp/pap-secrets), else in C(/etc/ppp/chap-secrets).
    type: str
    choices: [chap, pap, mschap-v2]
    default: chap
  system_login:
    description:
      - Let pppd ask PAM for a system account of the client's name as well, and record the session (pppd's option
        C(login)). Tutorials copy it; without such an account each client is refused after it has given the right
        password.
    type: bool
    default: false
  ipv6:
    description:
      - Whether pppd agrees on IPv6 with clients (C(+ipv6), else C(noipv6)). Each link then has link-local addresses;
        prefixes and router advertisements are up to you, for example with radvd.
    type: bool
    default: false
  dns_servers:
    description:
      - Up to two DNS servers that clients are told.
    type: list
    elements: str
    default: []
  lcp_echo_interval:
    description:
      - Seconds between two LCP echo requests to each client. V(0) sends none.
    type: int
    default: 10
  lcp_echo_failure:
    description:
      - How many LCP echo requests may go unanswered before a session is taken for dead. V(0) means any number.
    type: int
    default: 3
  mtu:
    description:
      - Largest packet that is sent to a client, in bytes. Other values than V(1492) need kernel mode.
    type: int
    default: 1492
  mru:
    description:
      - Largest packet that clients are asked to send, in bytes. Other values than V(1492) need kernel mode.
    type: int
    default: 1492
  options:
    description:
      - More options of pppd, each with its arguments, such as V(idle 600). Those that contradict a parameter or what
        the server does are refused.
    type: list
    elements: str
    default: []
  ac_name:
    description:
      - Name of the access concentrator, by default the host name. Up to 64 letters, digits and any of V(._:@=+/-).
    type: str
  service_names:
    description:
      - Service names that clients can ask for. Those that ask for none are always served. Characters as in O(ac_name).
    type: list
    elements: str
    default: []
  sessions_per_mac:
    description:
      - How many sessions one MAC address may have. V(0) sets no limit.
    type: int
    default: 0
  single_session:
    description:
      - What happens when an account dials that has a session already.
      - V(allow) lets it have any number of sessions.
      - V(replace) hangs the former session up. Of two that come up at the same moment, the later stays. A customer
        whose router has crashed is back at once; two routers with one account take turns.
      - V(deny) refuses the new session, with a message in the log. Of two that come up at the same moment, the earlier
        stays. A customer whose router has crashed has to wait until the server has noticed, O(lcp_echo_interval) times
        O(lcp_echo_failure) seconds.
      - It is seen to when a session has got its address, so a refused one is up for an instant.
      - An account is one for the whole host, as the secrets file is. Sessions of all instances with V(replace) or
        V(deny) count together; those of instances with V(allow) do not count.
      - A change holds for dials after it and touches no process. The sessions that are up then are counted.
    type: str
    choices: [allow, replace, deny]
    default: allow
  kernel_mode:
    description:
      - Whether the kernel carries the sessions, at several times the throughput of a relay process for each.
      - V(auto) does it wherever it can be done, and warns with the reason where it cannot.
      - V(always) fails where it cannot be done. V(never) uses relay processes.
    type: str
    choices: [auto, always, never]
    default: auto
  require_kernel_ppp:
    description:
      - Fail on a host whose kernel cannot do PPP, where the server would answer clients and then never serve one.
      - With V(false) a warning takes the place of the error, for a host that will boot another kernel, or for tests
        in containers.
    type: bool
    default: true
  startup:
    description:
      - What starts the instance at boot.
      - V(systemd) is a unit C(pppoe-server@NAME.service), which also brings back a daemon that has died.
      - V(rc_local) is a line in rc.local, as in the days before systemd. Nothing restarts a daemon that dies.
      - V(none) leaves the start at boot to others.
    type: str
    choices: [systemd, rc_local, none]
    default: systemd
  state:
    description:
      - V(started) configures the instance and has it run.
      - V(stopped) ends the process and all its sessions. The configuration, if any, stays and is not changed.
      - V(present) configures the instance and neither starts, changes nor stops a process.
      - V(absent) ends the process and all its sessions, and removes the configuration.
    type: str
    choices: [started, stopped, present, absent]
    default: started
  on_change:
    description:
      - What to do when the running process has other arguments than the configuration asks for.
      - V(live) replaces the daemon, and sessions live on.
      - V(when_idle) restarts it if there is no session; else a later run does.
      - V(restart) restarts it, which ends all sessions.
      - V(never) leaves it as it is.
    type: str
    choices: [live, when_idle, restart, never]
    default: live
notes:
  - The configuration is in C(/etc/ppp/pppoe-server/), its scripts are in C(/usr/local/libexec/dialtone-pppoe/), what
    holds until the next boot is in C(/run/pppoe-server/). A
    C(/etc/ppp/pppoe-server-options) made by hand is neither read nor changed.
  - Whatever replaces, restarts or kills the daemon, an address or session id is never given to two living sessions,
    and is free again when its session has ended. The address of each session is taken by the script that
    C(pppoe-server) runs as pppd. So the address in the log line C(Session N created) is but a suggestion.
  - Tried on Debian 12 (rp-pppoe 3.15, ppp 2.4.9) and Debian 13 (rp-pppoe 4.0, ppp 2.5.2).
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

- name: Serve a VLAN with an instance of its own
  dialtone.pppoe.pppoe_server:
    name: campus
    interfaces: [eth1.20]
    local_address: 10.20.0.1
    pool: [10.20.0.2-10.20.3.254]
    ac_name: campus
    sessions_per_mac: 1

- name: Change the name of the access concentrator in the night, when nobody is connected
  dialtone.pppoe.pppoe_server:
    interfaces: [eth1]
    local_address: 192.168.10.109
    pool: [192.168.10.2+20]
    ac_name: gate
    on_change: when_idle

- name: Remove the instance for VLAN 20, and hang up its clients
  dialtone.pppoe.pppoe_server:
    name: campus
    state: absent
"""

RETURN = r"""
command:
  description: The daemon's command, without what is added at each start to spare the ids and addresses in use.
  returned: when O(state=started) or O(state=present)
  type: list
  elements: str
  sample: [/usr/sbin/pppoe-server, -F, -I, eth1, -L, 192.168.10.109, -O, /etc/ppp/pppoe-server/default.options]
capabilities:
  description: What was read from the host.
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
      description: The option letters it knows.
      type: str
    pppd:
      description: Path of pppd, null if it is not installed.
      type: str
    plugin:
      description: Path of pppd's PPPoE plugin, null if there is none.
      type: str
    kernel_problem:
      description: Why this kernel cannot carry sessions, null if it can.
      type: str
  sample:
    pppoe_server: /usr/sbin/pppoe-server
    version: '3.15'
    flags: CFHILMNOPQRSTXdfhilmopqrsux
    pppd: /usr/sbin/pppd
    plugin: /usr/lib/pppd/2.4.9/pppoe.so
    kernel_problem: null
kernel_mode:
  description: Whether the kernel carries the sessions.
  returned: when O(state=started) or O(state=present)
  type: bool
  sample: true
applied:
  description:
    - What was done with the process. V(none) if it needed nothing, V(started), V(stopped), V(live) if it was replaced
      while sessions lived on, V(restarted), or V(pending) if it still has its former arguments.
  returned: success
  type: str
  sample: live
sessions_kept:
  description: The number of sessions that there were and still are.
  returned: success
  type: int
  sample: 12
sessions_dropped:
  description: The number of sessions that were ended.
  returned: success
  type: int
  sample: 0
addresses:
  description: The number of addresses that are handed out.
  returned: when O(state=started) or O(state=present)
  type: int
  sample: 19
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _config as _server_config
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _daemon as _server_daemon
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _decision as _server_decision
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _run as _server_run

REQUIRED = ["interfaces", "local_address", "pool"]
ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "interfaces": {"type": "list", "elements": "str"},
    "local_address": {"type": "str"},
    "pool": {"type": "list", "elements": "str"},
    "session_count": {"type": "int"},
    "reserved_addresses": {"type": "list", "elements": "str", "default": []},
    "excluded_addresses": {"type": "list", "elements": "str", "default": []},
    "networks": {"type": "list", "elements": "str", "default": []},
    "authentication": {"type": "str", "choices": list(_server_config.AUTHENTICATION), "default": "chap"},
    "system_login": {"type": "bool", "default": False},
    "ipv6": {"type": "bool", "default": False},
    "dns_servers": {"type": "list", "elements": "str", "default": []},
    "lcp_echo_interval": {"type": "int", "default": 10},
    "lcp_echo_failure": {"type": "int", "default": 3},
    "mtu": {"type": "int", "default": 1492},
    "mru": {"type": "int", "default": 1492},
    "options": {"type": "list", "elements": "str", "default": []},
    "ac_name": {"type": "str"},
    "service_names": {"type": "list", "elements": "str", "default": []},
    "sessions_per_mac": {"type": "int", "default": 0},
    "single_session": {"type": "str", "choices": list(_pppoe_server_up.CHOICES), "default": "allow"},
    "kernel_mode": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "require_kernel_ppp": {"type": "bool", "default": True},
    "startup": {"type": "str", "choices": ["systemd", "rc_local", "none"], "default": "systemd"},
    "state": {"type": "str", "choices": ["started", "stopped", "present", "absent"], "default": "started"},
    "on_change": {"type": "str", "choices": list(_server_decision.ON_CHANGE), "default": "live"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "started", REQUIRED), ("state", "present", REQUIRED)],
        supports_check_mode=True,
    )
    work = _server_run.configure if module.params["state"] in ("started", "present") else _server_run.end
    try:
        result = work(module)
    except (Refused, _server_daemon.StartFailed, _systemd.SystemdError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
