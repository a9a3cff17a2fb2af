#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pppoe_server_instances
short_description: Configure the instances of pppoe-server on a host for a role
version_added: 0.1.0
description:
  - Used by the role P(dialtone.pppoe.pppoe_server#role), in which it takes the instances from the role's variables.
    Elsewhere, use the modules that it runs, M(dialtone.pppoe.pppoe_server), M(dialtone.pppoe.masquerade),
    M(dialtone.pppoe.forwarding), M(dialtone.pppoe.pppoe_access), M(dialtone.pppoe.pppoe_server_metrics) and
    M(dialtone.pppoe.chap_user). Outside of the role there is nothing to do.
  - Runs parts of all instances in one module run. Each part of each instance is checked before one of them is changed.
options:
  parts:
    description:
      - What to do. V(removal) removes instances, V(forwarding), V(masquerade), V(plans), V(ipv6), V(access) and
        V(metrics) are the modules of these names, V(server) is M(dialtone.pppoe.pppoe_server), and V(accounts) is
        M(dialtone.pppoe.chap_user).
    type: list
    elements: str
    choices: [removal, forwarding, masquerade, server, plans, ipv6, access, metrics, accounts]
    required: true
  packages:
    description:
      - Packages of which RV(missing_packages) reports those that are not installed.
    type: list
    elements: str
    default: []
  exclusive:
    description:
      - Whether to remove instances that are on the host, but not among O(instances). Only with O(listed).
    type: bool
    default: false
  other_fixed_addresses:
    description:
      - RV(other_fixed_addresses) of an earlier run, which then need not be read again.
    type: list
    elements: str
  instances:
    description:
      - The instances, each with the parameters of all parts. The role's variables are put here.
    type: list
    elements: dict
    default: []
  listed:
    description:
      - Whether the instances are a list, so that all others on the host are named.
    type: bool
    default: false
  absent:
    description:
      - The parameters of all parts with which an instance is removed. The role's variables are put here.
    type: dict
    default: {}
  accounts:
    description:
      - The secrets files with the accounts of all instances. The role's variables are put here.
    type: list
    elements: dict
    default: []
    suboptions: &file
      path:
        description: The secrets file.
        type: path
        required: true
      content:
        description: The accounts, as the controller has encoded them.
        type: str
      src:
        description: A file with what is otherwise in O(accounts[].content).
        type: path
      exclusive:
        description: Whether to remove all other accounts.
        type: bool
        default: false
      max_removals:
        description: How many accounts may be removed because of O(accounts[].exclusive).
        type: int
      managed:
        description: Whether to write the file. Otherwise it is only read.
        type: bool
        default: true
  removed_accounts:
    description:
      - The accounts that are removed with the last instance, in the form of O(accounts).
    type: list
    elements: dict
    default: []
    suboptions: *file
extends_documentation_fragment:
  - dialtone.pppoe.attributes
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Check the input for all parts
  dialtone.pppoe.pppoe_server_instances:
    parts: [removal, forwarding, masquerade, server, plans, ipv6, access, metrics, accounts]
  check_mode: true

- name: Configure and run pppoe-server
  dialtone.pppoe.pppoe_server_instances:
    parts: [server]
"""

RETURN = r"""
todo:
  description: The parts that have changed something, or would in check mode, and V(packages) if any may be missing.
  returned: success
  type: list
  elements: str
  sample: [accounts, server]
instances:
  description: For each instance, what the module of each part returns.
  returned: success
  type: dict
  sample: {north: {server: {applied: live, sessions_kept: 12, sessions_dropped: 0}}}
accounts:
  description: For each secrets file, what M(dialtone.pppoe.chap_user) returns.
  returned: success
  type: dict
  sample: {/etc/ppp/chap-secrets: {added: [cmz], added_count: 1, total: 2}}
other_fixed_addresses:
  description: Fixed addresses of accounts in the secrets files that are of none of the instances.
  returned: success
  type: list
  elements: str
  sample: [10.0.8.1-10.0.9.254]
missing_packages:
  description: Those of O(packages) that are not installed. V(null) if only the package manager can tell.
  returned: success
  type: list
  elements: str
  sample: [pppoe]
removed:
  description: The instances that have been removed, or would be.
  returned: success
  type: list
  elements: str
  sample: [south]
unlisted:
  description: The instances that are on the host, but not in the list, whether or not they are removed.
  returned: success
  type: list
  elements: str
  sample: [south]
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
instance:
  description: The instance that cannot be configured. Empty for accounts.
  returned: failure
  type: str
  sample: north
part:
  description: The part that failed.
  returned: failure
  type: str
  sample: server
"""

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._instances import _run as _instances_run

FILE: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "no_log": True},
    "src": {"type": "path"},
    "exclusive": {"type": "bool", "default": False},
    "max_removals": {"type": "int"},
    "managed": {"type": "bool", "default": True},
}
ARGUMENTS: dict[str, t.Any] = {
    "parts": {"type": "list", "elements": "str", "choices": list(_instances_run.PARTS), "required": True},
    "packages": {"type": "list", "elements": "str", "default": []},
    "exclusive": {"type": "bool", "default": False},
    "other_fixed_addresses": {"type": "list", "elements": "str"},
    # The values of a role may be secret.
    "instances": {"type": "list", "elements": "dict", "default": [], "no_log": True},
    "listed": {"type": "bool", "default": False},
    "absent": {"type": "dict", "default": {}, "no_log": True},
    "accounts": {"type": "list", "elements": "dict", "default": [], "options": FILE},
    "removed_accounts": {"type": "list", "elements": "dict", "default": [], "options": FILE},
}


def main() -> None:
    execute(DiscreetModule(argument_spec=ARGUMENTS, supports_check_mode=True), _instances_run.run)


if __name__ == "__main__":
    main()
