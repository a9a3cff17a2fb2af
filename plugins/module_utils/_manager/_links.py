# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rule for udev, so that no program runs for the link of each session. Private to this collection.

udev runs systemd-sysctl for each link, to set what /etc/sysctl.d has for it. For the links of sessions that costs more
than the session itself. So udev is given a rule that sets the same by itself, and runs nothing.
"""

from __future__ import annotations

import os
import re
import typing as t

#: Where udev's rules lie, and those of sysctl; of two files of one name, that of the first folder counts.
RULES = (
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
)
SYSCTL = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
#: Behind the rule of systemd (99-systemd.rules), which it takes back.
RULE = "/run/udev/rules.d/99-zz-dialtone-pppoe-server.rules"
_SYSTEMD = "99-systemd.rules"
_LINE = re.compile(r"-?\s*(net[./]ipv[46][./](?:conf|neigh))[./]([^=]+?)[./]([a-z0-9_]+)\s*=\s*(.*?)\s*\Z")
_RUN = re.compile(r'^(?!.*ACTION=="(?:remove|change)")(?!.*ACTION!="add").*\bRUN(?:\{program\})?\s*[+:]?=')
_PLAIN = re.compile(r"[A-Za-z0-9_.:*?\[\]!^-]+\Z")


def rule(rules: t.Mapping[str, str], sysctl: t.Iterable[str]) -> str | None:
    """The rule; ``None`` if udev runs something else for links, which it would take back as well.

    ``rules``: udev's own, by file name. ``sysctl``: the files of sysctl.d, in the order in which they count.
    """
    if _SYSTEMD not in rules or any(map(_runs_for_links, (text for name, text in rules.items() if name != _SYSTEMD))):
        return None
    settings = [setting for text in sysctl for setting in _settings(text)]
    # What a line says of one link by its name counts more than what another says of many (sysctl.d(5)).
    settings.sort(key=lambda setting: not set("*?[") & set(setting[1]))
    if not all(_PLAIN.match(name) and '"' not in value for _folder, name, _key, value in settings):
        return None
    head = 'ACTION=="add", SUBSYSTEM=="net", KERNEL=="ppp[0-9]*"'
    lines = [
        f'{head}, KERNEL=="{name}", SYSCTL{{{folder}/$name/{key}}}="{value}"' for folder, name, key, value in settings
    ]
    return "\n".join(
        [
            "# Managed by the session manager of pppoe-server (dialtone.pppoe), as long as it runs.",
            *lines,
            # An assignment takes the place of what was there; the module is loaded long since.
            f'{head}, RUN{{builtin}}="kmod load ppp_generic"',
            "",
        ]
    )


def _runs_for_links(text: str) -> bool:
    """Whether rules run a program for a link; also if that cannot be told for certain."""
    joined = text.replace("\\\n", " ")
    if '"net"' not in joined:
        return False
    lines = [line for line in joined.splitlines() if _RUN.search(line.split("#")[0])]
    return any('SUBSYSTEM=="' not in line or '"net' in line for line in lines)


def _settings(text: str) -> list[tuple[str, str, str, str]]:
    """Folder, link, key and value of the lines that are about links of sessions."""
    found = []
    for line in text.splitlines():
        match = _LINE.match(line.strip())
        if match and (match.group(2).startswith("ppp") or set("*?[") & set(match.group(2))):
            found.append((match.group(1).replace(".", "/"), *match.groups()[1:]))
    return found  # type: ignore[return-value]


def files(folders: t.Iterable[str], ending: str) -> dict[str, str]:
    """The files of some folders, by name, in the order of their names."""
    found: dict[str, str] = {}
    for folder in folders:
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.endswith(ending) and name not in found:
                found[name] = f"{folder}/{name}"
    return {name: found[name] for name in sorted(found)}
