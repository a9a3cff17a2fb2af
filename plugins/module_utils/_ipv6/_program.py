# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the responder is on a host. Private to this collection."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import _serve  # noqa: F401

PROGRAM = _python_program.Program(
    "pppoe-server-ipv6",
    "ipv6",
    "pppoe-server-ipv6: advertise and delegate the prefixes of sessions; start, stop: without systemd.",
    "_ipv6._serve",
    "sys.argv[1:]",
)
