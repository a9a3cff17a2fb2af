# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the scripts of a host do at boot for NAT and forwarding. Private to this collection. Pure."""

from __future__ import annotations

import os
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.dialtone.pppoe.plugins.module_utils._host import (
    _shell,
    _shell_simple,
    _shell_words,
    _shell_wrappers,
)

_FORWARD_KEY = re.compile(r"net[./]ipv4[./]ip_forward=1\Z")
_FORWARD_FILE = re.compile(r"(?:/proc/sys)?/?net/ipv4/ip_forward\Z")


@dataclass
class Boot:
    """``rules``: the arguments of each iptables, and where it stands; ``files``: rule files that are loaded, and by
    what; ``nft``: texts of nft commands; ``forwards``: where forwarding is switched on; ``settings``: sysctl files.
    """

    rules: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    nft: list[tuple[str, str]] = field(default_factory=list)
    forwards: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)


def read(path: str, content: bytes, opened: _shell_simple.Opened, found: Boot, deep: int = 0) -> None:
    """Add what a script does, with the scripts that it runs."""
    for call in _shell.read(path, content, opened).calls:
        if call.reached:
            _follow(call, call.words, opened, found, deep)


def _follow(
    call: _shell_simple.ShellCall,
    words: t.Sequence[_shell_words.Word],
    opened: _shell_simple.Opened,
    found: Boot,
    deep: int,
) -> None:
    inner = _shell_wrappers.inner(words)
    if inner is None:
        _take(call, [word.text for word in words], found)
        if words[0].literal and words[0].text.startswith("/"):
            _script(words[0].text, opened, found, deep)
    elif inner.kind == "words":
        _follow(call, inner.words, opened, found, deep)
    elif inner.kind == "text" and inner.words[0].literal and deep < _shell_simple.MOST_DEEP:
        read(call.path, inner.words[0].text.encode("latin-1"), opened, found, deep + 1)
    elif inner.kind == "file" and inner.words[0].literal:
        _script(os.path.join(call.cwd or "/", inner.words[0].text), opened, found, deep)


def _script(path: str, opened: _shell_simple.Opened, found: Boot, deep: int) -> None:
    # Programs of the distribution are no business of ours.
    if deep >= _shell_simple.MOST_DEEP or path.startswith(("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/")):
        return
    content = opened(path)
    if content is not None:
        read(path, content, opened, found, deep + 1)


def _take(call: _shell_simple.ShellCall, texts: list[str], found: Boot) -> None:
    name = os.path.basename(texts[0])
    place = f"line {call.number} of {call.path}"
    files = {operator: word.text for operator, word in call.redirections}
    if re.match(r"iptables(?:-legacy|-nft)?\Z", name):
        found.rules.append((tuple(texts[1:]), place))
    elif re.match(r"iptables(?:-legacy|-nft)?-restore\Z", name):
        operands = [text for text in texts[1:] if not text.startswith("-")]
        for path in [files.get("<", ""), *operands]:
            if path:
                found.files.append((os.path.join(call.cwd or "/", path), place))
    elif name == "nft":
        if texts[1:2] == ["-f"] and len(texts) > 2 and texts[2] != "-":
            found.files.append((os.path.join(call.cwd or "/", texts[2]), place))
        else:
            found.nft.append((" ".join([*texts[1:], call.here]), place))
    elif name == "sysctl":
        _take_sysctl(texts, place, found)
    elif name in ("echo", "printf") and texts[1:2] == ["1"] and any(map(_FORWARD_FILE.search, files.values())):
        found.forwards.append(place)


def _take_sysctl(texts: list[str], place: str, found: Boot) -> None:
    if _FORWARD_KEY.search("".join(texts[1:]).replace(" ", "")):
        found.forwards.append(place)
    for option, path in zip(texts[1:], [*texts[2:], "/etc/sysctl.conf"]):
        if option in ("-p", "--load", "-qp", "-pq"):
            found.settings.append(path if path.startswith("/") else "/etc/sysctl.conf")
