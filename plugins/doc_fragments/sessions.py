# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What tells sessions apart. A session is meant if each of those that are given allows it.
    DOCUMENTATION = r"""
options:
  username:
    description:
      - Only sessions of these accounts. On a server, the name that the client has proved to be his.
      - An empty list means no session at all, here and in the other lists.
    type: list
    elements: str
  address:
    description:
      - Only sessions whose client has one of these IPv4 addresses.
    type: list
    elements: str
  mac:
    description:
      - Only sessions with one of these Ethernet addresses at the other end.
    type: list
    elements: str
  interface:
    description:
      - Only sessions on these PPP interfaces, such as V(ppp0).
    type: list
    elements: str
  instance:
    description:
      - Only sessions of these instances of M(dialtone.pppoe.pppoe_server) or connections of
        M(dialtone.pppoe.pppoe_client).
    type: list
    elements: str
  role:
    description:
      - Only sessions that this host serves, or only those that it has dialled.
    type: str
    choices: [server, client]
"""
