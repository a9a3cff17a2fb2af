# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scripts of servers and clients do about pppd's database before a pppd runs. Private to this collection."""

from __future__ import annotations

#: A function for a script that has ``say`` and ``run``, the folder /run.
GUARD = """\
# pppd's database is readable by everybody where pppd makes it, and who can read it can hold a lock on it, for which
# each pppd waits.
guard_database() {
    for folder in "$run" "$run/pppd" "$run/ppp"; do
        ! [ -d "$folder" ] || { : >>"$folder/pppd2.tdb" && chmod 600 "$folder/pppd2.tdb"; } ||
            say "$folder/pppd2.tdb stays open to others"
    done
}
"""
