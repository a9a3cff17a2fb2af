# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: adopted
short_description: Format the configuration of an unmanaged PPPoE server as host variables
version_added: 0.1.0
description:
  - Makes YAML of the result of M(dialtone.pppoe.pppoe_unmanaged_server_info), with its findings as comments.
  - The result comes from a host that may be in somebody else's hands, and Ansible reads the file on the controller. So
    only variables of the role P(dialtone.pppoe.pppoe_server#role) get into it, every text in it is quoted, a text that
    Ansible would take for a template is marked C(!unsafe), which it never evaluates, and comments are lines of
    printable characters. Anything else in the result is an error.
positional: host
options:
  _input:
    description: The result of the module.
    type: dict
    required: true
  host:
    description: The name of the host in the inventory.
    type: str
    required: true
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Show the variables of an unmanaged server
  dialtone.pppoe.print_text:
    text: "{{ unmanaged | dialtone.pppoe.adopted(inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: The text of the file.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _yaml as _adopt_yaml


def adopted(result: dict[str, t.Any], host: str) -> str:
    try:
        return _adopt_yaml.document(result, host)
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"what the host {host!r} returned is not a result of this module: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"adopted": adopted}
