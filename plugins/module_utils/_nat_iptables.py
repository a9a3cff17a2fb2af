# Copyright: The dialtone.pppoe authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT as rules of iptables, found again by their comment. Private to this collection."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from ansible_collections.dialtone.pppoe.plugins.module_utils._files import read
from ansible_collections.dialtone.pppoe.plugins.module_utils._nat import (
    BackendError,
    Comparison,
    Loading,
    Request,
    Run,
    words,
)

TABLES = ("nat", "mangle")
# Names the legacy tables of this network namespace; asking iptables-legacy itself would create them.
LEGACY_TABLES = "/proc/net/ip_tables_names"
COMMENT = "dialtone.pppoe "

SCRIPT = """\
#!/bin/sh
# Written by dialtone.pppoe.masquerade, which replaces this file.
# start: adds the rules that are missing; stop: removes them; rules of others are never touched.
set -f
iptables={program}
comment='{comment}'

# A rule without the comment is one made by hand, and does as well.
start() {{
    "$iptables" -w -t "$1" -C "$2" $3 -m comment --comment "$comment" -j $4 2>/dev/null ||
        "$iptables" -w -t "$1" -C "$2" $3 -j $4 2>/dev/null ||
        "$iptables" -w -t "$1" -A "$2" $3 -m comment --comment "$comment" -j $4 || failed=1
}}

stop() {{
    while "$iptables" -w -t "$1" -D "$2" $3 -m comment --comment "$comment" -j $4 2>/dev/null; do :; done
}}

case "$1" in
start | stop) ;;
*) echo "usage: $0 start|stop" >&2; exit 2 ;;
esac
failed=0
{rules}exit "$failed"
"""


@dataclass(frozen=True)
class Rule:
    """A rule: its table, chain, and the words of its matches and its target."""

    table: str
    chain: str
    matches: tuple[str, ...]
    target: tuple[str, ...]

    def spec(self, comment: str | None) -> list[str]:
        """The words of iptables after ``-A CHAIN``."""
        note = [] if comment is None else ["-m", "comment", "--comment", comment]
        return [*self.matches, *note, "-j", *self.target]

    def line(self, comment: str | None) -> str:
        """The rule as text."""
        note = [] if comment is None else ["-m", "comment", "--comment", f'"{comment}"']
        return " ".join(("-t", self.table, "-A", self.chain, *self.matches, *note, "-j", *self.target))


@dataclass(frozen=True)
class Listed:
    """A line of ``iptables -S``: the rule, the comment it bears, and the words that delete exactly it."""

    rule: Rule
    comment: str | None
    spec: tuple[str, ...]

    @property
    def line(self) -> str:
        return self.rule.line(self.comment)


def comment(name: str) -> str:
    """What marks a rule as ours."""
    return COMMENT + name


def rules(wanted: Request) -> list[Rule]:
    """The rules that the request asks for, in the words that ``iptables -S`` prints."""
    found = []
    for network in wanted.sources or (None,):
        matches = (*(() if network is None else ("-s", str(network))), "-o", wanted.out_interface)
        found.append(Rule("nat", "POSTROUTING", matches, ("MASQUERADE",)))
    if wanted.clamp_mss:
        # Both ways: the SYN of a customer, and the SYN+ACK or SYN that comes to one.
        syn = ("-p", "tcp", "-m", "tcp", "--tcp-flags", "SYN,RST", "SYN")
        for direction in ("-i", "-o"):
            found.append(Rule("mangle", "FORWARD", (direction, "ppp+", *syn), ("TCPMSS", "--clamp-mss-to-pmtu")))
    return found


def parse(table: str, text: str) -> list[Listed]:
    """The rules that ``iptables -t TABLE -S`` printed; chains and policies are left out."""
    found = []
    for line in text.splitlines():
        tokens = shlex.split(line)
        if len(tokens) > 2 and tokens[0] == "-A":
            found.append(_listed(table, tokens[1], tokens[2:]))
    return found


def _listed(table: str, chain: str, spec: list[str]) -> Listed:
    rest = list(spec)
    noted = None
    if "--comment" in rest[:-1]:
        at = rest.index("--comment")
        noted = rest[at + 1]
        start = at - 2 if rest[at - 2 : at] == ["-m", "comment"] else at
        del rest[start : at + 2]
    at = rest.index("-j") if "-j" in rest else len(rest)
    return Listed(Rule(table, chain, tuple(rest[:at]), tuple(rest[at + 1 :])), noted, tuple(spec))


def compared(wanted: list[Rule], listed: list[Listed], mark: str) -> tuple[Comparison, list[Rule]]:
    """Wanted rules against all that are there, and those to add: one of ours for each, unless there is an equal one."""
    ours = [one for one in listed if one.comment == mark]
    by_hand = [one for one in listed if one.comment is None and one.rule in wanted]
    kept: list[Rule] = []
    surplus = []
    for one in ours:
        if one.rule in wanted and one.rule not in kept:
            kept.append(one.rule)
        else:
            surplus.append(one.line)
    served = kept + [one.rule for one in by_hand]
    add = [rule for rule in wanted if rule not in served]
    after = tuple(rule.line(mark) for rule in kept + add)
    equal = tuple(dict.fromkeys(one.line for one in by_hand))
    return Comparison(tuple(one.line for one in ours), after, bool(add), tuple(surplus), equal), add


