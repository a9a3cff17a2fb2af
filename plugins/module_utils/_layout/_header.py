# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files that we write say of themselves. Private to this collection. Pure."""

from __future__ import annotations


def sentence(writer: str = "dialtone.pppoe", more: str = "") -> str:
    """``writer``: what the file belongs to, as ``dialtone.pppoe.pppoe_client``; ``more``: which part of it."""
    return f"Managed by Ansible ({writer}){more}. Changes made here are overwritten."


LINE = f"# {sentence()}\n"


def is_ours(text: str) -> bool:
    """Whether we wrote a file, of those that begin with that line."""
    return text.startswith(LINE)


def headed(program: str) -> str:
    """A program's text with that line below its first one."""
    first, rest = program.split("\n", 1)
    return f"{first}\n{LINE}{rest}"
