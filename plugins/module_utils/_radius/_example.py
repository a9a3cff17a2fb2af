# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a package's FreeRADIUS only serves its example. Private to this collection.

Debian's package starts at once and listens on all addresses, for a client 127.0.0.1 whose secret everybody knows. It
is left alone as soon as anything of it is not as it came, since somebody may use it then.
"""

from __future__ import annotations

import glob
import hashlib
import os

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _packages, _systemd

FOLDER = "/etc/freeradius/3.0"
UNIT = "freeradius.service"
_DROP_INS = f"{_systemd.UNITS}/{UNIT}.d"
_SITES = {"default", "inner-tunnel"}
_FILES = (
    "clients.conf",
    "proxy.conf",
    "radiusd.conf",
    "mods-config/files/authorize",
    "sites-available/default",
    "sites-available/inner-tunnel",
)


def is_untouched(folder: str = FOLDER, status: str = _packages.STATUS, drop_ins: str = _DROP_INS) -> bool:
    """Whether the sites and the files that they use are the package's own."""
    if glob.glob(f"{drop_ins}/*") or not os.path.isdir(f"{folder}/sites-enabled"):
        return False
    if set(os.listdir(f"{folder}/sites-enabled")) - _SITES:
        return False
    known = _packages.configuration(_files.text(status), folder)
    return all(known.get(f"{folder}/{name}") == _digest(f"{folder}/{name}") for name in _FILES)


def _digest(path: str) -> str | None:
    try:
        with open(path, "rb") as handle:
            return hashlib.md5(handle.read(), usedforsecurity=False).hexdigest()
    except OSError:
        return None
