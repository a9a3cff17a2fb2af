#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: chap_user
short_description: Manage the accounts in pppd's secrets files
version_added: 0.1.0
description:
  - Adds, updates and removes accounts in C(/etc/ppp/chap-secrets) or C(/etc/ppp/pap-secrets), one or 100,000 per call.
  - Implements the grammar of pppd, so that pppd reads exactly the given values. A value for which this is not possible
    is refused before anything is written. Comments and other lines are kept byte for byte and in order.
  - pppd reads the file whenever a client authenticates, so nothing needs a restart, and no live session is affected.
extends_documentation_fragment:
  - dialtone.pppoe.accounts
  - dialtone.pppoe.attributes
attributes:
  diff_mode:
    details:
      - Shows changed accounts and the lines around them with names, servers and addresses. The word C(secret) stands
        for each secret, C(new secret) for one that changes. Comments and the options after C(--) are not shown, since
        they can hold secrets too. Of more than 500 changed lines the rest is counted.
options:
  name:
    description:
      - The name with which the peer authenticates. Names are case-sensitive.
      - Set either O(name), or O(users), O(src) or both.
      - Quote it. YAML converts V(0123), V(no) and V(2026-11-01) to numbers, booleans and dates, and a name that is not
        text is refused.
      - A name with characters other than printable ASCII is written in the form that pppd compares, V(jürgen) as
        C(jM-CM-<rgen).
      - V(*), which would match any name, names with a newline, and names longer than 256 bytes (255 in C(pap-secrets))
        are refused.
    type: str
  secret:
    description:
      - The password, at most 256 bytes (255 in C(pap-secrets)). Required unless O(state=absent).
      - Quote it, as O(name). A secret that is not text is refused.
      - An empty secret, one that begins with C(@/), and C(@login) are refused, since pppd interprets them differently.
    type: str
  server:
    description:
      - The name of the server for which the account is valid. V(*), the default, means any.
      - An account of the same name for another server is a different account.
      - pppd prefers an account for exactly its own name to one for V(*).
    type: str
  addresses:
    description:
      - The addresses that the peer may use. V(*), the default, means any, so that the pool of the server decides.
      - 'Each is V(*); an IPv4 address (V(10.0.0.9)), which is then always assigned to the peer; a network
        (V(10.0.0.0/24)); or a network with V(+), in which each interface has its own address (V(10.0.0.0/24+)). A
        V(!) before one of the last three forbids it. The first match decides, and V(*) must be the last.'
      - Of several single addresses, pppd offers the first. A forbidden one must not come before it, since pppd would
        offer that one and then refuse it.
      - Host names are refused, since pppd would query DNS at each authentication. No address, or V(-), is refused as
        well, since pppd refuses a peer without addresses.
      - A single address for two accounts in the same call is refused. If another account in the file has the address,
        there is a warning.
    type: list
    elements: str
  users:
    description:
      - Several accounts. A call with thousands of accounts takes about as long as a call with one.
      - Errors refer to an entry by its index, starting at 0.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name). Required.
        type: str
      secret:
        description: See O(secret).
        type: str
      server:
        description: See O(server).
        type: str
        default: "*"
      addresses:
        description: See O(addresses).
        type: list
        elements: str
        default: ["*"]
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
        default: present
  src:
    description:
      - A file on the controller with accounts, used in addition to O(users). It is searched as for
        M(ansible.builtin.copy), in C(files) of the role or playbook, and can be encrypted with Ansible Vault.
      - CSV with a header, or a JSON list of objects. Columns and keys are those of O(users); C(name) and C(secret) are
        required. In CSV, several C(addresses) are separated by blanks or commas, and an empty field means the default.
      - The columns of a CSV file are separated by commas, semicolons or tabs. Its last line must end with a newline, so
        that a truncated file is detected.
      - In UTF-8, or in UTF-16 with a byte order mark.
      - Errors refer to a line of the CSV file, as in C(customers.csv:5), or an index of the JSON from 0, as in
        C(customers.json[3]). If one account is invalid, none is applied.
    type: str
  src_format:
    description: The format of O(src), if its name does not end in C(.csv) or C(.json).
    type: str
    choices: [csv, json]
  exclusive:
    description:
      - Whether to remove accounts that are listed in neither O(users) nor O(src), including those of this host's own
        client connections. Duplicate lines of a listed account are removed as well. Comments, and lines that are not an
        account to pppd, are kept.
      - Requires O(users) or O(src) with at least one entry, so that an empty variable does not remove all accounts. To
        empty a file, list one account with O(users[].state=absent), and set O(max_removals).
      - To protect against a truncated list, O(max_removals) limits how many accounts are removed.
    type: bool
    default: false
  path:
    description:
      - The secrets file. If it is a symbolic link, its target is changed.
      - Its owner is kept, and so is its mode, without any permissions of group and others. A new file belongs to the
        user who runs the module and has mode V(0600). Files larger than 64 MiB are refused.
      - In a file called C(pap-secrets), a password with characters other than printable ASCII is written in the form
        that pppd compares.
    type: path
    default: /etc/ppp/chap-secrets
  backup:
    description:
      - Whether to keep a backup of the file next to it before a change, readable by its owner only.
    type: bool
    default: false
  list_fixed_addresses:
    description:
      - Whether to return the fixed addresses of accounts, so that they can be excluded from pools.
    type: bool
    default: false
  lock_timeout:
    description:
      - Seconds to wait if another run of this module is changing the same file.
    type: int
    default: 30
