#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding
short_description: Have a host pass IPv4 packets on, now and after a reboot
version_added: 0.1.0
description:
  - Sets C(net.ipv4.ip_forward) to 1 at once, and in a file of its own under C(/etc/sysctl.d) for the next boot.
  - The file notes what the value was, so that O(state=absent) sets it back, and only if it was this module that
    changed it.
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
  state:
    description:
      - V(present) has the host forward. V(absent) removes the file, and ends forwarding if it was off before.
    type: str
    choices: [present, absent]
    default: present
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Pass packets on between the clients and the internet
  dialtone.pppoe.forwarding:
"""

RETURN = r"""
path:
  description: The file with the setting.
  returned: success
  type: str
  sample: /etc/sysctl.d/60-dialtone-pppoe.conf
value:
  description: The value of C(net.ipv4.ip_forward) after the run.
  returned: success
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dialtone.pppoe.plugins.module_utils import _files, _forwarding


def main() -> None:
    module = AnsibleModule(
        argument_spec={"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}},
        supports_check_mode=True,
    )
    try:
        value = int(_files.read(_forwarding.KERNEL) or b"0")
        wanted = _forwarding.plan(module.params["state"], _files.read(_forwarding.PATH), value)
        changed = _files.changes([_files.File(_forwarding.PATH, wanted.content)])
        if not module.check_mode:
            _files.write(module, changed)
            if wanted.value != value:
                # A kernel setting cannot be replaced like other files, only written to.
                with open(_forwarding.KERNEL, "w", encoding="ascii") as handle:
                    handle.write(str(wanted.value))
    except OSError as error:
        module.fail_json(msg=f"net.ipv4.ip_forward cannot be set: {error}")
    difference = _files.diff(changed)
    if wanted.value != value:
        header = _forwarding.KERNEL
        difference.append(
            {"before_header": header, "after_header": header, "before": f"{value}\n", "after": f"{wanted.value}\n"}
        )
    module.exit_json(
        changed=bool(changed or wanted.value != value),
        diff=difference if module._diff else [],
        path=_forwarding.PATH,
        value=wanted.value,
    )


if __name__ == "__main__":
    main()
