# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person should know of a server before it is taken over. Private to this collection. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _text

#: How many names or addresses one finding names.
MOST = 10


class Findings:
    """``refused``: what has to be solved first; ``problem``: what is wrong now; ``change``: what a run changes;
    ``stays``: what a run leaves as it is.
    """

    def __init__(self) -> None:
        self.all: list[dict[str, str]] = []

    def _add(self, kind: str, text: str, why: str) -> None:
        # A finding is one line, whatever a file or a command on that host holds.
        self.all.append({"kind": kind, "text": _text.printable(text), "why": _text.printable(why)})

    def refused(self, text: str, why: str) -> None:
        self._add("refused", text, why)

    def change(self, text: str, why: str) -> None:
        self._add("change", text, why)

    def problem(self, text: str, why: str) -> None:
        self._add("problem", text, why)

    def stays(self, text: str, why: str) -> None:
        self._add("stays", text, why)


def listed(items: t.Sequence[str]) -> str:
    """Some of the items, and how many more there are; findings are many, so each names few."""
    return _text.listed(items, most=MOST)
