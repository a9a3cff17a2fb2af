# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which scripts the pppd of a session has to run. Private to this collection.

Distributions have /etc/ppp/ip-up and so on, which run what is in /etc/ppp/ip-up.d. As long as nobody has added or
changed anything, they do nothing for a server's session, but cost ten programs a session. So pppd is told to run
nothing then, by the name of a file that is not there. It is decided anew for each session.
"""

from __future__ import annotations

import hashlib
import os
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._manager import _basics

_STATUS = "/var/lib/dpkg/status"
#: pppd's option, the distribution's script, and the folder that it goes through. What only 2.5 knows comes last.
KINDS = {
    "ip-up-script": ("ip-up", "ip-up.d"),
    "ip-down-script": ("ip-down", "ip-down.d"),
    "ip-pre-up-script": ("ip-pre-up", "ip-pre-up.d"),
    "ipv6-up-script": ("ipv6-up", "ipv6-up.d"),
    "ipv6-down-script": ("ipv6-down", "ipv6-down.d"),
}
OLD = ("ip-up-script", "ip-down-script")
#: Those that run while pppd ends.
_LAST = ("ip-down-script", "ipv6-down-script")
#: The variable that says that an instance has RADIUS.
RADIUS = "DIALTONE_RADIUS="
#: What an instance's options say of the history of its sessions.
HISTORY = "DIALTONE_HISTORY_DAYS="
#: The MTU and MRU of a client who does not ask for more.
USUAL_MTU = 1492
#: What asks for the rates of a session before 2.5 (``_scripts/_pppoe_server_up.HOOK``, which this program has no part
#: of); with nothing else to run, no script of the distribution's is needed for it.
OURS = "0dialtone-plans"
#: What is not there.
NOTHING = "/etc/ppp/no-script"


@dataclass(frozen=True)
class InstanceOptions:
    """What an instance's options say of scripts. ``own``: scripts that they name.

    ``radius``: the name of the access concentrator, ``-`` for that of the host; empty without RADIUS. ``large``: the
    MTU and MRU, if one is more than a client has that does not ask for more (RFC 4638).
    """

    single_session: str = "allow"
    raw_names: bool = False
    ipv6: bool = False
    own: frozenset[str] = frozenset()
    radius: str = ""
    history_days: int = 0
    large: tuple[int, int] | None = None


def options(texts: t.Iterable[str]) -> InstanceOptions:
    """From the lines of the options files that pppd reads."""
    lines = [words for text in texts for line in text.splitlines() if (words := line.split("#")[0].split())]
    first = {words[0].strip("'\"") for words in lines}
    days = [words[1].partition("=")[2] for words in lines if words[1:] and words[1].startswith(HISTORY)]
    variables = [
        words[1].partition("=")[2] for words in lines if words[0] == "set" and words[1:] and "SINGLE" in words[1]
    ]
    return InstanceOptions(
        single_session=variables[-1] if variables else "allow",
        # With CHAP, pppd makes a name visible before scripts have it; with PAP it does not.
        raw_names="require-pap" in first,
        ipv6="+ipv6" in first,
        own=frozenset(first & {*KINDS}),
        radius=next((words[1].partition("=")[2] for words in lines if words[1:] and words[1].startswith(RADIUS)), ""),
        history_days=int(days[-1]) if days and days[-1].isdigit() else 0,
        large=_large(lines),
    )


def _large(lines: t.Sequence[t.Sequence[str]]) -> tuple[int, int] | None:
    pairs = [words for words in lines if words[0] in ("mtu", "mru") and words[1:] and words[1].isdigit()]
    sizes = {words[0]: int(words[1]) for words in pairs}
    found = sizes.get("mtu", USUAL_MTU), sizes.get("mru", USUAL_MTU)
    return found if max(found) > USUAL_MTU else None


def words(
    wanted: InstanceOptions, foreign: t.Collection[str], scripts: str, new: bool, plans: bool = False
) -> list[str]:
    """pppd's options for the scripts of a session.

    ``foreign``: the options whose scripts have something of the administrator's to run. ``scripts``: the folder of our
    own. ``new``: whether pppd is 2.5 or later. ``plans``: whether the session is to ask for its rates; before 2.5 a
    script in ip-pre-up.d does.
    """
    found: list[str] = []
    for option in KINDS if new else OLD:
        if option in wanted.own or (option.startswith("ipv6") and not wanted.ipv6):
            continue
        if option == "ip-up-script" and (wanted.single_session != "allow" or wanted.radius):
            found += [option, f"{scripts}/pppoe-server-up"]
        elif option == "ip-pre-up-script" and plans:
            found += [option, f"{scripts}/pppoe-server-pre-up"]
        elif option not in foreign:
            found += [option, NOTHING]
        elif wanted.raw_names or option in _LAST:
            # pppd ends what it still runs when it gets a signal, and pppoe-server sends it one as soon as the client's
            # PADT has come. Ours sees to it that the administrator's go on.
            found += [option, f"{scripts}/pppoe-server-{option[: -len('-script')].removeprefix('ip-')}"]
    if "ip-up-script" in foreign and "ip-up-script" not in wanted.own:
        found += ["set", "DIALTONE_HOOKS=1"]
    if not new and "ip-pre-up-script" not in foreign:
        found += ["set", "DIALTONE_PRE_UP=none"]
    if plans:
        further = new and "ip-pre-up-script" in foreign
        found += ["set", f"DIALTONE_PLANS={'further' if further else 'only'}"]
    if {*_LAST} & set(foreign):
        # Hooks of many sessions that end at once take longer than the five seconds after which pppd ends them.
        found += ["child-timeout", "60"]
    return found


class Hooks:
    """What is in /etc/ppp, and what of it the distribution has put there."""

    def __init__(self, folder: str = "/etc/ppp", status: str = _STATUS) -> None:
        self._folder = folder
        self._stock = stock(_basics.text(status), folder)
        self._seen: dict[str, tuple[tuple[int, ...], bool]] = {}

    def foreign(self) -> set[str]:
        """The options whose scripts have something to run that is not the distribution's."""
        found = set()
        for option, (script, directory) in KINDS.items():
            path = f"{self._folder}/{script}"
            if not os.path.exists(path):
                continue
            entries = _entries(f"{self._folder}/{directory}")
            paths = [path, *(entry.path for entry in entries if entry.name != OURS)]
            if not all(map(self._is_stock, paths)):
                found.add(option)
        return found

    def _is_stock(self, path: str) -> bool:
        try:
            status = os.stat(path)
        except OSError:
            return True
        key = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size)
        seen = self._seen.get(path)
        if seen is None or seen[0] != key:
            with open(path, "rb") as handle:
                digest = hashlib.md5(handle.read(), usedforsecurity=False).hexdigest()
            seen = self._seen[path] = (key, self._stock.get(path) == digest)
        return seen[1]


def _entries(directory: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(directory))
    except OSError:
        return []


def stock(status: str, folder: str) -> dict[str, str]:
    """The MD5 of the files in ``folder`` that dpkg knows as configuration of a package ``ppp``.

    As ``_host/_packages.configuration``, which is not there where the manager runs.
    """
    paragraph = next((text for text in status.split("\n\n") if text.startswith("Package: ppp\n")), "")
    return dict(re.findall(rf"^ ({re.escape(folder)}/\S+) ([0-9a-f]{{32}})$", paragraph, re.MULTILINE))
