# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: print_text
short_description: Print text on the screen as it is
version_added: 0.1.0
description:
  - Prints lines on the screen of the one who runs the playbook, without quotes and escapes, so that a table can be read
    and YAML be copied. M(ansible.builtin.debug) prints them as a value.
  - Characters that would act on a terminal, such as escape sequences, are replaced by C(?).
  - It runs where Ansible runs, and does nothing on the host.
options:
  text:
    description:
      - The text, of any number of lines.
    type: str
    required: true
extends_documentation_fragment:
  - dialtone.pppoe.attributes
attributes:
  check_mode:
    support: full
    details:
      - Nothing is ever changed.
  diff_mode:
    support: N/A
    details:
      - Nothing is ever changed.
  idempotent:
    support: full
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: The accounts are shown as YAML
  dialtone.pppoe.print_text:
    text: "{{ {'names': ['cmz', 'cmz2']} | to_nice_yaml }}"
"""

RETURN = r"""
lines:
  description: How many lines were printed.
  returned: success
  type: int
  sample: 2
"""
