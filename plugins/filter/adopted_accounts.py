# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: adopted_accounts
short_description: Format the accounts in a secrets file of pppd as host variables
version_added: 0.1.0
description:
  - Gives the accounts in a file such as C(/etc/ppp/chap-secrets) as C(pppoe_server_accounts), so that they can move to
    RADIUS.
  - The result has the secrets. Encrypt it before you write it, and set C(no_log).
  - What RADIUS cannot have is not among them, and is named with its line.
positional: path, server, host
options:
  _input:
    description: The content of the file in base64, as from M(ansible.builtin.slurp).
    type: str
    required: true
  path:
    description: The path of the file, for messages.
    type: str
    required: true
  server:
    description: The server's own name, which the second column of the file has, or V(*).
    type: str
    required: true
  host:
    description: The name of the host in the inventory.
    type: str
    required: true
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Read the accounts of a server
  ansible.builtin.slurp:
    src: /etc/ppp/chap-secrets
  register: secrets
  no_log: true

- name: Write them, encrypted
  ansible.builtin.copy:
    content: "{{ moved.text | ansible.builtin.vault(vault_password) }}"
    dest: "{{ playbook_dir }}/gate1-accounts.yml"
    decrypt: false
    mode: "0600"
  delegate_to: localhost
  no_log: true
  vars:
    moved: "{{ secrets.content | dialtone.pppoe.adopted_accounts('/etc/ppp/chap-secrets', 'gate1', 'gate1') }}"
"""

RETURN = r"""
_value:
  description: C(text), the content of a file of variables with the secrets; C(count) of its accounts; and C(left), a
    list of what is not among them, in words, without secrets.
  type: dict
"""

import base64
import dataclasses
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _move as _adopt_move


def adopted_accounts(content: str, path: str, server: str, host: str) -> dict[str, t.Any]:
    return dataclasses.asdict(_adopt_move.document(base64.b64decode(content), path, server, host))


class FilterModule:
    def filters(self) -> dict[str, t.Any]:
        return {"adopted_accounts": adopted_accounts}
