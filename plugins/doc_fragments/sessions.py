# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Selectors of sessions. A session is selected if it matches all that are set.
    DOCUMENTATION = r"""
options:
  username:
    description:
      - Select sessions of these accounts. On a server, this is the authenticated name of the client.
      - An empty list selects no session, here and in the other lists.
    type: list
    elements: str
  address:
    description:
      - Select sessions whose client has one of these IPv4 addresses, or a prefix with one of these IPv6 addresses.
    type: list
    elements: str
  mac:
    description:
      - Select sessions whose other end has one of these Ethernet addresses.
    type: list
    elements: str
  interface:
    description:
      - Select sessions on these PPP interfaces, such as V(ppp0).
    type: list
    elements: str
  instance:
    description:
      - Select sessions of these instances of M(dialtone.pppoe.pppoe_server) or connections of
        M(dialtone.pppoe.pppoe_client).
    type: list
    elements: str
  role:
    description:
      - Select sessions that this host serves (V(server)) or has dialled (V(client)).
    type: str
    choices: [server, client]
"""
