# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What a walled garden consists of; each module says what it does with it.
    DOCUMENTATION = r"""
options:
  walled_garden:
    suboptions:
      pool:
        description: The addresses of their sessions, in the forms of O(dialtone.pppoe.pppoe_server#module:pool).
        type: list
        elements: str
        default: []
      allow:
        description: The addresses and networks that they can reach.
        type: list
        elements: str
        default: []
      dns_server:
        description: A DNS server that gets all their questions, whatever server they ask.
        type: str
      redirect:
        description: The web server that gets their http to any other address, as C(ADDRESS) or C(ADDRESS:PORT).
        type: str
"""
