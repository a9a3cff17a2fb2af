# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only root can see: without it, a module would find nothing and say so. Private to this collection."""

from __future__ import annotations

import os

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed


def require_root(what: str) -> None:
    """``Failed`` unless the module runs as root; ``what`` is what it is about to read, in the plural."""
    if os.geteuid() != 0:
        raise Failed(f"{what} can only be read by root. Run the task as root: become: true.")
