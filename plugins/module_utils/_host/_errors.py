# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that pure parts raise. Private to this collection."""

from __future__ import annotations


class Refused(ValueError):
    """A parameter that cannot be carried out.

    The text names the parameter, the value (never a secret) and the mend.
    A module turns it into ``fail_json`` before it has written anything.
    """

    def __init__(self, parameter: str, problem: str, mend: str) -> None:
        super().__init__(f"{parameter}: {problem} {mend}")
        self.parameter = parameter
        self.mend = mend
