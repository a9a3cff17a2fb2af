# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the responder is on a host. Private to this collection."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _netlink
from ansible_collections.dialtone.pppoe.plugins.module_utils._ipv6 import (
    _advertisement,
    _dhcp,
    _prefixes,
    _responder,
    _routes,
    _serve,
    _settings,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _python_program

PROGRAM = _python_program.Program(
    "pppoe-server-ipv6",
    "ipv6",
    "pppoe-server-ipv6: advertise and delegate the prefixes of sessions; start, stop: without systemd.",
    _serve,
    (_advertisement, _dhcp, _netlink, _prefixes, _responder, _routes, _serve, _settings),
    "sys.argv[1:]",
)
