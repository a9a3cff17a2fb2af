# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pool files of the server instances on this host. Private to this collection."""

from __future__ import annotations

import glob
import os

from ansible_collections.dialtone.pppoe.plugins.module_utils._addresses import _named_pools
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout._server import CONFIGURATION


def addresses() -> dict[str, list[str]]:
    """The addresses of each instance, by its name; those of its named pools come last."""
    found: dict[str, list[str]] = {}
    for path in glob.glob(f"{CONFIGURATION}/*.pool"):
        with open(path, encoding="ascii") as handle:
            found[os.path.basename(path)[: -len(".pool")]] = handle.read().split()
    for path in glob.glob(f"{CONFIGURATION}/*.pools"):
        with open(path, "rb") as named:
            found.setdefault(os.path.basename(path)[: -len(".pools")], []).extend(
                _named_pools.addresses_of(named.read())
            )
    return found
