# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the session manager is on a host: a program, and its parts. Private to this collection."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink, _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _prefixes, _routes, _settings
from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import (
    _announcement,
    _arp,
    _basics,
    _book,
    _configuration,
    _counters,
    _daemon,
    _delegation,
    _dials,
    _exits,
    _farewell,
    _grants,
    _history,
    _hooks,
    _kernel,
    _links,
    _main,
    _manager,
    _names,
    _padt,
    _pools,
    _prefix_records,
    _refusals,
    _replies,
    _room,
    _table,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._plans import _attributes, _grant, _shaping
from ansible_collections.dialtone.pppoe.plugins.module_utils._routing import _customer_routes, _stamp
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program

PROGRAM = "pppoe-server-manager"
FOLDER = "manager"
_PARTS = (
    _announcement,
    _arp,
    _basics,
    _book,
    _configuration,
    _counters,
    _daemon,
    _delegation,
    _dials,
    _exits,
    _farewell,
    _grants,
    _history,
    _hooks,
    _kernel,
    _links,
    _main,
    _manager,
    _names,
    _padt,
    _pools,
    _prefix_records,
    _refusals,
    _replies,
    _room,
    _table,
    _attributes,
    _grant,
    _shaping,
    _prefixes,
    _routes,
    _settings,
    _customer_routes,
    _stamp,
    _netlink,
    _text,
)
_ALL = _python_program.Program(
    PROGRAM,
    FOLDER,
    "pppoe-server-manager ensure: have a manager of sessions that runs; stop: end it.",
    _main,
    _PARTS,
    "sys.argv[1:]",
)


def paths(folder: str) -> list[str]:
    """Where the files lie, the program first."""
    return _ALL.paths(folder)


def files(folder: str, interpreter: str) -> dict[str, bytes]:
    """The files by their paths, the program first."""
    return _ALL.files(folder, interpreter)
