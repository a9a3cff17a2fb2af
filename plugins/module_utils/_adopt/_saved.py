# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which file or script puts a rule for NAT in place at boot. Private to this collection. Pure."""

from __future__ import annotations

import ipaddress
import re
import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._adopt import _nat as _adopt_nat


@dataclass(frozen=True)
class Files:
    """``commands``: the arguments of iptables in scripts, and their place; ``texts``: files and words of rules."""

    commands: t.Sequence[tuple[tuple[str, ...], str]]
    texts: t.Sequence[tuple[str, str]]


def loader(nat: _adopt_nat.Nat, files: Files) -> str | None:
    """The place of what puts the rule there, ``None`` if there is none."""
    for words, place in files.commands:
        if _same(nat, _spec(words)):
            return place
    for text, place in files.texts:
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        if any(_same(nat, _spec(_split(line))) for line in lines if line.startswith(("-A", "-I"))):
            return place
        if any(_names(nat, line) for line in lines if not line.startswith("-")):
            return place
    return None


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _spec(words: t.Sequence[str]) -> list[str]:
    """What stands behind the chain of an appending command."""
    for index, word in enumerate(words):
        if word in ("-A", "-I", "--append", "--insert"):
            rest = list(words[index + 2 :])
            before = [one for one in words[:index] if one not in ("-t", "nat", "-w")]
            number = rest[:1] and rest[0].isdigit()
            return [*before, *(rest[1:] if number else rest)]
    return []


def _same(nat: _adopt_nat.Nat, spec: t.Sequence[str]) -> bool:
    match, target, _comment = _adopt_nat.iptables_rule([word for word in spec if word not in ("-t", "nat")])
    if target[:1] not in (["MASQUERADE"], ["SNAT"]) or target[0].lower() not in nat.rule.lower():
        return False
    return match.out_interface == nat.out_interface and _networks(match.sources) == _networks(nat.sources)


def _networks(sources: t.Iterable[str]) -> set[t.Any]:
    return {ipaddress.ip_network(source, strict=False) for source in sources}


def _names(nat: _adopt_nat.Nat, line: str) -> bool:
    """Whether a line of nft's words is this rule: it has the same verdict, interface and sources."""
    verdict = "snat" if " snat" in nat.rule or "SNAT" in nat.rule else "masquerade"
    words = set(re.findall(r"[^\s\"{},;]+", line))
    needed = {verdict, *nat.sources, *([nat.out_interface] if nat.out_interface else [])}
    return needed <= words
