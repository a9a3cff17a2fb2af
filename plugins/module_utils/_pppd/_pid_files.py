# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where pppd keeps its pid, and which interface each pppd has. Private to this collection."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files

if t.TYPE_CHECKING:
    pass

# pppd writes ppp-LINKNAME.pid in its runtime folder, which is the builder's choice since 2.5.
FOLDERS = ("/run", "/run/pppd", "/run/ppp")


def interfaces() -> dict[int, tuple[str, float]]:
    """The interface of each pppd and when it was made, from the files ``pppN.pid``."""
    found = {}
    for folder in FOLDERS:
        try:
            entries = [entry for entry in os.scandir(folder) if entry.name.endswith(".pid")]
        except OSError:
            continue
        for entry in entries:
            # ppp-LINKNAME.pid has the interface in a second line, and may be older than the interface.
            if entry.name.startswith("ppp-") or not entry.is_file():
                continue
            words = _files.text(entry.path).split()
            if len(words) == 1 and words[0].isdigit():
                found[int(words[0])] = (entry.name[: -len(".pid")], entry.stat().st_mtime)
    return found
