# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many accounts a list may remove that it does not have. Private to this collection. Pure."""

from __future__ import annotations

from ansible_collections.dialtone.pppoe.plugins.module_utils._host._errors import Refused


def check_most(most: int | None) -> None:
    """``Refused`` for a ``max_removals`` that is no number of accounts."""
    if most is not None and most < 0:
        raise Refused("max_removals", f"{most} is less than 0.", "Give 0 or more.")


def too_many(total: int, unlisted: int, most: int | None, where: str = "") -> Refused:
    """The error of a list that would remove ``unlisted`` of ``total`` accounts. ``where``: such as `` in /a/file``."""
    allowed = "more than half" if most is None else f"more than max_removals, {most}"
    return Refused(
        "exclusive",
        f"of the {total} accounts{where} it would remove {unlisted} that are not listed, {allowed}.",
        f"Check that the list is complete; if it is, set max_removals={unlisted}.",
    )
