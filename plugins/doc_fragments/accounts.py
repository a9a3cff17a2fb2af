# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What modules that manage accounts have in common.
    DOCUMENTATION = r"""
options:
  state:
    description: V(present), the default, adds or updates the account. V(absent) removes it.
    type: str
    choices: [present, absent]
  max_removals:
    description:
      - How many accounts O(exclusive) may remove at most. If there are more, the module fails, nothing is changed, and
        the error gives the number.
      - Default is half of the accounts. Accounts listed with O(users[].state=absent) are not counted.
    type: int
  update_secret:
    description:
      - V(always) updates a secret that differs. V(on_create) sets it for new accounts only, so that a secret can be
        changed elsewhere.
    type: str
    choices: [always, on_create]
    default: always
"""
