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
      - The Ethernet interface that leads to the access concentrator. It must exist. It is set up, and needs no address.
      - Required if O(state=connected) or O(state=present).
    type: str
  username:
    description:
      - The account's name.
      - Required if O(state=connected) or O(state=present).
    type: str
  secret:
    description:
      - The account's secret, its password. It is written to C(/etc/ppp/chap-secrets) and C(/etc/ppp/pap-secrets), for
        this connection only, so that two connections may have accounts of the same name.
      - If left out, these files are left alone, and must have the account already.
    type: str
  ac_name:
    description:
      - Take only the access concentrator of this name. By default the first that answers.
    type: str
  service_name:
    description:
      - Ask for this service. By default any.
    type: str
  default_route:
    description:
      - Whether the link becomes the default route of the host.
      - Refused if the host has another default route without a metric (or with metric 0), since versions of pppd
        differ in what they do then. One with a greater metric stays, and counts again once the link is down.
    type: bool
    default: true
  dns:
    description:
      - V(none) to leave name resolution alone, V(server) to use the name servers that the access concentrator tells, or
        the addresses of name servers, as a list or separated by commas.
      - Name servers count while the link is up, for C(systemd-resolved) or C(resolvconf) where the host lives by one of
        them, otherwise in C(/etc/resolv.conf). There, other name servers are set aside as comments until the link is
        down, and everything else in the file stays.
    type: raw
    default: none
  mtu:
    description:
      - The largest packet in bytes, in both directions. From 128 to 1492, and at least 8 less than the MTU of
        O(interface).
    type: int
    default: 1492
  lcp_echo_interval:
    description:
      - Ask the server every so many seconds whether it is still there. V(0) for never.
    type: int
    default: 20
  lcp_echo_failure:
    description:
      - After so many questions without an answer the link counts as broken, and is dialled anew. V(0) for never.
    type: int
    default: 3
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
        to have it, and its name servers. A link that is up stays, unless its configuration has changed; then it is
        dialled anew, once.
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

- name: A second connection over the same wire, beside the default route
  dialtone.pppoe.pppoe_client:
    name: office
    interface: eth0
    username: cmz2
    secret: "{{ vault_cmz2_secret }}"
    default_route: false
    dns: none

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
reason:
  description:
    - Why the dial failed, in a word. V(no_answer) (no access concentrator answers), V(refused) (one answers, and gives
      no session), V(account_refused), V(no_secret), V(no_address), V(default_route), V(hung_up), V(silent),
      V(interface), V(not_started), or V(timeout).
  returned: when a dial failed
  type: str
  sample: account_refused
"""

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils import (
    _client_accounts,
    _client_config,
    _client_decision,
    _client_dial,
    _client_host,
    _client_link,
    _discreet,
    _files,
    _systemd,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._errors import Refused

ARGUMENTS = {
    "name": {"type": "str", "required": True},
    "interface": {"type": "str"},
    "username": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "ac_name": {"type": "str"},
    "service_name": {"type": "str"},
    "default_route": {"type": "bool", "default": True},
    "dns": {"type": "raw", "default": "none"},
    "mtu": {"type": "int", "default": 1492},
    "lcp_echo_interval": {"type": "int", "default": 20},
    "lcp_echo_failure": {"type": "int", "default": 3},
    "boot": {"type": "bool", "default": True},
    "startup": {"type": "str", "choices": ["auto", "systemd", "rc_local"], "default": "auto"},
    "state": {"type": "str", "choices": ["connected", "present", "disconnected", "absent"], "default": "connected"},
    "timeout": {"type": "int", "default": 60},
}


def configure(module: _discreet.DiscreetModule) -> dict[str, t.Any]:
    """``state`` connected or present."""
    params = module.params
    wanted = _client_config.connection(params, _client_host.interface_mtu(params["interface"]))
    to_systemd = _client_host.by_systemd(params["startup"])
    _client_host.refuse_what_is_not_ours(wanted.name)
    _client_host.require_programs(module)
    with _client_accounts.locked():
        todo = _client_host.plan(module, wanted, to_systemd, params["boot"])
        link = _client_link.current(module, wanted.name)
        by_unit = _unit_is_active(module, wanted.name)
        moved = link is not None and by_unit != to_systemd
        stale = link is not None and _client_host.is_older_than_its_configuration(link, wanted.name)
        differs = moved or stale or bool(todo.accounts) or todo.touches(_client_config.peers_path(wanted.name))
        now = _client_decision.Now(link is not None or by_unit, link is not None and link.up, differs)
        decision = _client_decision.decide(params["state"], now)
        if decision.dial:
            _client_host.refuse_another_default_route(module, wanted, link)
        if not module.check_mode:
            _client_host.write(module, wanted.name, todo)
    for edit in todo.accounts:
        for warning in edit.warnings:
            module.warn(warning)
    if decision.dial and not module.check_mode:
        if decision.hang_up:
            _client_dial.hang_up(module, wanted.name)
        _client_dial.dial(module, wanted, to_systemd)
        link = _client_dial.wait(module, wanted, params["timeout"])
    startup = "systemd" if to_systemd else "rc_local"
    gone = decision.dial and module.check_mode
    return dict(_report(module, todo, decision, None if gone else link), startup=startup)


def end(module: _discreet.DiscreetModule) -> dict[str, t.Any]:
    """``state`` disconnected or absent."""
    name = _client_config.check_name(module.params["name"])
    _client_host.refuse_what_is_not_ours(name)
    running = _client_link.current(module, name) is not None or _unit_is_active(module, name)
    decision = _client_decision.decide(module.params["state"], _client_decision.Now(running, False, False))
    if not module.check_mode:
        if decision.hang_up:
            _client_dial.hang_up(module, name)
        _client_dial.take_back_name_servers(module, name)
    if module.params["state"] == "disconnected":
        return _report(module, _client_host.Plan([], [], None), decision, None)
    with _client_accounts.locked():
        todo = _client_host.plan_absent(module, name)
        if not module.check_mode:
            _client_host.write(module, name, todo)
    return _report(module, todo, decision, None)


def _unit_is_active(module: _discreet.DiscreetModule, name: str) -> bool:
    return _systemd.running() and _systemd.is_active(module, _client_config.unit_name(name))


def _report(
    module: _discreet.DiscreetModule,
    todo: _client_host.Plan,
    decision: _client_decision.Decision,
    link: _client_link.Link | None,
) -> dict[str, t.Any]:
    up = link is not None and link.up
    noted = _files.read(_client_config.servers_path(module.params["name"])) if up else None
    result = {
        "changed": todo.changed or decision.dial or decision.hang_up,
        "applied": decision.applied,
        "interface": link.interface if link and up else None,
        "address": link.address if link and up else None,
        "peer_address": link.peer if link and up else None,
        "mtu": link.mtu if link and up else None,
        "dns_servers": (noted or b"").decode("ascii", "replace").split(),
    }
    return dict(result, diff=todo.diff()) if module._diff else result


def main() -> None:
    needed = ["interface", "username"]
    module = _discreet.DiscreetModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "connected", needed), ("state", "present", needed)],
        supports_check_mode=True,
    )
    name = module.params["name"]
    try:
        work = configure if module.params["state"] in ("connected", "present") else end
        result = work(module)
    except _client_dial.DialFailed as error:
        stays = f" The connection {name} is configured, and is tried again until it is up or hung up."
        module.fail_json(msg=str(error) + stays, reason=error.reason, changed=True)
    except (Refused, _files.LockTimeout, _systemd.SystemdError, _client_dial.HangUpFailed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
