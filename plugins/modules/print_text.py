# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: print_text
short_description: Print text unchanged to the screen
version_added: 0.1.0
description:
  - Prints lines in the output of the playbook without quotes and escapes, so that tables are readable and YAML can be
    copied. M(ansible.builtin.debug) prints them as a value.
  - Control characters, such as in terminal escape sequences, are replaced by C(?).
  - Runs on the controller, and does nothing on the host.
options:
  text:
    description:
      - The text, with any number of lines.
    type: str
    required: true
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Show the accounts as YAML
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
