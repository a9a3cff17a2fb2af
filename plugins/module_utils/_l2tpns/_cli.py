# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of l2tpns on this host, for a module. Private to this collection.

Anybody on the host may read there; what changes something needs the password in ``/etc/l2tpns/users``.
"""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Failed
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _parse as _l2tpns_parse
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _reading as _l2tpns_reading
from ansible_collections.dialtone.pppoe.plugins.module_utils._l2tpns import _render as _l2tpns_render
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _l2tpns as _layout_l2tpns


def ask(commands: t.Sequence[str], privileged: bool = False, timeout: float = 10.0) -> str:
    """What l2tpns prints for these commands, as plain lines; ``Failed`` if nobody answers."""
    lines = list(commands)
    if privileged:
        lines[:0] = ["enable", _l2tpns_render.token_of(_files.text(_layout_l2tpns.USERS))]
    try:
        return _l2tpns_reading.ask(lines, timeout)
    except OSError as error:
        raise _silent(error) from error


def sessions() -> list[_l2tpns_parse.CliSession]:
    """What l2tpns lists; ``Failed`` if nobody answers."""
    try:
        return _l2tpns_reading.sessions()
    except OSError as error:
        raise _silent(error) from error


def answers() -> bool:
    """Whether its command line is there."""
    try:
        ask([], timeout=2.0)
    except Failed:
        return False
    return True


def _silent(error: OSError) -> Failed:
    port = _l2tpns_reading.PORT
    return Failed(f"l2tpns does not answer on 127.0.0.1 port {port}: {error.strerror or error}.")
