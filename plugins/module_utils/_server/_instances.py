# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an instance may not do to those beside it, and does to the sessions that are up. Private to this collection.

Pure: nothing here looks at the host.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text
from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused
from ansible_collections.dialtone.pppoe.plugins.module_utils._layout import _server as _layout_server
from ansible_collections.dialtone.pppoe.plugins.module_utils._server import _startup_lines as _server_startup_lines

_START = re.compile(re.escape(_layout_server.INSTANCE) + r" start (\S+) .*?-- (.+?)(?: &)?$", re.MULTILINE)


def commands(
    texts: t.Iterable[str], processes: t.Iterable[t.Sequence[str]]
) -> dict[str, _server_startup_lines.Command]:
    """The command of each instance: from units and rc.local, else from what runs.

    ``texts``: their contents; ``processes``: the words of each process.
    """
    found = {}
    for words in processes:
        command = _server_startup_lines.command(words)
        if command and not command.by_hand:
            found[os.path.basename(command.options_path)[: -len(".options")]] = command
    for text in texts:
        for name, words in _START.findall(text):
            command = _server_startup_lines.command(words.split())
            if command:
                found[name] = command
    return found


class Serving(t.NamedTuple):
    """Whom an instance serves that is yet to be started."""

    interfaces: t.Sequence[str]
    services: t.Sequence[str]


def refuse_rivals(
    interfaces: t.Sequence[str],
    services: t.Sequence[str],
    others: t.Mapping[str, Serving | _server_startup_lines.Command],
) -> None:
    """Refuse another instance that serves the same clients: on one interface, the same service or any.

    Which of two servers a client takes is chance, and so is its pool and all else that an instance is for.
    """
    for index, interface in enumerate(interfaces):
        for name, other in sorted(others.items()):
            if interface not in other.interfaces:
                continue
            if not services or not other.services:
                nameless = name if services else "this one"
                raise Refused(
                    f"interfaces[{index}]",
                    f"instance '{name}' serves {interface} too, and {nameless} has no service_names.",
                    "Give one of them another interface, or both of them services of their own.",
                )
            for at, service in enumerate(services):
                if service in other.services:
                    raise Refused(
                        f"service_names[{at}]",
                        f"instance '{name}' offers '{service}' on {interface} too.",
                        "Give each instance different services or interfaces.",
                    )


def leaving(before: t.Iterable[str], after: t.Iterable[str], peers: t.Iterable[str]) -> str | None:
    """A warning for addresses that sessions have (``peers``) and that are in the pool no longer."""
    gone = set(before) - set(after)
    left = [address for address in peers if address in gone]
    if not left:
        return None
    return f"pool: sessions have {_text.listed(left)}, which the pool no longer holds. They keep them until they end."
