#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_access
short_description: Delay or drop discovery packets on the access interfaces of a PPPoE server
version_added: 0.1.0
description:
  - Speeds up connecting. A typical client sends its first LCP request as soon as it has the PADS. At this time, the
    pppd of the server is still starting, so the request is lost, and the client repeats it after three seconds. With
    O(dial_hold), the kernel holds the PADS, and the server's own first LCP requests behind it, until pppd listens.
  - Delays the PADO with O(pado_delay), so that clients prefer another access concentrator on the same segment, and
    drains a server with O(drained), so that it gets no new sessions while existing ones continue.
  - Packets of established sessions are not affected. The root qdisc of the interface and existing filters are kept. The
    delayed packets are redirected through an interface C(pppoe-holdN) of type ifb.
  - The settings take effect immediately, after a reboot and, with systemd and udev, when an interface reappears.
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
      - The instance of M(dialtone.pppoe.pppoe_server) whose access interfaces these are.
    type: str
    default: default
  interfaces:
    description:
      - The access interfaces. An interface that does not exist yet is configured as soon as it appears.
      - Required if O(state=present), unless the instance already has settings.
    type: list
    elements: str
  dial_hold:
    description:
      - How long to hold PADS and the server's LCP requests, in milliseconds, V(0) to V(1000).
      - V(auto) uses twice the time that pppd takes to start on this host, measured once, between 30 and 300
        milliseconds. If the kernel cannot hold packets, it is V(0), and RV(dial_hold_problem) gives the reason.
      - Default is the configured value, otherwise V(auto).
    type: str
  pado_delay:
    description:
      - How long to delay each PADO, in milliseconds, V(0) to V(4000). Clients use the first PADO that arrives.
      - Default is the configured value, otherwise V(0).
    type: int
  drained:
    description:
      - Whether to drop PADOs, so that no new sessions start. Clients that already have a PADO can still connect.
      - Default is the configured value, otherwise V(false).
    type: bool
  startup:
    description:
      - What applies the settings at boot. V(auto) selects systemd if it is running.
    type: str
    choices: [auto, systemd, rc_local]
    default: auto
  state:
    description:
      - V(absent) removes all of these settings.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Requires C(tc) and a kernel with C(sch_netem), C(sch_prio), C(sch_ingress), C(cls_u32), C(act_mirred) and C(ifb).
    Debian's kernels have them. On Red Hat's, C(sch_netem) is in C(kernel-modules-extra); this has not been tested.
seealso:
  - module: dialtone.pppoe.pppoe_server
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Speed up connecting for typical clients
  dialtone.pppoe.pppoe_access:
    interfaces: [eth1]

- name: Drain the server
  dialtone.pppoe.pppoe_access:
    interfaces: [eth1]
    drained: true

- name: Remove the settings
  dialtone.pppoe.pppoe_access:
    state: absent
"""

RETURN = r"""
dial_hold:
  description: How long PADS and LCP requests are held, in milliseconds.
  returned: when O(state=present)
  type: int
  sample: 90
dial_hold_problem:
  description: Why packets are not held with O(dial_hold=auto). V(null) otherwise.
  returned: when O(state=present)
  type: str
  sample:
pado_delay:
  description: How long each PADO is delayed, in milliseconds.
  returned: when O(state=present)
  type: int
  sample: 0
drained:
  description: Whether PADOs are dropped.
  returned: when O(state=present)
  type: bool
  sample: false
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _host as _access_host
from ansible_collections.dialtone.pppoe.plugins.module_utils._access import _settings as _access_settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _names, _systemd
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS = {
    "name": {"type": "str", "default": "default"},
    "interfaces": {"type": "list", "elements": "str"},
    "dial_hold": {"type": "str"},
    "pado_delay": {"type": "int"},
    "drained": {"type": "bool"},
    "startup": {"type": "str", "choices": ["auto", "systemd", "rc_local"], "default": "auto"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    execute(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    _names.check_name(module.params["name"])
    return present(module) if module.params["state"] == "present" else absent(module)


def present(module: AnsibleModule) -> dict[str, t.Any]:
    params, name = module.params, module.params["name"]
    to_systemd = startup(params["startup"])
    asked = _access_settings.asked_hold(params["dial_hold"])
    seen = _access_host.observe(module, name, probe=bool(asked != 0 or params["pado_delay"] or params["drained"]))
    interfaces = params["interfaces"] or seen.interfaces
    _access_settings.check(interfaces)
    hold, problem = _access_host.hold(module, params["dial_hold"], seen)
    settings = _access_settings.settings(hold, params["pado_delay"], params["drained"], seen.configured, seen.problem)
    files = _access_host.files(name, None if settings.nothing else settings, interfaces, to_systemd, seen.last)
    changed = _files.changes(files)
    gone = [one for one in seen.interfaces if one not in interfaces and one not in seen.others]
    stale = _access_host.missing(module, settings, interfaces)
    enable = to_systemd and not settings.nothing and not seen.enabled
    if not module.check_mode:
        if settings.nothing and seen.enabled:
            _access_host.disable(module, name)
        _access_host.remove(module, gone)
        _access_host.write(module, name, changed, enable)
        _access_host.apply(module, settings, stale)
    return {
        "changed": bool(changed or gone or stale or enable),
        "diff": _files.diff(changed) if module._diff else [],
        "dial_hold": settings.hold,
        "dial_hold_problem": problem,
        "pado_delay": settings.pado_delay,
        "drained": settings.drained,
    }


def startup(asked: str) -> bool:
    """Whether systemd is to do it."""
    if asked == "systemd" and not _systemd.running():
        raise Refused("startup", "systemd is not running on this host.", "Use rc_local or auto.")
    return asked != "rc_local" and _systemd.running()


def absent(module: AnsibleModule) -> dict[str, t.Any]:
    name = module.params["name"]
    seen = _access_host.observe(module, name, probe=False)
    changed = _files.changes(_access_host.files(name, None, (), True, seen.last))
    if not module.check_mode:
        if seen.enabled:
            _access_host.disable(module, name)
        _access_host.remove(module, [one for one in seen.interfaces if one not in seen.others])
        _access_host.write(module, name, changed, False)
    return {"changed": bool(changed), "diff": _files.diff(changed) if module._diff else []}


if __name__ == "__main__":
    main()