notes:
  - There is a warning if a fixed address is still in the pool of an instance of M(dialtone.pppoe.pppoe_server) on the
    same host, since two clients could have it at the same time.
  - No output of this module contains a secret, at any verbosity. A C(loop) over accounts prints each item, including
    the secret, before this module runs. Pass the list to O(users) instead, or set C(loop_control.label).
  - C(no_log=true) on the task is not needed, and would also hide names and addresses. Only with the setting
    C(display_args_to_stdout) does Ansible itself print the arguments of a task. If a task fails, Ansible shows the
    lines of the playbook, so store secrets in a vault and not in a playbook.
  - Owner, group and SELinux context of the file are kept. This has not been tested on a host with SELinux.
  - If there are several lines for the same name and server, pppd uses the first. That line is updated, and the others
    are reported in a warning with their line numbers, or removed with O(exclusive=true).
  - An unclosed quotation mark makes pppd read the following accounts as part of one word. Such a file is refused with
    the number of the line, and not repaired.
  - accel-ppp uses a file of the same name with another grammar. This module is for pppd. A rate in the column of
    addresses stays where it is, and is reported in a warning.
  - Warnings name, with the numbers of their lines, accounts of the call that the file also has for other servers, words
    that end at a C(#) for pppd, names by which nobody can log in (in Latin-1 or behind a byte order mark), and lines
    that are no account or have no address. Such lines stay as they are. Files in UTF-16 or with bare carriage returns
    as line ends are refused.
  - Where a secret was written with a C(#) and without quotes, pppd reads the part before it. If such a line changes,
    the rest of the secret goes with it, and a comment behind a blank stays.
seealso:
  - module: dialtone.pppoe.pppoe_server
  - module: dialtone.pppoe.pppoe_client
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Add an account that uses an address of the pool
  dialtone.pppoe.chap_user:
    name: cmz
    secret: "{{ vault_cmz_secret }}"

- name: Add an account with a fixed address
  dialtone.pppoe.chap_user:
    name: cmz2
    secret: "{{ vault_cmz2_secret }}"
    addresses:
      - 192.168.10.3

- name: Make a list of accounts authoritative
  dialtone.pppoe.chap_user:
    users: "{{ customers }}"
    exclusive: true
    backup: true

- name: Remove an account and add another
  dialtone.pppoe.chap_user:
    users:
      - name: cmz
        state: absent
      - name: josé
        secret: "{{ vault_jose_secret }}"
        addresses:
          - 10.0.8.0/24

- name: Set an initial password for new accounts only
  dialtone.pppoe.chap_user:
    users: "{{ customers }}"
    update_secret: on_create

- name: Make a CSV file of accounts authoritative
  dialtone.pppoe.chap_user:
    src: customers.csv
    exclusive: true

- name: Manage the accounts of a server that uses PAP
  dialtone.pppoe.chap_user:
    path: /etc/ppp/pap-secrets
    users: "{{ customers }}"
"""

RETURN = r"""
added:
  description: The names of added accounts, at most 100.
  returned: success
  type: list
  elements: str
  sample: [cmz2]
added_count:
  description: Number of added accounts.
  returned: success
  type: int
  sample: 1
updated:
  description: The names of updated accounts, at most 100.
  returned: success
  type: list
  elements: str
  sample: [cmz]
updated_count:
  description: Number of updated accounts.
  returned: success
  type: int
  sample: 1
removed:
  description:
    - The names of removed accounts, at most 100. Those that were not listed in the call are spelled as in the file.
  returned: success
  type: list
  elements: str
  sample: []
removed_count:
  description: Number of removed accounts.
  returned: success
  type: int
  sample: 0
total:
  description: Number of account lines in the file after the run.
  returned: success
  type: int
  sample: 2
path:
  description: The secrets file.
  returned: success
  type: str
  sample: /etc/ppp/chap-secrets
fixed_addresses:
  description:
    - The fixed addresses of the accounts in this call, as single addresses and V(first-last), sorted. For
      O(dialtone.pppoe.pppoe_server#module:reserved_addresses).
  returned: if O(list_fixed_addresses=true)
  type: list
  elements: str
  sample: [192.168.10.3]
other_fixed_addresses:
  description:
    - The fixed addresses of the other accounts in the file. For
      O(dialtone.pppoe.pppoe_server#module:excluded_addresses).
  returned: if O(list_fixed_addresses=true)
  type: list
  elements: str
  sample: [10.0.8.1-10.0.9.254]
backup_file:
  description: The backup of the file.
  returned: if O(backup=true) and an existing file was changed
  type: str
  sample: /etc/ppp/chap-secrets.4711.2026-11-01@09:30:00~
"""

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _run, _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute

ARGUMENTS = {
    "name": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "server": {"type": "str"},
    "addresses": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "absent"]},
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {
            # Required as well, but Ansible would not say which of 100,000 entries lacks it.
            "name": {"type": "str"},
            "secret": {"type": "str", "no_log": True},
            "server": {"type": "str", "default": "*"},
            "addresses": {"type": "list", "elements": "str", "default": ["*"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    },
    # The action plugin puts the path of its own file here (_batch), and takes src_format to itself.
    "src": {"type": "str"},
    "src_format": {"type": "str", "choices": ["csv", "json"]},
    "exclusive": {"type": "bool", "default": False},
    "max_removals": {"type": "int"},
    "path": {"type": "path", "default": "/etc/ppp/chap-secrets"},
    "update_secret": {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
    "backup": {"type": "bool", "default": False},
    "list_fixed_addresses": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 30},
}


def main() -> None:
    module = DiscreetModule(
        argument_spec=ARGUMENTS,
        check=_shape.accounts,
        required_one_of=[("name", "users", "src")],
        mutually_exclusive=[
            (one, many) for many in ("users", "src") for one in ("name", "secret", "server", "addresses", "state")
        ],
        supports_check_mode=True,
    )
    execute(module, _run.run)


if __name__ == "__main__":
    main()
