# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account of a connection in both secrets files. Private to this collection."""

from __future__ import annotations

import typing as t
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._accounts import (
    _account,
    _secrets,
    _secrets_diff,
    _secrets_text,
)
from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files, _rc_local
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _client as _layout_client
from ansible_collections.dialtone.pppoe.plugins.module_utils._pppd import _words

if t.TYPE_CHECKING:
    from ansible_collections.dialtone.pppoe.plugins.module_utils._client._options import ClientRequest

# Which of the two is read, the server decides.
PATHS = ("/etc/ppp/chap-secrets", "/etc/ppp/pap-secrets")
# For a secret that pppd would not read from them as it is.
SECRET_FILES = "/etc/ppp/pppoe-client"  # noqa: S105  # a folder
LOCK_TIMEOUT = 30.0


@dataclass(frozen=True)
class Edit:
    """A secrets file that changes, and how."""

    file: _files.File
    before: bytes | None
    plan: _secrets.SecretsPlan

    def diff(self) -> dict[str, str]:
        path = self.file.path
        old, new = _secrets_diff.shown(self.before, self.plan)
        return {"before_header": path, "after_header": path, "before": old, "after": new}


def accounts(
    lines: t.Iterable[_words.Line], server: str, username: str | None, secret: str | None
) -> list[_account.Account]:
    """The account that is to be there, and those that are to go.

    ``server`` is the connection's own name in the second column, so every line with it is the connection's.
    Without a ``secret`` the line of ``username`` stays as it is; without a ``username`` all of them go.
    """
    found = []
    if username is not None and secret is not None:
        found.append(_account.of_client(username, secret, server, secret_file=secret_path(server)))
    keep = None if username is None else username.encode()
    ours = (line.words[0] for line in lines if len(line.words) >= 3 and line.words[1] == server.encode())
    for name in sorted(set(ours) - {keep}):
        label = _words.visible(name).decode("ascii", "backslashreplace")
        found.append(_account.Account(name, server.encode(), None, None, present=False, label=label))
    return found


def paths(name: str) -> list[str]:
    """The files that may hold the account of a connection."""
    return [*PATHS, secret_path(_layout_client.label(name))]


def secret_path(server: str) -> str:
    return f"{SECRET_FILES}/{server}.secret"


def secret_file(request: ClientRequest) -> list[_files.File]:
    """The file with a secret that begins with ``@/``, or its absence; nothing if the secret stays as it is."""
    if not request.writes or (request.configures and request.secret is None):
        return []
    word = (request.secret or "").encode()
    content = _words.quote(word) + b"\n" if _account.is_indirect(word) else None
    return [_files.File(secret_path(_layout_client.label(request.name)), content, 0o600, secret=True)]


def edits(request: ClientRequest, there: t.Mapping[str, tuple[bytes | None, int | None]]) -> list[Edit]:
    """What changes in the two files; ``there`` has what they are now, as ``_files.there`` gives it."""
    if not request.writes:
        return []
    server = _layout_client.label(request.name)
    username = None if request.wanted is None else request.wanted.username
    found = []
    for path in PATHS:
        before, mode_before = there[path]
        try:
            lines = list(_secrets_text.lines(before or b"", path))
        except Refused as error:
            # Its parameter is that of the module which takes a path.
            error.args = (str(error).replace("path: ", "secret: ", 1),)
            raise
        plan = _secrets.plan_of(before, lines, accounts(lines, server, username, request.secret), path=path)
        if plan.content == before:
            continue
        # pppd complains of a secrets file that group or others may use (auth.c check_access).
        mode = 0o600 if mode_before is None else mode_before & 0o700
        found.append(Edit(_files.File(path, plan.content, mode, secret=True), before, plan))
    return found


@contextmanager
def locked() -> t.Iterator[None]:
    """Hold both files against our other runs, and rc.local, which has blocks of others."""
    with ExitStack() as stack:
        for path in (*PATHS, _rc_local.path()):
            stack.enter_context(_files.locked(path, LOCK_TIMEOUT))
        yield
