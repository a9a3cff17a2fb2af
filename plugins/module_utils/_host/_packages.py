# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dpkg's own database says: packages, and their configuration files as they came. Private to this collection."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files

STATUS = "/var/lib/dpkg/status"
# A name alone: not with a version, an architecture, or as the address of a file.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")
_INSTALLED = re.compile(r"^Package: (\S+)\nStatus: \S+ \S+ installed$", re.MULTILINE)


def missing(names: t.Sequence[str]) -> list[str] | None:
    """Those of the packages that are not installed; ``None`` where only the package manager can tell."""
    if not names:
        return []
    content = _files.read(STATUS)
    return None if content is None else missing_in(content.decode("utf-8", "replace"), names)


def missing_in(status: str, names: t.Sequence[str]) -> list[str] | None:
    """``missing``, with the text of dpkg's database."""
    if not all(_NAME.match(name) for name in names):
        return None
    installed = set(_INSTALLED.findall(status))
    return [name for name in names if name not in installed]


def configuration(status: str, folder: str) -> dict[str, str]:
    """The MD5 of the files in ``folder`` that dpkg knows as some package's configuration, as they came."""
    return dict(re.findall(rf"^ ({re.escape(folder)}/\S+) ([0-9a-f]{{32}})$", status, re.MULTILINE))
