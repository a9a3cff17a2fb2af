#!/usr/bin/python

# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: radius_user
short_description: Manage the accounts of a RADIUS centre
version_added: 0.1.0
description:
  - Adds, updates and removes accounts in the database of FreeRADIUS, one or 100,000 per call, in one transaction.
    Logins meanwhile see the accounts as they were before.
  - Has the parameters of M(dialtone.pppoe.chap_user), and runs on a host of the group C(pppoe_radius_servers) or on any
    other that has O(service_file).
  - All rows of a listed account are as given; rows of it that another program has added are removed. Accounts that are
    not listed are left as they are unless O(exclusive) is set.
  - No live session is affected. What has changed counts from the next login on.
extends_documentation_fragment:
  - dialtone.pppoe.accounts
  - dialtone.pppoe.attributes
attributes:
  diff_mode:
    support: none
    details:
      - The names of changed accounts are returned in any case.
requirements:
  - psql
options:
  name:
    description:
      - The name with which the customer authenticates.
      - Set either O(name), or O(users), O(src) or both.
      - Names with a blank, two C(@), two dots in a row, a dot at the end, or a realm without a dot are refused, as
        FreeRADIUS does. Names with a quotation mark, a backslash, C(%) or C($) are refused, too.
      - A name with characters other than printable ASCII is kept as pppd spells it, V(jürgen) as C(jM-CM-<rgen).
    type: str
  secret:
    description:
      - The password, at most 128 bytes. Required unless O(state=absent).
      - One that begins and ends with the same quotation mark, or has a backslash, is refused, since FreeRADIUS would
        interpret it.
    type: str
  server:
    description:
      - Only V(*), as in M(dialtone.pppoe.chap_user). An account in RADIUS is valid at all servers.
    type: str
  addresses:
    description:
      - V(*), the default, for an address of the pool of its group or of the concentrator, or a list with one IPv4
        address, which is then always assigned.
    type: list
    elements: str
  group:
    description: The group that the account is in, see O(dialtone.pppoe.pppoe_radius#module:groups).
    type: str
  attributes:
    description:
      - RADIUS attributes of this account by name, such as V(Filter-Id). A value can be a list, as for C(Framed-Route).
      - Attributes that decide about the login (C(Simultaneous-Use), C(Expiration), C(Login-Time), C(Pool-Name),
        C(Calling-Station-Id), C(NAS-IP-Address) and so on) are checked, all others are part of the answer.
      - Names that are not in FreeRADIUS's dictionary are refused, if it is installed on the host.
    type: dict
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
      addresses:
        description: See O(addresses).
        type: list
        elements: str
      group:
        description: See O(group).
        type: str
      attributes:
        description: See O(attributes).
        type: dict
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
        default: present
  src:
    description:
      - A file on the controller with accounts, used in addition to O(users), as in M(dialtone.pppoe.chap_user).
      - CSV with a header, or a JSON list of objects, with the columns or keys of O(users). In CSV, C(attributes) is
        C(NAME=VALUE|NAME=VALUE).
      - A file called C(chap-secrets) or C(pap-secrets), or with O(src_format=secrets), is read as pppd does. Lines that
        RADIUS has nothing like are reported in a warning.
    type: str
  src_format:
    description: The format of O(src), if its name does not say it.
    type: str
    choices: [csv, json, secrets]
  exclusive:
    description:
      - Whether to remove accounts that are listed in neither O(users) nor O(src).
      - Requires at least one account.
    type: bool
    default: false
  store:
    description:
      - V(clear) stores the secret as it is. CHAP needs that, since its response is a hash of the secret itself.
      - V(nt) stores the NT hash, with which PAP and MS-CHAPv2 can be checked. It is not salted, so that it protects a
        long random secret but not a short one.
    type: str
    choices: [clear, nt]
    default: clear
  authentication:
    description: How customers authenticate. With V(chap), O(store=nt) is refused.
    type: str
    choices: [chap, pap, mschap-v2]
    default: chap
  service_file:
    description:
      - A service file of libpq with a section C([pppoe_radius]) that describes the database. The default is the one of
        M(dialtone.pppoe.pppoe_radius).
    type: path
    default: /etc/freeradius/pppoe-radius/pg_service.conf
notes:
  - No output of this module contains a secret, at any verbosity.
seealso:
  - module: dialtone.pppoe.chap_user
  - module: dialtone.pppoe.pppoe_radius
author:
  - The dialtone.pppoe authors (@dialtone)
"""

EXAMPLES = r"""
- name: Add an account with an address of its group's pool
  dialtone.pppoe.radius_user:
    name: cmz
    secret: "{{ vault_cmz_secret }}"
    group: home

- name: Add an account with a fixed address and a rate
  dialtone.pppoe.radius_user:
    name: cmz2
    secret: "{{ vault_cmz2_secret }}"
    addresses: [10.20.0.5]
    attributes:
      Filter-Id: 100000/20000

- name: Make a CSV file of accounts authoritative
  dialtone.pppoe.radius_user:
    src: customers.csv
    exclusive: true

- name: Move the accounts of a server to RADIUS
  dialtone.pppoe.radius_user:
    src: fetched/gate1/etc/ppp/chap-secrets
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
  description: The names of removed accounts, at most 100.
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
  description: Number of accounts after the run.
  returned: success
  type: int
  sample: 2
"""

import json
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import _removals, _shape
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._discreet import DiscreetModule
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._module import execute
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import (
    _attributes as _radius_centre_attributes,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _psql as _radius_centre_psql
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import _users as _radius_centre_users
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import (
    _users_digest as _radius_centre_users_digest,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._radius_centre import (
    _users_sql as _radius_centre_users_sql,
)

_USER: dict[str, t.Any] = {
    "name": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "server": {"type": "str"},
    "addresses": {"type": "list", "elements": "str"},
    "group": {"type": "str"},
    "attributes": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"]},
}
ARGUMENTS: dict[str, t.Any] = {
    **_USER,
    "users": {
        "type": "list",
        "elements": "dict",
        "options": {**_USER, "state": {**_USER["state"], "default": "present"}},
    },
    # The action plugin puts the path of its own file here (_users), and takes src_format to itself.
    "src": {"type": "str"},
    "src_format": {"type": "str", "choices": ["csv", "json", "secrets"]},
    "exclusive": {"type": "bool", "default": False},
    "max_removals": {"type": "int"},
    "update_secret": {"type": "str", "choices": ["always", "on_create"], "default": "always", "no_log": False},
    "store": {"type": "str", "choices": ["clear", "nt"], "default": "clear"},
    "authentication": {"type": "str", "choices": ["chap", "pap", "mschap-v2"], "default": "chap"},
    "service_file": {"type": "path", "default": "/etc/freeradius/pppoe-radius/pg_service.conf"},
}


_NOTHING: dict[str, t.Any] = {"added": [], "updated": [], "removed": []}
_NOTHING.update({f"{what}_count": 0 for what in ("added", "updated", "removed")})


def main() -> None:
    module = DiscreetModule(
        argument_spec=ARGUMENTS,
        check=_shape.accounts,
        required_one_of=[("name", "users", "src")],
        mutually_exclusive=[(one, many) for many in ("users", "src") for one in _USER],
        supports_check_mode=True,
    )
    execute(module, run)


def run(module: DiscreetModule) -> dict[str, t.Any]:
    params = module.params
    _removals.check_most(params["max_removals"])
    _radius_centre_users.check_store(params["store"], params["authentication"])
    batch = _batch(params)
    if params["exclusive"] and (not batch.count or params["name"] is not None):
        raise Refused("exclusive", "would remove every account but those listed.", "Give all accounts in users or src.")
    if batch.attributes:
        _radius_centre_users.check_known(batch, _radius_centre_attributes.dictionary())
    if _is_as_given(module, batch):
        return {"changed": False, **_NOTHING, "total": batch.count}
    sql = _radius_centre_users_sql.statements(
        batch.rows,
        params["exclusive"],
        params["max_removals"],
        params["update_secret"] == "always",  # noqa: S105
        not module.check_mode,
    )
    try:
        outcome = json.loads(_radius_centre_psql.run(module, params["service_file"], sql))
    except _radius_centre_psql.Stopped as stopped:
        # "too many UNLISTED TOTAL", as the statements say it.
        unlisted, total = map(int, str(stopped).split()[-2:])
        raise _removals.too_many(total, unlisted, params["max_removals"]) from None
    changed = any(outcome[f"{what}_count"] for what in ("added", "updated", "removed"))
    return {"changed": changed, **outcome}


def _is_as_given(module: DiscreetModule, batch: _radius_centre_users.UserBatch) -> bool:
    """Whether the database has the accounts of a large batch, and nothing else."""
    question = _radius_centre_users_digest.statement(batch.rows)
    if question is None:
        return False
    return _radius_centre_psql.run(module, module.params["service_file"], question).strip() == "t"


def _batch(params: dict[str, t.Any]) -> _radius_centre_users.UserBatch:
    if params["src"]:
        try:
            with open(params["src"], "rb") as handle:
                return _radius_centre_users.read(handle)
        except OSError as error:
            fix = "Run radius_user as a task of a playbook."
            raise Refused("src", f"cannot be read: {error.strerror}.", fix) from None
    if params["users"] is None:
        return _radius_centre_users.encode([params], lambda index: "", params["store"])
    for index, user in enumerate(params["users"]):
        if user is None:
            raise Refused(f"users[{index}]", "is empty.", "Give name and secret, or remove the entry.")
    return _radius_centre_users.encode(params["users"], lambda index: f"users[{index}]", params["store"])


if __name__ == "__main__":
    main()
