# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list from which the script of ``_pppoe_server_up`` knows who is connected. Private to this collection.

Sessions record themselves there when they come up. Those that came up before an account was to have one session only
are recorded by the run that says so.
"""

from __future__ import annotations

import fcntl
import os
import typing as t
from contextlib import suppress

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _processes
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words
from ansible_collections.dialtone.pppoe.plugins.module_utils._scripts import _pppoe_server_up
from ansible_collections.dialtone.pppoe.plugins.module_utils._sessions import _observe as _sessions_observe

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def path() -> str:
    return f"{_layout_server.STATE}/{_pppoe_server_up.ACCOUNTS}"


def with_lines(content: bytes, lines: t.Iterable[bytes]) -> bytes:
    """The list with these lines, each in the place of the one that its interface has."""
    found = {line.split(b" ", 1)[0]: line for line in [*content.splitlines(), *lines]}
    return b"".join(line + b"\n" for line in found.values())


def line(session: t.Mapping[str, t.Any], started: int) -> bytes:
    """What the script would have recorded for a session."""
    account = _words.visible(session["username"].encode("utf-8", "surrogateescape"))
    return b"%s %d %d %s" % (session["interface"].encode(), session["pid"], started, account)


def record(module: AnsibleModule, instance: str) -> None:
    """Record the sessions of an instance that are up."""
    lines = []
    for session in _sessions_observe.live(module):
        started = _processes.started(session["pid"])
        if session["role"] == "server" and session["instance"] == instance and session["username"] and started:
            lines.append(line(session, started))
    if not lines:
        return
    os.makedirs(_layout_server.STATE, mode=0o700, exist_ok=True)
    descriptor = os.open(_layout_server.STATE, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # The script waits for this lock too, and holds it for a moment only.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = _files.read(path()) or b""
        after = with_lines(before, lines)
        _files.write(module, _files.changes([_files.File(path(), after, 0o600)]))
    finally:
        os.close(descriptor)


def forget() -> None:
    """Remove the list; for when the last instance goes."""
    for name in (path(), path() + ".new"):
        with suppress(FileNotFoundError):
            os.unlink(name)