def script(program: str, wanted: Request) -> str:
    """The shell script that loads and unloads the rules at boot; every word in it has been validated."""
    lines = (f'"$1" {rule.table} {rule.chain} {_quoted(rule.matches)} {_quoted(rule.target)}' for rule in rules(wanted))
    return SCRIPT.format(program=program, comment=comment(wanted.name), rules="".join(line + "\n" for line in lines))


def _quoted(spec: tuple[str, ...]) -> str:
    return "'{}'".format(" ".join(spec))


class Iptables:
    """One of the iptables commands of a host; see ``_nat.Backend``."""

    name = "iptables"

    def __init__(self, run: Run, label: str, program: str | None, wanted: Request, directory: str) -> None:
        self.label = label
        self.program = program
        self._run = run
        self._wanted = wanted
        self._comment = comment(wanted.name)
        self._path = f"{directory}/masquerade-{wanted.name}.sh"
        self.flavour = self._flavour()

    def _flavour(self) -> str:
        """Which tables in the kernel this command works on; before 1.8 there was only one kind."""
        if self.program is None:
            return ""
        rc, out, _err = self._run([self.program, "-V"], None)
        if rc != 0:
            return self.label
        return "nf_tables" if "nf_tables" in out else "legacy"

    def probe(self) -> str:
        if self.program is None:
            return "not installed"
        apart = self._apart()
        # In a network namespace of its own the rules are really made, and vanish with it. Nothing less tells: on a
        # kernel without nf_tables, iptables-nft lists empty tables, and passes -C and --test, as if all were well.
        checks = [["-t", "nat", "-S", "POSTROUTING"]]
        if apart:
            checks = [["-t", rule.table, "-A", rule.chain, *rule.spec(self._comment)] for rule in self._samples()]
        for arguments in checks:
            rc, out, err = self._run([*apart, self.program, "-w", *arguments], None)
            if rc != 0:
                return words(out, err, rc)
        if apart and self.flavour == "nf_tables":
            # The kernel of the host is the same, but a table of its own may be one that iptables-nft cannot read.
            rc, out, err = self._run([self.program, "-w", "-t", "nat", "-S", "POSTROUTING"], None)
            return words(out, err, rc) if rc != 0 else ""
        return ""

    def _apart(self) -> list[str]:
        rc, _out, _err = self._run(["unshare", "-n", "true"], None)
        return ["unshare", "-n"] if rc == 0 else []

    def _samples(self) -> list[Rule]:
        """One rule of each table: they differ in nothing else that a kernel may lack."""
        return list({rule.table: rule for rule in rules(self._wanted)}.values())

    def present(self) -> tuple[str, ...]:
        return tuple(one.line for one in self._ours())

    def remembered(self) -> bool:
        return f"\niptables={self.program}\n".encode() in (read(self._path) or b"")

    def compare(self) -> Comparison:
        return compared(rules(self._wanted), self._listed(), self._comment)[0]

    def loading(self) -> Loading:
        text = script(self.program or "iptables", self._wanted)
        return Loading(self._path, text, ("/bin/sh", self._path, "start"), ("/bin/sh", self._path, "stop"))

    def load(self) -> None:
        for rule in compared(rules(self._wanted), self._listed(), self._comment)[1]:
            self._must("-t", rule.table, "-A", rule.chain, *rule.spec(self._comment))

    def clean(self, surplus: tuple[str, ...]) -> None:
        # Equal lines are equal rules: it is the same which of two duplicates goes.
        by_line = {one.line: one for one in self._ours()}
        for line in surplus:
            self._delete(by_line[line])

    def undo(self, before: tuple[str, ...]) -> None:
        for one in self._ours():
            if one.line not in before:
                self._delete(one)

    def remove(self) -> None:
        for one in self._ours():
            self._delete(one)

    def _ours(self) -> list[Listed]:
        return [one for one in self._listed() if one.comment == self._comment]

    def _listed(self) -> list[Listed]:
        if self.program is None:
            return []
        existing = self._existing_tables()
        found = []
        for table in TABLES:
            if table not in existing:
                continue
            rc, out, _err = self._run([self.program, "-w", "-t", table, "-S"], None)
            if rc == 0:
                found.extend(parse(table, out))
        return found

    def _existing_tables(self) -> tuple[str, ...]:
        if self.flavour == "nf_tables":
            return TABLES
        try:
            with open(LEGACY_TABLES, encoding="ascii") as handle:
                return tuple(handle.read().split())
        except FileNotFoundError:
            return ()

    def _delete(self, one: Listed) -> None:
        self._must("-t", one.rule.table, "-D", one.rule.chain, *one.spec)

    def _must(self, *arguments: str) -> None:
        rc, out, err = self._run([str(self.program), "-w", *arguments], None)
        if rc != 0:
            raise BackendError(f"{self.label} failed: {words(out, err, rc)}")
