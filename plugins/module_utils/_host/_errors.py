# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two errors that a module reports. Private to this collection."""

from __future__ import annotations

import typing as t


class Refused(ValueError):
    """A parameter that cannot be applied. Raised before anything is written.

    The text names the parameter, the value (never a secret) and the fix.
    """

    def __init__(self, parameter: str, problem: str, fix: str) -> None:
        super().__init__(f"{parameter}: {problem} {fix}")
        self.parameter = parameter
        self.fix = fix
        self.result: dict[str, t.Any] = {}


class Failed(Exception):
    """The host did not do what was asked. ``result`` is returned by the module beside the text."""

    def __init__(self, text: str, **result: t.Any) -> None:
        super().__init__(text)
        self.result = result
