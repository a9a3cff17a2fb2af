# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_role
short_description: Check the variables of a role of this collection
version_added: 0.1.0
description:
  - Used by the roles of this collection, in which it takes the variables and the specification from the role itself.
  - Refuses variables that begin with the name of the role and are none of its own, such as C(pppoe_server_dns), with
    the one that was probably meant. Results of tasks that have such a name are ignored.
  - Refuses entries of lists that are no dictionaries, or that have unknown keys, without showing what is in them. It
    also refuses an ansible-core older than 2.19.
  - Outside of these roles there is nothing to check.
  - It runs on the controller and does nothing on the host.
options: {}
extends_documentation_fragment:
  - dialtone.pppoe.attributes.info
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Check the variables of the role
  dialtone.pppoe.check_role:
"""

RETURN = r"""
"""
