# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where pppd keeps its pid, and which interface each pppd has. Private to this collection."""

from __future__ import annotations

import os

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files

# pppd writes ppp-LINKNAME.pid in its runtime folder, which is the builder's choice since 2.5.
FOLDERS = ("/run", "/run/pppd", "/run/ppp")


#: Where the kernel has a folder for each interface.
LINKS = "/sys/class/net"


def interfaces() -> dict[int, tuple[str, float]]:
    """The interface of each pppd and when it was made, from the files ``pppN.pid``.

    One that was killed leaves its file, and its pid may come again: of two files with one pid, that counts whose
    interface is there.
    """
    found: dict[int, tuple[str, float]] = {}
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
            name = entry.name[: -len(".pid")]
            pid = int(words[0]) if len(words) == 1 and words[0].isdigit() else None
            if pid is not None and (pid not in found or os.path.exists(f"{LINKS}/{name}")):
                found[pid] = (name, entry.stat().st_mtime)
    return found
