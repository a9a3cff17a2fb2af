# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that the session manager reads, each again only if it has changed. Private to this collection."""

from __future__ import annotations

import os
import time
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics, _hooks

#: While many wait, the seconds for which an answer to one of them serves the next, too.
ALIKE = 0.2


@dataclass(frozen=True)
class Places:
    """Where the manager's files and those that it reads lie."""

    state: str = "/run/pppoe-server"
    configuration: str = "/etc/ppp/pppoe-server"
    scripts: str = "/usr/local/libexec/dialtone-pppoe"
    ppp: str = "/etc/ppp"
    run: str = "/run"
    history: str = "/var/lib/pppoe-server/history.db"
    #: The number of the table of announced routes.
    announced: str = "/etc/ppp/pppoe-server-routing/announced"


class Configuration:
    """What the files of instances and of pppd say."""

    def __init__(self, places: Places, new_pppd: bool) -> None:
        self._places, self._new_pppd = places, new_pppd
        self._hooks = _hooks.Hooks(places.ppp)
        self._files: dict[str, tuple[t.Any, str]] = {}
        self._words: dict[str, tuple[float, list[str]]] = {}

    def pool(self, name: str, again: bool) -> list[str] | None:
        """The pool of an instance: that of the daemon, or else what is configured; ``None`` if it is as before.

        ``again``: also if it is.
        """
        for path in (f"{self._places.state}/{name}.pool", f"{self._places.configuration}/{name}.pool"):
            text, changed = self.read(path)
            if text.strip():
                return text.split() if changed or again else None
        return None

    def options(self, instance: str | None) -> _hooks.InstanceOptions:
        """What an instance's options say of scripts."""
        if instance is None:
            return _hooks.InstanceOptions()
        paths = [f"{self._places.ppp}/options", f"{self._places.configuration}/{instance}.options"]
        return _hooks.options(self.read(path)[0] for path in paths)

    def script_words(self, instance: str, plans: bool, alike: bool) -> list[str]:
        """pppd's options for scripts. ``alike``: many wait, and each may be given the same."""
        now = time.monotonic()
        since, words = self._words.get(instance, (-ALIKE, []))
        if not alike or now - since >= ALIKE:
            words = self._found_words(instance, plans)
            self._words[instance] = (now, words)
        return words

    def _found_words(self, instance: str, plans: bool) -> list[str]:
        options = self.options(instance)
        words = _hooks.words(options, self._hooks.foreign(), self._places.scripts, self._new_pppd, plans)
        # First and last: these are for the script alone.
        if options.large:
            words = ["large={},{}".format(*options.large), *words]
        return [*words, f"radius={concentrator(options.radius)}"] if options.radius else words

    def read(self, path: str) -> tuple[str, bool]:
        """A file's text, and whether it is another than the last time; it is read only then."""
        try:
            status = os.stat(path)
        except OSError:
            return "", self._files.pop(path, None) is not None
        key = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        before = self._files.get(path)
        if before is None or before[0] != key:
            self._files[path] = (key, _basics.text(path))
        return self._files[path][1], before is None or before[0] != key


def concentrator(name: str) -> str:
    """The access concentrator's name as pppd's plugin takes it in a value; ``-``: that of the host."""
    text = os.uname().nodename if name == "-" else name
    return "".join(one for one in text if one.isascii() and (one.isalnum() or one in "._:@+/-"))[:63]
