# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT as a native nftables table of our own. Private to this collection."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.dialtone.pppoe.plugins.module_utils._nat import (
    BackendError,
    Comparison,
    Loading,
    Request,
    Run,
    words,
)

HEADER = "# Written by dialtone.pppoe.masquerade, which replaces this file. Loading it again changes nothing.\n"
# How versions of nft print what we write: 0.9 a number for srcnat, and 0.9, 1.1 the flags as an expression.
SPELLINGS = (
    (re.compile(r"\bpriority (?:100|srcnat \+ 0)\s*;"), "priority srcnat;"),
    (re.compile(r"\bpriority (?:-150|mangle \+ 0)\s*;"), "priority mangle;"),
    (re.compile(r"\btcp flags & \((?:syn ?\| ?rst|rst ?\| ?syn)\) == syn(?=\s|$)"), "tcp flags syn / syn,rst"),
)


def table(name: str) -> str:
    """The name of our table, in the family ip."""
    return "dialtone_pppoe_" + name


def rules(wanted: Request) -> tuple[str, ...]:
    """The lines of our table as nft prints them."""
    # A rule a network, not a set: nft prints sets merged and sorted in ways that differ between versions.
    sources = [f"ip saddr {_printed(str(network))} " for network in wanted.sources] or [""]
    lines = [f"table ip {table(wanted.name)} {{", "chain postrouting {"]
    lines.append("type nat hook postrouting priority srcnat; policy accept;")
    lines.extend(f'oifname "{wanted.out_interface}" {source}masquerade' for source in sources)
    lines.append("}")
    if wanted.clamp_mss:
        # Both ways: the SYN of a customer, and the SYN+ACK or SYN that comes to one.
        lines.extend(("chain forward {", "type filter hook forward priority mangle; policy accept;"))
        for direction in ("iifname", "oifname"):
            lines.append(f'{direction} "ppp*" tcp flags syn / syn,rst tcp option maxseg size set rt mtu')
        lines.append("}")
    return indented([*lines, "}"])


def _printed(network: str) -> str:
    return network[:-3] if network.endswith("/32") else network


def script(wanted: Request) -> str:
    """What ``nft -f`` takes to replace our table at one stroke, whether it is there or not."""
    name = table(wanted.name)
    # nft 0.9 and 1.1 alike read this form of the flags.
    lines = [line.replace("tcp flags syn / syn,rst", "tcp flags & (syn | rst) == syn") for line in rules(wanted)]
    return HEADER + replacing(name, lines)


def replacing(name: str, lines: t.Iterable[str]) -> str:
    """Text for ``nft -f`` that makes these lines the table of that name, at one stroke."""
    # Naming the table first makes it, so that deleting it cannot fail.
    return f"table ip {name}\ndelete table ip {name}\n" + "".join(line + "\n" for line in lines)


def indented(lines: t.Iterable[str]) -> tuple[str, ...]:
    """Lines of a table with the indentation that nft gives them."""
    depth = 0
    found = []
    for line in lines:
        depth -= line == "}"
        found.append("\t" * depth + line)
        depth += line.endswith("{")
    return tuple(found)


def canonical(text: str) -> tuple[str, ...]:
    """The lines that ``nft list table`` printed, in one spelling whatever its version."""
    found = []
    for raw in text.splitlines():
        line = " ".join(raw.split())
        for pattern, replacement in SPELLINGS:
            line = pattern.sub(replacement, line)
        if line and not line.startswith("#"):
            found.append(line)
    return indented(found)


class Nftables:
    """The native backend; see ``_nat.Backend``."""

    name = "nftables"
    label = "nft"

    def __init__(self, run: Run, program: str | None, wanted: Request, directory: str) -> None:
        self.program = program
        self._run = run
        self._wanted = wanted
        self._path = f"{directory}/masquerade-{wanted.name}.nft"

    def probe(self) -> str:
        if self.program is None:
            return "not installed"
        # With -c the kernel gets the whole transaction and is asked to abort it: its answer, and nothing is left.
        return self._nft("-c", "-f", data=script(self._wanted))

    def present(self) -> tuple[str, ...]:
        if self.program is None:
            return ()
        rc, out, _err = self._run([self.program, "-s", "list", "table", "ip", table(self._wanted.name)], None)
        return canonical(out) if rc == 0 else ()

    def remembered(self) -> bool:
        return os.path.exists(self._path)

    def compare(self) -> Comparison:
        before, after = self.present(), rules(self._wanted)
        return Comparison(before, after, before != after)

    def loading(self) -> Loading:
        nft = self.program or "nft"
        stop = (nft, "delete", "table", "ip", table(self._wanted.name))
        return Loading(self._path, script(self._wanted), (nft, "-f", self._path), stop)

    def load(self) -> None:
        self._must(self._nft("-f", data=script(self._wanted)))

    def clean(self, surplus: tuple[str, ...]) -> None:
        """Nothing is ever left over: the table is replaced as a whole."""

    def undo(self, before: tuple[str, ...]) -> None:
        if not before and self.present():
            self.remove()
        elif before != self.present():
            self._must(self._nft("-f", data=replacing(table(self._wanted.name), before)))

    def remove(self) -> None:
        self._must(self._nft("delete", "table", "ip", table(self._wanted.name)))

    def _nft(self, *arguments: str, data: str | None = None) -> str:
        rc, out, err = self._run([str(self.program), *arguments], data)
        return words(out, err, rc) if rc != 0 else ""

    @staticmethod
    def _must(answer: str) -> None:
        if answer:
            raise BackendError(f"nft failed: {answer}")
