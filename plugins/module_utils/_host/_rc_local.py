# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our blocks in rc.local; every other byte of it stays. Private to this collection."""

from __future__ import annotations

import os
import re
import stat
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import _files

# Red Hat's family keeps the file under rc.d and has a link at /etc; the others have it at /etc.
PATHS = ("/etc/rc.d/rc.local", "/etc/rc.local")
NEW = b"#!/bin/sh\n"


def path() -> str:
    """The rc.local of this host, or the one to make."""
    for candidate in PATHS:
        if os.path.exists(candidate):
            return os.path.realpath(candidate)
    return PATHS[0] if os.path.isdir(os.path.dirname(PATHS[0])) else PATHS[1]


def edited_here(block: str, lines: t.Sequence[str] | None) -> list[_files.File]:
    """``edited`` for this host's rc.local as it is now."""
    place = path()
    there = _files.read(place)
    mode = None if there is None else stat.S_IMODE(os.stat(place).st_mode)
    return edited(place, there, mode, block, lines)


def edited(
    place: str,
    there: bytes | None,
    mode: int | None,
    block: str,
    lines: t.Sequence[str] | None,
    before: bytes | None = None,
) -> list[_files.File]:
    """rc.local with the block (``lines``) or without it (``None``), executable if it has one; none if it is so already.

    ``there`` and ``mode`` are its content and mode now, ``None`` if there is no file. ``before``: what to put the block
    into, in place of that content.
    """
    content = there if before is None else before

    def edit(now: bytes | None) -> bytes | None:
        return without_block(now, block) if lines is None else with_block(now, block, list(lines))

    # Other parts of a run have blocks of their own. With ``before``, more is changed than the block.
    again = edit if before is None else None
    after = edit(content)
    if lines is None:
        return [] if after == there else [_files.File(place, after, keep_mode=True, edit=again)]
    wanted = 0o755 if mode is None else mode
    if not wanted & 0o100:
        wanted |= 0o111  # otherwise nobody would run it
    return [_files.File(place, after, wanted, edit=again)]


def lines_of(content: bytes, block: str) -> bytes:
    """The block with its two markers; empty if there is none."""
    there = _find(content, *_markers(block))
    return content[there[0] : there[1]] if there else b""


def _markers(block: str) -> tuple[bytes, bytes]:
    return tuple(f"# {word} dialtone.pppoe {block}\n".encode() for word in ("BEGIN", "END"))  # type: ignore[return-value]


def with_block(content: bytes | None, block: str, lines: list[str]) -> bytes:
    """``content`` with exactly one block of that name, holding ``lines``.

    An existing block is replaced where it stands. A new one comes before the final ``exit`` of the script, after
    which nothing would run, else at the end.
    """
    begin, end = _markers(block)
    text = NEW if content is None else content
    body = begin + "".join(line + "\n" for line in lines).encode() + end
    there = _find(text, begin, end)
    if there:
        return text[: there[0]] + body + text[there[1] :]
    last_exit = None
    for match in re.finditer(rb"^exit\b[^\n]*(?:\n|\Z)", text, re.MULTILINE):
        last_exit = match
    if last_exit and not _commands_after(text[last_exit.end() :]):
        return text[: last_exit.start()] + body + text[last_exit.start() :]
    return text + (b"" if text.endswith(b"\n") or not text else b"\n") + body


def without_block(content: bytes | None, block: str) -> bytes | None:
    """``content`` without that block; ``None`` (no file) if nothing but our own first line is left."""
    if content is None:
        return None
    there = _find(content, *_markers(block))
    if not there:
        return content
    rest = content[: there[0]] + content[there[1] :]
    return None if rest == NEW else rest


def _find(text: bytes, begin: bytes, end: bytes) -> tuple[int, int] | None:
    start = text.find(begin)
    stop = text.find(end, start)
    return (start, stop + len(end)) if start >= 0 and stop >= 0 else None


def _commands_after(text: bytes) -> bool:
    return any(line.strip() and not line.strip().startswith(b"#") for line in text.splitlines())
